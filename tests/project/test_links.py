"""Links in a folder that was passed on: nothing behind them is ever removed or moved."""

import hashlib
import os
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pytest
import torch

from studio.engine.subjects import checkpoint
from studio.media import writing
from studio.project.files import STALE, StagingDir, is_real, sweep
from studio.project.project import Project
from studio.project.store import KEPT, ProjectStore
from studio.project.subject import Subject
from studio.project.subjects import SubjectStore
from studio.project.takes import TakeStore
from studio.spec.refusal import Refusal

FRAMES = {"frames": np.zeros((2, 8, 8, 3), np.uint8)}
KEY = hashlib.blake2b(b"a take", digest_size=16).hexdigest()
LONG_AGO = (1e9, 1e9)
OURS = ("0123456789abcdef", ".project.json.0123abcd.part", "project-000001.json", KEY)
"""Names that the program itself gives to what it removes."""


@pytest.fixture
def elsewhere(tmp_path):
    """A folder of the user's, long unchanged: with files, folders, and names like the program's."""
    folder = tmp_path / "Documents"
    for name in ("thesis", *OURS):
        (folder / name / "deep").mkdir(parents=True)
        (folder / name / "deep" / "letter.txt").write_text("dear")
    (folder / "photo.jpg").write_bytes(b"jpg")
    (folder / ".mine.0123abcd.part").write_bytes(b"half a download of another program")
    for path in (*folder.rglob("*"), folder):
        os.utime(path, LONG_AGO)
    return folder


def lead(place, to):
    """Make `place` lead to the folder `to`: by a junction where links need a privilege."""
    if sys.platform == "win32":
        subprocess.run(["cmd", "/c", "mklink", "/J", place, to], check=True)
    else:
        place.symlink_to(to)


