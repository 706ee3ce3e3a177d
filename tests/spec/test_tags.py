"""LoRAs that a prompt names as in A1111."""

import pytest

from studio.spec.refusal import Refusal
from studio.spec.tags import added_up, without_tags


@pytest.mark.parametrize(
    ("prompt", "bare", "wanted"),
    [
        ("a red ball", "a red ball", ()),
        ("a <b> c < d", "a <b> c < d", ()),
        ("a dog <lora:My Style:0.8>", "a dog", (("My Style", 0.8),)),
        (
            "<lora:x>a dog, <LORA:y_v2:-0.5> on grass",
            "a dog, on grass",
            (("x", 1.0), ("y_v2", -0.5)),
        ),
        ("<lyco:x:1>", "", (("x", 1.0),)),
    ],
)
def test_tags_are_taken_out(prompt, bare, wanted):
    assert without_tags(prompt) == (bare, wanted)


@pytest.mark.parametrize("strength", ["", "much", "nan", "11", "0.8:0.2"])
def test_a_strength_that_is_none_is_refused(strength):
    with pytest.raises(Refusal, match="no strength"):
        without_tags(f"<lora:x:{strength}>")


def test_a_name_counts_once():
    assert added_up((("x", 0.5), ("y", 1.0), ("x", 0.25), ("z", 1.0), ("z", -1.0))) == (
        ("x", 0.75),
        ("y", 1.0),
    )
