"""Which model is in memory: one at a time, kept between jobs, let go when asked."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.library.models import Model
from studio.spec.progress import Tick

if TYPE_CHECKING:
    from studio.engine.device import Device
    from studio.engine.upsampler import Upsampler
    from studio.engine.videomodel import VideoModel


class Residents:
    """Holds what is loaded, a video model or an upsampler: for both a card of 8 GB is too small.

    Used by the engine lane; `free` may be called from anywhere.
    """

    def __init__(self, device: str | None = None) -> None:
        self._asked = device
        self._held: tuple[str, Model, Any] | None = None
        self._lock = threading.Lock()

    def device(self) -> Device:
        """The device that the engine computes on."""
        from studio.engine.device import choose

        return choose(self._asked)

    def video(self, model: Model, tick: Tick) -> VideoModel:
        """`model` loaded; another one is let go first.  A changed file is loaded anew."""

        def load() -> VideoModel:
            from studio.engine.families import videoldm

            decodes = "decoder" in dict(model.weights)
            return videoldm.load(model.folder, model.family, self.device(), tick, decodes=decodes)

        return self._loaded("video", model, load)

    def upsampler(self, model: Model, tick: Tick) -> Upsampler:
        """The upsampler of `model`, loaded; what is held besides is let go first."""

        def load() -> Upsampler:
            from studio.engine import upsampler

            return upsampler.load(model.folder / upsampler.FOLDER, self.device(), tick)

        return self._loaded("upsampler", model, load)

    def free(self) -> None:
        """Let go of everything and give the memory back."""
        with self._lock:
            held, self._held = self._held, None
        if held:
            del held
            gc.collect()
            self.device().free()

    def _loaded(self, part: str, model: Model, load: Callable[[], Any]) -> Any:
        with self._lock:
            if self._held and self._held[:2] == (part, model):
                return self._held[2]
        self.free()
        loaded = load()
        with self._lock:
            self._held = (part, model, loaded)
        return loaded
