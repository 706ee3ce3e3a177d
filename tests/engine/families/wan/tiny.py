"""Tiny Wan models on the disk: real classes in the layouts of the published ones, random weights."""

import json
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanTransformer3DModel
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

from studio.engine.device import Device
from studio.engine.families.wan import family
from studio.spec.card import Card, Window
from studio.spec.grid import Grid
from studio.spec.part import Defaults
from studio.spec.progress import silent
from tests.random_weights import draw

CPU = Device("cpu", torch.float32)
SIDE = 32
CARD = Card(
    "tiny-wan",
    "Tiny Wan",
    Fraction(16),
    Window(17, 17, step=4),
    ((SIDE, SIDE),),
    Defaults(2, 2.0),
    family="wan",
    size_multiple=16,
    grid=Grid(8, 4),
    fills=("any",),
)
LAYOUTS = {"i2v": 36, "t2v": 16, "ti2v": 48}
"""Channels that the transformer reads: image to video, text to video, both in one (5B)."""
WORDS = ("red", "ball", "blurry", "a", "on", "grass")


def awake(net: nn.Module, seed: int, scale: float = 2.0) -> nn.Module:
    """Matrices large enough that what goes in is felt in what comes out."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in net.named_parameters():
        if parameter.ndim > 1 and "norm" not in name and "table" not in name:
            width = parameter[0].numel()
            draw(parameter, generator, partial(_scaled, scale=scale, width=width))
    return net.eval().requires_grad_(False)


def _scaled(numbers: Tensor, scale: float, width: int) -> Tensor:
    return numbers * scale / width**0.5


def transformer(layout: str, seed: int = 1) -> WanTransformer3DModel:
    net = WanTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=12,
        in_channels=LAYOUTS[layout],
        out_channels=48 if layout == "ti2v" else 16,
        text_dim=16,
        freq_dim=32,
        ffn_dim=32,
        num_layers=2,
        rope_max_seq_len=32,
    )
    awake(net, seed)
    return net


def vae(layout: str) -> AutoencoderKLWan:
    torch.manual_seed(5)
    config = {"base_dim": 4, "z_dim": 16, "dim_mult": [1, 1, 1, 1], "num_res_blocks": 1}
    if layout == "ti2v":
        config |= {
            "z_dim": 48,
            "is_residual": True,
            "patch_size": 2,
            "in_channels": 12,
            "out_channels": 12,
            "scale_factor_spatial": 16,
            "latents_mean": [0.0] * 48,
            "latents_std": [1.0] * 48,
        }
    net = AutoencoderKLWan(**config, temperal_downsample=[False, True, True])
    awake(net, 5, 1.0)
    return net


def text_encoder() -> tuple[PreTrainedTokenizerFast, UMT5EncoderModel]:
    vocabulary = {"<pad>": 0, "</s>": 1, "<unk>": 2} | {w: k + 3 for k, w in enumerate(WORDS)}
    words = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    config = UMT5Config(
        vocab_size=len(vocabulary), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2
    )
    torch.manual_seed(6)
    return tokenizer, UMT5EncoderModel(config).eval()


def clip(frames: int = 9, side: int = SIDE, seed: int = 3) -> torch.Tensor:
    drawn = np.random.default_rng(seed).integers(0, 256, (frames, 4, 4, 3), np.uint8)
    return torch.from_numpy(drawn.repeat(side // 4, 1).repeat(side // 4, 2))


def known_at(*at: int, frames: int = 9) -> tuple[bool, ...]:
    return tuple(k in at for k in range(frames))


def make(folder: Path, layout: str = "i2v", *, experts: int = 1) -> Path:
    """Write a whole model in diffusers' layout; with two `experts` a low one for low noise."""
    for number, name in enumerate(("transformer", "transformer_2")[:experts]):
        transformer(layout, 1 + number).save_pretrained(folder / name)
    vae(layout).save_pretrained(folder / "vae")
    tokenizer, encoder = text_encoder()
    tokenizer.save_pretrained(folder / "tokenizer")
    encoder.save_pretrained(folder / "text_encoder")
    UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=5.0
    ).save_pretrained(folder / "scheduler")
    index = {"boundary_ratio": 0.9 if experts > 1 else None, "expand_timesteps": layout == "ti2v"}
    (folder / "model_index.json").write_text(json.dumps(index), "utf-8")
    return folder


def load(folder: Path, device: Device = CPU, role: str = "holes", **changes) -> Any:
    """Open what `make` wrote, as the studio does: what fills a role."""
    return family.load(folder, replace(CARD, **changes), role, device, silent)[role]
