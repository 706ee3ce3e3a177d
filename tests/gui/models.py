"""Models that take one role or several, for what chooses among them."""

from dataclasses import replace
from pathlib import Path

from studio.library.models import Model
from studio.spec.card import Card, Interpolation, Window
from studio.spec.grid import Grid
from tests.cards import card
from tests.gui.handlers import DENSE, LARGER, WEIGHTS


def uses(*roles: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((role, ("image", "text")) for role in roles)


def model(made: Card, *roles: str, **more) -> Model:
    made = replace(made, uses=uses(*roles), **more)
    return Model(made, Path(made.id), WEIGHTS, (("image", 3 * 2**30), ("text", 2**29)))


SAME = model(
    card("same", "Same", fps=2, frames=(6, 12), multiple=8, predicts=True, steps=4),
    *("keyframes", "holes", "codec"),
    latent_space="starter",
)
OTHER = model(card("other", "Other", multiple=8), "keyframes", "codec", latent_space="sd")
CODEC = model(card("taesd", "Drafts", multiple=8), "codec", latent_space="starter")
FRAMES = model(
    card("wan", "Wan", multiple=8),
    "interpolator",
    interpolation=Interpolation(1, 16, "frames"),
    grid=Grid(8, 4),
    window=Window(5, 81, 4, 5),
)
LARGE = replace(LARGER, card=replace(LARGER.card, id="large", name="Large", uses=uses("upscaler")))
ALL = (DENSE, SAME, OTHER, CODEC, FRAMES, LARGE)
