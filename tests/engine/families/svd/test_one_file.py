"""Stable Video Diffusion from the one file of its release: what its folder does, bit for bit."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from studio.engine.checkpoints.state import JOINED
from studio.engine.checkpoints.svd_names import svd_names
from studio.engine.device import Device
from studio.library import models as library
from studio.library.derived.derived import layout
from studio.library.scan import looked_at
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from tests.engine.families.svd.tiny import FRAMES, SPEC, make
from tests.engine.families.wan.tiny import clip
from tests.opened import opened
from tests.published_svd import one_file

KEYS = Path(__file__).parents[5] / "shared" / "data" / "keys" / "svd_xt_checkpoint_ldm.json"


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    make(folder / "folder", heads=1)
    one_file(folder / "folder", folder / "svd.safetensors")
    shutil.copyfile(folder / "svd.safetensors", folder / "svd_xt.safetensors")
    return folder


def test_it_is_known_with_its_frames_by_its_name(models):
    for name, frames in (("svd", 14), ("svd_xt", 25)):
        assert str(looked_at(models / f"{name}.safetensors").found) == "SVD video model"
        card = library.find(name, [models]).card
        assert (card.family, card.window.most, card.roles) == ("svd", frames, ("codec", "holes"))


def test_every_number_is_where_the_folder_has_it(models):
    whole, parts = (opened(models, name, "holes") for name in ("svd", "folder"))
    for name in ("unet", "image_encoder"):
        found, expected = getattr(whole, name).state_dict(), getattr(parts, name).state_dict()
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[one], expected[one]) for one in expected)
    found, expected = (one.codec.vae.state_dict() for one in (whole, parts))
    assert all(torch.equal(found[one], expected[one]) for one in expected)


def test_it_moves_a_frame_and_decodes_as_the_folder_does(models):
    whole, parts = (opened(models, name, "holes") for name in ("svd", "folder"))
    for net in (parts.unet, parts.image_encoder):  # a mapped file's numbers lie askew in memory,
        for parameter in net.parameters():  # for which kernels round otherwise
            parameter.data = parameter.data.clone()
    given, spec = clip(FRAMES, 64), replace(SPEC, options=(("noise", 0.0),))
    latents = parts.latents(given, spec, silent)
    assert torch.equal(whole.latents(given, spec, silent), latents)
    decoders = (opened(models, name, "codec") for name in ("svd", "folder"))
    one, other = (codec.decode(latents, silent) for codec in decoders)
    assert torch.equal(one, other)
    half = opened(models, "svd", "holes", Device("cpu", torch.float16))
    assert half.unet.dtype == torch.float16


def test_a_part_of_it_is_refused_by_what_lacks(models, tmp_path):
    there = load_file(models / "svd.safetensors")
    blind = {n: t for n, t in there.items() if ".visual." not in n}
    save_file(blind, tmp_path / "svd.safetensors")
    with pytest.raises(Refusal, match="without its picture encoder"):
        library.find("svd", [tmp_path])


@pytest.mark.shared
def test_the_published_names_are_those_of_the_networks_at_full_size():
    if not KEYS.is_file():
        pytest.skip("needs ../shared/data")
    published = json.loads(KEYS.read_text("utf-8"))["tensors"]
    folder = layout("svd_whole")

    def config(part: str) -> dict:
        return json.loads((folder / part / "config.json").read_text("utf-8"))

    with torch.device("meta"):
        nets = {
            "image": UNetSpatioTemporalConditionModel.from_config(config("unet")),
            "vision": CLIPVisionModelWithProjection(CLIPVisionConfig(**config("image_encoder"))),
            "autoencoder": AutoencoderKLTemporalDecoder.from_config(config("vae")),
        }
    for component, net in nets.items():
        expected = {name: tuple(tensor.shape) for name, tensor in net.named_parameters()}
        found = {}
        for new, old in svd_names(component, published).items():
            shape = tuple(published[old])
            if JOINED in new:
                third = (shape[0] // 3, *shape[1:])
                found |= {new.replace(JOINED, f".{one}_proj."): third for one in "qkv"}
            else:
                turned = old.endswith(".visual.proj")
                flat = component == "autoencoder" and ".attentions." in new and len(shape) == 4
                found[new] = shape[::-1] if turned else shape[:2] if flat else shape
        assert found == expected, component
