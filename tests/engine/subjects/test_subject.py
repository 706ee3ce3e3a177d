"""A subject's training learns, resumes bit for bit, and leaves the backbone as it was."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from studio.engine.backbone import token_ids
from studio.engine.checkpoints.tensor_file import read_sealed
from studio.engine.lora import adapter_file
from studio.engine.lora.adapter import adapted
from studio.engine.subjects import checkpoint, dataset, subject
from studio.engine.subjects.image_student import ImageStudent
from studio.spec.progress import DRAWING, Cancelled, Progress
from studio.spec.refusal import Refusal
from tests.engine.subjects.training import SPEC, train_subject
from tests.engine.tiny_backbone import photos, tiny, traces

METHODS = ("lora", "dreambooth")


BY_ONE = pytest.mark.parametrize(
    "trained", ["lora", pytest.param("dreambooth", marks=pytest.mark.long)], indirect=True
)
"""What happens to files is the same whatever is learned into them."""


@pytest.fixture(scope="module")
def backbone():
    return tiny()


@pytest.fixture(scope="module", params=METHODS)
def trained(request, backbone, tmp_path_factory):
    """(spec, result, every progress, whether the backbone is as it was)."""
    spec, told = replace(SPEC, method=request.param), []
    trace = traces(backbone.unet, backbone.text_encoder, backbone.vae)
    folder = tmp_path_factory.mktemp(request.param)
    result = train_subject(backbone, photos(), spec, folder, told.append)
    same = traces(backbone.unet, backbone.text_encoder, backbone.vae) == trace
    return spec, result, told, same


def test_the_backbone_is_as_it_was(trained):
    assert trained[3]


def test_says_how_far_and_shows_the_subject(trained):
    _, result, told, _ = trained
    steps = [p for p in told if p.loss is not None]
    assert [p.step for p in steps] == list(range(1, 9))
    assert [p.loss for p in steps] == list(result.losses)
    shown = [p.preview for p in steps if p.preview]
    assert [p.step for p in steps if p.preview] == [4, 8]
    before = [was for was, now in pairwise(told) if now.preview and now.loss is not None]
    assert [(p.step, p.loss, p.note) for p in before] == [(4, None, DRAWING), (8, None, DRAWING)]
    assert all(len(p.rgb) == 32 * 32 * 3 == p.height * p.width * 3 for p in shown)
    assert {"encoding photos", "prior pictures"} < {p.stage for p in told}


def test_a_long_training_shows_the_subject_ten_times(backbone, tmp_path):
    told: list[Progress] = []
    spec = replace(SPEC, steps=20, batch=1, preview_every=1, prior_pictures=1, crops=0)
    train_subject(backbone, photos(), spec, tmp_path, told.append)
    assert [p.step for p in told if p.preview and p.loss is not None] == list(range(2, 21, 2))


def test_the_adapter_is_usable_at_once(backbone, trained):
    spec, result, _, _ = trained
    ids = token_ids(backbone, [spec.prompt])
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = backbone.unet(x, 500, backbone.text_encoder(ids)[0]).sample
        with adapted(backbone, result.file) as worn:
            after = backbone.unet(x, 500, backbone.text_encoder(ids)[0]).sample
    assert worn.matched == worn.layers
    assert worn.label.token == "sks"
    assert worn.label.backbone == adapter_file.weights_identity(
        backbone.unet, backbone.text_encoder
    )
    assert (after - before).abs().max() > 1e-4


def test_both_networks_learn(trained):
    tensors = adapter_file.read_adapter(trained[1].file).tensors
    assert {key.split(".")[0] for key in tensors} == {"unet", "text_encoder"}


def test_text_encoder_stays_out_when_asked(backbone, tmp_path):
    spec = replace(SPEC, tune_text=False, steps=2)
    result = train_subject(backbone, photos(), spec, tmp_path)
    tensors = adapter_file.read_adapter(result.file).tensors
    assert {key.split(".")[0] for key in tensors} == {"unet"}


def _cancel_at(step):
    def tick(progress):
        if progress.loss is not None and progress.step == step:
            raise Cancelled

    return tick


@pytest.mark.parametrize(
    ("trained", "cut"),
    [
        ("lora", 1),
        ("dreambooth", 5),
        pytest.param("lora", 5, marks=pytest.mark.long),
        pytest.param("dreambooth", 1, marks=pytest.mark.long),
    ],
    indirect=["trained"],
)
def test_cancelled_and_resumed_equals_unbroken(backbone, trained, tmp_path, cut):
    spec, unbroken, _, _ = trained
    spec = replace(spec, checkpoint_seconds=0)
    trace = traces(backbone.unet, backbone.text_encoder, backbone.vae)
    with pytest.raises(Cancelled):
        train_subject(backbone, photos(), spec, tmp_path, _cancel_at(cut))
    assert traces(backbone.unet, backbone.text_encoder, backbone.vae) == trace
    assert not list(tmp_path.glob("adapter*"))
    resumed = train_subject(backbone, photos(), spec, tmp_path)
    assert len(resumed.losses) == spec.steps - cut
    assert resumed.losses == unbroken.losses[cut:]
    assert resumed.identity == unbroken.identity
    assert resumed.file.read_bytes() == unbroken.file.read_bytes()


KILLED = """
import os, signal, sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
import torch
torch.set_num_threads(int(sys.argv[2]))
from tests.engine.subjects.training import SPEC, train_subject
from tests.engine.tiny_backbone import photos, tiny

