"""A job resolves by name what it promised by hash: models and pictures that were replaced."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from studio.jobs.handlers import JobHandlers
from studio.jobs.once import run_once
from studio.library import models as library
from studio.project.folders import Folders
from studio.project.pictures import PictureStore
from studio.project.plain import to_plain
from studio.project.shot import Shot
from studio.spec import strip as strips
from studio.spec.progress import Progress, silent
from studio.spec.refusal import Refusal
from tests import tiny_starter

REPLACED = "The model Starter was replaced since this was ordered"


@pytest.fixture
def handlers(home):
    return JobHandlers(Folders(home))


@pytest.fixture
def asked(handlers):
    return request(handlers, "tiny")


def request(handlers, name):
    model = library.find(name, handlers.model_folders)
    shot = Shot("a", prompt="a red ball", seed=1, keyframes=2, steps=1, width=16, height=16)
    return shot.request(model.card, model.weights, None)


def make(handlers, asked, kind="render", **more):
    project = handlers.folders.scratch
    return run_once(
        handlers.by_kind(), kind, {"project": str(project), "request": to_plain(asked), **more}
    )


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def exchange(home: Path) -> None:
    """Another model of the same id, in place of the one there was."""
    for file in (home / "models" / "tiny").rglob("*.safetensors"):
        file.unlink()
    other = tiny_starter.make(home / "other" / "tiny", seed=5)
    for file in other.rglob("*.safetensors"):
        file.replace(home / "models" / "tiny" / file.relative_to(other))


@pytest.mark.parametrize("loaded", [False, True], ids=["on disk", "in memory too"])
def test_a_render_of_a_replaced_model_is_refused_before_anything_is_made(handlers, asked, loaded):
    if loaded:
        make(handlers, replace(asked, seed=2))
    exchange(handlers.folders.data)
    before = files(handlers.folders.scratch)
    with pytest.raises(Refusal, match=REPLACED):
        make(handlers, asked)
    assert files(handlers.folders.scratch) == before


def test_ordered_again_it_is_made_by_the_new_model(handlers, asked):
    make(handlers, asked)
    exchange(handlers.folders.data)
    model = library.find("tiny", handlers.model_folders)
    assert make(handlers, replace(asked, weights=model.weights))["reused"] == []
    with pytest.raises(Refusal, match=REPLACED):  # nor is the old one's work made by the new one
        make(handlers, asked)


def test_a_tile_of_a_replaced_model_is_refused(handlers, asked):
    asked = replace(asked, upsample=library.find("starter", handlers.model_folders).card.upsampling)
    exchange(handlers.folders.data)
    with pytest.raises(Refusal, match=REPLACED):
        make(handlers, asked, "preview_tile", frame=0, place=[0.5, 0.5])


def test_a_picture_that_was_replaced_is_refused_under_its_name(dense_home, tmp_path):
    handlers = JobHandlers(Folders(Path(shutil.copytree(dense_home, tmp_path / "data"))))
    kept = PictureStore(handlers.folders.scratch)
    brought = tmp_path / "my dog.png"
    Image.fromarray(np.full((16, 16, 3), 90, np.uint8)).save(brought)
    identity = kept.take_in(brought)
    strip = strips.replaced(strips.fresh(2, 8), 1, strips.Source(picture=identity))
    asked = replace(request(handlers, "dense"), strip=strip)
    Image.fromarray(np.full((16, 16, 3), 91, np.uint8)).save(kept.path(identity))
    with pytest.raises(Refusal, match=r"“my dog\.png” was damaged or replaced"):
        make(handlers, asked)


def test_a_model_that_is_replaced_while_it_is_loaded_is_neither_used_nor_kept(handlers, asked):
    def exchanged(progress: Progress) -> None:
        if progress.stage == "loading model" and progress.step == progress.total:
            exchange(handlers.folders.data)

    model = library.find("tiny", handlers.model_folders)
    with pytest.raises(Refusal, match=REPLACED):
        handlers.models.video(model, exchanged)
    shutil.rmtree(handlers.folders.data / "models" / "tiny")
    tiny_starter.make(handlers.folders.data / "models" / "tiny")
    assert make(handlers, asked)["made"]
    kept = handlers.models.video(library.find("tiny", handlers.model_folders), silent)
    assert kept.backbone.unet.conv_in.weight.equal(
        load_file(model.folder / "unet" / "diffusion_pytorch_model.safetensors")[
            "conv_in.weight"
        ].float()
    )
