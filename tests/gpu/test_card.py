"""On a real card: the same clips as on the processor, every training, every measure.

python tests/run.py -m gpu                    with everything that tests want
python -m pytest tests/gpu -m gpu -q          with torch, diffusers, peft and pytest alone
"""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from studio.engine.device import PROCESSOR
from studio.engine.families.videoldm import family as videoldm
from studio.engine.families.videoldm import upsampler
from studio.engine.families.videoldm.parts import upscaler_parts, video_parts
from studio.engine.families.videoldm.student import VideoStudent
from studio.engine.film import Models, film, loaded
from studio.engine.subjects.subject import train_subject
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.jobs.handlers import JobHandlers
from studio.jobs.once import run_once
from studio.lab.measures import likeness, upsampling
from studio.lab.measures.clips import Kept, request
from studio.lab.starter import later
from studio.lab.starter.recipe import Recipe, Scale
from studio.lab.training import clips
from studio.library import models as library
from studio.project.folders import Folders
from studio.project.plain import to_plain
from studio.spec.progress import Cancelled, silent
from studio.spec.spans import spans
from studio.terminal import demo
from tests.gpu.conftest import CARD, SAMPLES, allocated, psnr

if CARD == "cpu":
    pytest.skip("there is no card", allow_module_level=True)

pytestmark = pytest.mark.gpu
needs_ffmpeg = pytest.mark.skipif(
    find_spec("imageio_ffmpeg") is None, reason="frames are kept and written by ffmpeg"
)
PROMPT = "a red ball moving left over grass"


def opened(starter, device):
    return videoldm.load_video(starter.folder, starter.card, device)


def asked(starter, **more):
    weights = starter.weights
    return replace(request(starter.card, PROMPT, 7), weights=weights, **more)


def opened_photos():
    return [np.asarray(Image.open(path).convert("RGB")) for path in SAMPLES]


def filmed(starter, device, walk):
    memo, video = Kept(), opened(starter, device)
    larger = upsampler.load(starter.folder / upsampler.FOLDER, device)
    parts = {**video_parts(video), **upscaler_parts(larger)}
    film(walk, Models(loaded(parts)), memo, silent)
    return memo.arrays


def test_every_stage_makes_what_the_processor_makes(starter, card):
    more = {"keyframes": 4, "extend": 2, "interpolate": 1, "upsample": starter.card.upsampling}
    walk = spans(asked(starter, **more))
    here, there = (filmed(starter, device, walk) for device in (PROCESSOR, card))
    for span in walk:
        for name, array in here[span.key].items():
            wide = 255.0 if name == "frames" else float(np.ptp(array))
            assert psnr(there[span.key][name], array, wide) >= 35, (span.stage, span.makes)


@pytest.mark.parametrize("method", ["lora", "dreambooth"])
def test_a_subject_is_learned_shown_stopped_and_gone_on_with(starter, card, method, tmp_path):
    video = opened(starter, card)
    spec = SubjectSpec("toy", method=method, steps=6, preview_every=2)
    photos, shown = opened_photos(), []

    def tick(progress):
        shown.append(progress.preview)
        if progress.loss is not None and progress.step == 3 and stops.pop():
            raise Cancelled

    def train():
        student = VideoStudent(video.backbone, video)
        return train_subject(student, photos, spec, tmp_path, tick, defaults=video.card.subjects)

    stops = [False, True]
    before = {name: t.clone() for name, t in video.backbone.unet.state_dict().items()}
    with pytest.raises(Cancelled):
        train()
    trained = train()
    assert len(trained.losses) == 3
    assert np.isfinite(trained.losses).all()
    assert {p.frames for p in shown if p} == {1, starter.card.window.usual}
    after = video.backbone.unet.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


@needs_ffmpeg
def test_the_demo(run, tmp_path):
    pytest.importorskip("pi_heif")  # without it the studio opens no photos
    taught = ("--name", demo.NAME, "--class-noun", demo.NOUN, "--steps", "12")
    run("subject", "train", *map(str, SAMPLES), *taught)
    told = run("demo", "--out", str(tmp_path / "out"))
    assert told["clip"]["frames"] > 100
    assert all((tmp_path / "out" / name).stat().st_size for name in ("clip.mp4", "clip.gif"))


