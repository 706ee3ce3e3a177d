"""What the window remembers of itself: the same bytes again, or nothing."""

import hashlib
import random
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from studio.ui.shell.window_state import WindowState
from tests.full_disk import full_after

GEOMETRY, STATE = QByteArray(bytes(range(66))), QByteArray(bytes(range(255, 0, -1)))
WIDTHS = {"Subjects": 300, "Shot": 352}
NOTHING = (QByteArray(), QByteArray(), {})


def test_it_comes_back_as_it_was_kept(tmp_path):
    assert WindowState(tmp_path / "window.ini").kept() == NOTHING
    WindowState(tmp_path / "window.ini").keep(GEOMETRY, STATE, WIDTHS)
    assert WindowState(tmp_path / "window.ini").kept() == (GEOMETRY, STATE, WIDTHS)


@pytest.mark.parametrize("seed", range(8))
def test_a_file_of_an_earlier_release_is_read(tmp_path, seed):
    """Whatever bytes there are, as QSettings writes them."""
    dice = random.Random(seed)
    geometry, state = (QByteArray(dice.randbytes(600) + b'a,b;c="\\x41\0' * 3) for _ in range(2))
    said = ["Subjects=300", "Shot=352"]
    for hashed in (False, True):
        path = tmp_path / f"{hashed}.ini"
        file = QSettings(str(path), QSettings.Format.IniFormat)
        file.setValue("geometry", geometry)
        file.setValue("state", state)
        file.setValue("widths", said if hashed else [*said, "Shot=" + "9" * 5000])
        if hashed:
            whole = b"\0".join((geometry.data(), state.data(), *(w.encode() for w in said)))
            file.setValue("hash", hashlib.blake2b(whole, digest_size=16).hexdigest())
        file.sync()
        assert WindowState(path).kept() == (geometry, state, WIDTHS)


class Evil:
    """What a pickle may do."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("place", ["geometry", "state", "widths", "hash", "other"])
def test_a_pickle_in_the_file_is_not_run(tmp_path, place):
    path, trace = tmp_path / "window.ini", tmp_path / "it was run"
    file = QSettings(str(path), QSettings.Format.IniFormat)
    file.setValue("geometry", GEOMETRY)
    file.setValue("state", STATE)
    file.setValue(place, Evil(trace))
    file.sync()
    assert b"PyObjectWrapper" in path.read_bytes()
    WindowState(path).kept()
    WindowState(path).keep(GEOMETRY, STATE, WIDTHS)
    assert WindowState(path).kept() == (GEOMETRY, STATE, WIDTHS)
    assert not trace.exists()


def test_one_flipped_byte_is_the_same_or_nothing(tmp_path):
    WindowState(tmp_path / "window.ini").keep(GEOMETRY, STATE, WIDTHS)
    whole, dice, lost = (tmp_path / "window.ini").read_bytes(), random.Random(3), 0
    for turn in range(200):
        data = bytearray(whole)
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        path = tmp_path / f"{turn}.ini"  # Qt remembers files by their names
        path.write_bytes(data)
        found = WindowState(path).kept()
        assert found in ((GEOMETRY, STATE, WIDTHS), NOTHING)
        lost += found == NOTHING
    assert lost > 100


def test_a_folder_in_its_place_is_nothing(tmp_path):
    (tmp_path / "window.ini").mkdir()
    WindowState(tmp_path / "window.ini").keep(GEOMETRY, STATE, WIDTHS)
    assert WindowState(tmp_path / "window.ini").kept() in (NOTHING, (GEOMETRY, STATE, WIDTHS))


def test_a_full_disk_leaves_what_was_kept(tmp_path):
    remembered = WindowState(tmp_path / "window.ini")
    remembered.keep(GEOMETRY, STATE, WIDTHS)
    with full_after(None) as disk:
        remembered.keep(STATE, GEOMETRY, WIDTHS)
    assert disk.used > 1
    for room in range(disk.used):
        remembered.keep(GEOMETRY, STATE, WIDTHS)
        with full_after(room):
            remembered.keep(STATE, GEOMETRY, WIDTHS)
        assert remembered.kept() in ((GEOMETRY, STATE, WIDTHS), (STATE, GEOMETRY, WIDTHS))
        assert list(tmp_path.iterdir()) == [tmp_path / "window.ini"]
