"""Stable Diffusion XL as people have it: one file in Stability's names, and a folder; without network."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from studio.engine.autoencoders import AutoencoderCodec
from studio.engine.checkpoints.clip_tokenizer import clip_tokenizer
from studio.engine.device import Device
from studio.engine.lora.fitting import AdapterUse
from studio.engine.noise import clip_noise
from studio.engine.roles import EmbeddingFile, FillSpec, Words
from studio.engine.schedulers import scheduler_named
from studio.library import models as library
from studio.library.derived.derived import LAYOUTS, XL_LATENTS
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from studio.spec.wording import WEIGHTED
from tests import published_models as published
from tests.engine.lora import lora_files
from tests.library.weight_builder import safetensors
from tests.offline import no_network  # noqa: F401
from tests.opened import opened

HALF = Device("cpu", torch.float16)
SPEC = FillSpec("keyframes", (0, 1), seed=3, steps=2, guidance=2.0, sampler="dpm++ 2m")
FILE, FOLDER = "sd_xl_base_1.0", "xl folder"


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    published.checkpoint(folder / f"{FILE}.safetensors", "sdxl")
    published.pipeline(folder / FOLDER, "sdxl", variant="fp16")
    published.autoencoder_file(folder / "sdxl_vae.safetensors", "kl_xl")
    return folder


def made(filler, words: Words, spec: FillSpec = SPEC, side: int = 64) -> torch.Tensor:
    shape = filler.latents_shape(side, side, len(spec.frames))
    with filler.prompt(words, None) as prompt:
        return filler.fill(torch.ones(shape), (False,) * shape[0], prompt, spec, silent)


def stock(words: Words, own, put_on: Callable[[Any], object] = lambda _: None) -> torch.Tensor:
    """What the stock pipeline makes of the very networks, tokenizers and noise; `put_on` puts more on
    it."""
    nets = published.networks("sdxl")
    pipe = StableDiffusionXLPipeline(
        **{name: net.float() for name, net in nets.named.items()},
        tokenizer=clip_tokenizer(),
        tokenizer_2=clip_tokenizer("!"),
        scheduler=scheduler_named("dpm++ 2m", own),
    )
    pipe.set_progress_bar_config(disable=True)
    put_on(pipe)
    return torch.cat(
        [
            pipe(
                words.prompt, negative_prompt=words.negative or None, height=64, width=64,
                num_inference_steps=2, guidance_scale=2.0, output_type="latent",
                latents=clip_noise(3, "keyframes", (frame,), (4, 8, 8), purpose="start"),
            ).images
            for frame in SPEC.frames
        ]
    )  # fmt: skip


@pytest.mark.parametrize(("name", "negative"), [(FILE, "grey"), (FOLDER, "")])
def test_pictures_are_those_of_the_stock_pipeline(models, name, negative):
    """Both text encoders, the text as a whole, sizes, and zeros for no words at all."""
    filler = opened(models, name, "keyframes")
    words = Words("a red ball on the grass", negative)
    found, expected = made(filler, words), stock(words, filler.backbone.scheduler)
    torch.testing.assert_close(found, expected, atol=2e-3, rtol=2e-3)
    assert expected.std() > 0.1
    assert (made(filler, replace(words, prompt="a green box")) - found).abs().mean() > 1e-3


@pytest.fixture(scope="module")
def filler(models):
    """The one file, opened once for those who put something on it."""
    return opened(models, FILE, "keyframes")


@pytest.fixture(scope="module")
def beside(tmp_path_factory) -> Path:
    """A LoRA as kohya writes SDXL's, on the UNet and on both text encoders, and an embedding."""
    return lora_files.of_xl(tmp_path_factory.mktemp("beside"), published.networks("sdxl"))


def test_a_lora_does_what_it_does_in_the_stock_pipeline(filler, beside):
    file = beside / "of the UNet.safetensors"
    tensors = load_file(beside / "style.safetensors")  # diffusers 0.42 loses kohya's text encoders
    save_file({n: t for n, t in tensors.items() if n.startswith("lora_unet")}, file)
    words = Words("a red ball on the grass", "grey", loras=(AdapterUse(file, 0.7),), notes=[])

    def put_on(pipe: Any) -> None:
        pipe.load_lora_weights(str(beside), weight_name=file.name, adapter_name="style")
        pipe.set_adapters(["style"], [0.7])

    found, expected = made(filler, words), stock(words, filler.backbone.scheduler, put_on)
    torch.testing.assert_close(found, expected, atol=4e-3, rtol=4e-3)
    matched, layers = (int(word) for word in words.notes[0].split() if word.isdigit())
    assert matched == layers > 10
    whole = replace(words, loras=(AdapterUse(beside / "style.safetensors", 0.7),))
    assert (made(filler, whole) - found).abs().mean() > 1e-3  # the text encoders' share
    assert (made(filler, replace(words, loras=())) - found).abs().mean() > 1e-2


def test_an_embedding_does_what_it_does_in_the_stock_pipeline(filler, beside):
    file = beside / "rexy.safetensors"
    words = Words(
        "rexy on the grass", "grey", embeddings=(EmbeddingFile("rexy", file),), reading=WEIGHTED
    )

    def put_on(pipe: Any) -> None:
        vectors = load_file(file)
        for name, number in (("clip_l", ""), ("clip_g", "_2")):
            tokenizer, encoder = (
                getattr(pipe, part + number) for part in ("tokenizer", "text_encoder")
            )
            more = len(tokenizer) + len(vectors[name])
            encoder.resize_token_embeddings(more, mean_resizing=False)  # which takes seconds
            pipe.load_textual_inversion(
                vectors[name], token="rexy", tokenizer=tokenizer, text_encoder=encoder
            )

    found, expected = made(filler, words), stock(words, filler.backbone.scheduler, put_on)
    torch.testing.assert_close(found, expected, atol=4e-3, rtol=4e-3)
    assert (made(filler, replace(words, embeddings=())) - found).abs().mean() > 1e-3


