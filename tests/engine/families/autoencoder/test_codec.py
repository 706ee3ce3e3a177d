"""Autoencoders in place of a model's own, against diffusers."""

import json
import shutil
from dataclasses import replace

import pytest
import torch

from studio.engine.autoencoders import CONTEXT
from studio.engine.device import Device
from studio.engine.families.autoencoder import family
from studio.spec.progress import Cancelled, silent
from studio.spec.refusal import Refusal
from tests.engine.families.autoencoder.tiny import CARD, CPU, KINDS, load, make


def frames(count: int = 3) -> torch.Tensor:
    return torch.randint(0, 256, (count, 32, 32, 3), dtype=torch.uint8)


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_as_diffusers_has_it(tmp_path, kind):
    codec, shown = load(make(tmp_path, kind)), frames()
    pixels = shown.permute(0, 3, 1, 2) / 127.5 - 1
    latents = codec.encode(shown)
    made = codec.vae.encode(pixels)
    mean = made.latents if kind == "taesd" else made.latent_dist.mode()
    torch.testing.assert_close(
        latents, mean * codec.vae.config.scaling_factor, atol=1e-4, rtol=1e-4
    )
    time = {"num_frames": 3} if kind == "svd" else {}
    whole = codec.vae.decode(latents / codec.vae.config.scaling_factor, **time).sample
    expected = (whole.permute(0, 2, 3, 1) + 1) * 127.5
    found = codec.decode(latents, silent)
    assert (found - expected.clamp(0, 255)).abs().max() < 0.51
    assert (latents.shape, latents.dtype) == ((3, 4, 8, 8), torch.float32)
    assert (found.shape, found.dtype) == (shown.shape, torch.uint8)


@pytest.mark.parametrize(("kind", "sees"), [("kl", False), ("taesd", False), ("svd", True)])
def test_whether_a_frame_depends_on_the_next(tmp_path, kind, sees):
    codec = load(make(tmp_path, kind))
    latents = torch.randn(3, 4, 8, 8)
    moved = latents.clone()
    moved[2] += 1
    same = torch.equal(codec.decode(latents, silent)[1], codec.decode(moved, silent)[1])
    assert same is not sees
    assert codec.context == (CONTEXT if sees else 0)
    assert (codec.grid.spatial, codec.grid.temporal) == (4, 1)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kind", KINDS)
def test_in_half_precision(tmp_path, kind, dtype):
    """But for one whose config says that it overflows in fp16."""
    folder = make(tmp_path, kind)
    half, shown = load(folder, Device("cpu", dtype)), frames()
    upcast = kind != "taesd" and dtype == torch.float16
    assert half.vae.dtype == (torch.float32 if upcast else dtype)
    latents = half.encode(shown)
    assert latents.dtype == torch.float32
    expected = load(folder).encode(shown)
    assert (latents - expected).abs().mean() < 0.05 * expected.std()
    assert half.decode(latents, silent).shape == shown.shape


@pytest.mark.parametrize(("kind", "ticks"), [("kl", [0, 1, 2, 3]), ("svd", [0, 3])])
def test_a_tick_before_each_part_and_after_the_last(tmp_path, kind, ticks):
    codec, heard = load(make(tmp_path, kind)), []
    codec.decode(torch.randn(3, 4, 8, 8), heard.append)
    assert [(p.stage, p.step, p.total) for p in heard] == [("decode", k, 3) for k in ticks]

    def stop(_):
        raise Cancelled

    with pytest.raises(Cancelled):
        codec.decode(torch.randn(3, 4, 8, 8), stop)


def test_a_side_of_no_whole_cells_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no whole cells"):
        load(make(tmp_path, "kl")).encode(torch.zeros(1, 30, 32, 3, dtype=torch.uint8))


def test_the_named_file_is_opened_whatever_else_lies_there(tmp_path):
    folder = make(tmp_path, "taesd")
    usual, named = (folder / f"{n}.safetensors" for n in ("diffusion_pytorch_model", "taesd"))
    shutil.move(usual, named)
    card = replace(CARD, files=(("autoencoder", named.name),))
    expected = family.load(folder, card, "codec", CPU, silent)["codec"].encode(frames(1) * 0)
    usual.write_bytes(b"diffusers would open this one")
    found = family.load(folder, card, "codec", CPU, silent)["codec"].encode(frames(1) * 0)
    assert torch.equal(found, expected)


@pytest.mark.parametrize("fault", ["missing", "cut", "no config", "another class"])
def test_a_bad_file_is_refused_by_name(tmp_path, fault):
    folder = make(tmp_path, "taesd")
    weights, config = folder / "diffusion_pytorch_model.safetensors", folder / "config.json"
    if fault == "missing":
        weights.unlink()
    elif fault == "cut":
        weights.write_bytes(weights.read_bytes()[:-10])
    elif fault == "no config":
        config.unlink()
    else:
        told = json.loads(config.read_text("utf-8")) | {"_class_name": "AutoencoderDC"}
        config.write_text(json.dumps(told), "utf-8")
    with pytest.raises(Refusal, match=r"\.safetensors in .* cannot be read") as refused:
        family.load(folder, CARD, "codec", CPU, silent)
    assert refused.value.hint
