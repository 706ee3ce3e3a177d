"""Two commands started in the same moment on one data folder: both do what they do alone."""

import shutil
from pathlib import Path

import pytest

from studio.project.subjects import SubjectStore
from tests.end_to_end.orders import MAKE, SAMPLES, SHORT, TRAIN, stored

OTHER = ("generate", "a blue star moving up on sand", "--model", "tiny", "--seed", "3")
OTHER = (*OTHER, *SHORT)


@pytest.fixture(scope="module")
def alone(victim, tiny_home, tmp_path_factory) -> Path:
    """A data folder in which both clips were made, one after the other."""
    home = Path(shutil.copytree(tiny_home, tmp_path_factory.mktemp("alone") / "data"))
    for words, name in ((MAKE, "a.mp4"), (OTHER, "b.mp4")):
        made = victim(*words, "--out", str(home / name), "--data-dir", str(home))
        assert made["code"] == 0
    return home


@pytest.mark.parametrize("turn", [0, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 2, 3))])
@pytest.mark.parametrize("name", ["one clip twice", "two clips"])
def test_clips(victim, alone, tiny_home, tmp_path, name, turn):
    home = Path(shutil.copytree(tiny_home, tmp_path / "data"))
    second, like = (MAKE, "a.mp4") if name == "one clip twice" else (OTHER, "b.mp4")
    end = victim(
        *(*MAKE, "--out", str(home / "first.mp4"), "--data-dir", str(home)),
        beside=(*second, "--out", str(home / "second.mp4"), "--data-dir", str(home)),
    )
    assert (end["code"], end["beside"]) == (0, 0), end["said"]
    assert (home / "first.mp4").read_bytes() == (alone / "a.mp4").read_bytes()
    assert (home / "second.mp4").read_bytes() == (alone / like).read_bytes()
    assert stored(home).items() <= stored(alone).items()
    assert not list(home.rglob("takes/damaged/*"))
    assert not list((home / "scratch" / "takes" / ".aside").glob("*"))


def test_one_file_is_that_of_one_of_both(victim, alone, tiny_home, tmp_path):
    home = Path(shutil.copytree(tiny_home, tmp_path / "data"))
    where = ("--out", str(home / "same.mp4"), "--data-dir", str(home))
    end = victim(*MAKE, *where, beside=(*OTHER, *where))
    assert (end["code"], end["beside"]) == (0, 0), end["said"]
    made = (home / "same.mp4").read_bytes()
    assert made in [(alone / name).read_bytes() for name in ("a.mp4", "b.mp4")]
    assert not list(home.glob("*.part"))


def test_one_subject_is_trained_by_one_of_both(victim, tiny_home, tmp_path):
    """The other is refused before it has changed anything: one version, made from the photos."""
    home = Path(shutil.copytree(tiny_home, tmp_path / "data"))
    photos = [str(path) for path in sorted(SAMPLES.glob("*.png"))[:3]]
    words = (*TRAIN, *photos, "--steps", "4", "--data-dir", str(home))
    end = victim(*words, beside=words)
    assert sorted((end["code"], end["beside"])) == [0, 2]
    assert "Traceback" not in end["said"]
    store = SubjectStore(home / "subjects")
    assert store.names() == ("pip",)
    assert store.get("pip").is_trained
    assert len(list(store.get("pip").photos)) == 3
