"""The commands about folders: added, listed, removed; models that were moved or are gone."""

import json
import shutil
from pathlib import Path

import pytest

from tests.library.headers import BAD, put


@pytest.fixture
def comfy(tmp_path):
    folder = tmp_path / "Comfy UI"
    for n in range(3):
        put(folder / "models" / "checkpoints" / f"sdxl {n}.safetensors")
    put(folder / "models" / "diffusion_models" / "wan.safetensors", "wan2.2_ti2v_5B")
    (folder / "models" / "vae").mkdir()
    (folder / "models" / "vae" / "pointer.safetensors").write_bytes(BAD["pointer.safetensors"][0])
    return folder


def unmoved(folder: Path) -> dict[Path, tuple[int, int, int]]:
    """What a user's files are known by, but for when they were last read."""
    found = {path: path.stat() for path in folder.rglob("*")}
    return {path: (s.st_ino, s.st_size, s.st_mtime_ns) for path, s in found.items()}


def test_adding_says_what_was_found_and_why_the_rest_is_unknown(run, comfy):
    before = unmoved(comfy)
    done = run("library", "add", str(comfy))
    assert done.code == 0
    lines = done.out.strip().splitlines()
    assert lines[-1].endswith(
        "(a folder of ComfyUI): Found 3 checkpoints, 1 video model, 1 unknown."
    )
    assert "git lfs pull" in lines[0]
    assert unmoved(comfy) == before
    run("library", "add", str(comfy)).refused("was added already")
    run("library", "add", str(comfy / "gone")).refused("is no folder")


def test_folders_are_listed_and_forgotten(run, comfy):
    run("library", "add", str(comfy))
    about = run("library", "folders", "--json").answer["folders"]
    assert [(f["of"], f["there"], f["added"]) for f in about] == [
        ("the studio's own", True, False),
        ("ComfyUI", True, True),
    ]
    moved = comfy.rename(comfy.with_name("unplugged"))
    assert "not there now" in run("library", "folders").out
    moved.rename(comfy)
    assert run("library", "remove", str(comfy)).code == 0
    run("library", "remove", str(comfy)).refused("was not added")
    assert len(run("library", "list", "--json").answer["models"]) == 1  # "tiny"


def test_models_are_listed_by_their_names_and_missed_when_they_go(run, comfy, home):
    run("library", "add", str(comfy))
    listed = run("library", "list", "--json").answer
    assert sorted(m["id"] for m in listed["models"] if "id" in m) == [
        "sdxl 0", "sdxl 1", "sdxl 2", "tiny", "wan",
    ]  # fmt: skip
    assert (listed["moved"], listed["missing"]) == ([], [])
    checkpoints, wan = comfy / "models" / "checkpoints", comfy / "models" / "diffusion_models"
    elsewhere = (wan / "wan.safetensors").rename(checkpoints / "renamed.safetensors")
    listed = run("library", "list", "--json").answer
    assert [(m["was"], m["now"]) for m in listed["moved"]] == [
        (str(wan / "wan.safetensors"), str(elsewhere))
    ]
    elsewhere.unlink()
    for _ in range(2):  # it stays missing
        listed = run("library", "list", "--json").answer
        assert [m["was"] for m in listed["missing"]] == [str(elsewhere)]
    (home / "seen_models.json").write_text("{")
    assert run("library", "list", "--json").answer["missing"] == []
    shutil.rmtree(comfy)
    assert len(run("library", "list", "--json").answer["missing"]) == 3


@pytest.mark.parametrize(
    "stored", ["", "[]", '{"version": 2, "folders": []}', '{"version": 1, "folders": ["a"]}']
)
def test_a_damaged_list_is_refused_and_never_written_over(run, comfy, home, stored):
    (home / "library.json").write_text(stored)
    for words in (("add", str(comfy)), ("remove", str(comfy)), ("folders",)):
        run("library", *words).refused("cannot be read")
    assert (home / "library.json").read_text() == stored
    assert run("library", "list").code == 0


def test_the_list_of_the_first_version_is_read(run, comfy, home):
    (home / "library.json").write_text(json.dumps({"version": 1, "folders": [str(comfy)]}))
    assert len(run("library", "list", "--json").answer["models"]) == 6


def test_a_single_weight_file_is_added_without_its_neighbours(run, comfy):
    file = next(path for path in sorted(comfy.rglob("*.safetensors")) if path.stat().st_size > 1000)
    before = unmoved(comfy)
    added = run("library", "add", str(file), "--json")
    assert [model["path"] for model in added.answer["models"]] == [str(file)]
    assert unmoved(comfy) == before
    listed = run("library", "list", "--json")
    assert str(file) in [model["path"] for model in listed.answer["models"]]
    run("library", "remove", str(file))
    listed = run("library", "list", "--json")
    assert str(file) not in [model["path"] for model in listed.answer["models"]]