def tick(progress):
    if progress.loss is not None and progress.step == 5:
        os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

train_subject(tiny(), photos(), replace(SPEC, checkpoint_seconds=0), Path(sys.argv[1]), tick)
"""


def test_killed_and_resumed_equals_unbroken(backbone, tmp_path):
    tests = Path(__file__).parents[2]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(tests.parent), str(tests), *sys.path])
    }
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "cut"), str(torch.get_num_threads())],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == -getattr(signal, "SIGKILL", -signal.SIGTERM), ended.stderr
    resumed = train_subject(backbone, photos(), SPEC, tmp_path / "cut")
    unbroken = train_subject(backbone, photos(), SPEC, tmp_path / "whole")
    assert len(resumed.losses) == 3
    assert resumed.identity == unbroken.identity


@torch.no_grad()
def _error(backbone, spec):
    """Mean squared error on the photos under the subject's prompt, at fixed noise and times."""
    shown = [dataset.views(p, 32, 0, False, np.random.default_rng(0))[0] for p in photos()]
    x0 = ImageStudent(backbone).encode(torch.stack(shown)).repeat(8, 1, 1, 1)
    eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(1))
    t = torch.linspace(50, 950, len(x0)).long()
    text = backbone.text_encoder(token_ids(backbone, [spec.prompt]))[0]
    noisy = backbone.scheduler.add_noise(x0, eps, t)
    out = backbone.unet(noisy, t, text.expand(len(x0), -1, -1)).sample
    return float((out - backbone.scheduler.get_velocity(x0, eps, t)).square().mean())


@pytest.mark.parametrize("method", METHODS)
def test_learns_the_photos(backbone, tmp_path, method):
    spec = replace(SPEC, method=method, steps=40, batch=3, rate=5e-3, preview_every=1000)
    before = _error(backbone, spec)
    result = train_subject(backbone, photos(), spec, tmp_path)
    with adapted(backbone, result.file):
        after = _error(backbone, spec)
    assert after < 0.9 * before


def test_other_photos_or_settings_are_not_resumed(backbone, tmp_path):
    spec = replace(SPEC, steps=2)
    with pytest.raises(Cancelled):
        train_subject(backbone, photos(), spec, tmp_path, _cancel_at(1))
    for other, shown in ((replace(spec, seed=4), photos()), (spec, photos(identity=6))):
        with pytest.raises(Refusal, match="other photos or settings"):
            train_subject(backbone, shown, other, tmp_path)
    anew = train_subject(backbone, photos(), replace(spec, seed=4), tmp_path, resume=False)
    assert len(anew.losses) == 2


def test_a_finished_subject_can_be_trained_again_otherwise(backbone, tmp_path):
    first = train_subject(backbone, photos(), replace(SPEC, steps=1), tmp_path)
    second = train_subject(backbone, photos(identity=6), replace(SPEC, steps=2), tmp_path)
    assert len(second.losses) == 2
    assert second.file != first.file
    assert first.file.exists()


@BY_ONE
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_what_was_prepared_is_made_anew_where_it_is_damaged(backbone, trained, tmp_path, damage):
    spec, unbroken, _, _ = trained
    with pytest.raises(Cancelled):
        train_subject(backbone, photos(), spec, tmp_path, _cancel_at(2))
    file = tmp_path / "prepared.safetensors"
    data = bytearray(file.read_bytes())
    if damage == "cut":
        del data[-100:]
    else:
        data[-100] ^= 1
    file.write_bytes(data)
    told = []
    again = train_subject(backbone, photos(), spec, tmp_path, told.append)
    assert any("damaged; it is made anew" in p.note for p in told)
    assert again.identity == unbroken.identity


