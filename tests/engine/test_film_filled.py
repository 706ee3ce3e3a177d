"""A gap on the timeline, filled by the engine: held frames are the very latents beside the gap."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from studio.engine.film import film
from studio.spec.progress import silent
from studio.spec.spans import spans
from studio.spec.timeline.clip import Clip, Footage
from studio.spec.timeline.filling import fill
from studio.spec.timeline.gaps import Gap
from studio.spec.timeline.holding import latent_of
from studio.spec.timeline.media import Medium
from studio.spec.timeline.playing import Shown
from tests.engine.memory import Memory
from tests.engine.tiny_video import in_memory, model, request

SHOT, A, B = "5" * 12, "a" * 12, "b" * 12
SMALL = {"width": 16, "height": 16, "keyframes": 3, "steps": 1, "guidance": 1.0, "interpolate": 2}


@pytest.mark.parametrize("length", [5, 31])
def test_a_gap_is_filled_around_the_latents_beside_it(length):
    one = request(**SMALL)
    other = replace(one, seed=one.seed + 1)
    takes, memory, models = {A: one, B: other}, Memory(), in_memory(model())
    for take in takes.values():
        film(spans(take), models, memory, silent)
    before = {key: dict(arrays) for key, arrays in memory.items()}
    media = {id: Medium(take.frames, take.rate, 16) for id, take in takes.items()}
    sides = [Clip(id, 9, footage=Footage(one.rate, shot=SHOT, take=id)) for id in takes]
    gap = Gap("1" * 12, 9, length, Shown(sides[0], 8, 21), Shown(sides[1], 0, 7))
    made = fill(gap, one.rate, replace(one, seed=9), media, takes)
    assert made.speed == Fraction(made.request.frames - 1, length + 1)
    walk = spans(made.request)
    walked = film(walk, models, memory, silent)
    assert not set(walked.made) & set(before)
    for key, arrays in before.items():
        for name, array in arrays.items():
            np.testing.assert_array_equal(memory[key][name], array)
    if length == 31:
        found = memory[walk[0].key]["latents"]
        known = [k for k, read in enumerate(walk[0].reads) if read is not None]
        beside = [latent_of(one, 5), latent_of(one, 21), latent_of(other, 7), latent_of(other, 23)]
        assert len(known) == len(beside)
        for place, at in zip(known, beside, strict=True):
            np.testing.assert_array_equal(found[place], memory[at[0]]["latents"][at[1]])
    frames = [memory[span.key]["frames"] for span in walk if span.stage == "decode"]
    assert sum(map(len, frames)) == made.request.frames
