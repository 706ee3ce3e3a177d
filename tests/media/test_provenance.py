"""Every export says that it was made with AI; the recipe goes with it unless it is left out."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.media import gif_blocks, provenance, video
from studio.media.container import probe
from studio.spec.refusal import Refusal

from .clips import noise

RECIPE = {
    "prompt": 'a red ball; "quoted" = 日本\n#second line \\ end',
    "seed": 7,
    "models": [{"id": "starter", "sha256": "ab" * 32}],
    "guidance": 7.5,
    "loop": False,
    "subject": None,
}
SUFFIXES = [".mp4", ".webm", ".gif", ".png"]


def export(path: Path, recipe: provenance.Recipe | None) -> None:
    video.write_video(path, noise(3), fps=24, size=(32, 24), recipe=recipe)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_mark_and_recipe_come_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    export(path, RECIPE)
    assert provenance.is_marked(path)
    assert provenance.read_recipe(path) == RECIPE


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_recipe_can_be_left_out_but_not_the_mark(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    export(path, None)
    assert provenance.is_marked(path)
    assert provenance.read_recipe(path) is None


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_recipe_can_be_long(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    recipe = {"prompt": "слово " * 8000}
    export(path, recipe)
    assert provenance.read_recipe(path) == recipe


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_text_that_is_not_unicode_is_kept(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    export(path, {"photo": "broken \udcff name"})
    assert provenance.read_recipe(path) == {"photo": "broken \udcff name"}


def test_equal_recipes_have_equal_json() -> None:
    assert provenance.recipe_json({"b": 1, "a": 2}) == provenance.recipe_json({"a": 2, "b": 1})
    with pytest.raises(ValueError, match="Out of range"):
        provenance.recipe_json({"guidance": float("nan")})


def test_other_programs_find_the_png_texts(tmp_path: Path) -> None:
    path = tmp_path / "clip.png"
    export(path, RECIPE)
    with Image.open(path) as picture:
        assert provenance.SOURCE_TYPE.encode() in picture.info["xmp"]
        assert json.loads(picture.info["recipe"]) == RECIPE


def test_the_mp4_box_is_the_last_and_well_formed(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    export(path, RECIPE)
    data, at, kinds = path.read_bytes(), 0, []
    while at < len(data):
        kinds.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at : at + 4], "big")
    assert at == len(data)
    assert kinds[0] == b"ftyp"
    assert kinds[-1] == b"uuid"
    assert kinds.index(b"moov") < kinds.index(b"mdat")
    assert probe(path).frames == 3


def test_gifs_with_marks_open_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "clip.gif"
    export(path, RECIPE)
    with Image.open(path) as picture:
        assert picture.n_frames == 3  # type: ignore[attr-defined]
        assert picture.info["loop"] == 0
        assert json.loads(picture.info["comment"]) == RECIPE


def test_foreign_files_are_unmarked(tmp_path: Path) -> None:
    frame = Image.fromarray(np.zeros((4, 4, 3), np.uint8))
    for suffix in (".png", ".gif"):
        path = tmp_path / f"other{suffix}"
        frame.save(path, comment=b"not json")
        assert not provenance.is_marked(path)
        assert provenance.read_recipe(path) is None
    video.write_lossless(tmp_path / "other.mkv", noise(2), 24)
    assert not provenance.is_marked(tmp_path / "other.mkv")
    assert provenance.read_recipe(tmp_path / "other.mkv") is None


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cut_files_answer_or_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    export(path, RECIPE)
    whole = path.read_bytes()
    sentences = []
    for length in range(0, len(whole), max(1, len(whole) // 8)):
        path.write_bytes(whole[:length])
        try:
            assert provenance.read_recipe(path) in (None, RECIPE)
            assert provenance.is_marked(path) in (True, False)
        except Refusal as refusal:
            sentences.append(refusal.what)
    assert all(path.name in sentence for sentence in sentences)


def test_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal):
        provenance.read_recipe(tmp_path / "none.mp4")


def test_gif_blocks_put_together_are_the_file(tmp_path: Path) -> None:
    path = tmp_path / "clip.gif"
    export(path, RECIPE)
    with path.open("rb") as file:
        assert b"".join(gif_blocks.blocks(file)) == path.read_bytes()
