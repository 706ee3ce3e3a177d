"""Which model is in memory: one at a time, kept between jobs, let go when asked."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.library.models import Model, check_unchanged
from studio.spec.progress import Progress, Tick

if TYPE_CHECKING:
    from studio.engine.device import Device
    from studio.engine.families.videoldm.upsampler import Upsampler
    from studio.engine.families.videoldm.videomodel import VideoModel

log = logging.getLogger(__name__)
LOOK = 0.1
"""Seconds between two ticks of a job that waits until the networks are free."""


@dataclass(frozen=True, slots=True)
class Resident:
    """A loaded part, what it was loaded from, and how it looked when it was."""

    part: str
    model: Model
    loaded: Any
    mark: object


class Residents:
    """Holds what is loaded, a video model or an upsampler: for both a card of 8 GB is too small.

    A job takes the networks by `leased` for as long as it runs: nobody else computes on them or
    frees them meanwhile.
    """

    def __init__(self, device: str | None = None) -> None:
        self._asked = device
        self._held: Resident | None = None
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

    def video(self, model: Model, tick: Tick) -> VideoModel:
        """`model` loaded; another one is let go first.  A changed file is loaded anew."""

        def load() -> VideoModel:
            from studio.engine.families.videoldm import family as videoldm

            decodes = "decoder" in dict(model.weights)
            return videoldm.load(model.folder, model.card, self.device(), tick, decodes=decodes)

        return self._loaded("video", model, load)

    def upsampler(self, model: Model, tick: Tick) -> Upsampler:
        """The upsampler of `model`, loaded; what is held besides is let go first."""

        def load() -> Upsampler:
            from studio.engine.families.videoldm import upsampler

            return upsampler.load(model.folder / upsampler.FOLDER, self.device(), tick)

        return self._loaded("upsampler", model, load)

    def free(self) -> None:
        """Let go of everything and give the memory back."""
        held, self._held = self._held, None
        if held:
            del held
            gc.collect()
            self.device().free()

    def _loaded(self, part: str, model: Model, load: Callable[[], Any]) -> Any:
        """What is held where it is that and untouched; otherwise loaded."""
        from studio.engine.untouched import mark

        held = self._held
        if held and (held.part, held.model) == (part, model):
            if mark(held.loaded) == held.mark:
                return held.loaded
            log.error("the %s of %s was left altered: it is loaded anew", part, model.card.id)
        del held
        self.free()
        loaded = load()
        check_unchanged(model)  # nothing else is kept, or used, under the hashes it was found by
        self._held = Resident(part, model, loaded, mark(loaded))
        return loaded
