"""The project folder on disk: saving, damage, versions, locks, folders."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from studio.project import edits, files
from studio.project.folders import Folders
from studio.project.lock import Lock
from studio.project.project import Project
from studio.project.shot import Shot
from studio.project.store import KEPT, VERSION, ProjectStore, reading
from studio.project.timeline_edits import lay_out
from studio.project.vouching import vouched
from studio.spec.refusal import Refusal
from studio.spec.timeline.timeline import Timeline
from tests.hostile import good

FIXTURES = Path(__file__).parent / "fixtures"
FULL = Path("/dev/full")


def saved(folder, *names):
    with ProjectStore(folder) as store:
        for name in names:
            store.save(Project(name))


def everything(folder):
    return {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_new_folder_is_an_empty_project_and_opening_writes_nothing(tmp_path):
    folder = tmp_path / "Ferien 2026 “ä”"
    with ProjectStore(folder) as store:
        assert store.project == Project("Ferien 2026 “ä”")
        assert not store.read_only
        assert not store.file.exists()


def test_it_reopens_as_it_was_left(tmp_path):
    project = edits.add_shot(
        Project("x"), Shot("0123456789ab", "pasted half an emoji \ud83d", seed=7)
    )
    with ProjectStore(tmp_path) as store:
        store.save(project)
    with ProjectStore(tmp_path) as store:
        assert store.project == project
        assert store.notice == ""
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("version", [1, 2])
def test_every_release_opens(tmp_path, version):
    """A folder as each version wrote it; never change the fixtures."""
    shutil.copy(FIXTURES / f"project-{version}.json", tmp_path / "project.json")
    with ProjectStore(tmp_path) as store:
        project = store.project
        store.save(edits.star(project, "b2c3d4e5f607", False))
    assert project.name == "Ferien"
    assert project.shot("a1b2c3d4e5f6").prompt == "a sks dog moving right"
    assert project.render("b2c3d4e5f607").starred
    assert project.render("b2c3d4e5f607").request.fps == 8
    assert project.subjects == ("Käthe",)
    kept = json.loads((tmp_path / "project.json").read_text("utf-8"))
    assert kept["a field of a later release"] == {"kept": True}
    assert kept["version"] == 3
    assert project.timeline == Timeline()


def holds(whole, part) -> bool:
    """Whether plain data is there as it was; fields of later versions may stand beside it."""
    if isinstance(part, dict):
        return all(name in whole and holds(whole[name], part[name]) for name in part)
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(holds, whole, part))
    return whole == part


def test_a_project_of_single_shots_opens_as_it_was(tmp_path):
    """As version 2 wrote it, with strips, files, ranges and larger clips: all of it, no more."""
    shutil.copy(FIXTURES / "project-2-shots.json", tmp_path / "project.json")
    with ProjectStore(tmp_path) as store:
        assert store.project == replace(good(), timeline=Timeline())
        store.save(lay_out(store.project))
    before, after = (
        json.loads(path.read_text("utf-8"))
        for path in (FIXTURES / "project-2-shots.json", tmp_path / "project.json")
    )
    assert after.pop("timeline")["tracks"]
    kept = before.keys() - {"version", "hash"}
    assert holds(after, {name: before[name] for name in kept})


def test_a_project_with_a_timeline_opens(tmp_path):
    shutil.copy(FIXTURES / "project-3.json", tmp_path / "project.json")
    with ProjectStore(tmp_path) as store:
        assert store.project == good()
        assert store.project.timeline.length > 100


def test_a_few_previous_versions_are_kept(tmp_path):
    saved(tmp_path, *(str(n) for n in range(KEPT + 5)))
    kept = sorted((tmp_path / "versions").iterdir())
    assert len(kept) == KEPT + 1  # the newest is there too
    assert json.loads(kept[-2].read_text("utf-8"))["name"] == str(KEPT + 3)


def test_what_a_killed_save_left_goes_with_a_later_one(tmp_path):
    saved(tmp_path, "a")
    left = [
        tmp_path / ".project.json.aaaaaaaa.part",
        tmp_path / "versions" / ".project-000002.json.bbbbbbbb.part",
    ]
    new = tmp_path / ".project.json.cccccccc.part"
    for path in (*left, new):
        path.write_bytes(b"{")
    for path in left:
        os.utime(path, (1e9, 1e9))
    saved(tmp_path, "b")
    assert [path for path in (*left, new) if path.exists()] == [new]


def test_the_same_project_again_is_not_written(tmp_path):
    saved(tmp_path, "a", "a", "a")
    assert len(list((tmp_path / "versions").iterdir())) == 1


@pytest.mark.parametrize("damage", ["truncated", "empty", "garbage", "no version", "gone"])
def test_a_damaged_file_gives_the_newest_good_version_and_is_kept(tmp_path, damage):
    saved(tmp_path, "one", "two")
    file = tmp_path / "project.json"
    whole = file.read_bytes()
    broken = {"truncated": whole[:40], "empty": b"", "garbage": os.urandom(99), "gone": b"",
              "no version": b"{}"}[damage]  # fmt: skip
    file.write_bytes(broken)
    if damage == "gone":
        file.unlink()
    (tmp_path / "versions" / "project-000002.json").write_bytes(b"{ also broken")
    before = everything(tmp_path)
    with ProjectStore(tmp_path) as store:
        assert store.project.name == "one"
        assert "damaged" in store.notice
        assert {p: b for p, b in everything(tmp_path).items() if p in before} == before
        store.save(Project("three"))
        store.save(Project("four"))
    if damage != "gone":
        assert (tmp_path / "project.damaged-1.json").read_bytes() == broken
    assert not (tmp_path / "project.damaged-2.json").exists()
    with ProjectStore(tmp_path) as store:
        assert (store.project.name, store.notice) == ("four", "")


def test_the_offered_version_can_be_saved_as_it_is(tmp_path):
    saved(tmp_path, "one")
    (tmp_path / "project.json").write_bytes(b"")
    with ProjectStore(tmp_path) as store:
        store.save(store.project)
    with ProjectStore(tmp_path) as store:
        assert (store.project.name, store.notice) == ("one", "")


def test_where_nothing_can_be_read_it_refuses_and_touches_nothing(tmp_path):
    (tmp_path / "project.json").write_bytes(b"not ours")
    before = everything(tmp_path)
    with pytest.raises(Refusal, match="cannot be read"):
        ProjectStore(tmp_path)
    assert everything(tmp_path).items() >= before.items()
    again = Lock(tmp_path / ".writer.lock")  # and it let go of the folder
    assert again.alone()
    again.close()


def newer(folder, **more):
    """A project as a version that does not exist yet would write it."""
    with ProjectStore(folder) as store:
        store.save(good())
    plain = json.loads(store.file.read_bytes())
    store.file.write_text(json.dumps(vouched({**plain, "version": VERSION + 1} | more)))
    return everything(folder)


def test_a_newer_project_is_looked_at_and_left_as_it_is(tmp_path):
    before = newer(tmp_path, mood="blue")
    with ProjectStore(tmp_path) as store:
        assert store.read_only
        assert "newer studio" in store.only_read.what
        assert replace(store.project, unknown={}) == good()
        assert store.project.unknown == {"mood": "blue"}
        with pytest.raises(Refusal, match="newer studio") as refused:
            store.save(Project("two"))
        assert "Update" in refused.value.hint
        with store.alone() as alone:
            assert not alone
        lock = Lock(tmp_path / ".writer.lock")  # the newer studio may go on with it meanwhile
        assert lock.alone()
        lock.close()
    assert everything(tmp_path) == before


@pytest.mark.parametrize("shots", ["gone", {"by": "name"}, [{"id": 7}]])
def test_a_newer_project_that_means_something_else_is_refused(tmp_path, shots):
    before = newer(tmp_path, shots=shots)
    if shots == "gone":
        (tmp_path / "project.json").write_text(json.dumps({"version": VERSION + 1, "name": "x"}))
        before = everything(tmp_path)
    with pytest.raises(Refusal, match="newer studio"):
        ProjectStore(tmp_path)
    assert everything(tmp_path) == before


def test_a_clip_that_shows_more_than_its_take_has_is_damage(tmp_path):
    with ProjectStore(tmp_path) as store:
        store.save(good())
    plain = json.loads(store.file.read_bytes())
    (film,) = (t for t in plain["timeline"]["tracks"] if t["kind"] == "video")
    film["clips"][-1]["length"] += 1000
    store.file.write_text(json.dumps(vouched(plain)))
    with ProjectStore(tmp_path) as store:
        assert (store.project, "damaged" in store.notice) == (good(), True)


def test_a_second_opener_reads_only(tmp_path):
    with ProjectStore(tmp_path) as first:
        first.save(Project("one"))
        with ProjectStore(tmp_path) as second:
            assert second.read_only
            assert second.project.name == "one"
            with pytest.raises(Refusal, match="another window"):
                second.save(Project("two"))
            with first.alone() as alone:
                assert not alone
            with second.alone() as alone:
                assert not alone
        with first.alone() as alone:
            assert alone
            with pytest.raises(Refusal, match="tidied"):
                ProjectStore(tmp_path)
        with ProjectStore(tmp_path) as second:
            assert second.read_only
    with ProjectStore(tmp_path) as third:
        assert not third.read_only


HOLDER = """
import sys, time
from pathlib import Path
from studio.project.lock import Lock
lock = Lock(Path(sys.argv[1]))
print(getattr(lock, sys.argv[2])(), flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("way", ["share", "alone"])
def test_locks_hold_between_processes_and_die_with_them(tmp_path, way):
    path = tmp_path / "a lock"
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), way], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "True\n"
    lock = Lock(path)
    assert not lock.alone()
    assert lock.share() is (way == "share")
    child.kill()
    child.wait()
    child.stdout.close()
    assert path.exists()  # what is left of a crash
    assert lock.wait_alone(5)
    lock.free()
    lock.close()


