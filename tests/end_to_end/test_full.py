"""A disk that is full under real commands: exit code 2, one sentence, and on with room.

The system's own limit to the size of a file stands for the disk: it meets Python, the libraries
beneath it, SQLite and ffmpeg alike.
"""

import random
import shutil
from pathlib import Path

import pytest

from studio.project.subjects import SubjectStore
from tests.end_to_end.orders import GO_ON, MAKE, SAMPLES, TRAIN, stored

ENDINGS = ("mp4", "gif", "webm", "png")
ROOMS = (0, 40, 200, 1000, 4000)


def check_refused(end: dict, home: Path) -> None:
    """One sentence about the disk, nothing half-written."""
    assert end["code"] == 2, end
    last = end["said"].strip().splitlines()[-1]
    assert "disk" in last, end
    assert "Traceback" not in end["said"]
    parts = [p for p in home.rglob("*") if p.suffix == ".part" or p.parent.name == ".aside"]
    assert parts == []


@pytest.fixture(scope="module")
def made(victim, tiny_home, tmp_path_factory) -> Path:
    """A home with a finished clip in each format."""
    home = Path(shutil.copytree(tiny_home, tmp_path_factory.mktemp("made") / "data"))
    for ending in ENDINGS:
        assert clip(victim, home, ending)["code"] == 0
    return home


def clip(victim, home: Path, ending: str, room: int | None = None) -> dict:
    out = home / "out" / f"a.{ending}"
    out.parent.mkdir(exist_ok=True)
    return victim(*MAKE, "--out", str(out), "--data-dir", str(home), room=room)


def outs(home: Path) -> dict[str, bytes]:
    found = (p for p in (home / "out").rglob("*") if p.is_file())
    return {p.relative_to(home).as_posix(): p.read_bytes() for p in found}


@pytest.mark.parametrize("count", [2, pytest.param(5, marks=pytest.mark.long)])
def test_a_clip_while_it_is_made(victim, made, tiny_home, tmp_path, count):
    for room in random.Random(count).sample(ROOMS, count):
        home = Path(shutil.copytree(tiny_home, tmp_path / str(room)))
        check_refused(clip(victim, home, "mp4", room), home)
        assert outs(home) == {}
        assert stored(home).items() <= stored(made).items()
        assert clip(victim, home, "mp4")["code"] == 0
        assert stored(home) == stored(made)
        assert outs(home)["out/a.mp4"] == outs(made)["out/a.mp4"]


@pytest.mark.parametrize("count", [1, pytest.param(4, marks=pytest.mark.long)])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_is_written(victim, made, tmp_path, ending, count):
    """The clip is stored; what was exported before stays as it was."""
    whole = outs(made)
    largest = len(whole[f"out/a.{ending}"])
    home = Path(shutil.copytree(made, tmp_path / "data"))
    for room in random.Random(count).sample([0, 50, largest // 2, largest - 1], count):
        check_refused(clip(victim, home, ending, room), home)
        assert outs(home) == whole
        assert clip(victim, home, ending)["code"] == 0
        assert outs(home) == whole


@pytest.fixture(scope="module")
def trained(victim, tiny_home, tmp_path_factory) -> str:
    home = Path(shutil.copytree(tiny_home, tmp_path_factory.mktemp("trained") / "data"))
    assert victim(*taught(), "--data-dir", str(home))["code"] == 0
    return SubjectStore(home / "subjects").get("pip").identity


def taught() -> tuple[str, ...]:
    return (*TRAIN, *map(str, sorted(SAMPLES.glob("*.png"))[:3]), "--steps", "3")


@pytest.mark.long
@pytest.mark.parametrize(
    "rooms", [(60_000,), (0, 500, 3000, 20_000, 100_000)]
)  # fmt: skip
def test_a_training(victim, trained, tiny_home, tmp_path, rooms):
    """Photos, prepared data, checkpoints, adapter: whichever it is that finds no room."""
    for room in rooms:
        home = Path(shutil.copytree(tiny_home, tmp_path / str(room)))
        check_refused(victim(*taught(), "--data-dir", str(home), room=room), home)
        store = SubjectStore(home / "subjects")
        assert store.damaged() == store.restored() == ()
        words = GO_ON if store.names() else taught()
        assert victim(*words, "--data-dir", str(home))["code"] == 0
        assert store.get("pip").identity == trained
