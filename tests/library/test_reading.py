"""How far a model reads: against the tokenizer that its engine uses."""

from pathlib import Path

import pytest
from transformers import CLIPTokenizer

from studio.library import models as library
from studio.library.reading import first_unread
from studio.spec.refusal import Refusal

PROMPT = "a small red ball moving left slowly over grass and the big blue star moving right "
LONG = PROMPT + "quickly in the sky, resting on sand"


@pytest.fixture
def model(home: Path) -> library.Model:
    return library.find("tiny", [home / "models"])


@pytest.mark.parametrize(
    "prompt", [LONG, LONG.upper(), LONG.replace("grass", "zeppelin"), "Ä " * 30]
)
def test_what_is_read_is_what_the_engine_encodes(model, prompt):
    tokenizer = CLIPTokenizer.from_pretrained(model.folder / "tokenizer", local_files_only=True)

    def encoded(text: str) -> list[int]:
        return tokenizer(text, truncation=True, max_length=24).input_ids

    first = next(
        word
        for count, word in enumerate(prompt.split(), 1)
        if encoded(" ".join(prompt.split()[:count]))
        != tokenizer(" ".join(prompt.split()[:count])).input_ids
    )
    assert first_unread(model, prompt) == first.strip(",")


@pytest.mark.parametrize("prompt", ["", "a red ball", "ball " * 22, "ball " * 22 + " . "])
def test_what_fits_is_read(model, prompt):
    assert first_unread(model, prompt) == ""


def test_a_model_without_that_file_cannot_be_counted(model):
    (model.folder / "tokenizer" / "tokenizer.json").unlink()
    assert first_unread(model, LONG) == ""


def test_a_damaged_tokenizer_is_refused(model):
    (model.folder / "tokenizer" / "tokenizer.json").write_text("{")
    with pytest.raises(Refusal, match="cannot be found out"):
        first_unread(model, "a red ball")
