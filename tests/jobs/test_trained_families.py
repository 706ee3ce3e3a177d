"""A subject on models as people have them: taught by the real handlers, shown by them, carried over to
fine-tunes and to the stack that moves them; somebody's LoRA brought in."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from studio.jobs import subject_import
from studio.jobs.handlers import JobHandlers
from studio.jobs.job_store import JobStore
from studio.jobs.once import run_once
from studio.jobs.payloads import ImportPayload
from studio.jobs.queue import Queue
from studio.jobs.subject_training import order
from studio.library import models as library
from studio.project.folders import Folders
from studio.project.plain import to_plain
from studio.project.subject import Subject
from studio.spec.refusal import Refusal
from studio.spec.spans import last_keys, spans
from tests import drawing
from tests import published_models as published

SIDE = {"dream": 64, "wan2.1_t2v_1.3B": 32, "dreamxl": 64}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Models as people have them, and photos."""
    from PIL import Image

    home, rng = tmp_path_factory.mktemp("home"), np.random.default_rng(0)
    models = home / "data" / "models"
    published.checkpoint(models / "dream.safetensors")
    published.checkpoint(models / "dreamxl.safetensors", "sdxl")
    tuned = load_file(models / "dream.safetensors")
    name = "model.diffusion_model.middle_block.0.in_layers.2.weight"
    save_file(tuned | {name: tuned[name] * 1.5}, models / "tuned.safetensors")
    published.motion_module(models / "mm_v3.safetensors", "v3")
    published.wan(models / "wan2.1_t2v_1.3B")
    (home / "photos").mkdir()
    for k in range(3):
        drawn = rng.integers(0, 255, (64, 64, 3), np.uint8)
        Image.fromarray(drawn).save(home / "photos" / f"{k}.png")
    return home


@pytest.fixture(scope="module")
def handlers(home) -> JobHandlers:
    handlers = JobHandlers(Folders.find(str(home / "data")).make(), "cpu")
    handlers.model_folders = (home / "data" / "models",)
    return handlers


@pytest.fixture(scope="module", autouse=True)
def quick():
    with drawing.in_one_step():
        yield


@pytest.fixture(scope="module")
def rex(handlers, home, qapp) -> Subject:
    """One subject, taught to an image model and to Wan by the real queue."""
    photos = sorted((home / "photos").iterdir())
    handlers.subjects.adopt(Subject("rex", "dog"), photos)
    queue = Queue(JobStore(home / "queue.db"), handlers.by_kind())
    failed = []
    queue.failed.connect(lambda _, what, hint: failed.append((what, hint)))
    try:
        for name, side in SIDE.items():
            model = library.find(name, handlers.model_folders)
            queue.add("train_subject", name, order("rex", "lora", 2, model, size=side))
        queue.start()
        ended(queue, failed)
    finally:
        assert queue.close(60)
    assert failed == []
    return handlers.subjects.get("rex")


def ended(queue, failed) -> None:
    import time

    from PySide6.QtCore import QCoreApplication

    until = time.monotonic() + 300
    while queue.jobs() and not failed and time.monotonic() < until:
        QCoreApplication.processEvents()
        time.sleep(0.02)


def shown(handlers, home, name: str, use=None, prompt="a sks dog") -> np.ndarray:
    """The frames of a keyframe or two."""
    model = library.find(name, handlers.model_folders)
    side = SIDE.get(name, 64)
    how = {"width": side, "height": side, "keyframes": 1, "interpolate": 0, "steps": 1}
    request = model.card.request(prompt, 7, model.weights, subject=use, **how)
    takes = rendered(handlers, home, request)
    return np.concatenate([takes.get(key)["frames"] for key in last_keys(spans(request))])


def drawn(handlers, home, name: str, use=None) -> tuple[str, np.ndarray]:
    """The key of two keyframes, and their latents."""
    model = library.find(name, handlers.model_folders)
    how = {"width": 64, "height": 64, "keyframes": 2, "interpolate": 0, "steps": 2}
    request = model.card.request("a sks dog", 7, model.weights, subject=use, **how)
    key = spans(request)[0].key
    return key, np.float32(rendered(handlers, home, request).get(key)["latents"])