def test_its_card(models):
    card = library.find(FILE, [models]).card
    assert (card.family, card.size, card.roles) == ("stills", (1024, 1024), ("keyframes", "codec"))
    assert (card.latent_space, card.defaults.steps) == (XL_LATENTS, 30)
    assert dict(card.uses)["keyframes"] == ("image", "text", "second text")


def test_its_decoder_keeps_full_precision_where_the_rest_is_in_half(models):
    """It overflows in fp16: black pictures elsewhere."""
    filler = opened(models, FILE, "keyframes", HALF)
    codec = AutoencoderCodec(filler.backbone.vae)
    assert filler.backbone.unet.dtype == torch.float16
    assert codec.vae.dtype == torch.float32
    found = made(filler, Words("a red ball"))
    expected = stock(Words("a red ball"), filler.backbone.scheduler)
    assert (found - expected).abs().mean() < 0.1 * expected.std()
    assert codec.decode(found, silent).float().std() > 1


def test_latents_of_another_scale_are_another_space(models):
    """No tensor tells the autoencoders of SDXL and Stable Diffusion apart, but their scales differ."""
    card = library.find("sdxl_vae", [models]).card
    assert card.latent_space == XL_LATENTS
    assert opened(models, "sdxl_vae", "codec").vae.config.scaling_factor == 0.13025
    published.autoencoder("kl_xl").save_pretrained(models / "any name")
    assert library.find("any name", [models]).card.latent_space == XL_LATENTS


FIRST = "model.diffusion_model.input_blocks."
XL = {
    f"{FIRST}0.0.weight": (32, 4, 3, 3),
    f"{FIRST}4.1.transformer_blocks.0.attn2.to_k.weight": (32, 2048),
    "first_stage_model.decoder.conv_in.weight": (32, 4, 3, 3),
}


@pytest.mark.parametrize(
    ("name", "more", "folder", "steps", "guidance"),
    [
        ("plain", {}, "sdxl", 30, 5.0),
        ("noob", {"v_pred": (0,), "ztsnr": (0,)}, "sdxl_vz", 30, 5.0),
        ("other", {"v_pred": (0,)}, "sdxl_v", 30, 5.0),
        ("sdxl_lightning_8step", {}, "sdxl", 8, 1.0),
        ("sd_xl_turbo_1.0", {}, "sdxl", 4, 1.0),
    ],
)
def test_what_fine_tunes_say_of_themselves(tmp_path, name, more, folder, steps, guidance):
    safetensors(tmp_path / f"{name}.safetensors", XL | more)
    model = library.find(name, [tmp_path])
    assert model.folder == LAYOUTS / folder
    assert (model.card.defaults.steps, model.card.defaults.guidance) == (steps, guidance)


def test_what_is_shaped_alike_and_works_otherwise_is_refused(tmp_path):
    safetensors(tmp_path / "cosxl.safetensors", XL | {"edm_vpred.sigma_max": ()})
    with pytest.raises(Refusal, match="another noise schedule"):
        library.find("cosxl", [tmp_path])
    refiner = XL | {f"{FIRST}4.1.transformer_blocks.0.attn2.to_k.weight": (32, 1280)}
    safetensors(tmp_path / "sd_xl_refiner.safetensors", refiner)
    with pytest.raises(Refusal, match="is the refiner"):
        library.find("sd_xl_refiner", [tmp_path])


def test_a_scheduler_that_leaves_clipping_unsaid_clips_nothing(models, tmp_path):
    """As a fine-tune saved with Euler's: DDIM's own default would clip latents to −1..1."""
    import shutil

    other = shutil.copytree(models / FOLDER, tmp_path / "euler")
    config = other / "scheduler" / "scheduler_config.json"
    told = json.loads(config.read_text("utf-8"))
    for name in ("clip_sample", "set_alpha_to_one", "clip_sample_range"):
        told.pop(name, None)
    config.write_text(json.dumps(told), "utf-8")
    scheduler = opened(tmp_path, "euler", "keyframes").backbone.scheduler
    assert not scheduler.config.clip_sample
    assert not scheduler.config.set_alpha_to_one


def test_full_size_it_has_as_many_parameters_as_the_published_file_has_bytes_for():
    """Of `sd_xl_base_1.0.safetensors`: 6 938 078 334 bytes, two a parameter and a header."""
    made = {}
    with torch.device("meta"):
        for kind, part in ((UNet2DConditionModel, "unet"), (AutoencoderKL, "vae")):
            made[part] = kind.from_config(_config(part))
        for kind, part in (
            (CLIPTextModel, "text_encoder"),
            (CLIPTextModelWithProjection, "text_encoder_2"),
        ):
            made[part] = kind(CLIPTextConfig.from_dict(_config(part)))
    counts = {part: sum(p.numel() for p in net.parameters()) for part, net in made.items()}
    assert counts["unet"] == 2_567_463_684
    header = 6_938_078_334 - 2 * sum(counts.values())
    assert 200_000 < header < 600_000


def _config(part: str) -> dict:
    return json.loads((LAYOUTS / "sdxl" / part / "config.json").read_text("utf-8"))