def test_a_decoder_is_taught_and_measured(run, tmp_path, monkeypatch):
    monkeypatch.setattr(clips, "DRAWN", 4)
    file = run("train", "decoder", "--steps", "3", "--out", str(tmp_path / "made"))["path"]
    table = run("evaluate", "--decoding", "--decoder", file, "--count", "3")["table"]
    assert "| decoder |" in table
    assert "nan" not in table


@pytest.mark.parametrize("kind", ["pixel", "latent"])
def test_an_upsampler_is_taught_and_measured(run, tmp_path, kind):
    few = ("--pairs", "2", "--steps", "2", "--steps-over-time", "2")
    out = ("--kind", kind, "--out", str(tmp_path / "made"))
    folder = run("train", "upsampler", *few, *out)["path"]
    table = run("evaluate", "--upsampling", "--upsampler", folder, "--count", "1")["table"]
    upsampling.opened.cache_clear()
    assert "nan" not in table


def test_the_starter_is_made_on_the_card(card, tmp_path):
    few = {"cast": 8, "grounds": 1, "text_batch": 4, "codec_batch": 2, "image_batch": 2}
    few |= {"temporal_batch": 2, "given_batch": 16}
    scale = Scale(**dict.fromkeys(Scale.__slots__, 2) | few)
    recipe = Recipe(tmp_path, scale, card.name)
    recipe.train()
    folder = later.train(recipe)
    assert library.read(folder).card.can_fill((True, False))
    for file in folder.glob("**/*.safetensors"):
        assert all(t.isfinite().all() for t in load_file(file).values()), file


def test_likeness_is_taught_and_measured_there(card, tmp_path):
    net = likeness.train_likeness(3, 2, tmp_path, pool=24, device=card)
    found = likeness.features(net, opened_photos())
    assert found.device.type == "cpu"
    assert found.isfinite().all()


@pytest.mark.parametrize(
    "what",
    [
        ("--count", "2", "--jobs", "2"),
        ("--filling", "--count", "1"),
        ("--longer", "--count", "1"),
        ("--rollout", PROMPT, "--minutes", "0.5"),
        ("--characters", "1", "--seeds", "1", "--steps", "3"),
    ],
    ids=" ".join,
)
def test_what_is_measured(run, what):
    assert run("evaluate", *what)["table"].startswith(("|", "“"))
    upsampling.opened.cache_clear()


@needs_ffmpeg
def test_the_doctor_finds_the_card_well(run):
    assert run("doctor")["well"]


def render(handlers, starter, project, tick=silent, **more):
    payload = {"project": str(project), "request": to_plain(asked(starter, **more))}
    return run_once(handlers.by_kind(), "render", payload, tick=tick)


@needs_ffmpeg
def test_a_tile_is_shown_before_the_whole(starter, tmp_path):
    handlers, shown = JobHandlers(Folders.find(str(tmp_path / "data")), CARD), []
    larger = asked(starter, keyframes=2, upsample=starter.card.upsampling)
    where = {"frame": 0, "place": [0.5, 0.5]}
    payload = {"project": str(tmp_path / "p"), "request": to_plain(larger), **where}
    run_once(handlers.by_kind(), "preview_tile", payload, tick=shown.append)
    seen = shown[-1].preview
    assert seen.height == 4 * starter.card.upsampling.tile
    assert np.frombuffer(seen.rgb, np.uint8).std() > 1


@needs_ffmpeg
def test_a_cancelled_run_gives_its_memory_back(starter, tmp_path):
    before = allocated()
    handlers = JobHandlers(Folders.find(str(tmp_path / "data")), CARD)

    def tick(progress):
        if progress.stage == "keyframes" and progress.step == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        render(handlers, starter, tmp_path / "p", tick)
    handlers.models.free()
    assert allocated() <= before + 2**20


@needs_ffmpeg
def test_two_jobs_in_a_row_are_those_of_fresh_models(starter, tmp_path):
    home = Folders.find(str(tmp_path / "data"))
    handlers = JobHandlers(home, CARD)
    first = render(handlers, starter, tmp_path / "one", keyframes=2)
    render(handlers, starter, tmp_path / "one", keyframes=3)
    again = render(handlers, starter, tmp_path / "two", keyframes=2)
    assert again["made"] == first["made"]
    one, two = (handlers.takes(tmp_path / name) for name in ("one", "two"))
    for key in first["made"]:
        for name, array in one.get(key).items():
            wide = 255.0 if name == "frames" else float(np.ptp(array))
            assert psnr(two.get(key)[name], array, wide) >= 50
