"""Films to the end: frames made larger, for a range or all, stopped and gone on with."""

import dataclasses

import numpy as np
import pytest

from studio.engine.clips import known_frames
from studio.engine.families.videoldm.upsample import upsample
from studio.engine.film import film
from studio.engine.roles import UpscaleSpec
from studio.engine.tiles import Tiling
from studio.spec.progress import Cancelled, silent
from studio.spec.refusal import Refusal
from studio.spec.request import Upsampling
from studio.spec.spans import spans
from tests.engine.memory import Memory
from tests.engine.tiny_upsampler import tiny
from tests.engine.tiny_video import in_memory, model, request

HOW = Upsampling(steps=1, level=20, tile=12, overlap=4)


@pytest.fixture(scope="module", params=["latent", "pixel"])
def models(request):
    return model(), tiny(request.param)


def asked(**more):
    small = {"width": 16, "height": 16, "keyframes": 3, "steps": 1, "guidance": 1.0}
    return request(**small | {"interpolate": 2, "upsample": HOW} | more)


def make(walk, models, memory, tick=silent):
    video, upsampler = models
    return film(walk, in_memory(video, upsampler=upsampler), memory, tick)


def larger(walk):
    return [span for span in walk if span.stage == "upsample"]


@pytest.fixture(scope="module")
def whole(models):
    memory = Memory()
    make(spans(asked()), models, memory)
    return memory


def test_every_frame_comes_out_four_times_as_large(whole):
    made = [whole[span.key]["frames"] for span in larger(spans(asked()))]
    assert sum(map(len, made)) == asked().frames == 33
    assert asked().size == (64, 64)
    assert {part.shape[1:] for part in made} == {(64, 64, 3)}


def test_a_portion_is_made_from_its_frames_and_those_beside_it(models, whole):
    span = larger(spans(asked()))[1]
    assert (span.context_before, len(span.makes), len(span.reads)) == (2, 8, 12)
    assert span.positions == tuple(range(6, 18))
    spec = UpscaleSpec(span.positions, 7, 1, 20, Tiling(12, 4), "a ball")
    made = upsample(models[1], known_frames(span, whole), spec, silent)
    np.testing.assert_array_equal(whole[span.key]["frames"], made[2:10].numpy())


def test_a_range_is_the_same_files_as_the_whole(models, whole):
    part = spans(asked(only=(9, 17)))
    assert [span.key for span in larger(part)] == [s.key for s in larger(spans(asked()))[1:3]]
    memory = Memory()
    make(part, models, memory)
    assert len(memory) < len(whole)
    for key, made in memory.items():
        for name, array in made.items():
            np.testing.assert_array_equal(array, whole[key][name])


def test_frames_are_decoded_for_a_range_too(models, whole):
    part = spans(asked(only=(9, 9), upsample=None))
    assert len([span for span in part if span.stage == "decode"]) == 1
    memory = Memory()
    make(part, models, memory)
    last = part[-1].key
    np.testing.assert_array_equal(memory[last]["frames"], whole[last]["frames"])


def test_a_run_that_was_stopped_ends_in_the_same_bytes(models, whole):
    memory, ticks = Memory(), 0

    def tick(progress):
        nonlocal ticks
        ticks += progress.stage == "upsample"
        if ticks == 20:
            raise Cancelled

    with pytest.raises(Cancelled):
        make(spans(asked()), models, memory, tick)
    assert any(span.key in memory for span in larger(spans(asked())))
    make(spans(asked()), models, memory)
    for span in larger(spans(asked())):
        np.testing.assert_array_equal(memory[span.key]["frames"], whole[span.key]["frames"])


def test_steps_add_up(models, whole):
    heard, walk = [], spans(asked())
    memory = Memory({k: v for k, v in whole.items() if k not in {s.key for s in larger(walk)}})
    make(walk, models, memory, heard.append)
    assert [p.step for p in heard] == sorted(p.step for p in heard)
    assert {p.total for p in heard} == {len(larger(walk)) * 4 * 2}
    assert heard[-1].step == heard[-1].total


def test_a_model_without_an_upsampler_says_so(models, whole):
    walk = spans(asked())
    memory = Memory({k: v for k, v in whole.items() if k not in {s.key for s in larger(walk)}})
    with pytest.raises(Refusal, match="no upscaler"):
        film(walk, in_memory(models[0]), memory, silent)


def test_what_decides_a_larger_frame_is_in_its_key():
    keys = {span.key for span in larger(spans(asked()))}
    for other in (
        asked(upsample=dataclasses.replace(HOW, level=30)),
        asked(seed=8),
        asked(weights=(*asked().weights, ("upsampler", "u"))),
    ):
        assert not keys & {span.key for span in larger(spans(other))}
    worded = asked(prompt="a cube", steps=1)
    assert not keys & {span.key for span in larger(spans(worded))}  # other small frames
