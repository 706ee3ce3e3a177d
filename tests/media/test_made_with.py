"""Recipes of the studio, of ComfyUI and of A1111 are read; what is none is none."""

import json

import numpy as np
import pytest

from studio.media.made_with import made_with
from studio.media.video import write_video
from studio.project.plain import to_plain
from studio.project.recipe import recipe
from studio.project.shot import Shot
from studio.project.using import ALL, BUT_SEED, PROMPT, SEED, using, with_request
from studio.spec.made_with import MadeWith
from studio.spec.refusal import Refusal
from tests.media.made_files import A1111, png
from tests.spec.requests import PLAIN

GRAPH = {
    "3": {"class_type": "KSampler", "inputs": {
        "seed": ["9", 0], "steps": 20, "cfg": 8.0, "model": ["4", 0], "positive": ["10", 0],
        "negative": ["7", 0], "latent_image": ["5", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "dream.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 640, "height": 384}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a blue star", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "ugly", "clip": ["4", 1]}},
    "9": {"class_type": "PrimitiveInt", "inputs": {"value": 77}},
    "10": {"class_type": "ControlNetApply", "inputs": {"conditioning": ["6", 0], "image": ["11", 0]}},
}  # fmt: skip


@pytest.mark.parametrize("zipped", [False, True])
def test_a1111(tmp_path, zipped):
    made = made_with(png(tmp_path / "a.png", {"parameters": A1111}, zipped=zipped))
    assert made == MadeWith(
        "A1111", "a (red:1.2) ball, meadow\nover two lines", "blurry, text", 4123456789, 25, 6.5,
        (512, 768), 'sd "x',
    )  # fmt: skip


def test_a1111_of_words_alone(tmp_path):
    made = made_with(png(tmp_path / "a.png", {"parameters": "just words"}))
    assert made == MadeWith("A1111", "just words")


def test_comfyui_through_links(tmp_path):
    file = png(tmp_path / "a.png", {"prompt": json.dumps(GRAPH), "workflow": "{}"})
    assert made_with(file) == MadeWith(
        "ComfyUI", "a blue star", "ugly", 77, 20, 8.0, (640, 384), "dream.safetensors"
    )


@pytest.mark.parametrize("name", ["a.png", "a.mp4", "a.gif", "a.webm", "a.webp", "a.avif", "a.mov"])
def test_our_own_in_every_format(tmp_path, name):
    frames = [np.full((16, 16, 3), k * 40, np.uint8) for k in range(3)]
    write_video(tmp_path / name, frames, fps=12, size=(16, 16), recipe=recipe(PLAIN))
    made = made_with(tmp_path / name)
    assert (made.program, made.prompt, made.seed, made.size) == (
        "Studio",
        PLAIN.prompt,
        7,
        (64, 64),
    )
    assert made.recipe["request"] == to_plain(PLAIN)


@pytest.mark.parametrize("text", [
    "", "{", "[]", "null", '{"3": 4}', '{"3": {"inputs": 5}}', "[" * 100_000,
    '{"3": {"inputs": {"seed": ["3", 0], "positive": ["3", 0]}}}',
    '{"3": {"inputs": {"seed": "x", "steps": -1, "cfg": "nan", "positive": ["8", 0]}}}',
])  # fmt: skip
def test_what_is_no_graph_is_none_or_says_little(tmp_path, text):
    made = made_with(png(tmp_path / "a.png", {"prompt": text}))
    assert made is None or (made.prompt, made.seed, made.steps) == ("", None, None)


def test_files_without_a_recipe(tmp_path):
    assert made_with(png(tmp_path / "a.png", {})) is None
    (tmp_path / "b.txt").write_text("hello")
    assert made_with(tmp_path / "b.txt") is None
    (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:20])
    assert made_with(tmp_path / "cut.png") is None
    with pytest.raises(Refusal, match="cannot be read"):
        made_with(tmp_path / "none.png")


def test_a_bomb_of_zeros_is_bounded(tmp_path):
    file = png(tmp_path / "a.png", {"parameters": "a" * 50_000_000}, zipped=True)
    assert len(made_with(file).prompt) <= 100_000


def test_parts_of_a_recipe_are_used():
    shot = Shot("1" * 12, "old", seed=3, model="mine")
    made = MadeWith("A1111", "new", "bad", 9, 25, 6.5, (512, 768), "theirs")
    assert using(shot, made, PROMPT).prompt == "new"
    assert using(shot, made, PROMPT).seed == 3
    assert (using(shot, made, SEED).seed, using(shot, made, SEED).prompt) == (9, "old")
    every = using(shot, made, ALL)
    assert (every.seed, every.seed_locked, every.steps, every.width) == (9, True, 25, 512)
    assert every.model == "mine"
    assert using(shot, made, BUT_SEED).seed == 3
    assert not using(shot, made, BUT_SEED).seed_locked
    ours = using(shot, MadeWith("Studio", PLAIN.prompt), ALL, PLAIN)
    assert ours == with_request(shot, PLAIN)
    wild = MadeWith("ComfyUI", "x" * 10**6, steps=10**6, guidance=10**5, size=(10**6, 9))
    assert not list(using(shot, wild, ALL).unfit())
