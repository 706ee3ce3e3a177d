"""Recent projects and the bound of what is derived; the three classes, and what dropping says."""

import numpy as np
import pytest

from studio.project.disk_classes import classes_of, drop_files
from studio.project.project import Project
from studio.project.remembered import MOST, Remembered
from studio.project.store import ProjectStore
from studio.project.stored_frames import stored_frames
from studio.project.takes import DERIVED_BYTES, TakeStore
from studio.spec.refusal import Refusal

FRAMES = np.zeros((4, 16, 16, 3), np.uint8)
KEYS = tuple(f"{k:032x}" for k in range(3))


@pytest.fixture
def remembered(tmp_path):
    return Remembered(tmp_path / "studio.json")


@pytest.fixture
def takes(tmp_path):
    def save(path, frames):
        path.write_bytes(frames.tobytes())

    return TakeStore(tmp_path / "p" / "takes", save, lambda path: iter(FRAMES), ".raw")


def made(folder):
    with ProjectStore(folder) as store:
        store.save(Project("x"))
    return folder


def test_projects_come_back_in_the_order_in_which_they_were_open(remembered, tmp_path):
    folders = [made(tmp_path / f"film {k}") for k in range(MOST + 2)]
    for folder in folders:
        remembered.opened(folder)
    remembered.opened(folders[5])
    assert remembered.recent()[:2] == (folders[5], folders[-1])
    assert len(remembered.recent()) == MOST
    (folders[-1] / "project.json").unlink()
    assert folders[-1] not in remembered.recent()
    remembered.forget([folders[5]])
    assert folders[5] not in remembered.recent()


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"version": 9}', b'{"version": 1, "recent": [3], "derived_bytes": "x"}']
)  # fmt: skip
def test_a_damaged_file_begins_anew(remembered, tmp_path, damage):
    (tmp_path / "studio.json").write_bytes(damage)
    assert remembered.recent() == ()
    assert remembered.derived_bytes() == DERIVED_BYTES
    remembered.opened(made(tmp_path / "film"))
    assert remembered.recent() == (tmp_path / "film",)


def test_the_bound_is_kept_and_bounded(remembered):
    remembered.set_derived_bytes(5 * 2**30)
    assert remembered.derived_bytes() == 5 * 2**30
    with pytest.raises(Refusal, match="within that"):
        remembered.set_derived_bytes(1)
    assert remembered.derived_bytes() == 5 * 2**30


def test_three_classes(takes, tmp_path):
    folder, subjects = made(tmp_path / "p"), tmp_path / "subjects"
    takes.put(KEYS[0], {"latents": np.zeros((4, 4), np.float32)})
    takes.put(KEYS[1], {"frames": FRAMES})
    before = classes_of(folder, takes)
    (folder / "pictures").mkdir()
    (folder / "pictures" / "a.png").write_bytes(b"x" * 500)
    for place, size in (("rex/photos", 300), (".bin/tux/photos", 20), ("rex/versions", 7000)):
        (subjects / place).mkdir(parents=True)
        (subjects / place / "one").write_bytes(b"x" * size)
    (folder / "files" / "1").mkdir(parents=True)
    (folder / "files" / "1" / "a.mp4").write_bytes(b"x" * 4000)
    after = classes_of(folder, takes, subjects)
    assert after.by_hand - before.by_hand == 820
    assert after.costly - before.costly == 7000
    assert after.derived - before.derived == 4000
    assert before.costly > 0 < before.derived
    assert drop_files(folder, 4000) == 0
    assert drop_files(folder, 3999) == 4000
    assert classes_of(folder, takes, subjects).derived == before.derived


def test_what_was_dropped_says_how_long_it_takes_to_bring_back(takes):
    for key, seconds in zip(KEYS[:2], (100.0, 140.0), strict=True):
        takes.put(key, {"frames": FRAMES}, {"seconds": seconds})
    assert takes.seconds_to_bring_back(KEYS[:2]) is None
    takes.evict(0)
    assert takes.seconds_to_bring_back(KEYS[:2]) == 240.0
    with pytest.raises(Refusal, match="4 min to bring back"):
        list(stored_frames(takes, KEYS[:2]))
    takes.put(KEYS[0], {"frames": FRAMES})
    assert takes.seconds_to_bring_back(KEYS[:2]) == 140.0
    with pytest.raises(Refusal, match="no longer stored"):
        list(stored_frames(takes, KEYS[2:]))
