"""The studio's own family from a folder."""

import shutil

import pytest
import torch
from diffusers.models.attention_processor import AttnProcessor
from safetensors import safe_open
from safetensors.torch import save_file

from studio.engine.device import choose
from studio.engine.families.videoldm import family as videoldm
from studio.engine.families.videoldm.layer_file import stored_name
from studio.spec.progress import Cancelled
from studio.spec.refusal import Refusal
from tests import tiny_starter
from tests.engine.tiny_video import model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_starter.make(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def broken(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "broken")


CARD = model().card


def opened(folder, tick=lambda _: None):
    return videoldm.load_video(folder, CARD, choose("cpu"), tick)


def rewrite(folder, tensors=None, **notes):
    """The temporal file with other tensors or notes; a note of None is left out."""
    path = folder / videoldm.TEMPORAL
    with safe_open(path, "pt") as file:
        kept = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        meta = file.metadata() | notes
    save_file(tensors or kept, path, {k: v for k, v in meta.items() if v is not None})


def test_ready_to_fill(folder):
    video = opened(folder)
    assert video.net.image is video.backbone.unet
    assert video.taught == {"keyframes"}
    assert video.preview_factors.shape == (5, 3)
    assert not any(p.requires_grad for p in video.net.parameters())
    assert not video.net.training
    assert {p.dtype for p in video.net.parameters()} == {torch.float32}
    layers = [m for m in video.net.modules() if hasattr(m, "set_processor")]
    assert {type(layer.processor) for layer in layers} == {AttnProcessor}
    assert video.refuses((False,) * 8) is None
    assert "not trained for prediction" in video.refuses((True, False))


def test_weights_are_those_of_the_file(folder):
    temporal = opened(folder).net.temporal
    layers = {stored_name(temporal, k): v for k, v in temporal.state_dict().items()}
    with safe_open(folder / videoldm.TEMPORAL, "pt") as file:
        stored = {k.replace("/", ":"): file.get_tensor(k).float() for k in file.keys()}  # noqa: SIM118
    assert layers.keys() == stored.keys()
    assert all(torch.equal(layers[key], stored[key]) for key in stored)


def test_cancelled_while_loading(folder):
    def tick(progress):
        if progress.note == "vae":
            raise Cancelled

    with pytest.raises(Cancelled):
        opened(folder, tick)


def test_missing(broken):
    (broken / videoldm.TEMPORAL).unlink()
    with pytest.raises(Refusal, match="layers over time"):
        opened(broken)


@pytest.mark.parametrize("kept", [0.0, 0.001, 0.5, 0.999])
def test_truncated(broken, kept):
    path = broken / videoldm.TEMPORAL
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(Refusal, match="layers over time"):
        opened(broken)


@pytest.mark.parametrize(
    "notes",
    [
        {"format": "something else"},
        {"version": "999"},
        {"version": "one"},
        {"config": None},
        {"config": "{"},
        {"config": '{"of_a_later_release": 1}'},
        {"config": '{"condition_width": 16}'},
        {"taught": None},
        {"taught": "5"},
        {"preview_factors": None},
        {"preview_factors": '["red"]'},
    ],
    ids=str,
)
def test_a_header_that_makes_no_sense(broken, notes):
    rewrite(broken, **notes)
    with pytest.raises(Refusal, match="layers over time") as refusal:
        opened(broken)
    assert str(broken) in refusal.value.hint


def test_layers_of_another_network(broken):
    rewrite(broken, tensors={"blocks.nowhere.weight": torch.zeros(3)})
    with pytest.raises(Refusal, match="layers over time"):
        opened(broken)
