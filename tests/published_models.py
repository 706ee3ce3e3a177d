"""Small models of the real classes, random, in exactly the layouts in which public ones are shared."""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLTemporalDecoder,
    AutoencoderTiny,
    DDIMScheduler,
    DDPMScheduler,
    MotionAdapter,
    SparseControlNetModel,
    UNet2DConditionModel,
    WanTransformer3DModel,
)
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from studio.engine.checkpoints.clip_tokenizer import clip_tokenizer
from tests import published_names
from tests.engine.families.animatediff.tiny import original
from tests.engine.families.wan import tiny as tiny_wan
from tests.random_weights import draw, undrawn

WIDTHS = (64, 64, 64, 128)
DOWN = (*["CrossAttnDownBlock2D"] * 3, "DownBlock2D")
UP = ("UpBlock2D", *["CrossAttnUpBlock2D"] * 3)
LAYERS = 1
WORDS = 49408
SCHEDULE = {
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
    "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1,
}  # fmt: skip
TEXT_WIDTH = {"sd1": 768, "sd2": 1024, "sdxl": 2048}
"""By which a file says what it is."""


@dataclass(frozen=True)
class Networks:
    """What a checkpoint holds, to compare with."""

    unet: UNet2DConditionModel
    vae: AutoencoderKL
    text_encoder: CLIPTextModel
    text_encoder_2: CLIPTextModelWithProjection | None = None

    @property
    def named(self) -> dict[str, Any]:
        found = {"unet": self.unet, "vae": self.vae, "text_encoder": self.text_encoder}
        return found | ({"text_encoder_2": self.text_encoder_2} if self.text_encoder_2 else {})


def filled(net: Any, seed: int, dtype: torch.dtype = torch.float16) -> Any:
    """No tensor is zero; matrices keep what goes through them about as large as it was."""
    generator = torch.Generator().manual_seed(seed)
    net = net.to(dtype).eval().requires_grad_(False)
    for name, parameter in net.named_parameters():
        scale = parameter[0].numel() ** -0.5 if parameter.ndim > 1 else 0.05
        middle = 1 if "norm" in name and "weight" in name else 0
        draw(parameter, generator, partial(_about, scale=scale, middle=middle))
    return net


def _about(numbers: Tensor, scale: float, middle: float) -> Tensor:
    return numbers * scale + middle


def networks(kind: str = "sd1", dtype: torch.dtype = torch.float16) -> Networks:
    vae = autoencoder("kl_xl" if kind == "sdxl" else "kl", dtype)
    second = _second_text(dtype) if kind == "sdxl" else None
    return Networks(_unet(kind, dtype), vae, _text_encoder(kind, dtype), second)


