"""Published names into diffusers': full-size networks without weights, and the published lists."""

import json
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderKLTemporalDecoder, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from studio.engine.checkpoints.layouts import SD15_UNET, SD_AUTOENCODER
from studio.engine.checkpoints.names import AUTOENCODER, IMAGE, TEXT, diffusers_names
from tests.published_models import Networks, original_names

KEYS = Path(__file__).resolve().parents[4] / "shared" / "data" / "keys"
LAYOUTS = Path(__file__).resolve().parents[3] / "assets" / "layouts"


def full(layout: str) -> Networks:
    """The networks that our own configs describe."""

    def config(part: str) -> dict:
        return json.loads((LAYOUTS / layout / part / "config.json").read_text("utf-8"))

    with torch.device("meta"):
        return Networks(
            UNet2DConditionModel.from_config(config("unet")),
            AutoencoderKL.from_config(config("vae")),
            CLIPTextModel(CLIPTextConfig.from_dict(config("text_encoder"))),
        )


def shapes(state) -> dict[str, list[int]]:
    return {name: list(tensor.shape) for name, tensor in state.items()}


def published(name: str) -> dict[str, list[int]]:
    if not KEYS.exists():
        pytest.skip("the published key lists are not here")
    return json.loads((KEYS / f"{name}.json").read_text("utf-8"))["tensors"]


@pytest.mark.parametrize("layout", ["sd1", "sd1_v", "sd2", "sd2_v"])
def test_every_name_of_a_full_size_checkpoint_is_found(layout):
    nets = full(layout)
    stored = original_names(nets)
    for component, net in ((IMAGE, nets.unet), (AUTOENCODER, nets.vae)):
        assert set(diffusers_names(component, stored)) == set(net.state_dict())
    text = {n.replace("qkv_proj", "q_proj") for n in diffusers_names(TEXT, stored)}
    assert text == {
        n
        for n in nets.text_encoder.state_dict()
        if layout.startswith("sd1") or not any(p in n for p in ("k_proj", "v_proj"))
    }


@pytest.mark.shared
def test_our_configs_describe_the_published_networks():
    """Names and shapes of Stable Diffusion 1.5, in both spellings."""
    nets = full("sd1")
    assert shapes(nets.unet.state_dict()) == published("sd15_unet_diffusers")
    assert shapes(nets.vae.state_dict()) == published("sd15_vae_diffusers")
    checkpoint = published("sd15_checkpoint_ldm")
    assert shapes(original_names(nets)) == checkpoint
    there = diffusers_names(TEXT, checkpoint)
    assert {n: checkpoint[old] for n, old in there.items()} == shapes(
        nets.text_encoder.state_dict()
    )


@pytest.mark.shared
def test_stable_video_diffusions_autoencoder():
    """In its first release it had no convolution between encoder and latents."""
    config = json.loads((LAYOUTS / "svd" / "vae" / "config.json").read_text("utf-8"))
    with torch.device("meta"):
        net = AutoencoderKLTemporalDecoder.from_config(config)
    there = diffusers_names(AUTOENCODER, published("svd_xt_checkpoint_ldm"))
    assert set(net.state_dict()) - set(there) == {"quant_conv.weight", "quant_conv.bias"}
    assert set(there) <= set(net.state_dict())


def test_the_layouts_are_those_that_are_measured_with():
    nets = full("sd1")
    with torch.device("meta"):
        unet, vae = UNet2DConditionModel(**SD15_UNET), AutoencoderKL(**SD_AUTOENCODER)
    assert shapes(unet.state_dict()) == shapes(nets.unet.state_dict())
    assert shapes(vae.state_dict()) == shapes(nets.vae.state_dict())


def test_attention_of_the_first_releases_of_diffusers():
    old = [f"encoder.mid_block.attentions.0.{n}.weight" for n in ("query", "proj_attn")]
    assert list(diffusers_names(AUTOENCODER, old)) == [
        "encoder.mid_block.attentions.0.to_q.weight",
        "encoder.mid_block.attentions.0.to_out.0.weight",
    ]
