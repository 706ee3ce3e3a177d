"""Cards of Wan 2.1 and 2.2, from folders as diffusers saves them.  Limits, rates, steps and guidance
are those of the official configs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from studio.library.derived.derived import Derived, named_weights
from studio.library.scan import Entry
from studio.spec.card import Card, Interpolation, Window
from studio.spec.grid import Grid
from studio.spec.part import FRAMES, Defaults
from studio.spec.refusal import Refusal

WIDE = ((832, 480), (480, 832), (1280, 720), (720, 1280))
FIVE = ((1280, 704), (704, 1280), (832, 480), (480, 832))
CAUSAL = Grid(8, 4)
CLIP = Window(81, 81, 4, 1)
SECOND = 16
"""Frames of a second, and from one keyframe to the next where Wan fills between them."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a release of Wan makes: the patterns it fills and its numbers."""

    fills: tuple[str, ...]
    defaults: Defaults
    window: Window = CLIP
    fps: int = SECOND
    sizes: tuple[tuple[int, int], ...] = WIDE
    multiple: int = 16
    grid: Grid = CAUSAL
    latent_space: str = "wan 2.1"


LOW_T2V = (("low_guidance", 3.0),)
KINDS: Mapping[str, _Kind] = {
    r"2\.2 I2V A14B": _Kind(("any",), Defaults(40, 3.5)),
    r"2\.2 T2V A14B": _Kind(("keyframes",), Defaults(40, 4.0, options=LOW_T2V)),
    r"2\.2 TI2V 5B": _Kind(
        ("keyframes", "first"),
        Defaults(50, 5.0),
        Window(121, 121, 4, 1),
        24,
        FIVE,
        32,
        Grid(16, 4),
        "wan 2.2 5B",
    ),
    r"2\.1 or 2\.2 T2V ": _Kind(("keyframes",), Defaults(50, 5.0)),
}
"""By the beginning of a variant (`recognition.video_networks`), what is known of it."""
PARTS = {
    "high": ("transformer", "diffusion_pytorch_model"),
    "low": ("transformer_2", "diffusion_pytorch_model"),
    "text": ("text_encoder", "model"),
    "autoencoder": ("vae", "diffusion_pytorch_model"),
}


def wan(name: str, entry: Entry) -> Derived:
    """A folder of Wan; refused where it is a kind that the family cannot run."""
    assert entry.found is not None
    variant = entry.found.variant
    has_two = (entry.path / "transformer_2").is_dir()
    if has_two and variant.startswith("2.1 or 2.2 T2V"):
        variant = "2.2 T2V A14B"
    kind = next((kind for begins, kind in KINDS.items() if re.match(begins, variant)), None)
    if kind is None or not entry.path.is_dir():
        raise Refusal(
            f"{entry.path.name} is Wan {variant}, which this version does not run.",
            "Use a folder of Wan 2.1 T2V, 2.2 T2V or I2V A14B, or 2.2 TI2V 5B as diffusers has it.",
        )
    files = tuple(
        (component + more, file)
        for component, place in PARTS.items()
        if component != "low" or has_two
        for more, file in _weights(entry.path, *place)
    )
    return Derived(_card(name, entry, kind, files), entry.path)


def _weights(folder: Path, part: str, usual: str) -> tuple[tuple[str, str], ...]:
    """The files that diffusers opens: in one piece, or in shards."""
    in_pieces = (folder / part / f"{usual}.safetensors.index.json").is_file()
    return named_weights(folder, part, usual, whole=not in_pieces)


def _card(name: str, entry: Entry, kind: _Kind, files: tuple[tuple[str, str], ...]) -> Card:
    everything = tuple(component for component, _ in files)
    codec = tuple(component for component in everything if component.startswith("autoencoder"))
    roles = ["codec"]
    if "keyframes" in kind.fills:
        roles.append("keyframes")
    if len(kind.fills) > 1 or "any" in kind.fills:
        roles.append("holes")
    around = "any" in kind.fills
    if around:
        roles.append("interpolator")
    return Card(
        name,
        entry.title or name,
        Fraction(kind.fps),
        kind.window,
        kind.sizes,
        kind.defaults,
        family="wan",
        size_multiple=kind.multiple,
        largest=1280,
        grid=kind.grid,
        fills=kind.fills,
        interpolation=Interpolation(1, SECOND, FRAMES) if around else None,
        latent_space=kind.latent_space,
        holes_space=FRAMES,
        files=files,
        uses=tuple((role, codec if role == "codec" else everything) for role in sorted(roles)),
    )
