"""What may be asked for, and what becomes of a request."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.spec import prompts
from studio.spec.check import check
from studio.spec.frame_spans import DECODE_CHUNK
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest, SubjectUse
from studio.spec.sizes import snapped
from studio.spec.spans import spans
from tests.cards import card
from tests.spec.requests import ASKED, WEIGHTS

CARD = card()
requests = st.builds(
    ClipRequest,
    prompt=st.text(min_size=1, max_size=40).filter(lambda text: text.split()),
    seed=st.integers(0, 2**63 - 1),
    model=st.just("tiny"),
    weights=st.just(WEIGHTS),
    width=st.sampled_from((16, 64, 128)),
    height=st.sampled_from((16, 64, 128)),
    keyframes=st.integers(1, 16),
    fps=st.just(Fraction(4)),
    steps=st.integers(1, 1000),
    guidance=st.floats(0, 30),
)


@pytest.mark.parametrize(
    ("strengths", "steps"),
    [
        ((1.0, 1.0, 0.6, 0.4), (20, 20, 12, 8)),
        ((1.0, 0.5, 0.0), (20, 10, 0, 0)),
        ((9.0,), (20, 20, 20, 20)),
    ],
)
def test_where_frames_are_given_fewer_steps_are_strengths(strengths, steps):
    """Beyond given keyframes, between them, and pass by pass; the last share goes for the rest."""
    asked = replace(ASKED, strengths=strengths)
    found = (asked.denoising_steps(0, between=False), *(asked.denoising_steps(n) for n in range(3)))
    assert found == steps


@given(requests)
def test_what_the_family_can_make_passes(asked):
    check(asked, CARD)


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": ""},
        {"prompt": " \n\t"},
        {"prompt": "word " * 2000},
        {"negative": "word " * 2000},
        {"seed": -1},
        {"seed": 2**63},
        {"width": 0},
        {"width": -64},
        {"height": 65},
        {"height": 144},
        {"keyframes": 0},
        {"keyframes": 17},
        {"steps": 0},
        {"steps": 1001},
        {"guidance": float("nan")},
        {"guidance": float("inf")},
        {"guidance": -0.1},
    ],
    ids=lambda wrong: " ".join(wrong),
)
def test_what_it_cannot_make_is_refused_with_a_hint(wrong):
    with pytest.raises(Refusal) as refusal:
        check(replace(ASKED, **wrong), CARD)
    assert refusal.value.what.endswith(".")
    assert refusal.value.hint


@given(st.integers(1, 10**6))
def test_a_snapped_side_can_be_made_and_is_near(side):
    near = snapped(side, CARD)
    assert near % 16 == 0
    assert 16 <= near <= 128
    assert abs(near - side) <= 8 or side < 16 or side > 128


@given(st.integers(max_value=0))
def test_no_side_is_no_size(side):
    with pytest.raises(Refusal):
        snapped(side, CARD)


@given(requests)
def test_spans_make_every_frame_once_and_find_their_inputs_made(asked):
    walk = spans(asked)
    made: set[str] = set()
    for span in walk:
        assert set(span.inputs) <= made
        made.add(span.key)
    assert len(made) == len(walk)
    frames = [f for span in walk if span.stage == "decode" for f in span.makes]
    assert frames == list(range(asked.keyframes))
    assert all(len(s.makes) <= DECODE_CHUNK for s in walk if s.stage == "decode")


def test_keys_are_those_of_the_first_release():
    """They name takes on users' disks: a change here throws all of them away."""
    assert [span.key for span in spans(ASKED)] == KEYS


KEYS = ["951bfa5fb7e4b78cbb1d6688f652a459", "f7bb74892e7ba43e2b9a14d48293d1a1"]


@pytest.mark.parametrize(
    "meant",
    [
        {"prompt": "a blue ball"},
        {"negative": "snow"},
        {"seed": 8},
        {"steps": 21},
        {"guidance": 3.5},
        {"width": 80},
        {"keyframes": 7},
        {"fps": Fraction(8)},
        {"subject": SubjectUse("rex", "1" * 64, "sks", "dog")},
        {"weights": (("image", "other"), *WEIGHTS[1:])},
    ],
    ids=lambda meant: " ".join(meant),
)
def test_whatever_is_meant_to_decide_is_in_every_key(meant):
    before, after = spans(ASKED), spans(replace(ASKED, **meant))
    assert not {s.key for s in before} & {s.key for s in after}


def test_the_autoencoder_decides_frames_but_not_keyframes():
    other = replace(ASKED, weights=(*WEIGHTS[:3], ("autoencoder", "other")))
    before, after = spans(ASKED), spans(other)
    assert before[0].key == after[0].key
    assert before[1].key != after[1].key


@given(requests, requests)
def test_equal_keys_mean_equal_requests(one, other):
    assert (spans(one)[0].key == spans(other)[0].key) == (one == other)


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("a sks dog moving left", "a sks dog moving left"),
        ("a dog moving left", "a sks dog moving left"),
        ("A Dog, and a dog", "A sks Dog, and a dog"),
        ("moving left", "a sks dog moving left"),
        ("dogged moving", "a sks dog dogged moving"),
    ],
)
def test_the_subject_enters_where_its_noun_is(prompt, said):
    assert prompts.with_subject(prompt, "sks", "dog") == said


@given(st.text(max_size=40))
def test_the_subject_is_in_the_prompt_once_more_never(prompt):
    once = prompts.with_subject(prompt, "sks", "dog")
    assert prompts.with_subject(once, "sks", "dog") == once
    assert "sks" not in prompts.for_time(once, "sks").lower().split()


def test_a_refusal_names_the_text_that_is_too_long():
    with pytest.raises(Refusal, match=r"negative prompt has 2000 words"):
        check(replace(ASKED, negative="word " * 2000), CARD)
