"""Tiny autoencoders on the disk: real classes, random weights."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderKLTemporalDecoder, AutoencoderTiny

from studio.engine.device import Device
from studio.engine.families.autoencoder import family
from studio.spec.card import Card, Window
from studio.spec.part import Defaults
from studio.spec.progress import silent

CPU = Device("cpu", torch.float32)
CARD = Card(
    "tiny-codec",
    "Tiny codec",
    Fraction(8),
    Window(8, 8),
    ((32, 32),),
    Defaults(1, 1.0),
    family="autoencoder",
    files=(("autoencoder", "diffusion_pytorch_model.safetensors"),),
)
LEVELS = (8, 8, 8)
KINDS = {
    "kl": lambda: AutoencoderKL(
        block_out_channels=LEVELS,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        norm_num_groups=4,
    ),
    "taesd": lambda: AutoencoderTiny(
        encoder_block_out_channels=LEVELS,
        decoder_block_out_channels=LEVELS,
        num_encoder_blocks=(1, 1, 1),
        num_decoder_blocks=(1, 1, 1),
    ),
    "svd": lambda: AutoencoderKLTemporalDecoder(
        block_out_channels=(32, 32, 32), down_block_types=("DownEncoderBlock2D",) * 3
    ),
}


def make(folder: Path, kind: str) -> Path:
    torch.manual_seed(4)
    vae = KINDS[kind]().eval()
    with torch.no_grad():  # fresh mixes are shut, and time would not be seen
        for name, parameter in vae.named_parameters():
            if parameter.ndim > 1:
                parameter.copy_(torch.randn(parameter.shape) / parameter[0].numel() ** 0.5)
            elif "mix" in name:
                parameter.fill_(0.5)
    vae.save_pretrained(folder)
    return folder


def load(folder: Path, device: Device = CPU) -> Any:
    return family.load(folder, CARD, "codec", device, silent)["codec"]