def test_a_lock_is_waited_for_no_longer_than_asked(tmp_path):
    one, two = Lock(tmp_path / "l"), Lock(tmp_path / "l")
    assert one.share()
    assert two.share()
    begun = time.monotonic()
    assert not two.wait_alone(0.05)
    assert time.monotonic() - begun < 30
    one.free()
    assert two.wait_alone(0.05)
    one.close()
    two.close()


SAVER = """
import sys
from pathlib import Path
from studio.project.project import Project
from studio.project.store import ProjectStore
store = ProjectStore(Path(sys.argv[1]))
assert not store.read_only
n = int(store.project.name) if store.project.name.isdigit() else 0
while True:
    n += 1
    store.save(Project(str(n)))
    print(n, flush=True)
"""


def test_a_killed_save_loses_nothing_acknowledged(tmp_path):
    folder, dice, last = tmp_path / "p", random.Random(11), 0
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", SAVER, str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        for _ in range(dice.randint(1, 6)):
            last = int(child.stdout.readline())
        child.kill()  # somewhere in the saves that follow
        last = max([last, *(int(line) for line in child.stdout.read().split("\n")[:-1])])
        child.stdout.close()
        child.wait()
        with ProjectStore(folder) as store:
            assert store.notice == ""
            assert last <= int(store.project.name) <= last + 1
    assert last >= 6


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_refused_and_the_old_file_stays(tmp_path, monkeypatch):
    saved(tmp_path, "one")
    before = everything(tmp_path)
    real = Path.open

    def on_full_disk(path, mode="r", *rest, **named):
        return real(FULL if "x" in mode else path, mode.replace("x", "w"), *rest, **named)

    with ProjectStore(tmp_path) as store:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", on_full_disk)
            with pytest.raises(Refusal, match=r"The disk is full: “project\.json”"):
                store.save(Project("two"))
        assert everything(tmp_path) == before
        assert store.project.name == "one"
        store.save(Project("two"))
    with ProjectStore(tmp_path) as store:
        assert store.project.name == "two"


