"""Holes that are filled behind the codec: keyframes by one family, frames around them by another."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.engine.families.animatediff import family as animatediff
from studio.engine.families.autoencoder import family as autoencoder
from studio.engine.families.wan import family as wan
from studio.engine.film import Models, film
from studio.spec import strip as strips
from studio.spec.card import Card, Interpolation, Window
from studio.spec.check import check
from studio.spec.part import FRAMES, Part
from studio.spec.progress import silent
from studio.spec.request import ClipRequest
from studio.spec.spans import last_keys, spans, strip_of
from studio.spec.strip import Source
from tests.engine.families.animatediff import tiny as tiny_animatediff
from tests.engine.families.autoencoder import tiny as tiny_autoencoder
from tests.engine.families.wan import tiny as tiny_wan
from tests.engine.memory import Memory

SIDE = 32
WORDS = ("image", "motion", "text")
KEYFRAMES = replace(
    tiny_animatediff.CARD,
    sizes=((SIDE, SIDE),),
    fps=Fraction(4),
    size_multiple=16,
    fills=("keyframes",),
    latent_space="tiny",
    uses=(("keyframes", WORDS), ("codec", ("autoencoder",))),
)
AROUND = replace(
    tiny_wan.CARD,
    window=Window(9, 17, 4, 5),
    holes_space=FRAMES,
    interpolation=Interpolation(1, 4, FRAMES),
    uses=(
        ("holes", ("transformer", "autoencoder", "text")),
        ("interpolator", ("transformer", "autoencoder", "text")),
    ),
)
SEES_TIME = replace(
    tiny_autoencoder.CARD,
    id="svd",
    latent_space="tiny",
    grid=KEYFRAMES.grid,
    context=1,
    size_multiple=16,
    uses=(("codec", ("autoencoder",)),),
)
ONE = replace(AROUND.defaults, strengths=(1.0,) * 4)


def hashes(card: Card) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({(name, f"{name} of {card.id}") for _, used in card.uses for name in used}))


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Models:
    def folder(make: Callable[..., Path], *more: str) -> Path:
        return make(tmp_path_factory.mktemp("model"), *more)

    made = (
        (KEYFRAMES, animatediff, folder(tiny_animatediff.make)),
        (AROUND, wan, folder(tiny_wan.make)),
        (SEES_TIME, autoencoder, folder(tiny_autoencoder.make, "svd")),
    )
    loaded: dict[str, Any] = {
        card.id: family.load(where, card, card.roles[0], tiny_wan.CPU, silent)
        for card, family, where in made
    }
    return Models(lambda part, role: loaded[part.model][role])


def request(*roles: str, **changes) -> ClipRequest:
    """Three keyframes by AnimateDiff and some after them by Wan, decoded by what sees time."""
    around = AROUND.part(hashes(AROUND), ("holes", *roles), ONE)
    codec = SEES_TIME.part(hashes(SEES_TIME), ("codec",))
    chosen = {"keyframes": 3, "extend": 3, "interpolate": 0, "steps": 2, "parts": (around, codec)}
    return KEYFRAMES.request("a red ball", 7, hashes(KEYFRAMES), **chosen | changes)


def made_of(asked: ClipRequest, models: Models, memory: Memory) -> np.ndarray:
    film(spans(asked), models, memory, silent)
    return np.concatenate([memory[key]["frames"] for key in last_keys(spans(asked))])


def stages(asked: ClipRequest) -> Counter:
    return Counter((span.stage, span.part.model) for span in spans(asked))


def anew(before: ClipRequest, after: ClipRequest) -> Counter:
    keys = {span.key for span in spans(before)}
    return Counter(span.stage for span in spans(after) if span.key not in keys)


def test_a_clip_goes_on_in_frames_from_keyframes_in_latents(models):
    asked, memory = request(), Memory()
    check(asked, KEYFRAMES)
    frames = made_of(asked, models, memory)
    assert frames.shape == (6, SIDE, SIDE, 3)
    assert stages(asked) == {
        ("keyframes", KEYFRAMES.id): 1, ("show", "svd"): 3, ("keyframes", AROUND.id): 1,
        ("decode", ""): 1,
    }  # fmt: skip
    (fill,) = (s for s in spans(asked) if s.role == "holes")
    filled = memory[fill.key]["frames"]
    assert filled.dtype == np.uint8
    assert len(filled) == 9
    assert np.array_equal(frames[1:], filled[:5]), "what it was given is what is seen, bit for bit"
    shown = [memory[s.key]["frames"][0] for s in spans(asked) if s.stage == "show"]
    assert np.array_equal(frames[:3], np.stack(sorted_by_place(asked, shown)))


def sorted_by_place(asked: ClipRequest, shown: list[np.ndarray]) -> list[np.ndarray]:
    places = [span.makes[0] for span in spans(asked) if span.stage == "show"]
    return [frame for _, frame in sorted(zip(places, shown, strict=True), key=lambda pair: pair[0])]


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("roles", [(), ("interpolator",)], ids=["as they are", "between"])
def test_the_last_spans_one_after_the_other_are_the_clip(models, roles, loop):
    asked = request(*roles, interpolate=len(roles), loop=loop, extend=1, keyframes=3)
    walk = {span.key: span for span in spans(asked)}
    assert sum(len(walk[key].makes) for key in last_keys(spans(asked))) == asked.frames
    seen: set[str] = set()
    for span in spans(asked):
        assert set(span.inputs) <= seen
        seen.add(span.key)
    assert len(seen) == len(spans(asked))
    if not loop:  # Wan takes no window of the eight that lead back
        assert len(made_of(asked, models, Memory())) == asked.frames


def test_editing_a_keyframe_makes_it_and_what_was_filled_around_it(models):
    """Of five in the middle of others: what stands away from it keeps its key."""
    before = request(keyframes=5, extend=3)
    strip = strip_of(before)
    first = replace(before, strip=strips.replaced(strip, 0, Source(picture="f" * 32)))
    assert anew(before, first) == {"picture": 1, "show": 1, "decode": 1}
    given = replace(before, strip=strips.rerolled(strip, {4}, 5, seed=9))
    assert anew(before, given)["keyframes"] == 1, "it is filled around its neighbours"
    around = replace(before.parts[0], weights=(("transformer", "x"), *hashes(AROUND)[1:]))
    other = replace(before, parts=(around, *before.parts[1:]))
    assert anew(before, other) == {"keyframes": 1, "decode": 1}


def test_what_goes_on_in_latents_is_encoded_again(models):
    """A keyframe is filled in frames, and a third one in latents around it."""
    asked = request(extend=0, keyframes=5)
    strip = strips.rerolled(strip_of(asked), {2}, 5, seed=9)
    line = Part("line", ("interpolator",), (("image", "1" * 32),))
    between = replace(asked, strip=strip, interpolate=1, parts=(line, *asked.parts))
    own = Counter(span.stage for span in spans(between) if span.stage != "keyframes")
    assert own["encode"] == 1
    assert own["interpolation"] == 4
    (encoded,) = (span for span in spans(between) if span.stage == "encode")
    memory = Memory()
    small = tuple(span for span in spans(between) if span.stage != "interpolation")
    film(small[: small.index(encoded) + 1], models, memory, silent)
    assert memory[encoded.key]["latents"].shape == (1, 4, SIDE // 4, SIDE // 4)


def test_a_frame_that_is_locked_stays_one(models):
    asked, memory = request(), Memory()
    frames = made_of(asked, models, memory)
    (fill,) = (span for span in spans(asked) if span.role == "holes")
    kept = strips.locked(strip_of(asked), 4, fill.key, fill.makes.index(4), FRAMES)
    later = replace(asked, strip=kept, prompt="grass")
    again = made_of(later, models, memory)
    assert np.array_equal(again[4], frames[4])
    assert not np.array_equal(again[0], frames[0])
