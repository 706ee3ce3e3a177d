"""The guide is there, whole, with pictures of a size that a clone can bear."""

import re

from PySide6.QtGui import QImage, QImageReader

from studio.ui.shell.guide import GUIDE, GuideDialog

MOST_PICTURES, MOST_BYTES = 8, 150_000


def test_the_guide_opens_beside_the_window_with_all_its_pictures(studio):
    studio.actions["guide"].trigger()
    studio.actions["guide"].trigger()
    (dialog,) = studio.window.findChildren(GuideDialog)
    assert dialog.isVisible()
    assert not dialog.isModal()
    assert "Keyframes first" in dialog.text.toPlainText()
    names = re.findall(r"!\[[^]]+\]\(([^)]+)\)", GUIDE.read_text())
    for name in names:
        found = dialog.text.document().resource(2, name)
        assert isinstance(found, QImage) or QImage(str(GUIDE.parent / name)).width() > 0, name
    dialog.close()


def test_pictures_of_the_guide_are_small_and_used():
    pictures = sorted(path.name for path in GUIDE.parent.glob("*.png"))
    named = re.findall(r"\]\(([^)]+)\)", GUIDE.read_text())
    assert pictures == sorted(named)
    assert len(pictures) <= MOST_PICTURES
    for name in pictures:
        assert (GUIDE.parent / name).stat().st_size < MOST_BYTES, name
        assert QImageReader(str(GUIDE.parent / name)).size().width() <= 800, name


def test_what_the_guide_calls_a_command_is_one(studio):
    keys = {entry.keys[0] for entry in studio.keymap.entries.values() if entry.keys}
    for key in re.findall(r"\((Ctrl\+[A-Za-z0-9+]+)\)", GUIDE.read_text()):
        assert key in keys, key
