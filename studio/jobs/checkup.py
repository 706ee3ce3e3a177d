"""A checkup of this computer: what the studio needs, looked up and tried out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.library import models as library
from studio.spec.progress import Tick
from studio.spec.quantities import count
from studio.spec.refusal import Refusal
from studio.spec.spans import spans

if TYPE_CHECKING:
    import numpy as np

    from studio.jobs.handlers import JobHandlers
    from studio.spec.memo import Arrays

PROMPT, SEED = "a red ball moving left over grass", 7
FLAT = 2.0
"""Grey levels; a clip whose pixels spread less than this shows nothing."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what it is, whether it works, and what there is to say."""

    name: str
    works: bool
    words: str


def checkup(handlers: JobHandlers, tick: Tick) -> Iterator[Check]:
    """Device, ffmpeg, every model, and a clip of two frames made with the first model."""
    yield _device(handlers)
    yield _ffmpeg()
    models, troubles = library.scan(handlers.model_folders)
    for model in models:
        yield Check("model", True, f"{model.card.name}, {count(len(model.weights), 'weight file')}")
    for trouble in troubles:
        yield Check("model", False, trouble)
    if not models:
        yield Check("self-test", False, "There is no model to try.")
        return
    yield _tried(handlers, models[0], tick)


def verdict(frames: np.ndarray, seconds: float) -> Check:
    """What frames, uint8 (T, H, W, 3), say of a computation: black or flat ones are its NaNs."""
    spread, mean = float(frames.std()), float(frames.mean())
    if spread < FLAT:
        words = f"the frames show nothing (mean {mean:.0f} of 255): the device computes wrongly"
        return Check("self-test", False, words)
    return Check("self-test", True, f"{len(frames)} frames in {seconds:.1f} s")


def _tried(handlers: JobHandlers, model: library.Model, tick: Tick) -> Check:
    import numpy as np

    from studio.engine.film import Models, film

    request = model.card.request(PROMPT, SEED, model.weights, keyframes=2, steps=4, interpolate=0)
    memo = _Memory()
    try:
        started = time.monotonic()
        walk = spans(request)
        film(walk, Models(lambda _, role: handlers.models.part(model, role, tick)), memo, tick)
    except Refusal as refusal:
        return Check("self-test", False, str(refusal))
    seconds = time.monotonic() - started
    if not np.isfinite(memo.kept[walk[0].key]["latents"]).all():
        return Check("self-test", False, "the device computes values that are no numbers (NaN)")
    return verdict(memo.kept[walk[-1].key]["frames"], seconds)


class _Memory:
    """A memo that forgets with the process: nothing of a trial is kept."""

    def __init__(self) -> None:
        self.kept: dict[str, Mapping] = {}

    def has(self, key: str) -> bool:
        return key in self.kept

    def get(self, key: str) -> Arrays | None:
        return self.kept.get(key)

    def put(self, key: str, arrays: Arrays) -> None:
        self.kept[key] = arrays


def _device(handlers: JobHandlers) -> Check:
    import torch

    device = handlers.models.device()
    memory = ""
    if device.name == "cuda":
        free, total = torch.cuda.mem_get_info()
        memory = f", {free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
    return Check("device", True, f"{device.described}{memory}, torch {torch.__version__}")


def _ffmpeg() -> Check:
    from studio.media import ffmpeg

    try:
        return Check("ffmpeg", True, ffmpeg.version())
    except Refusal as refusal:
        return Check("ffmpeg", False, str(refusal))
