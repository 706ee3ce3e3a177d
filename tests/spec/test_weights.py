"""Weights of words, read as A1111 reads them."""

import pytest

from studio.spec.weights import has_weights, nudged, plain, weighted

READ = {
    "a red ball": (("a red ball", 1.0),),
    "a (red:1.3) ball": (("a ", 1.0), ("red", 1.3), (" ball", 1.0)),
    "(red) ball": (("red", 1.1), (" ball", 1.0)),
    "[red] ball": (("red", 1 / 1.1), (" ball", 1.0)),
    "((red))": (("red", 1.1 * 1.1),),
    "a (big (red:1.5) ball:0.5)": (("a ", 1.0), ("big ", 0.5), ("red", 0.75), (" ball", 0.5)),
    r"a \(red\) \[b\]": (("a (red) [b]", 1.0),),
    "a (red ball": (("a ", 1.0), ("red ball", 1.1)),
    "a) ball: b": (("a) ball: b", 1.0),),
    "(red:0.0) ball": (("red", 0.0), (" ball", 1.0)),
    "": (("", 1.0),),
}


@pytest.mark.parametrize("prompt", READ)
def test_a_prompt_is_taken_apart(prompt):
    found = weighted(prompt)
    assert [text for text, _ in found] == [text for text, _ in READ[prompt]]
    assert [w for _, w in found] == pytest.approx([w for _, w in READ[prompt]])
    assert has_weights(prompt) == (READ[prompt] != ((prompt, 1.0),))


@pytest.mark.parametrize(
    ("prompt", "words"),
    [("a (red:1.3) ball", "a red ball"), (r"a \(b\)", "a (b)"), ("a BREAK b", "a b"),
     ("  two  spaces: kept", "  two  spaces: kept")],
)  # fmt: skip
def test_the_words_alone(prompt, words):
    assert plain(prompt) == words


@pytest.mark.parametrize(
    ("prompt", "at", "by", "new", "chosen"),
    [
        ("a red ball", (3, 3), 0.05, "a (red:1.05) ball", "red"),
        ("a (red:1.05) ball", (4, 4), 0.1, "a (red:1.15) ball", "red"),
        ("a (red:1.05) ball", (3, 6), -0.05, "a red ball", "red"),
        ("a red ball", (2, 10), 0.1, "a (red ball:1.1)", "red ball"),
        ("a red ball", (1, 5), 0.1, "a (red:1.1) ball", "red"),
        ("(x:0.05)", (1, 1), -0.1, "(x:0)", "x"),
        ("größer, ball", (2, 2), 0.1, "(größer:1.1), ball", "größer"),
        ("", (0, 0), 0.1, "", ""),
        ("a  b", (2, 2), 0.1, "a  b", ""),
    ],
)
def test_a_weight_is_nudged_and_the_words_stay_chosen(prompt, at, by, new, chosen):
    text, start, end = nudged(prompt, *at, by)
    assert (text, text[start:end]) == (new, chosen)
    if chosen:
        back, *_ = nudged(text, start, end, -by)
        assert plain(back) == plain(prompt)
