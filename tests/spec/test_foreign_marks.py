"""Weights and tags of other programs are seen for what they are."""

import pytest

from studio.spec.prompts import foreign_marks


@pytest.mark.parametrize(
    ("prompt", "marks"),
    [
        ("a (red:1.3) ball <lora:x:1>", ("(red:1.3)", "<lora:x:1>")),
        ("a red ball (left), at 12:30", ()),
        ("if 3 < 4: yes > no", ()),
        ("(" * 5000 + ":", ()),
        ("(a red ball:0.8)", ("(a red ball:0.8)",)),
    ],
)
def test_marks_are_found(prompt, marks):
    assert foreign_marks(prompt) == marks
