"""Clips made for measuring: rendered with a memo that forgets."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from studio.engine.families.videoldm.parts import video_parts
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.film import Models, film, loaded
from studio.spec.card import Card
from studio.spec.progress import silent
from studio.spec.request import ClipRequest, SubjectUse
from studio.spec.spans import spans

Arrays = Mapping[str, np.ndarray]


def in_memory(video: VideoModel, adapter: Path | None = None) -> Models:
    """A video model, and a subject's adapter, as rendering takes them."""
    return Models(loaded(video_parts(video)), lambda: adapter)


def clip(
    video: VideoModel,
    prompt: str,
    seed: int,
    use: SubjectUse | None = None,
    *,
    adapter: Path | None = None,
    extend: int = 0,
    interpolate: int = 0,
) -> np.ndarray:
    """One clip at the card's defaults, uint8 (T, H, W, 3): keyframes, and what is asked beside.

    `extend` keyframes more by prediction, and `interpolate` passes between them all.
    """
    clip_request = request(video.card, prompt, seed)
    clip_request = replace(clip_request, subject=use, extend=extend, interpolate=interpolate)
    clip_request = replace(clip_request, weights=roles(video))
    walk, memo = spans(clip_request), Kept()
    film(walk, in_memory(video, adapter), memo, silent)
    frames = (memo.arrays[span.key]["frames"] for span in walk if span.stage == "decode")
    return np.concatenate(list(frames))


def request(card: Card, prompt: str, seed: int) -> ClipRequest:
    """The card's defaults, keyframes only."""
    return card.request(prompt, seed, (), interpolate=0)


def roles(video: VideoModel) -> tuple[tuple[str, str], ...]:
    """Stands for the weights of a request, whose spans differ where a decoder sees time."""
    return (("decoder", "measured"),) if video.decoder else ()


class Kept:
    """A memo in memory."""

    def __init__(self) -> None:
        self.arrays: dict[str, Arrays] = {}

    def has(self, key: str) -> bool:
        return key in self.arrays

    def get(self, key: str) -> Arrays | None:
        """What was put under `key`, or None."""
        return self.arrays.get(key)

    def put(self, key: str, arrays: Arrays) -> None:
        """Keep it until this memo goes."""
        self.arrays[key] = arrays
