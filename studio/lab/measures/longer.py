"""Longer clips in two ways: more frames from the same layers at once, and by prediction.

The layers reach over so many frames that they can be applied convolutionally in time (Video LDM
section 4.1.2): 12 keyframes at once become 175 frames and two more.
"""

import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from statistics import mean

import numpy as np

from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.film import film
from studio.lab.measures import rollout
from studio.lab.measures.clips import Kept, in_memory, request, roles
from studio.lab.measures.evaluation import Prompt
from studio.lab.measures.rollout import Stretch
from studio.spec.progress import silent
from studio.spec.spans import spans

FRAMES = 175
"""Frames of a clip after two passes of interpolation."""
AT_ONCE, PREDICTED = "convolutional in time", "by prediction"
WAYS = (AT_ONCE, PREDICTED)


@dataclass(frozen=True, slots=True)
class Looked:
    """One clip's keyframes: what is seen in the `first` ones, as many as layers were taught at
    once, and in the `rest`; and the seconds that they took."""

    first: Stretch
    rest: Stretch
    seconds: float


def keyframes(video: VideoModel) -> int:
    """How many keyframes `FRAMES` frames need."""
    return -(-(FRAMES - 1) // 4**video.card.passes) + 1


def look(video: VideoModel, way: str, prompt: Prompt, seed: int) -> Looked:
    """Make the keyframes of one clip in one way."""
    words, meaning = prompt
    clip_request = request(video.card, words, seed)
    taught, wanted = clip_request.keyframes, keyframes(video)
    if way == AT_ONCE:
        clip_request = replace(clip_request, keyframes=wanted, window=wanted)
    else:
        clip_request = replace(clip_request, extend=wanted - taught)
    walk, memo = spans(replace(clip_request, weights=roles(video))), Kept()
    started = time.monotonic()
    film(walk, in_memory(video), memo, silent)
    seconds = time.monotonic() - started
    parts = [memo.arrays[span.key]["frames"] for span in walk if span.stage == "decode"]
    frames = np.concatenate(parts)
    first, rest = frames[:taught], frames[taught - 1 :]
    return Looked(rollout.stretch(first, meaning), rollout.stretch(rest, meaning), seconds)


def markdown(found: dict[str, Sequence[Looked]]) -> str:
    """The table of the model card: the first keyframes and the rest, in each way."""
    names = [field.name for field in fields(Stretch)]
    lines = [
        "| | keyframes | " + " | ".join(names) + " | seconds |",
        "|---" * (len(names) + 3) + "|",
    ]
    for part in ("first", "rest"):
        for way, observed in found.items():
            stretches = [astuple(getattr(each, part)) for each in observed]
            means = np.nanmean(np.asarray(stretches, float), 0)  # no direction where none was asked
            cells = " | ".join(f"{value:.1f}" for value in means)
            lines.append(f"| {way} | {part} | {cells} | {mean(e.seconds for e in observed):.1f} |")
    return "\n".join(lines) + "\n"
