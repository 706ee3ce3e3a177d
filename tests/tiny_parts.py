"""Tiny models of one latent space that can be mixed in a clip, on the disk as users have them."""

from pathlib import Path

import torch
from diffusers import AutoencoderKLTemporalDecoder, AutoencoderTiny

from tests import tiny_starter
from tests.engine import tiny_upsampler

SHARED = 'latent_space = "tiny"\n'
CODEC = """\
[model]
id = "{id}"
name = "{id}"
family = "autoencoder"
native_fps = 1
frames_per_call = 1
most_frames = 1
size = 64
size_multiple = 8
largest = 128
steps = 1
guidance = 1
latent_space = "tiny"
codec_context = {context}
grid = {{ spatial = 4 }}

[weights]
autoencoder = "diffusion_pytorch_model.safetensors"

[uses]
codec = ["autoencoder"]
"""


def make(home: Path) -> Path:
    """Two video models, "one" and "two", a third, "large", that has an upsampler, and two codecs."""
    for seed, name in enumerate(("one", "two", "large")):
        made = tiny_starter.make(home / name, seed, plain=False)
        card = (made / "model.toml").read_text("utf-8")
        shared = card.replace("\nname = ", f"\ngrid = {{ spatial = 4 }}\n{SHARED}name = ")
        (made / "model.toml").write_text(shared, "utf-8")
    tiny_upsampler.give(home / "large")
    torch.manual_seed(5)
    small = {"encoder_block_out_channels": (8, 8, 8), "decoder_block_out_channels": (8, 8, 8)}
    blocks = {"num_encoder_blocks": (1, 1, 1), "num_decoder_blocks": (1, 1, 1)}
    _save(AutoencoderTiny(**small, **blocks), home / "taesd", 0)
    levels = {"block_out_channels": (32, 32, 32), "down_block_types": ("DownEncoderBlock2D",) * 3}
    _save(AutoencoderKLTemporalDecoder(**levels, layers_per_block=1), home / "steady", 2)
    return home


def _save(net: torch.nn.Module, folder: Path, context: int) -> None:
    net.half().save_pretrained(folder)
    (folder / "model.toml").write_text(CODEC.format(id=folder.name, context=context), "utf-8")
