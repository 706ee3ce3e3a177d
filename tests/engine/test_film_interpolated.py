"""From keyframes to a clip: passes between them, edits that cost what they change, cuts, pictures."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.engine.families.videoldm.encode import encode
from studio.engine.film import film
from studio.engine.fitting import filling
from studio.spec import strip as strips
from studio.spec.progress import Cancelled, silent
from studio.spec.spans import spans
from studio.spec.strip import Source
from tests.engine.memory import Memory
from tests.engine.tiny_video import in_memory, model, request, video_of

WINDOW = 8
BLACK, WHITE = (np.full((40, 56, 3), level, np.uint8) for level in (0, 255))


@pytest.fixture(scope="module")
def models():
    return in_memory(model(), pictures={"black": BLACK, "white": WHITE}.__getitem__)


def asked(**more):
    small = {"width": 16, "height": 16, "keyframes": 4, "steps": 1, "guidance": 1.0}
    return request(**small | {"interpolate": 2} | more)


@pytest.fixture(scope="module")
def whole(models):
    memory = Memory()
    film(spans(asked()), models, memory, silent)
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
    film(alone, in_memory(model()), memory, silent)
    np.testing.assert_array_equal(clip[::16], frames(memory, alone))
    assert len(keys) == 4
    assert len(np.unique(clip, axis=0)) == 49


def test_a_second_pass_makes_the_first_no_different(models, whole):
    memory = Memory()
    film(spans(replace(asked(), interpolate=1)), models, memory, silent)
    np.testing.assert_array_equal(
        frames(memory, spans(replace(asked(), interpolate=1))), frames(whole, spans(asked()))[::4]
    )


def test_one_new_keyframe_costs_its_two_intervals(models, whole):
    memory = Memory(whole)
    edited = spans(asked(strip=strips.rerolled(strips.fresh(4, WINDOW), [1], WINDOW, seed=9)))
    walked = film(edited, models, memory, silent)
    assert len(walked.made) == 1 + 4 + 4
    before, after = frames(whole, spans(asked())), frames(memory, edited)
    changed = (before != after).any((1, 2, 3))
    assert changed[1:32].mean() > 0.9
    assert not changed[32:].any()
    assert not changed[0]


@pytest.mark.parametrize("stop", [4, 20, 60])
def test_cancelled_and_called_again_ends_in_the_same_bytes(models, whole, stop):
    memory, heard = Memory(), []

    def tick(progress):
        heard.append(progress)
        if len(heard) > stop:
            raise Cancelled

    with pytest.raises(Cancelled):
        film(spans(asked()), models, memory, tick)
    assert 0 < len(memory) < len(whole)
    film(spans(asked()), models, memory, silent)
    assert memory.bytes() == whole.bytes()


@pytest.mark.parametrize("strengths", [(1.0, 1.0, 0.6, 0.4), (0.5, 0.25), (0.0, 0.0)], ids=str)
def test_steps_are_counted_through_a_stage(models, strengths):
    heard = []
    walk = spans(asked(extend=3, steps=4, strengths=strengths))
    film(walk, models, Memory(), heard.append)
    for stage in ("keyframes", "interpolation", "decode"):
        said = [(p.step, p.total) for p in heard if p.stage == stage]
        steps, totals = [step for step, _ in said], {total for _, total in said}
        assert steps == sorted(steps)
        assert totals == {steps[-1]}
    keys = [span for span in walk if span.stage == "keyframes"]
    walks = (len(keys) - 1) * max(1, 4 * strengths[0])
    assert max(p.step for p in heard if p.stage == "keyframes") == 4 + walks


@pytest.mark.parametrize(("contrast", "cut"), [(0.5, True), (0.05, False)])
def test_a_cut_is_kept(models, contrast, cut):
    """Between two places nothing is invented: each side keeps its own."""
    video = replace(video_of(models), preview_factors=telling(models, contrast))
    seeing = in_memory(video, pictures=models.pictures)
    strip = strips.fresh(2, WINDOW)
    strip = strips.replaced(strip, 0, Source(picture="black"))
    strip = strips.replaced(strip, 1, Source(picture="white"))
    walk = spans(asked(strip=strip, interpolate=1))
    memory = Memory()
    film(walk, seeing, memory, silent)
    ends = [memory[s.key]["latents"][0] for s in walk if s.stage == "picture"]
    made = np.concatenate([memory[s.key]["latents"] for s in walk if s.stage == "interpolation"])
    copies = [any(np.array_equal(latent, end) for end in ends) for latent in made]
    assert all(copies) if cut else not any(copies)


def telling(models, contrast: float) -> torch.Tensor:
    """Preview factors (5, 3) by which black and white differ by `contrast` in colour."""
    pictures = torch.from_numpy(np.stack([BLACK, WHITE]))
    black, white = encode(video_of(models).backbone, filling(pictures, 16, 16)).mean((2, 3))
    apart = (white - black) / (white - black).square().sum() * contrast
    offset = 0.5 - (apart * (white + black) / 2).sum()
    return torch.cat([apart, offset[None]])[:, None].expand(-1, 3)


def test_a_picture_becomes_a_keyframe_that_its_neighbours_see(models, whole):
    memory = Memory(whole)
    edited = strips.replaced(strips.fresh(4, WINDOW), 2, Source(picture="white"))
    film(spans(asked(strip=edited, interpolate=0)), models, memory, silent)
    rerolled = strips.rerolled(edited, [1, 3], WINDOW, seed=4)
    film(spans(asked(strip=rerolled, interpolate=0)), models, memory, silent)
    made = next(s for s in spans(asked(strip=rerolled, interpolate=0)) if s.source.seed == 4)
    picture = next(s for s in spans(asked(strip=rerolled)) if s.stage == "picture")
    np.testing.assert_array_equal(memory[made.key]["latents"][2], memory[picture.key]["latents"][0])


def test_a_locked_keyframe_stays_when_the_words_change(models, whole):
    first = spans(asked())[0]
    locked = strips.locked(strips.fresh(4, WINDOW), 2, first.key, 2)
    other = spans(replace(asked(strip=locked, interpolate=0), prompt="a blue star"))
    memory = Memory(whole)
    film(other, models, memory, silent)
    before = frames(whole, spans(asked()))[32]
    after = frames(memory, other)
    np.testing.assert_array_equal(after[2], before)
    assert (after[1] != frames(whole, spans(asked()))[16]).any()


def test_extending_further_reuses_what_was_made(models):
    memory = Memory()
    short, long = (spans(asked(extend=n, interpolate=0)) for n in (4, 12))
    film(short, models, memory, silent)
    walked = film(long, models, memory, silent)
    assert [s.key for s in short if s.stage == "keyframes"] == walked.reused[:2]
    assert len(frames(memory, long)) == 16
