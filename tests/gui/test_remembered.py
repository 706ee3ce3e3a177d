"""What the window remembers of itself: the same bytes again, or nothing."""

import random

from PySide6.QtCore import QByteArray, QSettings

from studio.ui.remembered import Remembered

GEOMETRY, STATE = QByteArray(bytes(range(66))), QByteArray(bytes(range(255, 0, -1)))
WIDTHS = {"Subjects": 300, "Shot": 352}
NOTHING = (QByteArray(), QByteArray(), {})


def test_it_comes_back_as_it_was_kept(tmp_path):
    assert Remembered(tmp_path / "window.ini").kept() == NOTHING
    Remembered(tmp_path / "window.ini").keep(GEOMETRY, STATE, WIDTHS)
    assert Remembered(tmp_path / "window.ini").kept() == (GEOMETRY, STATE, WIDTHS)


def test_a_file_of_an_earlier_release_is_read(tmp_path):
    file = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    file.setValue("geometry", GEOMETRY)
    file.setValue("state", STATE)
    file.setValue("widths", ["Subjects=300", "Shot=" + "9" * 5000])
    file.sync()
    assert Remembered(tmp_path / "window.ini").kept() == (GEOMETRY, STATE, {"Subjects": 300})


def test_one_flipped_byte_is_the_same_or_nothing(tmp_path):
    Remembered(tmp_path / "window.ini").keep(GEOMETRY, STATE, WIDTHS)
    whole, dice, lost = (tmp_path / "window.ini").read_bytes(), random.Random(3), 0
    for turn in range(200):
        data = bytearray(whole)
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        path = tmp_path / f"{turn}.ini"  # Qt remembers files by their names
        path.write_bytes(data)
        found = Remembered(path).kept()
        assert found in ((GEOMETRY, STATE, WIDTHS), NOTHING)
        lost += found == NOTHING
    assert lost > 100


def test_a_folder_in_its_place_is_nothing(tmp_path):
    (tmp_path / "window.ini").mkdir()
    Remembered(tmp_path / "window.ini").keep(GEOMETRY, STATE, WIDTHS)
    assert Remembered(tmp_path / "window.ini").kept() in (NOTHING, (GEOMETRY, STATE, WIDTHS))
