"""From keyframes to a clip: passes between them, edits that cost what they change, cuts, pictures."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.engine.film import Models, film
from studio.spec import strip as strips
from studio.spec.progress import Cancelled, silent
from studio.spec.spans import spans
from studio.spec.strip import Source
from tests.engine.test_film import Memory
from tests.engine.tiny_video import model, request

WINDOW = 8
BLACK, WHITE = (np.full((40, 56, 3), level, np.uint8) for level in (0, 255))


@pytest.fixture(scope="module")
def models():
    return Models(model(), pictures={"black": BLACK, "white": WHITE}.__getitem__)


def asked(**more):
    small = {"width": 16, "height": 16, "keyframes": 4, "steps": 1, "guidance": 1.0}
    return request(**small | {"interpolate": 2} | more)


@pytest.fixture(scope="module")
def whole(models):
    memory = Memory()
    film(spans(asked()), lambda: models, memory, silent)
    return memory


def frames(memory, walk) -> np.ndarray:
    return np.concatenate([memory[s.key]["frames"] for s in walk if s.stage == "decode"])


def test_passes_fill_the_clip_in_order(whole):
    walk = spans(asked())
    clip = frames(whole, walk)
    assert len(clip) == 49
    keys = whole[walk[0].key]["latents"]
    alone = spans(replace(asked(), interpolate=0))
    memory = Memory(whole)
    film(alone, lambda: Models(model()), memory, silent)
    np.testing.assert_array_equal(clip[::16], frames(memory, alone))
    assert len(keys) == 4
    assert len(np.unique(clip, axis=0)) == 49


def test_a_second_pass_makes_the_first_no_different(models, whole):
    memory = Memory()
    film(spans(replace(asked(), interpolate=1)), lambda: models, memory, silent)
    np.testing.assert_array_equal(
        frames(memory, spans(replace(asked(), interpolate=1))), frames(whole, spans(asked()))[::4]
    )


def test_one_new_keyframe_costs_its_two_intervals(models, whole):
    memory = Memory(whole)
    edited = spans(asked(strip=strips.rerolled(strips.fresh(4, WINDOW), [1], WINDOW, seed=9)))
    walked = film(edited, lambda: models, memory, silent)
    assert len(walked.made) == 1 + 4 + 4
    before, after = frames(whole, spans(asked())), frames(memory, edited)
    changed = (before != after).any((1, 2, 3))
    assert changed[1:32].mean() > 0.9
    assert not changed[32:].any()
    assert not changed[0]


@pytest.mark.parametrize("stop", [1, 5, 9])
def test_cancelled_and_called_again_ends_in_the_same_bytes(models, whole, stop):
    memory, started = Memory(), []

    def tick(progress):
        if progress.step == 0:
            started.append(progress.stage)
        if len(started) > stop:
            raise Cancelled

    with pytest.raises(Cancelled):
        film(spans(asked()), lambda: models, memory, tick)
    assert 0 < len(memory) < len(whole)
    film(spans(asked()), lambda: models, memory, silent)
    assert memory.bytes() == whole.bytes()


@pytest.mark.parametrize(("contrast", "cut"), [(2.0, True), (0.0, False)])
def test_a_cut_is_kept(models, contrast, cut):
    """Between two places nothing is invented: each side keeps its own."""
    factors = torch.cat([contrast * torch.eye(4, 3), torch.full((1, 3), 0.5)])
    seeing = replace(models, video=replace(models.video, preview_factors=factors))
    strip = strips.fresh(2, WINDOW)
    strip = strips.replaced(strip, 0, Source(picture="black"))
    walk = spans(asked(strip=strips.replaced(strip, 1, Source(picture="white"))))
    memory = Memory()
    film(walk, lambda: seeing, memory, silent)
    ends = [memory[s.key]["latents"][0] for s in walk if s.stage == "picture"]
    made = np.concatenate([memory[s.key]["latents"] for s in walk if s.stage == "interpolation"])
    copies = [any(np.array_equal(latent, end) for end in ends) for latent in made]
    assert all(copies) if cut else not any(copies)


def test_a_picture_becomes_a_keyframe_that_its_neighbours_see(models, whole):
    memory = Memory(whole)
    edited = strips.replaced(strips.fresh(4, WINDOW), 2, Source(picture="white"))
    film(spans(asked(strip=edited, interpolate=0)), lambda: models, memory, silent)
    rerolled = strips.rerolled(edited, [1, 3], WINDOW, seed=4)
    film(spans(asked(strip=rerolled, interpolate=0)), lambda: models, memory, silent)
    made = next(s for s in spans(asked(strip=rerolled, interpolate=0)) if s.source.seed == 4)
    picture = next(s for s in spans(asked(strip=rerolled)) if s.stage == "picture")
    np.testing.assert_array_equal(memory[made.key]["latents"][2], memory[picture.key]["latents"][0])


def test_a_locked_keyframe_stays_when_the_words_change(models, whole):
    first = spans(asked())[0]
    locked = strips.replaced(strips.fresh(4, WINDOW), 2, Source(take=first.key), frame=2)
    other = spans(replace(asked(strip=locked, interpolate=0), prompt="a blue star"))
    memory = Memory(whole)
    film(other, lambda: models, memory, silent)
    before = frames(whole, spans(asked()))[32]
    after = frames(memory, other)
    np.testing.assert_array_equal(after[2], before)
    assert (after[1] != frames(whole, spans(asked()))[16]).any()


def test_extending_further_reuses_what_was_made(models):
    memory = Memory()
    short, long = (spans(asked(extend=n, interpolate=0)) for n in (4, 12))
    film(short, lambda: models, memory, silent)
    walked = film(long, lambda: models, memory, silent)
    assert [s.key for s in short if s.stage == "keyframes"] == walked.reused[:2]
    assert len(frames(memory, long)) == 16
