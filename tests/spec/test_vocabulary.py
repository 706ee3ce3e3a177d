"""What a small model's words say of a prompt and of a noun."""

import pytest

from studio.spec.vocabulary import nearest_noun, unknown_words
from tests.cards import SUBJECTS


def test_unknown_words_are_found_where_they_stand():
    prompt = "a red zeppelin over grass"
    assert [prompt[slice(*span)] for span in unknown_words(prompt, SUBJECTS.words)] == ["zeppelin"]


@pytest.mark.parametrize(
    ("noun", "near"),
    [
        ("Dog", "Dog"),
        ("puppy", "dog"),
        ("dogs", "dog"),
        ("stuffed animal", "animal"),
        ("old teddy bear", "bear"),
        ("backpak", "backpack"),
        ("glass", "thing"),
        ("red", "thing"),
        ("zeppelin", "thing"),
        ("", "thing"),
    ],
)
def test_the_nearest_noun_stands_in(noun, near):
    assert nearest_noun(noun, SUBJECTS.words) == near


def test_a_model_without_a_list_takes_any_noun():
    assert nearest_noun("zeppelin", None) == "zeppelin"
