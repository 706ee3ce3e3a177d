"""Cards of tiny models, and cards with some of their numbers changed."""

from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from studio.library.card import read_card
from studio.spec import components
from studio.spec.card import Card, Defaults, Interpolation, Window

STARTER = Path(__file__).resolve().parents[1] / "models" / "starter"
SUBJECTS = read_card(STARTER).subjects
"""How subjects are taught to the starter: few words, and photos put on paths."""
_DEFAULTS = {field.name for field in fields(Defaults)}


def card(
    id: str = "tiny",
    name: str = "Tiny",
    fps: int | Fraction = 4,
    frames: tuple[int, int] = (8, 16),
    side: int = 64,
    multiple: int = 16,
    largest: int = 128,
    steps: int = 20,
    guidance: float = 3.0,
    **more: Any,
) -> Card:
    """A card that makes keyframes only, `frames` (usual, most) of them; `more` as in `with_`."""
    plain = Card(
        id,
        name,
        Fraction(fps),
        Window(*frames),
        ((side, side),),
        Defaults(steps, guidance),
        size_multiple=multiple,
        largest=largest,
        uses=tuple(components.USES.items()),
    )
    return with_(plain, **more)


def with_(card: Card, **changes: Any) -> Card:
    """A card with fields, or defaults of it, changed; also `passes`, `predicts`, `size`, `frames`."""
    made = {name: value for name, value in changes.items() if name not in _DEFAULTS}
    defaults = {name: value for name, value in changes.items() if name in _DEFAULTS}
    if "passes" in made:
        passes = made.pop("passes")
        made["interpolation"] = Interpolation(passes) if passes else None
    if "predicts" in made:
        able = ("keyframes", "prediction", "interpolation")
        made["fills"] = able if made.pop("predicts") else able[:1]
    if "size" in made:
        side = made.pop("size")
        made["sizes"] = ((side, side),)
    if "frames" in made:
        made["window"] = Window(*made.pop("frames"))
    return replace(card, defaults=replace(card.defaults, **defaults), **made)
