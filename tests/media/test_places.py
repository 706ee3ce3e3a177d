"""Any words may be given for a place: what comes of them is a path, never an error."""

from pathlib import Path

from studio.media.places import is_file, is_folder, place


def test_the_home_of_nobody_is_taken_as_it_stands(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert place("~/a.mp4") == tmp_path / "a.mp4"
    assert place("~nobody-of-that-name/a.mp4").name == "a.mp4"


def test_a_name_too_long_is_neither_file_nor_folder(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"")
    assert (is_folder(tmp_path), is_file(tmp_path / "there")) == (True, True)
    assert not is_folder(tmp_path / ("x" * 300))
    assert not is_file(tmp_path / ("x" * 300))
