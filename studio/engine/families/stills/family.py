"""Stable Diffusion, XL too, by itself: keyframes as single pictures, which another model fills between.

Its card names the files of "image", "text", "autoencoder" and, of Stable Diffusion XL, "second text"
(`studio.engine.checkpoints.opening`).
"""

from pathlib import Path

from studio.engine.autoencoders import AutoencoderCodec, preview_factors
from studio.engine.checkpoints.opening import Source, open_backbone
from studio.engine.device import Device
from studio.engine.families.stills.fill import Stills
from studio.engine.preview import SD_COLOURS
from studio.engine.roles import Parts
from studio.spec.card import Card
from studio.spec.progress import Tick


def load(folder: Path, card: Card, role: str, device: Device, tick: Tick) -> Parts:
    """What fills "keyframes" and "codec".  A part that is missing, damaged or of another layout is
    refused by name."""
    del role  # the same networks fill both
    backbone = open_backbone(Source.named(folder, card.files), device, tick)
    codec = AutoencoderCodec(backbone.vae)
    colours = SD_COLOURS if backbone.second is None else preview_factors(codec)
    return {"keyframes": Stills(card, backbone, colours), "codec": codec}
