"""A long roll-out, half minute by half minute: does it fade, blur, freeze or forget its words?"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace

import numpy as np

from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.film import film
from studio.lab.drawing import scenes
from studio.lab.drawing.grammar import Meaning
from studio.lab.measures import segmenting
from studio.lab.measures.clips import Kept, in_memory, request, roles
from studio.lab.measures.filling import shape_of
from studio.spec.card import Card
from studio.spec.progress import Tick
from studio.spec.spans import spans

SECONDS = 30
COMMON = 1.5
"""Context guidance to compare with where a model has none of its own."""
LUMA = np.asarray((0.2126, 0.7152, 0.0722), np.float32)
WRAPS = 20.0
"""64ths of a picture: a longer step is one over its edge, and says nothing of a direction."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Means over a stretch of frames.

    `brightness` and `contrast` are mean and deviation of luma, 0..255; `sharpness` its mean step
    between neighbouring pixels, `motion` that between neighbouring frames, in levels; the others
    are shares in percent of frames in which the object is there, has its colour, its shape, and of
    steps along the direction asked for (NaN where none was).
    """

    brightness: float
    contrast: float
    sharpness: float
    motion: float
    visible: float
    colour: float
    shape: float
    direction: float


def ways(card: Card) -> dict[str, float]:
    """The context guidance of each roll-out: the model's own, or a common one, and none."""
    guidance = COMMON if card.defaults.context_guidance == 1.0 else card.defaults.context_guidance
    return {f"context guidance {guidance:g}": guidance, "no context guidance": 1.0}


def roll_out(
    video: VideoModel, prompt: str, minutes: float, seed: int, guidance: float, tick: Tick
) -> np.ndarray:
    """The keyframes of so many minutes, uint8 (T, H, W, 3)."""
    clip_request = request(video.card, prompt, seed)
    more = round(minutes * 60 * video.card.fps) - clip_request.keyframes
    clip_request = replace(
        clip_request, extend=max(0, more), context_guidance=guidance, weights=roles(video)
    )
    walk, memo = spans(clip_request), Kept()
    film(walk, in_memory(video), memo, tick)
    return np.concatenate(
        [memo.arrays[span.key]["frames"] for span in walk if span.stage == "decode"]
    )


def stretches(frames: np.ndarray, meaning: Meaning, each: int) -> tuple[Stretch, ...]:
    """What is seen in every `each` frames; a rest shorter than half of that is left out."""
    starts = range(0, len(frames), each)
    parts = [frames[start : start + each] for start in starts]
    return tuple(stretch(part, meaning) for part in parts if 2 * len(part) >= each)


def stretch(frames: np.ndarray, meaning: Meaning) -> Stretch:
    """The means over some frames, uint8 (T, H, W, 3)."""
    luma = frames.astype(np.float32) @ LUMA
    steps = [np.abs(np.diff(luma, axis=axis)).mean() for axis in (1, 2)]
    observed = segmenting.segment(frames)
    there = np.asarray(observed.masks.any((1, 2)))
    shapes = [shape_of(c) for c in observed.coverage]
    return Stretch(
        float(luma.mean()),
        float(luma.std((1, 2)).mean()),
        float(np.mean(steps)),
        float(np.abs(np.diff(frames.astype(np.float32), axis=0)).mean()),
        percent(there),
        percent(colour == meaning.colour for colour in observed.colours),
        percent(shape == meaning.shape for shape in shapes),
        percent(_along(observed.coverage, there, meaning.motion)),
    )


def markdown(columns: dict[str, Sequence[Stretch]]) -> str:
    """A row per half minute and column: what is seen in it."""
    names = [field.name for field in fields(Stretch)]
    lines = ["| half minute | | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    for number in range(max(map(len, columns.values()))):
        for name, found in columns.items():
            if number < len(found):
                cells = " | ".join(f"{value:.1f}" for value in astuple(found[number]))
                lines.append(f"| {number + 1} | {name} | {cells} |")
    return "\n".join(lines) + "\n"


def picture_sheet(shown: Sequence[np.ndarray]) -> np.ndarray:
    """Roll-outs below one another, uint8 (h, w, 3)."""
    return np.concatenate([np.concatenate(list(frames), 1) for frames in shown])


def percent(rights: Iterable[bool]) -> float:
    """The share of what is true, 0..100; NaN of nothing."""
    listed = list(rights)
    return 100 * float(np.mean(listed)) if listed else float("nan")


def _along(coverage: np.ndarray, there: np.ndarray, motion: str) -> list[bool]:
    """For each step whether the object went the way it was told, by the larger of x and y."""
    if motion not in scenes.STEP:
        return []
    way = np.asarray(scenes.STEP[motion])
    y, x = np.mgrid[0 : coverage.shape[1], 0 : coverage.shape[2]]
    area = np.maximum(coverage.sum((1, 2)), 1e-6)
    middles = np.stack([(coverage * x).sum((1, 2)), (coverage * y).sum((1, 2))], 1) / area[:, None]
    steps = np.diff(middles, axis=0)[there[1:] & there[:-1]]
    near = steps[np.abs(steps).max(1) < WRAPS]
    return [bool(step @ way > 0.5 and abs(step @ way) >= abs(step @ way[::-1])) for step in near]
