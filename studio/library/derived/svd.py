"""Cards of Stable Video Diffusion, from folders as diffusers saves them and from the one file of its
release: a first frame animated, and its decoder that sees time."""

import json
import re
from fractions import Fraction
from pathlib import Path

from studio.library import weight_files
from studio.library.derived.codecs import of_stable_video
from studio.library.derived.derived import LARGEST, SD_LATENTS, Derived, layout, named_weights
from studio.library.scan import Entry
from studio.spec.card import Card, Window
from studio.spec.grid import Grid
from studio.spec.part import FRAMES, Defaults
from studio.spec.refusal import Refusal

PARTS = {
    "image": ("unet", "diffusion_pytorch_model"),
    "vision": ("image_encoder", "model"),
    "autoencoder": ("vae", "diffusion_pytorch_model"),
}
WIDE = ((1024, 576), (576, 1024))
FIRST, XT = 14, 25
"""Frames of the first release, and of the second."""
WHOLE = {
    "network": "model.diffusion_model.",
    "picture encoder": "conditioner.embedders.0.open_clip.model.visual.",
    "encoder": "conditioner.embedders.3.encoder.",
    "decoder": "first_stage_model.",
}
"""What the file of the release holds, by the beginnings of names."""


def svd(name: str, entry: Entry) -> Derived:
    """A whole folder; of one without CLIP's picture encoder its decoder alone."""
    if not (entry.path / "image_encoder").is_dir():
        return of_stable_video(name, entry)
    files = tuple(
        (component, named_weights(entry.path, *place)[0][1]) for component, place in PARTS.items()
    )
    return Derived(_card(name, entry, files, _frames(entry.path)), entry.path)


def svd_file(name: str, entry: Entry) -> Derived:
    """The file of the release, `svd.safetensors` or `svd_xt.safetensors`.  Both have the same names and
    shapes: how many frames one was taught, its name says."""
    tensors = weight_files.read(entry.path).tensors
    if missing := [
        what for what, start in WHOLE.items() if not any(n.startswith(start) for n in tensors)
    ]:
        raise Refusal(
            f"{entry.path.name} is a part of Stable Video Diffusion, without its {missing[0]}.",
            "Use the whole file of the release, or its folder.",
        )
    where = str(entry.path.absolute())
    frames = XT if re.search(r"xt|25", entry.path.stem.lower()) else FIRST
    files = tuple((component, where) for component in PARTS)
    return Derived(_card(name, entry, files, frames), layout("svd_whole"))


def _card(name: str, entry: Entry, files: tuple[tuple[str, str], ...], frames: int) -> Card:
    return Card(
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


def _frames(folder: Path) -> int:
    try:
        return int(json.loads((folder / "unet" / "config.json").read_text("utf-8"))["num_frames"])
    except (OSError, ValueError, KeyError, TypeError):
        return XT
