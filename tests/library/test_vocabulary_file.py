"""The file of a model's words says what it was written from, or in a sentence what is wrong."""

import pytest

from studio.lab.drawing import card_files, grammar
from studio.lab.starter import wording
from studio.library.vocabulary_file import read_vocabulary


@pytest.mark.parametrize("vocabulary", [grammar.VOCABULARY, wording.VOCABULARY])
def test_what_is_written_is_read(tmp_path, vocabulary):
    card_files.write_words(tmp_path, vocabulary)
    assert read_vocabulary(tmp_path / card_files.WORDS) == vocabulary


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it does not say groups"),
        ("groups = 3", "groups is 3 and must be a table"),
        ("[groups]\nColours = []", "Colours is .* a list that is short"),
        ("[groups]\nColours = [3]", "Colours is 3"),
        ('nouns = ["Shapes"]\n[groups]\nColours = ["red"]', "must be names of groups"),
        ('surprise = 1\n[groups]\nColours = ["red"]', "does not know “surprise”"),
        ("[groups", "is not TOML"),
        ("#" * 200_001, "too long"),
    ],
    ids=range(8),
)
def test_what_is_no_list_of_words(tmp_path, text, why):
    (tmp_path / "words.toml").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=why):
        read_vocabulary(tmp_path / "words.toml")
