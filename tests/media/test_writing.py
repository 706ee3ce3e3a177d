"""A file is there whole, or not at all."""

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from studio.media.writing import scratch_beside, write_aside
from studio.spec.progress import Cancelled
from studio.spec.refusal import Refusal

AWKWARD_NAMES = [
    "plain.bin", "with space.bin", "100%d %s%04d.bin", "it's \"quoted\".bin", "日本 ü.bin",
    "-i.bin", "pipe:1.bin", "x" * 251 + ".bin",
]  # fmt: skip
if sys.platform == "win32":
    AWKWARD_NAMES = [name for name in AWKWARD_NAMES if not set(name) & set('":')]


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_content_arrives_and_nothing_else(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")
    with write_aside(path) as part:
        assert part.parent == tmp_path
        assert part.name.startswith(".")
        part.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, Cancelled, KeyboardInterrupt, SystemExit])
def test_any_exception_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def write() -> None:
        with write_aside(path) as part, scratch_beside(path) as scratch:
            part.write_bytes(b"half")
            (scratch / "piece").write_bytes(b"more")
            raise error

    with pytest.raises(error):
        write()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask")
def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with write_aside(tmp_path / "file"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


@pytest.mark.parametrize("write", [write_aside, scratch_beside])
@pytest.mark.parametrize("folder", ["missing", "file"])
def test_a_folder_that_is_none_is_refused(tmp_path: Path, folder: str, write: object) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refusal, match=folder) as refused, write(tmp_path / folder / "x"):  # type: ignore[operator]
        pass
    assert refused.value.hint


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Refusal, match="Nothing can be written"), write_aside(tmp_path / "x"):
        pass


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(Refusal, match="is a folder"), write_aside(tmp_path / "taken"):
        pass
    with pytest.raises(Refusal, match="could not be replaced"), write_aside(tmp_path / "x"):
        (tmp_path / "x").mkdir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taken", "x"]


def test_a_full_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"no room for x\.mp4"), write_aside(tmp_path / "x.mp4"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_what_a_killed_export_left_goes_after_a_day(tmp_path: Path) -> None:
    ours = [tmp_path / f".clip.mp4.{digit * 12}.part" for digit in "abc"]
    ours[0].write_bytes(b"half")
    ours[1].mkdir()
    (ours[1] / "copy.mkv").write_bytes(b"half")
    others = [tmp_path / name for name in (".clip.mp4.part", "a.aaaaaaaaaaaa.part", "b.mp4")]
    for path in others:
        path.write_bytes(b"kept")
    for path in (*ours[:2], *others):
        os.utime(path, (0, 0))
    ours[2].write_bytes(b"another is writing it now")
    with write_aside(tmp_path / "x.mp4"), scratch_beside(tmp_path / "x.mp4"):
        pass
    assert sorted(tmp_path.iterdir()) == sorted((ours[2], *others, tmp_path / "x.mp4"))


def test_other_errors_pass(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), write_aside(tmp_path / "x"):
        (tmp_path / "input").read_bytes()
