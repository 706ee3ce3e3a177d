"""The starter's own words: its tokenizer."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import CLIPTokenizer

from studio.lab.starter import reader, wording

PROMPTS = ["a red ball moving left over grass", "", "zebra " * 60]
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def words():
    return reader.tokenizer()


def test_under_two_thousand_tokens(words):
    assert len(words) < 2000


def test_every_taught_word_is_one_token(words):
    split = {w: words.tokenize(w) for w in wording.words() if len(words.tokenize(w)) != 1}
    assert split == {}
    alone = {words.tokenize(w)[0] for w in wording.words()}
    assert len(alone) == len(wording.words())


@pytest.mark.long
def test_the_same_in_every_process(words):
    """Ties must not go by the hash of strings, which differs from process to process."""
    script = "from studio.lab.starter import reader; print(ascii(reader.tokenizer().get_vocab()))"
    environment = os.environ | {"PYTHONHASHSEED": "123", "PYTHONPATH": str(ROOT)}
    told = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, check=True
    )
    assert ast.literal_eval(told.stdout.decode("utf-8")) == words.get_vocab()


@pytest.mark.parametrize("word", ["zebra", "xylophone", "naïve", "日本", "🦊", "r2d2", "can't"])
def test_unknown_words_survive(words, word):
    """Cut into pieces, but nothing of them is lost and none is the unknown token."""
    ids = words(f"a {word} moving left").input_ids
    back = words.decode(ids, skip_special_tokens=True)
    assert back.replace(" ", "") == f"a{word}movingleft"
    assert ids[0] == words.bos_token_id
    assert ids[-1] == words.eos_token_id
    assert words.eos_token_id not in ids[1:-1]


def test_capitals_do_not_matter(words):
    assert words("A RED Ball").input_ids == words("a red ball").input_ids


def test_saved_and_read_back(words, tmp_path):
    words.save_pretrained(tmp_path)
    again = CLIPTokenizer.from_pretrained(tmp_path, local_files_only=True)
    assert torch.equal(reader.ids(again, PROMPTS), reader.ids(words, PROMPTS))
    assert again.model_max_length == reader.POSITIONS


def test_prompts_are_padded_and_cut_as_clip_does(words):
    ids = reader.ids(words, PROMPTS)
    theirs = words(PROMPTS, padding="max_length", truncation=True, max_length=reader.POSITIONS)
    assert ids[:2].tolist() == theirs.input_ids[:2]
    assert ids.shape == (3, reader.POSITIONS)
    assert (ids[:, -1] == words.eos_token_id).all()
