"""One clip by models of several families: keyframes by one, frames between by another."""

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
from studio.spec.card import Card, Interpolation
from studio.spec.progress import silent
from studio.spec.request import ClipRequest
from studio.spec.spans import last_keys, spans, strip_of
from tests.engine.families.animatediff import tiny as tiny_animatediff
from tests.engine.families.autoencoder import tiny as tiny_autoencoder
from tests.engine.families.wan import tiny as tiny_wan
from tests.engine.memory import Memory

SIDE = 32
NETWORKS = ("image", "motion", "text")
KEYFRAMES = replace(
    tiny_animatediff.CARD,
    sizes=((SIDE, SIDE),),
    fps=Fraction(4),
    fills=("keyframes", "any"),
    files=(
        *tiny_animatediff.FILES["original"],
        ("image", "unet/diffusion_pytorch_model.safetensors"),
        ("text", "text_encoder/model.safetensors"),
        ("autoencoder", "vae/diffusion_pytorch_model.safetensors"),
    ),
    uses=(
        ("keyframes", NETWORKS),
        ("holes", (*NETWORKS, "control")),
        ("codec", ("autoencoder",)),
    ),
)
BETWEEN = replace(
    tiny_wan.CARD,
    interpolation=Interpolation(1, 4, "frames"),
    uses=(("interpolator", ("transformer", "autoencoder", "text")),),
)
ONE = replace(BETWEEN.defaults, strengths=(1.0,) * 4)
"""All steps of the sampler, whatever the pass."""
DRAFTS = replace(tiny_autoencoder.CARD, id="taesd", uses=(("codec", ("autoencoder",)),))
SEES_TIME = replace(DRAFTS, id="svd", context=1)


def hashes(card: Card) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, f"{name} of {card.id}") for _, used in card.uses for name in used))


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Models:
    """All of them loaded; a part is found by its model's name."""

    def folder(make: Callable[..., Path], *more: str) -> Path:
        return make(tmp_path_factory.mktemp("model"), *more)

    made = (
        (KEYFRAMES, animatediff, folder(tiny_animatediff.make)),
        (BETWEEN, wan, folder(tiny_wan.make)),
        (DRAFTS, autoencoder, folder(tiny_autoencoder.make, "taesd")),
        (SEES_TIME, autoencoder, folder(tiny_autoencoder.make, "svd")),
    )
    loaded: dict[str, Any] = {
        card.id: family.load(where, card, card.roles[0], tiny_wan.CPU, silent)
        for card, family, where in made
    }
    return Models(lambda part, role: loaded[part.model][role])


def request(*more: Card, **changes) -> ClipRequest:
    """Five keyframes by AnimateDiff, three frames between each two by Wan; `more` take over roles."""
    parts = (*(card.part(hashes(card)) for card in more), BETWEEN.part(hashes(BETWEEN), (), ONE))
    plain = KEYFRAMES.request(
        "a red ball", 7, hashes(KEYFRAMES), keyframes=5, interpolate=1, steps=2, parts=parts
    )
    return replace(plain, **changes)


def shown(asked: ClipRequest, memory: Memory) -> np.ndarray:
    return np.concatenate([memory[key]["frames"] for key in last_keys(spans(asked))])


def made_again(before: ClipRequest, after: ClipRequest, models: Models, memory: Memory) -> Counter:
    """How many spans of each stage a request needs where another one was made."""
    film(spans(before), models, memory, silent)
    walked = film(spans(after), models, memory, silent)
    return Counter(span.stage for span in spans(after) if span.key in walked.made)


@pytest.mark.parametrize("codec", [None, DRAFTS, SEES_TIME], ids=["own", "taesd", "svd"])
def test_one_clip_by_three_families(models, codec):
    """Keyframes and their codec, frames between: known frames of the last come back as decoded."""
    memory, asked = Memory(), request(*([codec] if codec else []))
    film(spans(asked), models, memory, silent)
    frames = shown(asked, memory)
    keyframes = [
        frame
        for span in spans(asked)
        if span.stage == "decode"
        for frame in memory[span.key]["frames"]
    ]
    assert frames.shape == (17, SIDE, SIDE, 3)
    assert np.array_equal(frames[::4], np.stack(keyframes))
    stages = {span.stage: span.part.model for span in spans(asked)}
    assert stages == {
        "keyframes": KEYFRAMES.id,
        "decode": (codec or KEYFRAMES).id,
        "interpolation": BETWEEN.id,
    }


def test_editing_one_of_five_keyframes_makes_it_two_fills_and_nothing_else(models):
    memory, before = Memory(), request()
    strip = strips.rerolled(strip_of(before), {2}, 8, seed=9)
    after = replace(before, strip=strip)
    made = made_again(before, after, models, memory)
    assert made == {"keyframes": 1, "decode": 1, "interpolation": 2}
    old, new = shown(before, memory), shown(after, memory)
    changed = [k for k in range(17) if not np.array_equal(old[k], new[k])]
    assert changed == list(range(5, 12))


def test_a_keyframe_at_the_end_makes_one_fill_whatever_its_codec_sees(models):
    """Keyframes are too far apart for a decoder that sees time to look at its neighbours."""
    before = request(SEES_TIME)
    after = replace(before, strip=strips.rerolled(strip_of(before), {4}, 8, seed=9))
    made = made_again(before, after, models, Memory())
    assert made == {"keyframes": 1, "decode": 1, "interpolation": 1}


@pytest.mark.parametrize(
    ("after", "made"),
    [
        (request(DRAFTS), {"decode": 5, "interpolation": 4}),
        (request(), {}),
        (request(prompt="grass"), {"keyframes": 1, "decode": 5, "interpolation": 4}),
    ],
    ids=["another codec", "the same", "other words"],
)
def test_another_part_makes_what_stands_on_it(models, after, made):
    assert made_again(request(), after, models, Memory()) == made


def test_other_weights_of_one_part_are_in_its_keys_alone():
    plain, other = request(), request()
    between = replace(other.parts[0], weights=(("transformer", "another"), *hashes(BETWEEN)[1:]))
    other = replace(other, parts=(between, *other.parts[1:]))
    keys = {span.key for span in spans(plain)}
    anew = Counter(span.stage for span in spans(other) if span.key not in keys)
    assert anew == {"interpolation": 4}


def test_keyframes_by_a_codec_that_compresses_time_are_decoded_whole(tmp_path):
    """Nine frames of Wan's text to video are three latents, which mean nothing one by one."""
    card = replace(
        tiny_wan.CARD,
        fills=("keyframes",),
        uses=(("keyframes", ("transformer", "text")), ("codec", ("autoencoder",))),
    )
    parts = wan.load(tiny_wan.make(tmp_path, "t2v"), card, "keyframes", tiny_wan.CPU, silent)
    asked, memory = card.request("a ball", 7, hashes(card), keyframes=9, window=9), Memory()
    film(spans(asked), Models(lambda _, role: parts[role]), memory, silent)
    first, second = spans(asked)
    assert memory[first.key]["latents"].shape == (3, 16, 4, 4)
    assert (second.stage, len(second.reads), len(second.makes)) == ("decode", 3, 9)
    assert shown(asked, memory).shape == (9, SIDE, SIDE, 3)
