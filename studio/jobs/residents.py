"""Which model is in memory: one at a time, kept between jobs, let go when asked."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

from studio.library.models import Model
from studio.spec.progress import Tick

if TYPE_CHECKING:
    from studio.engine.device import Device
    from studio.engine.videomodel import VideoModel


class Residents:
    """Holds the loaded model.  Used by the engine lane; `free` may be called from anywhere."""

    def __init__(self, device: str | None = None) -> None:
        self._asked = device
        self._held: tuple[Model, VideoModel] | None = None
        self._lock = threading.Lock()

    def device(self) -> Device:
        """The device that the engine computes on."""
        from studio.engine.device import choose

        return choose(self._asked)

    def video(self, model: Model, tick: Tick) -> VideoModel:
        """`model` loaded; another one is let go first.  A changed file is loaded anew."""
        with self._lock:
            if self._held and self._held[0] == model:
                return self._held[1]
        self.free()
        from studio.engine.families import videoldm

        decodes = "decoder" in dict(model.weights)
        loaded = videoldm.load(model.folder, model.family, self.device(), tick, decodes=decodes)
        with self._lock:
            self._held = (model, loaded)
        return loaded

    def free(self) -> None:
        """Let go of everything and give the memory back."""
        with self._lock:
            held, self._held = self._held, None
        if held:
            del held
            gc.collect()
            self.device().free()
