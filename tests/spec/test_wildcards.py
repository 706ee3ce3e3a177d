"""Wildcards become words by the seed, and always the same ones."""

import pytest

from studio.spec.refusal import Refusal
from studio.spec.wildcards import has_wildcards, resolved

FILES = {
    "animal": ("cat", "{big|small} dog", "__bird__"),
    "bird": ("owl",),
    "empty": (),
    "one": ("__two__",),
    "two": ("__one__",),
    "sub/thing": ("box",),
}


def made(prompt, seed=1):
    return resolved(prompt, seed, FILES.get)


def test_words_alone_stay_as_they_are():
    for prompt in ("a red  ball", "a {red} ball", "snake_case and __", "a | b", "{", "}{"):
        assert made(prompt) == prompt
        assert not has_wildcards(prompt)


def test_every_choice_comes_up_and_the_same_seed_makes_the_same_one():
    found = {made("a {red|green|} ball", seed) for seed in range(40)}
    assert found == {"a red ball", "a green ball", "a  ball"}
    assert [made("{a|b|c} {a|b|c}", seed) for seed in range(9)] == [
        made("{a|b|c} {a|b|c}", seed) for seed in range(9)
    ]


def test_choices_are_for_good():
    """Pinned: a seed chooses tomorrow what it chose today."""
    made_now = [made("{a|b|c|d|e|f|g|h} __animal__", seed) for seed in range(4)]
    assert made_now == PINNED


PINNED = ["b small dog", "d small dog", "d owl", "c owl"]


def test_they_nest_in_braces_and_in_files():
    found = {made("{a {red|blue}|two} __animal__", seed) for seed in range(400)}
    animals = ("cat", "big dog", "small dog", "owl")
    assert found == {f"{a} {b}" for a in ("a red", "a blue", "two") for b in animals}


def test_signs_can_be_escaped():
    assert made(r"a \{b\|c\} \_\_animal\_\_") == "a {b|c} __animal__"
    assert made(r"{a\|b|a\|b}") == "a|b"


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("a __dragon__", "There is no wildcard file “dragon”."),
        ("a __empty__", "The wildcard file “empty” has no line."),
        ("__one__", "never come to an end"),
    ],
)
def test_what_cannot_be_resolved_is_one_sentence(prompt, sentence):
    with pytest.raises(Refusal, match=sentence):
        made(prompt)


def test_a_name_may_be_a_path():
    assert made("a __sub/thing__") == "a box"