def everything(folder):
    return {p: p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def project(folder):
    takes = takes_of(folder)
    takes.put(KEY, FRAMES)
    with ProjectStore(folder) as store:
        store.save(Project("before"))


def takes_of(folder):
    def save(path, frames):
        path.write_bytes(frames.tobytes())

    return TakeStore(folder / "takes", save, lambda path: iter(FRAMES["frames"]), ".raw")


def use_project(folder):
    """What opening a project and working in it does to its folder, the bound of takes at zero."""
    with ProjectStore(folder) as store:
        for n in range(KEPT + 3):
            store.save(Project(str(n)))
        takes = takes_of(folder)
        takes.sweep()
        takes.usage()
        with store.alone() as alone:
            assert alone
            takes.evict(0)
        with suppress(Refusal):  # where there is no place to move it to first
            takes.remove([KEY])


PROJECT_PLACES = [
    "takes/.aside", ".aside", "versions/.aside", "takes", "versions", f"takes/{KEY[:2]}",
    f"takes/{KEY[:2]}/{KEY}", "takes/damaged", "project.json", "pictures", "files",
]  # fmt: skip


@pytest.mark.parametrize("place", PROJECT_PLACES)
def test_a_project_with_a_link_in_it_leaves_what_lies_behind(tmp_path, elsewhere, place):
    folder = tmp_path / "passed on"
    project(folder)
    link = folder / place
    if link.exists():
        link.rename(tmp_path / "replaced")
    lead(link, elsewhere)
    before = everything(elsewhere)
    use_project(folder)
    after = everything(elsewhere)
    assert {path: after.get(path, "gone") for path in before} == before


def test_a_take_behind_a_link_is_neither_evicted_nor_set_aside(tmp_path):
    mine, passed_on = tmp_path / "mine", tmp_path / "passed on"
    project(mine)
    project(passed_on)
    box = passed_on / "takes" / KEY[:2]
    box.rename(tmp_path / "replaced")
    lead(box, mine / "takes" / KEY[:2])
    before = everything(mine)
    use_project(passed_on)
    assert everything(mine) == before
    (mine / "takes" / KEY[:2] / KEY / "record.json").write_text("{")
    before = everything(mine)
    assert takes_of(passed_on).get(KEY) is None
    assert everything(mine) == before


SUBJECT_PLACES = [".aside", "pip/.aside", "pip/training/.aside", "pip", "pip/training", ".bin"]


@pytest.mark.parametrize("place", SUBJECT_PLACES)
def test_subjects_with_a_link_among_them_leave_what_lies_behind(tmp_path, elsewhere, place):
    store = SubjectStore(tmp_path / "subjects")
    for name in ("pip", "rex"):
        photos = [tmp_path / f"{name}{n}.jpg" for n in range(3)]
        for photo in photos:
            photo.write_bytes(photo.name.encode())
        store.adopt(Subject(name, "cat"), photos)
    link = store.folder / place
    if link.exists():
        link.rename(tmp_path / "replaced")
    link.parent.mkdir(exist_ok=True)
    lead(link, elsewhere)
    before = everything(elsewhere)
    store.update(store.get("rex"))
    store.remove("rex")
    store.bin()
    store.remove("pip")
    after = everything(elsewhere)
    assert {path: after.get(path, "gone") for path in before} == before


@pytest.mark.parametrize("place", ["training", "training/lora", "training/lora/checkpoints"])
def test_a_subject_whose_training_leads_elsewhere_is_not_trained(tmp_path, elsewhere, place):
    store = SubjectStore(tmp_path / "subjects")
    photos = [tmp_path / f"{n}.jpg" for n in range(3)]
    for photo in photos:
        photo.write_bytes(photo.name.encode())
    store.adopt(Subject("pip", "cat"), photos)
    link = store.folder / "pip" / place
    link.parent.mkdir(parents=True, exist_ok=True)
    lead(link, elsewhere)
    with pytest.raises(Refusal, match="is a link"), store.training("pip"):
        pass
    link.unlink()
    with store.training("pip"):
        pass


def test_checkpoints_that_are_forgotten_are_those_of_the_folder_itself(tmp_path, elsewhere):
    mine = tmp_path / "checkpoints"
    for folder in (mine, elsewhere):
        checkpoint.save(folder, 1, {"a": torch.ones(3)}, {})
    (mine / "notes.txt").write_text("mine")
    before = everything(elsewhere)
    lead(tmp_path / "led", elsewhere)
    checkpoint.forget(tmp_path / "led")
    assert everything(elsewhere) == before
    checkpoint.forget(mine)
    assert [path.name for path in mine.iterdir()] == ["notes.txt"]
    (mine / "notes.txt").unlink()
    checkpoint.forget(mine)
    assert not mine.exists()


def test_what_is_exported_beside_a_link_leaves_what_lies_behind(tmp_path, elsewhere):
    link = tmp_path / ".clip.mp4.0123456789ab.part"
    lead(link, elsewhere)
    before = everything(elsewhere)
    os.utime(link, LONG_AGO, follow_symlinks=False)
    with writing.scratch_beside(tmp_path / "clip.mp4"):
        pass
    assert everything(elsewhere) == before


def test_nothing_is_made_in_a_folder_that_leads_elsewhere(tmp_path, elsewhere):
    (tmp_path / "takes").mkdir()
    lead(tmp_path / "takes" / ".aside", elsewhere)
    with pytest.raises(Refusal, match="link"), StagingDir(tmp_path / "takes"):
        pass
    with pytest.raises(Refusal, match="link"):
        takes_of(tmp_path).put(KEY, FRAMES)


def test_only_what_the_program_makes_is_swept(tmp_path):
    """A hidden folder may have been somebody else's before; what is new may be in use."""
    aside, old = tmp_path / ".aside", []
    for name in ("0123456789abcdef", "fedcba9876543210", "notes", "0123456789ABCDEF", "0" * 17):
        (aside / name).mkdir(parents=True)
        (aside / name / "file").write_bytes(b"x")
        old.append(aside / name)
    for name in (".project.json.0123abcd.part", ".film.part", "a.0123abcd.part"):
        (tmp_path / name).write_bytes(b"x")
        old.append(tmp_path / name)
    (aside / ("a" * 16)).write_bytes(b"a file where folders are made")
    for path in (*old, aside / ("a" * 16)):
        os.utime(path, LONG_AGO)
    recently = time.time() - STALE / 2
    os.utime(aside / "fedcba9876543210", (recently, recently))
    sweep(tmp_path)
    gone = {aside / "0123456789abcdef", tmp_path / ".project.json.0123abcd.part"}
    assert {path for path in old if not path.exists()} == gone
    assert (aside / ("a" * 16)).exists()


def test_a_folder_is_told_from_what_leads_to_one(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    lead(tmp_path / "led", tmp_path / "folder")
    lead(tmp_path / "dangling", tmp_path / "nowhere")
    real = {p.name for p in (*tmp_path.iterdir(), tmp_path / "none") if is_real(p)}
    assert real == {"folder"}