def test_a_project_is_not_tidied_while_its_takes_are_read(tmp_path):
    with ProjectStore(tmp_path) as store:
        with reading(tmp_path), store.alone() as alone:
            assert not alone
        with store.alone() as alone:
            assert alone
            with pytest.raises(Refusal, match="tidied up"), reading(tmp_path):
                pass


def test_a_save_that_is_interrupted_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupted(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write_whole(tmp_path / "whole", b"bytes")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def closed():
    """A folder with a project in which this process may read and not write, root or not."""
    if os.name == "nt":
        pytest.skip("Windows folders know no read-only")
    folder = Path(tempfile.mkdtemp())  # other users cannot enter pytest's own
    saved(folder, "one")
    (folder / ".readers.lock").unlink()
    (folder / ".writer.lock").unlink()
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(user)
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_read_only_folder_opens_read_only(closed):
    before = everything(closed)
    with ProjectStore(closed) as store:
        assert store.read_only
        assert store.project.name == "one"
        with pytest.raises(Refusal, match="cannot be written"):
            store.save(Project("two"))
    with pytest.raises(Refusal, match="cannot be written"):
        files.write_whole(closed / "new", b"x")
    with pytest.raises(Refusal, match="cannot be made"):
        Folders(closed / "data").make()
    assert everything(closed) == before


def test_a_file_in_the_way_is_a_refusal(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refusal):
        files.write_whole(tmp_path / "file" / "below", b"x")
    with pytest.raises(Refusal):
        Folders(tmp_path / "file" / "data").make()
    with pytest.raises(Refusal):
        ProjectStore(tmp_path / "file")


def test_folders_go_by_option_then_variable_then_system(tmp_path):
    assert Folders.find(tmp_path, {"STUDIO_HOME": "/elsewhere"}).data == tmp_path
    assert Folders.find(None, {"STUDIO_HOME": str(tmp_path / "ü")}).data == tmp_path / "ü"
    assert Folders.find(None, {}).data.name == "studio"
    with pytest.raises(Refusal, match="Nobody"):
        Folders.find("~nobody-of-that-name/data", {})
    relative = Folders.find("here", {}).data
    assert relative.is_absolute()
    folders = Folders(tmp_path / "new" / "home").make()
    assert folders.subjects.is_dir()
    inside = (folders.subjects, folders.scratch, folders.models, folders.queue)
    assert len(set(inside)) == 4
    assert all(path.is_relative_to(folders.data) for path in inside)


def test_an_edit_keeps_what_a_newer_program_wrote(tmp_path):
    saved(tmp_path, "one")
    file = tmp_path / "project.json"
    plain = json.loads(file.read_bytes())
    file.write_text(json.dumps(vouched({**plain, "a track of scents": [1]})))
    with ProjectStore(tmp_path) as store:
        store.save(replace(store.project, name="two"))
    assert json.loads(file.read_bytes())["a track of scents"] == [1]
