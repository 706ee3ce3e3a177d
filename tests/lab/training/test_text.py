"""The starter's own words: tokenizer and text encoder."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPTextModel, CLIPTokenizer

from studio.lab.drawing import grammar
from studio.lab.drawing.grammar import Meaning
from studio.lab.training import text

PROMPTS = ["a red ball moving left over grass", "", "Ein Käse, 3 × 日本 🦊!", "zebra " * 60]


@pytest.fixture(scope="module")
def words():
    return text.tokenizer()


def test_under_two_thousand_tokens(words):
    assert len(words) < 2000


def test_every_word_of_the_grammar_is_one_token(words):
    split = {w: words.tokenize(w) for w in grammar.words() if len(words.tokenize(w)) != 1}
    assert split == {}
    alone = {words.tokenize(w)[0] for w in grammar.words()}
    assert len(alone) == len(grammar.words())


def test_two_tokenizers_are_the_same(words):
    assert text.tokenizer().get_vocab() == words.get_vocab()


def test_the_same_in_every_process(words):
    """Ties must not go by the hash of strings, which differs from process to process."""
    script = "from studio.lab.training import text; print(ascii(text.tokenizer().get_vocab()))"
    root = Path(text.__file__).parents[3]
    environment = os.environ | {"PYTHONHASHSEED": "123", "PYTHONPATH": str(root)}
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
    assert torch.equal(text.ids(again, PROMPTS), text.ids(words, PROMPTS))
    assert again.model_max_length == text.POSITIONS


def test_prompts_are_padded_and_cut_as_clip_does(words):
    ids = text.ids(words, PROMPTS)
    assert ids.shape == (4, text.POSITIONS)
    assert (ids[:, 0] == words.bos_token_id).all()
    assert (ids[:, -1] == words.eos_token_id).all()
    assert (ids[1, 1:] == words.eos_token_id).all()


def test_the_longest_caption_fits(words):
    longest = Meaning(*(max(kind, key=lambda w: len(grammar.PHRASES[w])) for kind in text.KINDS))
    said = grammar.caption(longest, lambda options: max(options, key=lambda o: len(o.split())))
    assert len(words(said).input_ids) <= text.POSITIONS


def test_batches_say_what_is_asked():
    captions, answers = text.batch(np.random.default_rng(1), 200)
    assert answers.shape == (200, len(text.KINDS))
    for caption, row in zip(captions, answers.tolist(), strict=True):
        said = grammar.read(caption)
        for kind, name, option in zip(text.KINDS, Meaning.__slots__, row, strict=True):
            assert (*kind, "")[option] == getattr(said, name)
    again, _ = text.batch(np.random.default_rng(1), 200)
    assert again == captions


def test_distractions_leave_the_meaning():
    rng, changed = np.random.default_rng(2), 0
    for _ in range(300):
        plain = "a red ball moving left quickly over grass"
        said = text.distracted(rng, plain)
        changed += said != plain
        assert set(plain.split()) <= set(said.split())
    assert 0.1 * 300 < changed < 0.3 * 300


def test_two_steps_of_training(tmp_path):
    heard = []
    words, encoder = text.train(3, 2, tmp_path, tick=heard.append)
    assert [p.step for p in heard] == [1, 2]
    assert isinstance(encoder, CLIPTextModel)
    assert not encoder.training
    assert not any(p.requires_grad for p in encoder.parameters())
    torch.manual_seed(99)  # resumed: the same weights, whatever else was drawn
    _, again = text.train(3, 2, tmp_path)
    for name, value in encoder.state_dict().items():
        assert torch.equal(again.state_dict()[name], value)
    assert encoder(text.ids(words, PROMPTS)).last_hidden_state.shape == (4, 24, text.WIDTH)