def rendered(handlers, home, request):
    """Where what was made lies."""
    payload = {"project": str(home / "project"), "request": to_plain(request)}
    run_once(handlers.by_kind(), "render", payload)
    return handlers.takes(home / "project")


def use_of(handlers, subject: Subject, name: str):
    model = library.find(name, handlers.model_folders)
    return subject.use(1.0, model.card, model.weights), subject.remark(model.card, model.weights)


def test_one_subject_has_an_adapter_for_each_model(handlers, home, rex):
    assert [(v.model, v.network) for v in rex.versions] == [
        ("dream", "SD 1.x"),
        ("wan2.1_t2v_1.3B", "Wan 1.3B"),
        ("dreamxl", "SDXL"),
    ]
    for name, version in zip(SIDE, rex.versions, strict=True):
        use, remark = use_of(handlers, rex, name)
        assert (use.identity, remark) == (version.identity, "")
        assert not np.array_equal(
            shown(handlers, home, name, replace(use, strength=1.5)), shown(handlers, home, name)
        )


def test_it_moves_with_a_motion_module_and_carries_over_to_fine_tunes(handlers, home, rex):
    use, remark = use_of(handlers, rex, "dream+mm_v3")
    assert (use.identity, remark) == (rex.versions[0].identity, "")  # the very image model
    (key, moving), (plain_key, plain) = (
        drawn(handlers, home, "dream+mm_v3", one) for one in (replace(use, strength=1.5), None)
    )
    assert key != plain_key
    assert moving.shape == plain.shape == (2, 4, 8, 8)
    assert np.abs(moving - plain).max() > 1e-3 * plain.std()  # it learned for two steps alone
    use, remark = use_of(handlers, rex, "tuned")
    assert use.identity == rex.versions[0].identity
    assert "was trained for dream, also SD 1.x" in remark
    with_it = shown(handlers, home, "tuned", replace(use, strength=1.5))
    assert not np.array_equal(with_it, shown(handlers, home, "tuned"))


def test_whole_networks_carry_over_to_nothing(rex, handlers):
    whole = [replace(v, method="dreambooth") for v in rex.versions]
    subject = replace(rex, versions=tuple(whole))
    with pytest.raises(Refusal, match=r"not trained for tuned: it was trained for .*dream"):
        use_of(handlers, subject, "tuned")


def test_a_plan_of_a_training_is_found_by_shapes(handlers):
    model = library.find("wan2.1_t2v_1.3B", handlers.model_folders)
    (piece,) = handlers.planner.plan_training(model, "lora", 2, 32).pieces
    assert piece.need.device > piece.need.weights > 0
    assert piece.steps == ()


def test_a_plan_counts_what_lies_beside_the_weights(handlers, rex):
    """They were left out: a shot with many LoRAs took more than its plan."""
    model = library.find("dream", handlers.model_folders)
    how = {"width": 64, "height": 64, "keyframes": 1, "interpolate": 0, "steps": 1}
    plain, taught = (
        model.card.request("a sks dog", 7, model.weights, subject=use, **how)
        for use in (None, use_of(handlers, rex, "dream")[0])
    )
    peaks = [
        handlers.planner.plan(spans(asked)[:1], find_out=True).peak for asked in (plain, taught)
    ]
    file = handlers.subjects.adapter_of("rex", taught.subject.identity)
    assert peaks[1] - peaks[0] >= 0.9 * file.stat().st_size  # the file, and its layers


@pytest.mark.parametrize("name", ["dreamxl", "wan2.1_t2v_1.3B"])
def test_a_method_by_which_it_does_not_learn_is_refused_before_it_is_ordered(handlers, name):
    """It was said by the job, after the model had been loaded."""
    model = library.find(name, handlers.model_folders)
    student = handlers.models.student(model, lambda _: None)
    assert tuple(student.methods) == model.card.subjects.methods == ("lora",)
    with pytest.raises(Refusal, match="is not trained by DreamBooth here"):
        order("rex", "dreambooth", 2, model)


def test_a_model_that_cannot_learn_is_refused(handlers, home):
    published.autoencoder_file(home / "data" / "models" / "vae.safetensors")
    model = library.find("vae", handlers.model_folders)
    with pytest.raises(Refusal, match="cannot learn a subject"):
        handlers.models.student(model, lambda _: None)


