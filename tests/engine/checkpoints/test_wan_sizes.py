"""Wan at full size, without weights: every published name has its place, and as many numbers as the
published files have bytes for."""

import json
import math

import pytest
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel, WanVACETransformer3DModel
from transformers import UMT5Config, UMT5EncoderModel

from studio.engine.checkpoints import wan_names, wan_sizes
from studio.library.derived.derived import LAYOUTS
from tests import published_wan as published

SMALL = {"num_attention_heads": 12, "ffn_dim": 8960, "num_layers": 30}
FIVE = {"num_attention_heads": 24, "ffn_dim": 14336, "num_layers": 30, "in_channels": 48,
        "out_channels": 48}  # fmt: skip
SEES = {"in_channels": 36, "image_dim": 1280, "added_kv_proj_dim": 5120}
TRANSFORMERS = {
    "T2V 1.3B": (SMALL, 2_838_104_528, 1_000_000),
    "T2V 14B": ({}, 28.6e9, 0.05e9),
    "I2V 2.1 14B": (SEES, 32.8e9, 0.05e9),
    "FLF2V 14B": (SEES | {"pos_embed_seq_len": 514}, 32.8e9, 0.05e9),
    "TI2V 5B": (FIVE, 10.0e9, 0.05e9),
    "VACE 1.3B": (SMALL | {"vace_layers": list(range(0, 30, 2)), "vace_in_channels": 96}, None, 0),
    "VACE 14B": ({"vace_layers": list(range(0, 40, 5)), "vace_in_channels": 96}, None, 0),
}
"""By release its config and the bytes of its fp16 file, as published, within how many."""


def config(layout: str, part: str) -> dict:
    return json.loads((LAYOUTS / layout / part / "config.json").read_text("utf-8"))


def check(net, rename, names, sized, given, described) -> None:
    """Names from diffusers' to the published and back, and the config from the shapes alone."""
    shapes = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    stored = {rename(name): shape for name, shape in shapes.items()}
    assert len(stored) == len(shapes)
    found = names(stored)
    assert {new: stored[old] for new, old in found.items()} == shapes
    made = {key: value for key, value in sized(given, shapes).items() if key in described}
    assert json.dumps(made) == json.dumps({key: described[key] for key in made})


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers(name):
    changes, size, within = TRANSFORMERS[name]
    kind = WanVACETransformer3DModel if "vace_layers" in changes else WanTransformer3DModel
    with torch.device("meta"):
        net = kind(**changes)
    if size:
        assert abs(2 * sum(p.numel() for p in net.parameters()) - size) <= within
    check(
        net, published.transformer_name, wan_names.transformer, wan_sizes.transformer_config,
        config("wan21", "transformer"), dict(net.config),
    )  # fmt: skip
    prefixed = {published.COMFY + published.transformer_name(n) for n in net.state_dict()}
    assert set(wan_names.transformer(prefixed)) == set(net.state_dict())
    assert set(wan_names.transformer(net.state_dict())) == set(net.state_dict())


@pytest.mark.parametrize(
    ("kind", "layout", "size", "within"),
    [("t2v", "wan21", 253.8e6, 1e6), ("ti2v", "wan22_ti2v", 1.41e9, 0.01e9)],
)
def test_autoencoders(kind, layout, size, within):
    more = {"base_dim": 96, "z_dim": 16, "num_res_blocks": 2, "in_channels": 3, "out_channels": 3}
    if kind == "ti2v":
        more |= {"base_dim": 160, "decoder_base_dim": 256, "z_dim": 48, "in_channels": 12,
                 "out_channels": 12}  # fmt: skip
    with torch.device("meta"):
        net = AutoencoderKLWan.from_config(config(layout, "vae") | more)
    assert abs(2 * sum(p.numel() for p in net.parameters()) - size) <= within
    stored = published.vae_names(
        {n: torch.empty(t.shape, device="meta") for n, t in net.state_dict().items()}, kind
    )
    found = wan_names.autoencoder(stored)
    shapes = {new: tuple(stored[old].shape) for new, old in found.items()}
    assert shapes == {n: tuple(t.shape) for n, t in net.state_dict().items()}
    made = wan_sizes.autoencoder_config(config(layout, "vae"), shapes)
    assert {key: made[key] for key in more} == more
    assert set(wan_names.autoencoder(net.state_dict())) == set(net.state_dict())


def test_the_text_encoder():
    """`umt5_xxl_fp16.safetensors`, which also holds a tokenizer of some megabytes."""
    given = {"vocab_size": 256384, "d_model": 4096, "d_kv": 64, "d_ff": 10240, "num_layers": 24,
             "num_heads": 64, "relative_attention_num_buckets": 32}  # fmt: skip
    with torch.device("meta"):
        net = UMT5EncoderModel(UMT5Config.from_dict(config("wan21", "text_encoder") | given))
    numbers = sum(math.prod(p.shape) for p in net.parameters())
    assert 1e6 < 11_366_399_385 - 2 * numbers < 8e6
    shapes = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    found = wan_names.text_encoder([name for name in shapes if name != wan_names.EMBEDDED])
    assert set(found) == set(shapes)
    made = wan_sizes.text_config(config("wan21", "text_encoder"), shapes)
    assert {key: made[key] for key in given} == given
