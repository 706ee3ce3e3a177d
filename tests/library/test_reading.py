"""How far a model reads: against the tokenizer that its engine uses."""

import json
import shutil
from pathlib import Path

import pytest
from transformers import CLIPTokenizer

from studio.engine.checkpoints.clip_tokenizer import clip_tokenizer
from studio.library import models as library
from studio.library.derived.derived import LAYOUTS
from studio.library.reading import first_unread
from studio.spec.refusal import Refusal
from tests.engine.families.wan import tiny as tiny_wan
from tests.gui.handlers import CARD

PROMPT = "a small red ball moving left slowly over grass and the big blue star moving right "
LONG = PROMPT * 2 + "quickly in the sky, resting on sand"


@pytest.fixture
def model(home: Path) -> library.Model:
    return library.find("tiny", [home / "models"])


@pytest.mark.parametrize(
    "prompt", [LONG, LONG.upper(), LONG.replace("grass", "zeppelin"), "Ä " * 40]
)
def test_what_is_read_is_what_the_engine_encodes(model, prompt):
    tokenizer = CLIPTokenizer.from_pretrained(model.folder / "tokenizer", local_files_only=True)

    def encoded(text: str) -> list[int]:
        return tokenizer(text, truncation=True, max_length=32).input_ids

    first = next(
        word
        for count, word in enumerate(prompt.split(), 1)
        if encoded(" ".join(prompt.split()[:count]))
        != tokenizer(" ".join(prompt.split()[:count])).input_ids
    )
    assert first_unread(model, prompt) == first.strip(",")


@pytest.mark.parametrize("prompt", ["", "a red ball", "ball " * 30, "ball " * 30 + " . "])
def test_what_fits_is_read(model, prompt):
    assert first_unread(model, prompt) == ""


def test_a_model_without_that_file_cannot_be_counted(model):
    (model.folder / "tokenizer" / "tokenizer.json").unlink()
    assert first_unread(model, LONG) == ""


def test_a_text_encoder_without_positions_reads_on(tmp_path):
    """UMT5, which Wan reads with, has none."""
    folder = tiny_wan.make(tmp_path / "wan", "t2v")
    assert first_unread(library.Model(CARD, folder, ()), "ball " * 600) == ""


def test_a_damaged_tokenizer_is_refused(model):
    (model.folder / "tokenizer" / "tokenizer.json").write_text("{")
    with pytest.raises(Refusal, match="cannot be found out"):
        first_unread(model, "a red ball")


BEGINNING = "A fox's café, 12 naïve 日本 words; "
TAIL = "of Alpha Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo"


@pytest.mark.parametrize("way", ["merges of ours", "words and merges", "one file"])
def test_stable_diffusion_reads_75_tokens_of_any_prompt(tmp_path, way):
    """Counted as the tokenizer counts that the words are encoded with."""
    tokenizer, model = clip_tokenizer(), library.Model(CARD, LAYOUTS / "sd1", ())
    if way != "merges of ours":
        model = library.Model(CARD, _saved(tokenizer, tmp_path, way == "one file"), ())

    def count(text: str) -> int:
        return len(tokenizer(text)["input_ids"])

    prompt = BEGINNING + "painting " * (72 - count(BEGINNING)) + TAIL
    words = prompt.split()
    cut = next(n for n in range(len(words)) if count(" ".join(words[: n + 1])) > 77)
    assert words[cut] in TAIL
    assert first_unread(model, prompt) == words[cut]
    assert first_unread(model, " ".join(words[:cut])) == ""


def _saved(tokenizer: CLIPTokenizer, folder: Path, whole: bool) -> Path:
    shutil.copytree(LAYOUTS / "sd1" / "text_encoder", folder / "text_encoder")
    place = folder / "tokenizer"
    tokenizer.save_pretrained(place)
    if not whole:
        stored = json.loads((place / "tokenizer.json").read_text("utf-8"))["model"]
        (place / "vocab.json").write_text(json.dumps(stored["vocab"]), "utf-8")
        merges = "\n".join(["#version: 0.2", *map(" ".join, stored["merges"])])
        (place / "merges.txt").write_text(merges, "utf-8")
        (place / "tokenizer.json").unlink()
    return folder
