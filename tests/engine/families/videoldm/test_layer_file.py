"""Files of temporal layers keep the tensor names and config fields of former releases."""

import json
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors import safe_open
from torch import nn

from studio.engine.families.videoldm.decoder import DecoderLayers
from studio.engine.families.videoldm.layer_file import STORED_FIELDS, STORED_NAMES, stored_name
from studio.engine.families.videoldm.temporal_layers import TemporalLayers

STARTER = Path(__file__).parents[4] / "models" / "starter"


def unet(folder: Path) -> UNet2DConditionModel:
    return UNet2DConditionModel.from_pretrained(folder / "unet", local_files_only=True)


def released() -> tuple[TemporalLayers, Path]:
    file = STARTER / "temporal.safetensors"
    return TemporalLayers.load(file, unet(STARTER))[0], file


def test_released_layers_are_written_as_they_were_read(tmp_path):
    """Names, shapes, bits and config."""
    layers, file = released()
    layers.half().save(tmp_path / "again.safetensors", "text_encoder")
    with safe_open(file, "pt") as before, safe_open(tmp_path / "again.safetensors", "pt") as after:
        assert set(after.keys()) == set(before.keys())
        for name in before.keys():  # noqa: SIM118
            assert torch.equal(after.get_tensor(name), before.get_tensor(name))
        config, again = (json.loads(file.metadata()["config"]) for file in (before, after))
    assert again == config


@pytest.mark.parametrize("part", ["upsampler", "decoder"])
def test_released_parts_are_written_byte_for_byte(part, tmp_path):
    if part == "upsampler":
        file = STARTER / "upsampler" / "temporal.safetensors"
        layers, text_encoder = TemporalLayers.load(file, unet(STARTER / "upsampler"))
        layers.half().save(tmp_path / "again", text_encoder)
    else:
        file = STARTER / "decoder.safetensors"
        vae = AutoencoderKL.from_pretrained(STARTER / "vae", local_files_only=True)
        DecoderLayers.load(file, vae.decoder).half().save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


def test_every_stored_name_is_one_of_the_released_weights():
    """A row of a table that nothing uses would be wrong unnoticed."""
    layers, file = released()
    used = {
        (type(module).__name__, name)
        for module in layers.modules()
        for name, _ in (*module.named_children(), *module.named_parameters(recurse=False))
    }
    rows = {(kind, name) for kind, names in STORED_NAMES.items() for name in names}
    assert rows - used == set()
    with safe_open(file, "pt") as stored:
        assert set(STORED_FIELDS.values()) <= json.loads(stored.metadata()["config"]).keys()


def test_a_network_inside_another_has_the_same_stored_names():
    """Trainings write checkpoints of a whole video network, or of one part of the layers alone."""
    layers, _ = released()
    whole = nn.ModuleDict({"temporal": layers})
    name = "temporal.motion_compensation.displacement.0.weight"
    assert stored_name(whole, name) == "temporal.drift.went.0.weight"
    assert stored_name(layers.motion_compensation, "displacement.0.weight") == "went.0.weight"
