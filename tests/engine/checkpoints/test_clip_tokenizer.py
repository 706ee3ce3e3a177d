"""CLIP's tokenizer as it is published: its numbers, its two ways to fill up, its merges unchanged."""

import hashlib

import pytest

from studio.engine.checkpoints.clip_tokenizer import FILE, clip_tokenizer

SHA256 = "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a"
"""Of OpenAI's file, which the names of its copies carry too."""


def test_the_merges_are_the_published_ones():
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == SHA256


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("a photo of a cat", [320, 1125, 539, 320, 2368]),
        ("A  PHOTO of\na cat", [320, 1125, 539, 320, 2368]),
        ("hello world!", [3306, 1002, 256]),
        ("", []),
    ],
)
def test_words_have_the_numbers_that_clip_learned(words, numbers):
    assert clip_tokenizer()(words)["input_ids"] == [49406, *numbers, 49407]


@pytest.mark.parametrize(("pad", "number"), [("<|endoftext|>", 49407), ("!", 0)])
def test_it_fills_up_as_its_encoder_was_taught(pad, number):
    tokenizer = clip_tokenizer(pad)
    filled = tokenizer(["a"], padding="max_length", truncation=True, max_length=77)["input_ids"][0]
    assert filled == [49406, 320, 49407] + [number] * 74
    assert len(tokenizer) == 49408
