"""Cards of Stable Video Diffusion, from folders as diffusers saves them: a first frame animated, and
its decoder that sees time."""

import json
from fractions import Fraction
from pathlib import Path

from studio.library.derived.codecs import of_stable_video
from studio.library.derived.derived import LARGEST, SD_LATENTS, Derived, named_weights
from studio.library.scan import Entry
from studio.spec.card import Card, Window
from studio.spec.grid import Grid
from studio.spec.part import FRAMES, Defaults

PARTS = {
    "image": ("unet", "diffusion_pytorch_model"),
    "vision": ("image_encoder", "model"),
    "autoencoder": ("vae", "diffusion_pytorch_model"),
}
WIDE = ((1024, 576), (576, 1024))
XT = 25
"""Frames of the second release; the first has 14."""


def svd(name: str, entry: Entry) -> Derived:
    """A whole folder; of one without CLIP's picture encoder its decoder alone."""
    if not (entry.path / "image_encoder").is_dir():
        return of_stable_video(name, entry)
    files = tuple(
        (component, named_weights(entry.path, *place)[0][1]) for component, place in PARTS.items()
    )
    frames = _frames(entry.path)
    card = Card(
        name,
        entry.title or name,
        Fraction(7),
        Window(frames, frames),
        WIDE,
        Defaults(25, 3.0),
        family="svd",
        size_multiple=64,
        largest=LARGEST,
        grid=Grid(8),
        fills=("first",),
        latent_space=SD_LATENTS,
        holes_space=FRAMES,
        files=files,
        uses=(("codec", ("autoencoder",)), ("holes", tuple(PARTS))),
        notice="It moves a first frame on, and reads no words.",
    )
    return Derived(card, entry.path)


def _frames(folder: Path) -> int:
    try:
        return int(json.loads((folder / "unet" / "config.json").read_text("utf-8"))["num_frames"])
    except (OSError, ValueError, KeyError, TypeError):
        return XT
