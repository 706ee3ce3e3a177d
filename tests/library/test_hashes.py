"""Hashes of weights are kept between looks and processes, and never believed where they may be wrong."""

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.library import hashes
from studio.library.hashes import RESOLUTION, Hashes, settled

ROOT = Path(__file__).resolve().parents[2]


def later() -> int:
    """As if files that were just written had stood still for a while."""
    return time.time_ns() + 2 * RESOLUTION


def truth(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()


@pytest.fixture
def read(monkeypatch):
    """Names of the files that were read to be hashed; the hashing is the real one."""
    names, real = [], hashlib.file_digest
    monkeypatch.setattr(
        hashes.hashlib, "file_digest", lambda f, d: names.append(Path(f.name).name) or real(f, d)
    )
    return names


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "weights ünï"
    path.write_bytes(random.Random(1).randbytes(5000))
    return path


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "hashes.json"


def test_a_file_is_read_once_whatever_looks_at_it(file, kept, read):
    first = Hashes(kept, later)
    assert first.of(file) == first.of(file) == Hashes(kept, later).of(file) == truth(file)
    assert read == [file.name]


def test_another_process_need_not_read_it(file, kept):
    code = (
        "import sys, hashlib; from pathlib import Path; from studio.library.hashes import Hashes\n"
        "if sys.argv[3] == 'blind': hashlib.file_digest = None\n"
        "import time\n"
        "print(Hashes(Path(sys.argv[2]), lambda: time.time_ns() + 10**10).of(Path(sys.argv[1])))"
    )
    for how in ("seeing", "blind"):
        said = subprocess.run(
            [sys.executable, "-c", code, str(file), str(kept), how],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert said.stdout.strip() == truth(file)


def test_what_others_keep_stays(file, kept, tmp_path, read):
    other = tmp_path / "other"
    other.write_bytes(b"2")
    one, two = Hashes(kept, later), Hashes(kept, later)
    one.of(file)
    two.of(other)
    third = Hashes(kept, later)
    assert (third.of(file), third.of(other)) == (truth(file), truth(other))
    assert sorted(read) == sorted((file.name, "other"))


@pytest.mark.parametrize("how", ["in place", "with its old times", "replaced", "grown"])
def test_a_changed_file_is_read_again(file, kept, tmp_path, how):
    known = Hashes(kept, later)
    before, stamp = known.of(file), file.stat()
    data = bytes(reversed(file.read_bytes()))
    if how == "replaced":
        (tmp_path / "new").write_bytes(data)
        os.utime(tmp_path / "new", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        (tmp_path / "new").replace(file)
    else:
        file.write_bytes(data + b"1" * (how == "grown"))
    if how == "with its old times":
        time.sleep(0.02)  # a tick of the coarsest clock that Linux stamps files with
        os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert known.of(file) == Hashes(kept, later).of(file) == truth(file) != before


def test_a_file_written_within_the_resolution_of_its_times_is_never_mistaken(
    file, kept, monkeypatch
):
    """Writes and looks by turns, within a tick of a disk that counts in 2 s: racily clean files."""
    real = hashes.stamp_of

    def coarse(said: os.stat_result) -> hashes.Stamp:
        size, written, changed, inode = real(said)
        return size, written // RESOLUTION * RESOLUTION, changed // RESOLUTION * RESOLUTION, inode

    monkeypatch.setattr(hashes, "stamp_of", coarse)
    known = Hashes(kept)
    for number in range(100):
        file.write_bytes(number.to_bytes(4, "big"))
        assert known.of(file) == truth(file)
        assert known.of(file) == truth(file)


def test_only_what_stood_still_is_believed():
    def stamp(changed: int, inode: int = 5) -> hashes.Stamp:
        return 10, changed, changed, inode

    start = 10**18
    assert settled(stamp(start - RESOLUTION - 1), start)
    assert not settled(stamp(start - RESOLUTION), start)
    assert not settled(stamp(start), start)
    assert not settled(stamp(start + 10**12), start), "a clock that is wrong"
    assert not settled(stamp(0, inode=0), start), "a disk without inodes, as Windows has them"


def test_where_births_are_called_changes_the_last_write_counts(monkeypatch):
    monkeypatch.setattr(hashes.os, "name", "nt")
    start = 10**18
    assert not settled((10, start, 0, 5), start)
    assert settled((10, 0, start, 5), start)


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_memory_costs_time_alone(file, kept, seed):
    Hashes(kept, later).of(file)
    rng, data = random.Random(seed), bytearray(kept.read_bytes())
    if seed % 3 == 0:
        data = data[: rng.randrange(len(data))]
    else:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    kept.write_bytes(data)
    known = Hashes(kept, later)
    assert known.of(file) == truth(file)
    assert Hashes(kept, later).of(file) == truth(file)


@pytest.mark.parametrize(
    "said", ["", "[]", "null", "[" * 100_000, '{"version": 1, "files": {"a": 3}}', "{}"], ids=len
)
def test_what_is_no_memory_is_none(file, kept, said):
    kept.write_text(said)
    assert Hashes(kept, later).of(file) == truth(file)
    assert json.loads(kept.read_text())["files"]


def test_a_digit_changed_with_care_is_not_believed(file, kept):
    Hashes(kept, later).of(file)
    said = json.loads(kept.read_text())
    said["files"][str(file)][1] = "0" * 32
    kept.write_text(json.dumps(said))
    assert Hashes(kept, later).of(file) == truth(file)


@pytest.mark.parametrize("place", ["a folder", "nowhere", "a file's inside"])
def test_what_cannot_be_kept_is_hashed_all_the_same(file, tmp_path, place):
    (tmp_path / "a folder").mkdir()
    kept = {
        "a folder": tmp_path / "a folder",
        "nowhere": tmp_path / "gone" / "hashes.json",
        "a file's inside": file / "hashes.json",
    }[place]
    assert Hashes(kept, later).of(file) == truth(file)
    assert not (tmp_path / "gone").exists()
    assert not list(tmp_path.glob(".*.part"))


def test_only_so_many_are_kept(tmp_path, kept, monkeypatch):
    monkeypatch.setattr(hashes, "MAX_FILES", 3)
    known = Hashes(kept, later)
    for number in range(5):
        (tmp_path / str(number)).write_bytes(b"x")
        known.of(tmp_path / str(number))
    assert [Path(name).name for name in json.loads(kept.read_text())["files"]] == ["2", "3", "4"]


def test_a_library_of_thousands_is_kept_whole(tmp_path, kept, file):
    """Of more than a thousand files the first were forgotten, and read again for the next clip."""
    there = {f"{tmp_path}/{'long name ' * 20}{n}": ((1, n, n, n), "0" * 32) for n in range(5000)}
    hashes._write(kept, there)
    assert Hashes(kept, later).of(file) == truth(file)
    assert hashes._read(kept).keys() == {*there, str(file)}
