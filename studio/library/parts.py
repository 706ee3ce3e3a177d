"""Models that fill single roles of a clip, as parts of its request."""

from collections.abc import Mapping

from studio.library.models import Model
from studio.spec.part import Part

SAMPLED = ("keyframes", "holes", "interpolator")
"""Roles that sample, by the numbers of their own model's card."""


def parts(models: Mapping[str, Model]) -> tuple[Part, ...]:
    """By role a model → a part for each role, with its own numbers where it samples."""
    return tuple(
        model.card.part(model.weights, (role,), model.card.defaults if role in SAMPLED else None)
        for role, model in models.items()
    )