NOTES = {
    "ss_tag_frequency": json.dumps({"10_rex": {"ohwx dog": 12, "grass": 3}}),
    "ss_output_name": "rex_v2",
    "ss_steps": "1200",
}


def kohya(file: Path, notes: dict[str, str], width: int = 64) -> Path:
    """Somebody's LoRA of a layer that the model has, and of one that it has not."""
    name = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    tensors = {}
    for layer in (name, name.replace("down_blocks_0", "down_blocks_9")):
        tensors[f"{layer}.lora_down.weight"] = torch.randn(4, 768) * 0.3
        tensors[f"{layer}.lora_up.weight"] = torch.randn(width, 4) * 0.3
        tensors[f"{layer}.alpha"] = torch.tensor(4.0)
    save_file(tensors, file, notes)
    return file


def test_somebodys_lora_becomes_a_version(handlers, home, rex, tmp_path):
    brought = subject_import.look(kohya(tmp_path / "rex.safetensors", NOTES))
    assert (brought.network, brought.steps) == ("SD 1.x", 1200)
    assert brought.words == ("ohwx dog", "grass", "rex_v2")
    said, network = subject_import.matched(
        brought, "dream", handlers.model_folders, handlers.models
    )
    assert said.startswith("rex matched 1 of 2 layers.")
    subject_import.take_in(handlers.subjects, Subject("max", "dog", "ohwx"), brought, network)
    subject = handlers.subjects.get("max")
    for name in ("dream", "tuned"):
        use, remark = use_of(handlers, subject, name)
        assert (use.identity, remark) == (subject.identity, "")
    assert not np.array_equal(
        shown(handlers, home, "dream", use_of(handlers, subject, "dream")[0], "a ohwx dog"),
        shown(handlers, home, "dream", None, "a ohwx dog"),
    )
    with pytest.raises(Refusal, match=r"not trained for .*wan.*: it was trained for SD 1\.x"):
        use_of(handlers, subject, "wan2.1_t2v_1.3B")


def test_what_goes_on_nothing_is_refused(handlers, home, tmp_path):
    file = kohya(tmp_path / "rex.safetensors", {})
    with pytest.raises(Refusal, match=r"made for SD 1\.x; .* is Wan 1\.3B"):
        subject_import.matched(
            subject_import.look(file), "wan2.1_t2v_1.3B", handlers.model_folders, handlers.models
        )
    with pytest.raises(Refusal, match="no LoRA"):
        subject_import.look(home / "data" / "models" / "dream.safetensors")
    (tmp_path / "page.safetensors").write_text("<!DOCTYPE html><html>")
    with pytest.raises(Refusal):
        subject_import.look(tmp_path / "page.safetensors")


def test_a_lora_is_taken_in_by_the_queue(handlers, tmp_path):
    file = kohya(tmp_path / "rex.safetensors", NOTES, 320)
    order = ImportPayload("toby", str(file), "dog", "ohwx", model="wan2.1_t2v_1.3B")
    made = run_once(handlers.by_kind(), "import_subject", to_plain(order))
    assert made["network"] == "SD 1.x"  # as the file says, whatever the shot's model is
    assert "matched 1 of 2 layers" in made["matched"]  # of the published network
    subject = handlers.subjects.get("toby")
    assert (subject.class_noun, subject.token, subject.photos) == ("dog", "ohwx", ())
    assert (subject.version().network, subject.version().words[0]) == ("SD 1.x", "ohwx dog")
    run_once(handlers.by_kind(), "import_subject", to_plain(ImportPayload("toby", str(file))))
    assert handlers.subjects.get("toby").class_noun == "dog"


def test_a_lora_that_cannot_be_kept_leaves_no_subject(handlers, tmp_path, monkeypatch):
    brought = subject_import.look(kohya(tmp_path / "rex.safetensors", NOTES))
    monkeypatch.setattr(type(handlers.subjects), "add_adapter", full_disk)
    with pytest.raises(Refusal, match="full"):
        subject_import.take_in(handlers.subjects, Subject("otto", "dog"), brought, "SD 1.x")
    assert "otto" not in handlers.subjects.names()


def full_disk(*_args, **_how):
    raise Refusal("The disk is full.")