@BY_ONE
def test_a_damaged_checkpoint_never_becomes_an_adapter(backbone, trained, tmp_path):
    spec, unbroken, _, _ = trained
    every = replace(spec, checkpoint_seconds=0)
    with pytest.raises(Cancelled):
        train_subject(backbone, photos(), every, tmp_path, _cancel_at(5))
    newest = tmp_path / "checkpoints" / "step-0000005.safetensors"
    data = bytearray(newest.read_bytes())
    for at in range(40):
        data[len(data) // 2 + 97 * at] ^= 1
    newest.write_bytes(data)
    told = []
    again = train_subject(backbone, photos(), every, tmp_path, told.append)
    assert any("going on from step 4" in p.note for p in told)
    assert again.identity == unbroken.identity


@BY_ONE
def test_a_training_of_version_1_goes_on(backbone, trained, tmp_path):
    """Neither its checkpoint nor what it prepared has a seal; its recipe knew the steps."""
    spec, unbroken, _, _ = trained
    with pytest.raises(Cancelled):
        train_subject(backbone, photos(), spec, tmp_path, _cancel_at(5))
    label = replace(unbroken.label)
    as_before(tmp_path / "prepared.safetensors", recipe=subject._recipe(photos(), spec, label))
    as_before(tmp_path / "checkpoints" / "step-0000005.safetensors", notes="{}", average=True)
    with pytest.raises(Refusal, match="other photos or settings"):
        train_subject(backbone, photos(identity=6), spec, tmp_path)
    assert train_subject(backbone, photos(), spec, tmp_path).identity == unbroken.identity


def as_before(file, average=False, **said):
    """Rewrite a file as version 1 wrote it."""
    tensors, metadata = read_sealed(file)
    if average:
        live = {k: t for k, t in tensors.items() if k.startswith("live.")}
        tensors |= {k.replace("live.", "average."): t.clone() for k, t in live.items()}
    save_file(tensors, file, {**metadata, "version": "1", **said})


@BY_ONE
def test_a_finished_subject_learns_on(backbone, trained, tmp_path):
    """From 8 steps to 12, and then from more photos: the losses are of one that has learned."""
    spec, before, _, _ = trained
    more = replace(spec, steps=12)
    first = train_subject(backbone, photos(), spec, tmp_path, keep_last=True)
    assert first.identity == before.identity
    left = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    state = "checkpoints/step-0000008.safetensors"
    assert left == [first.file.name, "checkpoints/latest.json", state, "prepared.safetensors"]
    told = []
    second = train_subject(backbone, photos(), more, tmp_path, told.append, keep_last=True)
    assert [p.step for p in told if p.loss is not None] == [9, 10, 11, 12]
    assert second.identity != first.identity
    assert "encoding photos" not in {p.stage for p in told}
    shown = [*photos(), *photos(identity=6)]
    with pytest.raises(Cancelled):
        train_subject(backbone, shown, replace(spec, steps=15), tmp_path, _cancel_at(13))
    with pytest.raises(Refusal, match="other photos or settings"):
        train_subject(backbone, photos(), replace(spec, steps=15), tmp_path)
    third = train_subject(backbone, shown, replace(spec, steps=15), tmp_path)
    assert len(third.losses) == 2


def test_nothing_but_the_adapter_remains(backbone, tmp_path):
    spec = replace(SPEC, steps=2, checkpoint_seconds=0)
    result = train_subject(backbone, photos(), spec, tmp_path / "a folder, ünï 'quoted'")
    assert list(result.file.parent.iterdir()) == [result.file]


def test_a_loss_that_is_no_number_keeps_the_last_good_state(backbone, tmp_path):
    trace = traces(backbone.unet, backbone.text_encoder, backbone.vae)
    spec = replace(SPEC, rate=1e30, checkpoint_seconds=0, method="dreambooth")
    with pytest.raises(Refusal, match="no longer a number"):
        train_subject(backbone, photos(), spec, tmp_path)
    found = checkpoint.load(tmp_path / "checkpoints")
    assert found is not None
    step, tensors, _ = found
    assert step < spec.steps
    assert all(torch.isfinite(t).all() for k, t in tensors.items() if k.startswith("live."))
    assert not list(tmp_path.glob("adapter*"))
    assert traces(backbone.unet, backbone.text_encoder, backbone.vae) == trace


@pytest.mark.parametrize("stage", ["encoding photos", "prior pictures"])
def test_cancelled_before_the_first_step_writes_nothing(backbone, tmp_path, stage):
    def tick(progress):
        if progress.stage == stage:
            raise Cancelled

    with pytest.raises(Cancelled):
        train_subject(backbone, photos(), SPEC, tmp_path, tick)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_noun_is_said(backbone, tmp_path):
    spec = replace(SPEC, class_noun="axolotl", steps=1)
    assert "axolotl" in train_subject(backbone, photos(), spec, tmp_path).notes[0]


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 0},
        {"rank": 0},
        {"method": "magic"},
        {"token": " "},
        {"class_noun": ""},
        {"batch": -1},
    ],
)
def test_settings_without_sense_are_refused(backbone, tmp_path, change):
    with pytest.raises(Refusal):
        train_subject(backbone, photos(), replace(SPEC, **change), tmp_path)
    assert list(tmp_path.iterdir()) == []