@undrawn()
def _unet(kind: str, dtype: torch.dtype) -> UNet2DConditionModel:
    if kind == "sdxl":
        return _xl_unet(dtype)
    two = {"use_linear_projection": True, "attention_head_dim": tuple(w // 64 for w in WIDTHS)}
    net = UNet2DConditionModel(
        block_out_channels=WIDTHS,
        layers_per_block=LAYERS,
        down_block_types=DOWN,
        up_block_types=UP,
        cross_attention_dim=TEXT_WIDTH[kind],
        **(two if kind == "sd2" else {"attention_head_dim": 8}),
    )
    return filled(net, 1, dtype)


@undrawn()
def _xl_unet(dtype: torch.dtype) -> UNet2DConditionModel:
    """Three levels, the first without text, attention of several blocks; sizes and the text as a
    whole beside the noise level."""
    net = UNet2DConditionModel(
        block_out_channels=(64, 64, 128),
        layers_per_block=LAYERS,
        down_block_types=("DownBlock2D", *["CrossAttnDownBlock2D"] * 2),
        up_block_types=(*["CrossAttnUpBlock2D"] * 2, "UpBlock2D"),
        cross_attention_dim=2048,
        use_linear_projection=True,
        attention_head_dim=(1, 1, 2),
        transformer_layers_per_block=(1, 1, 2),
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=1280 + 6 * 256,
    )
    return filled(net, 1, dtype)


@undrawn()
def _second_text(dtype: torch.dtype) -> CLIPTextModelWithProjection:
    config = CLIPTextConfig(
        vocab_size=WORDS, hidden_size=1280, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=20, hidden_act="gelu", projection_dim=1280, bos_token_id=49406,
        eos_token_id=49407,
    )  # fmt: skip
    return filled(CLIPTextModelWithProjection(config), 9, dtype)


@undrawn()
def _text_encoder(kind: str, dtype: torch.dtype) -> CLIPTextModel:
    width = 768 if kind == "sdxl" else TEXT_WIDTH[kind]
    act = "gelu" if kind == "sd2" else "quick_gelu"
    config = CLIPTextConfig(
        vocab_size=WORDS, hidden_size=width, intermediate_size=64,
        num_hidden_layers=2 if kind == "sdxl" else 1,
        num_attention_heads=width // 64, hidden_act=act, bos_token_id=49406, eos_token_id=49407,
    )  # fmt: skip
    return filled(CLIPTextModel(config), 3, dtype)


@undrawn()
def autoencoder(kind: str, dtype: torch.dtype = torch.float16) -> Any:
    """ "kl", "kl_xl", "svd" or "taesd"."""
    levels = (32, 32, 32, 64)
    down = ("DownEncoderBlock2D",) * 4
    made: dict[str, Any] = {
        "kl": lambda: AutoencoderKL(
            block_out_channels=levels,
            down_block_types=down,
            up_block_types=("UpDecoderBlock2D",) * 4,
            force_upcast=False,
        ),
        "kl_xl": lambda: AutoencoderKL(
            block_out_channels=levels,
            down_block_types=down,
            up_block_types=("UpDecoderBlock2D",) * 4,
            force_upcast=True,
            scaling_factor=0.13025,
        ),
        "svd": lambda: AutoencoderKLTemporalDecoder(
            block_out_channels=levels, down_block_types=down, layers_per_block=1
        ),
        "taesd": lambda: AutoencoderTiny(
            encoder_block_out_channels=(16,) * 4, decoder_block_out_channels=(16,) * 4
        ),
    }
    return filled(made[kind](), 2, dtype)


def checkpoint(path: Path, kind: str = "sd1", dtype: torch.dtype = torch.float16) -> Networks:
    """One file as people share it, with what older ones hold besides: schedules, averages."""
    nets = networks(kind, dtype)
    state = xl_names(nets) if kind == "sdxl" else original_names(nets)
    state["alphas_cumprod"] = torch.linspace(1, 0, 1000)
    state["model_ema.decay"] = torch.zeros(())
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({n: t.contiguous() for n, t in state.items()}, path)
    return nets


def original_names(nets: Networks) -> dict[str, Tensor]:
    """The tensors of a checkpoint under their published names."""
    unet, text = nets.unet.state_dict(), nets.text_encoder.state_dict()
    crossed = tuple(block.startswith("Cross") for block in nets.unet.config.up_block_types)
    layers = nets.unet.config.layers_per_block
    is_two = nets.unet.config.cross_attention_dim == TEXT_WIDTH["sd2"]
    return {
        **published_names.image(unet, layers, crossed),
        **published_names.autoencoder(
            nets.vae.state_dict(), len(nets.vae.config.block_out_channels)
        ),
        **(published_names.open_clip(text) if is_two else published_names.clip(text)),
    }


def xl_names(nets: Networks) -> dict[str, Tensor]:
    """As Stability published SDXL: two text encoders as "embedders" of one conditioner."""
    text = published_names.clip(nets.text_encoder.state_dict())
    assert nets.text_encoder_2 is not None
    return {
        **published_names.image(nets.unet.state_dict(), LAYERS, (True, True, False)),
        **published_names.autoencoder(nets.vae.state_dict(), 4),
        **{n.replace("cond_stage_model.", "conditioner.embedders.0."): t for n, t in text.items()},
        **published_names.open_clip_whole(nets.text_encoder_2.state_dict()),
    }


def pipeline(
    folder: Path, kind: str = "sd1", dtype: torch.dtype = torch.float16, variant: str | None = None
) -> Networks:
    """A folder as `StableDiffusionPipeline.save_pretrained` leaves it."""
    nets = networks(kind, dtype)
    for name, net in nets.named.items():
        more = {"variant": variant} if variant else {}
        net.save_pretrained(folder / name, **more)
    clip_tokenizer("!" if kind == "sd2" else "<|endoftext|>").save_pretrained(folder / "tokenizer")
    if kind == "sdxl":
        clip_tokenizer("!").save_pretrained(folder / "tokenizer_2")
    DDIMScheduler(**SCHEDULE).save_pretrained(folder / "scheduler")
    index = {
        "_class_name": f"StableDiffusion{'XL' if kind == 'sdxl' else ''}Pipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
    }
    (folder / "model_index.json").write_text(json.dumps(index), "utf-8")
    return nets


MOTION = {
    "v1": {"motion_max_seq_length": 24, "use_motion_mid_block": False},
    "v2": {"motion_max_seq_length": 32, "use_motion_mid_block": True},
    "v3": {"motion_max_seq_length": 32, "use_motion_mid_block": False},
}


@undrawn()
def motion_module(path: Path, version: str = "v3", *, layout: str = "original") -> nn.Module:
    """A file in the original names, or a folder as diffusers saves them."""
    net = filled(MotionAdapter(WIDTHS, motion_layers_per_block=LAYERS, **MOTION[version]), 4)
    return _saved(net, path, layout)


@undrawn()
def control(path: Path, *, layout: str = "original") -> nn.Module:
    """SparseCtrl for colour pictures."""
    net = SparseControlNetModel(
        block_out_channels=WIDTHS,
        layers_per_block=LAYERS,
        down_block_types=(*["CrossAttnDownBlockMotion"] * 3, "DownBlockMotion"),
        cross_attention_dim=768,
    )
    return _saved(filled(net, 5), path, layout)


def _saved(net: Any, path: Path, layout: str) -> nn.Module:
    path.parent.mkdir(parents=True, exist_ok=True)
    if layout == "original":
        save_file({n: t.contiguous() for n, t in original(net.state_dict()).items()}, path)
    else:
        net.save_pretrained(path)
    return net


def autoencoder_file(path: Path, kind: str = "kl") -> Any:
    """As one file in the original names: `vae-ft-mse-840000`, or Stable Video Diffusion's."""
    net = autoencoder(kind)
    state = published_names.autoencoder(net.state_dict(), 4, "")
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({n: t.contiguous() for n, t in state.items()}, path)
    return net


@undrawn()
def upscaler(folder: Path) -> None:
    """The ×4 upscaler's pipeline: it reads words of another width, and has an autoencoder of its
    own."""
    unet, vae, text = _of_upscaler()
    unet.save_pretrained(folder / "unet")
    vae.save_pretrained(folder / "vae")
    text.save_pretrained(folder / "text_encoder")
    clip_tokenizer("!").save_pretrained(folder / "tokenizer")
    noise = {"beta_start": 1e-4, "beta_end": 0.02, "beta_schedule": "scaled_linear"}
    v = {"prediction_type": "v_prediction", "clip_sample": False, "set_alpha_to_one": False}
    DDIMScheduler(**noise, **v, steps_offset=1).save_pretrained(folder / "scheduler")
    DDPMScheduler(**noise).save_pretrained(folder / "low_res_scheduler")
    index = {"_class_name": "StableDiffusionUpscalePipeline"}
    (folder / "model_index.json").write_text(json.dumps(index), "utf-8")


def upscaler_file(file: Path) -> None:
    """The same in one file, as Stability published `x4-upscaler-ema`."""
    unet, vae, text = _of_upscaler()
    state = {
        **published_names.image(unet.state_dict(), 1, (True, True, True, False)),
        **published_names.autoencoder(vae.state_dict(), 3),
        **published_names.open_clip(text.state_dict()),
        "low_scale_model.betas": torch.zeros(1000),
    }
    save_file({n: t.contiguous() for n, t in state.items()}, file)


def _of_upscaler() -> tuple[Any, Any, Any]:
    unet = UNet2DConditionModel(
        in_channels=7,
        block_out_channels=(32, 32, 64, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", *["CrossAttnDownBlock2D"] * 3),
        up_block_types=(*["CrossAttnUpBlock2D"] * 3, "UpBlock2D"),
        only_cross_attention=(True, True, True, False),
        attention_head_dim=8,
        cross_attention_dim=1024,
        use_linear_projection=True,
        num_class_embeds=1000,
    )
    vae = AutoencoderKL(
        block_out_channels=(32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        scaling_factor=0.08333,
    )
    return filled(unet, 6), filled(vae, 7), _text_encoder("sd2", torch.float16)


def wan(folder: Path, layout: str = "t2v", width: int = 1536) -> None:
    """Wan's folder, one block deep; by its width a file says what it is."""
    tiny_wan.make(folder, layout)
    with undrawn():
        net = WanTransformer3DModel(
            num_attention_heads=width // 128,
            attention_head_dim=128,
            in_channels=tiny_wan.LAYOUTS[layout],
            out_channels=48 if layout == "ti2v" else 16,
            text_dim=16,
            freq_dim=32,
            ffn_dim=32,
            num_layers=1,
            rope_max_seq_len=32,
        )
    filled(net, 8).save_pretrained(folder / "transformer")
