"""Which networks are in memory: what fills one role of one model, kept between jobs, let go when asked."""

from __future__ import annotations

import gc
import importlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.library.models import Model, check_unchanged
from studio.spec.card import FAMILIES
from studio.spec.part import VIDEOLDM
from studio.spec.progress import Progress, Tick
from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    from studio.engine.device import Device
    from studio.engine.families.videoldm.videomodel import VideoModel
    from studio.engine.roles import Parts

log = logging.getLogger(__name__)
LOOK = 0.1
"""Seconds between two ticks of a job that waits until the networks are free."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What was loaded from a model, by role, and how it looked when it was."""

    model: Model
    parts: Parts
    mark: object


class ModelCache:
    """Holds what fills a role of a model, and whatever came with it, and nothing beside it: for a
    video model and an upsampler at once a card of 8 GB is too small.

    A job takes the networks by `leased` for as long as it runs: nobody else computes on them or
    frees them meanwhile.
    """

    def __init__(self, device: str | None = None) -> None:
        self._asked = device
        self._held: _Held | None = None
        self._lease = threading.Lock()

    def device(self) -> Device:
        """The device that the engine computes on."""
        from studio.engine.device import choose

        return choose(self._asked)

    @contextmanager
    def leased(self, tick: Tick) -> Iterator[None]:
        """Be the only one on the networks; waits for whoever is, and ticks meanwhile."""
        while not self._lease.acquire(timeout=LOOK):
            tick(Progress("waiting for the model in memory", 0, 1))
        try:
            yield
        finally:
            self._lease.release()

    def part(self, model: Model, role: str, tick: Tick) -> Any:
        """What fills a role (`studio.engine.roles`): what is held where it is that and untouched,
        otherwise loaded; what is held besides is let go first, and a changed file is loaded anew.
        """
        from studio.engine.untouched import mark

        held = self._held
        if held and held.model == model and role in held.parts:
            if mark(held.parts) == held.mark:
                return held.parts[role]
            log.error("the %s of %s was left altered: it is loaded anew", role, model.card.id)
        del held
        self.free()
        parts = self._loaded(model, role, tick)
        check_unchanged(model)  # nothing else is kept, or used, under the hashes it was found by
        self._held = _Held(model, parts, mark(parts))
        return parts[role]

    def video(self, model: Model, tick: Tick) -> VideoModel:
        """The networks of a model of the Video LDM family, which subjects and trainings know."""
        if model.card.family != VIDEOLDM:
            raise Refusal(f"{model.card.name} cannot be trained here.", "Use another model.")
        return self.part(model, "keyframes", tick).model

    def free(self) -> None:
        """Let go of everything and give the memory back."""
        held, self._held = self._held, None
        if held:
            del held
            gc.collect()
            self.device().free()

    def _loaded(self, model: Model, role: str, tick: Tick) -> Parts:
        card = model.card
        if role not in card.roles:
            raise Refusal(f"{card.name} has no {role}.", "Choose another model for it.")
        family = importlib.import_module(FAMILIES[card.family])
        parts = family.load(model.folder, card, role, self.device(), tick)
        if role not in parts:
            raise Refusal(
                f"{card.name} says that it has a {role}, and has none.", "Correct its card."
            )
        return parts
