"""A full disk in every writer of nouns: one sentence, nothing half-written, and on with room."""

import hashlib
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.engine.lora import adapter_file
from studio.engine.subjects import checkpoint
from studio.library.hashes import Hashes
from studio.project import samples, trainings
from studio.project.folders import Folders
from studio.project.pictures import PictureStore
from studio.project.store import ProjectStore
from studio.project.subject import Subject
from studio.project.subjects import SubjectStore
from studio.project.takes import TakeStore
from studio.spec.progress import Preview
from studio.spec.refusal import Refusal
from tests.full_disk import full_after
from tests.hostile import good

KEY = hashlib.blake2b(b"a take", digest_size=16).hexdigest()
FRAMES = np.arange(2 * 8 * 8 * 3, dtype=np.uint8).reshape(2, 8, 8, 3)


def save_frames(path: Path, frames: np.ndarray) -> None:
    with path.open("wb") as file:
        file.write(frames.tobytes())


def takes(home: Path) -> TakeStore:
    return TakeStore(home / "takes", save_frames, lambda path: iter(FRAMES), ".raw")


def subjects(home: Path) -> SubjectStore:
    return SubjectStore(home / "subjects")


def photos(home: Path) -> list[Path]:
    return sorted((home / "photos").iterdir())


def save_project(home: Path) -> None:
    with ProjectStore(home / "project") as store:
        store.save(good())


def learn(home: Path) -> None:
    subjects(home).add_adapter(
        "max", home / "adapter", method="lora", trained_steps=3, weights=(("image", "1" * 32),)
    )


def keep_samples(home: Path) -> None:
    samples.write(home / "samples", {"still": Preview(1, 1, 2, bytes(range(6)))})


WRITERS = {
    "frames": lambda home: takes(home).put(KEY, {"frames": FRAMES}),
    "latents": lambda home: takes(home).put(KEY, {"latents": np.ones((2, 4, 8, 8), np.float16)}),
    "a project": save_project,
    "a picture": lambda home: PictureStore(home / "project").keep(b"png" * 500, ".png", "sea"),
    "a new subject": lambda home: subjects(home).adopt(Subject("rex", "dog"), photos(home)),
    "more photos": lambda home: subjects(home).add_photos("max", photos(home)),
    "notes": lambda home: subjects(home).update(Subject("max", "cat", notes="walks")),
    "a version": learn,
    "a training": lambda home: trainings.write(home / "begun", trainings.Training("lora", 4)),
    "a curve": lambda home: subjects(home).keep_losses("max", [(1, 0.5)]),
    "samples": keep_samples,
    "a checkpoint": lambda home: checkpoint.save(home / "steps", 2, {"a": torch.ones(9)}, {}),
    "an adapter": lambda home: adapter_file.write_adapter(
        home / "drafts", {"unet.a": torch.ones(9)}, adapter_file.Label("lora", 4, 4.0, "sks", "cat", "1"), {}
    ),
    "a data folder": lambda home: Folders(home / "data").make(),
}  # fmt: skip


@pytest.fixture
def home(tmp_path) -> Path:
    """What there was before the disk was full."""
    home = tmp_path / "home"
    (home / "photos").mkdir(parents=True)
    for n in range(3):
        (home / "photos" / f"{n}.jpg").write_bytes(bytes([n]) * 900)
    (home / "adapter").write_bytes(b"weights" * 99)
    subjects(home).adopt(Subject("max", "cat"), photos(home)[:1])
    checkpoint.save(home / "steps", 1, {"a": torch.zeros(9)}, {})
    with ProjectStore(home / "project") as store:
        store.save(good())
        store.save(edited())
    return home


def edited():
    return replace(good(), name="before")


def files(home: Path) -> dict[str, bytes]:
    found = {p.relative_to(home).as_posix(): p for p in home.rglob("*") if p.is_file()}
    return {n: p.read_bytes() for n, p in found.items() if not n.endswith(".lock")}


def left_over(home: Path) -> list[Path]:
    return [p for p in home.rglob("*") if p.suffix == ".part" or p.parent.name == ".aside"]


@pytest.mark.parametrize("most", [4, pytest.param(None, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", WRITERS)
def test_it_is_said_and_leaves_nothing_and_goes_on_with_room(home, tmp_path, name, most):
    """Full from the n-th write on: a few n at random, or every one that there is."""
    write = WRITERS[name]
    with full_after(None) as disk:
        write(Path(shutil.copytree(home, tmp_path / "whole")))
    assert disk.used > 1
    before, after = files(home), files(tmp_path / "whole")
    rooms = range(disk.used)
    for room in random.Random(name).sample(rooms, min(most or disk.used, disk.used)):
        mine = Path(shutil.copytree(home, tmp_path / f"room {room}"))
        with full_after(room):
            said = refusal_of(lambda: write(mine))  # noqa: B023
        assert not said or "disk is full" in said, room
        assert files(mine).keys() >= before.keys() & after.keys(), room
        assert left_over(mine) == [], room
        check_readable(mine)
        if said:
            write(mine)
        assert files(mine).keys() >= after.keys(), room
        check_readable(mine)


def refusal_of(act: Callable[[], object]) -> str:
    """What an act was refused with, "" where it was not; any other error is a fault."""
    try:
        act()
    except Refusal as refusal:
        return str(refusal)
    return ""


def check_readable(home: Path) -> None:
    """Whatever is there is whole: nothing half-written bears a name that is read."""
    with ProjectStore(home / "project") as store:
        assert store.notice == ""
        assert store.project in (good(), edited())
    assert subjects(home).damaged() == subjects(home).restored() == ()
    for subject in subjects(home).list():
        assert all(path.exists() for path in subjects(home).photo_paths(subject))
        for version in subject.versions:
            assert subjects(home).has_whole(subject.name, version.identity)
    assert checkpoint.load(home / "steps") is not None
    assert takes(home).has(KEY) == bool(takes(home).keys())


def test_hashes_that_cannot_be_kept_cost_time_alone(tmp_path):
    weights = tmp_path / "weights"
    weights.write_bytes(b"w" * 100)
    for room in range(3):
        with full_after(room):
            hashes = Hashes(tmp_path / "hashes.json", now=lambda: 2**62)
            first = hashes.of(weights)
        assert Hashes(tmp_path / "hashes.json").of(weights) == first
        assert not list(tmp_path.glob("*.part"))
