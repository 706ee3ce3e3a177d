"""Models in the layouts that people have, opened from exactly their files, without any network."""

from pathlib import Path

import pytest
import torch

from studio.engine.device import Device
from studio.engine.roles import FillSpec, Words
from studio.library import models as library
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from tests import published_models as published
from tests.offline import no_network  # noqa: F401
from tests.opened import opened

SIDE = 64
HALF = Device("cpu", torch.float16)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """A ComfyUI folder, and folders as diffusers saves them."""
    folder = tmp_path_factory.mktemp("people's models")
    published.checkpoint(folder / "checkpoints" / "dream.safetensors")
    published.checkpoint(folder / "checkpoints" / "v2-1_768.safetensors", "sd2")
    published.pipeline(folder / "sd15", variant="fp16")
    for version in published.MOTION:
        published.motion_module(folder / f"mm_{version}.safetensors", version)
    published.motion_module(folder / "adapter-v2", "v2", layout="diffusers")
    published.control(folder / "sparsectrl_rgb.safetensors")
    published.control(folder / "sparsectrl-folder", layout="diffusers")
    published.autoencoder_file(folder / "vae-ft-mse.safetensors")
    published.autoencoder_file(folder / "svd.safetensors", "svd")
    for kind in ("kl", "svd", "taesd"):
        published.autoencoder(kind).save_pretrained(folder / f"{kind} folder")
    published.upscaler(folder / "x4-upscaler")
    published.wan(folder / "wan2.1_t2v_1.3B")
    return folder


IMAGE_MODELS = ("dream", "v2-1_768", "sd15")
MOVED = ("dream+mm_v2", "sd15+mm_v3")
"""The others of motion modules; v3 is also among those that are controlled."""
CONTROLLED = ("dream+mm_v3+sparsectrl_rgb", "sd15+mm_v3+sparsectrl-folder")
DECODERS = ("vae-ft-mse", "svd", "kl folder", "svd folder", "taesd folder", "dream")
EXPECTED = {"dream": ("sd1", ""), "v2-1_768": ("sd2", ""), "sd15": ("sd1", "")}


