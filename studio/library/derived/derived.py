"""A card that was derived from a file: what stands for the `model.toml` that it does not have."""

from dataclasses import dataclass
from pathlib import Path

from studio.spec.card import Card
from studio.spec.refusal import Refusal

JOINED = "+"
"""Between the names of files that are one model together: image model, motion module, SparseCtrl."""
LAYOUTS = Path(__file__).resolve().parents[3] / "assets" / "layouts"
"""Configs of published networks, a folder for each layout."""
SD_LATENTS = "sd"
"""The latents of Stable Diffusion 1.x and 2.x, which share their autoencoder's."""
XL_LATENTS = "sdxl"
"""Those of Stable Diffusion XL: of the same shape, of another autoencoder."""
LARGEST = 2048
"""Pixels of a side, of image models and what works beside them."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A card whose files lie in `folder`, a pipeline of the user's, or are absolute paths; then
    `folder` holds the configs of their layout."""

    card: Card
    folder: Path


def layout(name: str) -> Path:
    """The folder of a layout's configs."""
    return LAYOUTS / name


def named_weights(
    folder: Path, part: str, usual: str, *, whole: bool = False
) -> tuple[tuple[str, str], ...]:
    """(component suffix, file below `folder`) of the weights that lie in a pipeline's part: the
    file called `usual`, or all shards where it has an index, or its fp16 variant; with `whole` the
    first alone will do.

    Refused where the part has none as safetensors.
    """
    place = folder / part
    index = place / f"{usual}.safetensors.index.json"
    if index.is_file() and whole:
        files = []
    elif index.is_file():
        files = sorted(place.glob(f"{_literal(usual)}-*-of-*.safetensors"))
    else:
        names = (f"{usual}.safetensors", f"{usual}.fp16.safetensors")
        files = [place / name for name in names[: 1 if whole else 2] if (place / name).is_file()][
            :1
        ]
    if not files:
        what = f"a file {usual}.safetensors in one piece" if whole else "weights as safetensors"
        raise Refusal(
            f"The part “{part}” of {folder} has no {what.removeprefix('a ')}.",
            "Download it too; other formats can hold programs.",
        )
    below = [f"{part}/{file.name}" if part else file.name for file in files]
    return tuple((f" {n}" if n > 1 else "", name) for n, name in enumerate(below, start=1))


def _literal(text: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)