@pytest.mark.parametrize("name", IMAGE_MODELS)
@torch.no_grad()
def test_an_image_model_is_the_one_in_the_file(models, name):
    """Bit for bit what was saved, and what the very networks make of the same noise."""
    filler = opened(models, name, "keyframes")
    expected = published.networks(EXPECTED[name][0], torch.float32)
    for part, net in expected.named.items():
        found = getattr(filler.backbone, part)
        for key, tensor in net.state_dict().items():
            assert torch.equal(found.state_dict()[key], tensor.half().float()), (part, key)
    latents, text = (
        torch.randn(1, 4, 8, 8),
        torch.randn(1, 77, expected.unet.config.cross_attention_dim),
    )
    for part, net in expected.named.items():
        net.load_state_dict(getattr(filler.backbone, part).state_dict())
    ids = torch.arange(77)[None]
    for found, like in (
        (filler.backbone.text_encoder(ids)[0], expected.text_encoder(ids)[0]),
        (filler.backbone.vae.decode(latents).sample, expected.vae.decode(latents).sample),
    ):
        torch.testing.assert_close(found, like, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(
        filler.backbone.unet(latents, 500, text).sample,
        expected.unet(latents, 500, text).sample,
        atol=1e-4,
        rtol=1e-4,
    )
    assert filler.backbone.scheduler.config.prediction_type == (
        "v_prediction" if name == "v2-1_768" else "epsilon"
    )
    assert made(filler, 2).std() > 0.1


def made(filler, frames: int, known: tuple[bool, ...] = (), side: int = SIDE) -> torch.Tensor:
    """A window in two steps with guidance."""
    known = known or (False,) * frames
    shape = filler.latents_shape(side, side, frames)
    spec = FillSpec("keyframes", tuple(range(frames)), seed=3, steps=2, guidance=2.0)
    with filler.prompt(Words("a red ball on grass"), None) as prompt:
        found = filler.fill(torch.ones(shape), known, prompt, spec, silent)
    assert found.shape == shape
    assert found.isfinite().all()
    return found


@pytest.mark.parametrize(
    "name", ["dream+mm_v1", "dream+adapter-v2", *(pytest.param(n, marks=pytest.mark.long) for n in MOVED)]
)  # fmt: skip
def test_motion_modules_move_it(models, name):
    found = made(opened(models, name, "keyframes"), 3)
    assert (found[0] - found[1]).abs().mean() > 0.01


@pytest.mark.parametrize("name", CONTROLLED)
def test_sparse_control_fills_around_frames(models, name):
    found = made(opened(models, name, "holes"), 3, (True, False, True))
    assert (found[0] == 1).all()
    assert (found[2] == 1).all()
    assert (found[1] != 1).any()


@pytest.mark.parametrize("name", DECODERS)
def test_decoders_in_place_of_a_models_own(models, name):
    model = library.find(name, [models])
    assert model.card.latent_space == library.find("dream", [models]).card.latent_space
    codec = opened(models, name, "codec")
    frames = torch.randint(0, 256, (2, SIDE, SIDE, 3), dtype=torch.uint8)
    latents = codec.encode(frames)
    assert latents.shape == (2, 4, 8, 8)
    assert codec.decode(latents, silent).float().std() > 1
    assert (codec.context > 0) == name.startswith("svd")


@pytest.mark.parametrize(
    "name",
    [
        "dream+mm_v3+sparsectrl_rgb",
        pytest.param("dream", marks=pytest.mark.long),
        pytest.param("v2-1_768", marks=pytest.mark.long),
    ],
)
def test_in_half_precision(models, name):
    half, whole = (opened(models, name, "keyframes", device) for device in (HALF, None))
    assert half.backbone.unet.dtype == torch.float16
    found, expected = made(half, 2), made(whole, 2)
    assert (found - expected).abs().mean() < 0.1 * expected.std()
    codec = opened(models, name, "codec", HALF)
    assert codec.decode(found, silent).shape == (2, SIDE, SIDE, 3)


@torch.no_grad()
def test_the_upscaler_makes_still_frames_alike(models):
    """Frame by frame, all from the same noise."""
    from studio.engine.roles import UpscaleSpec
    from studio.engine.tiles import Tiling

    upscaler = opened(models, "x4-upscaler", "upscaler")
    frames = torch.randint(0, 256, (1, 16, 16, 3), dtype=torch.uint8).expand(2, -1, -1, -1)
    spec = UpscaleSpec((0, 1), 3, 1, 20, Tiling(16, 4), "a ball", 2.0)
    larger = upscaler.upscale(frames, spec, silent)
    assert larger.shape == (2, 64, 64, 3)
    assert torch.equal(larger[0], larger[1])
    assert larger.float().std() > 1


@torch.no_grad()
def test_the_upscaler_as_one_file_does_what_its_folder_does(models, tmp_path):
    from studio.engine.roles import UpscaleSpec
    from studio.engine.tiles import Tiling

    published.upscaler_file(tmp_path / "x4-upscaler-ema.safetensors")
    one = opened(tmp_path, "x4-upscaler-ema", "upscaler")
    other = opened(models, "x4-upscaler", "upscaler")
    frames = torch.randint(0, 256, (1, 16, 16, 3), dtype=torch.uint8)
    spec = UpscaleSpec((0,), 3, 1, 20, Tiling(16, 4), "a ball", 2.0)
    found, expected = (each.upscale(frames, spec, silent) for each in (one, other))
    assert (found.float() - expected.float()).abs().max() <= 1
    assert found.float().std() > 1


def test_wan_makes_clips_from_words(models):
    found = made(opened(models, "wan2.1_t2v_1.3B", "keyframes"), 5, side=32)
    assert found.shape == (2, 16, 4, 4)


def test_a_damaged_checkpoint_is_refused_by_name(models, tmp_path):
    """Tensors of another layout under the right names, as broken merges have."""
    from safetensors.torch import load_file, save_file

    state = load_file(models / "checkpoints" / "dream.safetensors")
    name = "model.diffusion_model.middle_block.0.in_layers.2.weight"
    save_file(state | {name: state[name][:, :3].clone()}, tmp_path / "merge.safetensors")
    with pytest.raises(Refusal, match=r'part "unet" cannot be read from merge\.safetensors'):
        opened(tmp_path, "merge", "keyframes")
    del state[name]
    save_file(state, tmp_path / "merge.safetensors")
    with pytest.raises(Refusal, match=r'part "unet" cannot be read from merge\.safetensors'):
        opened(tmp_path, "merge", "keyframes")
