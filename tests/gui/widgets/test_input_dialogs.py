"""Questions begin in the user's own folders, and menus say what stands in the way."""

from pathlib import Path

import pytest
from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from studio.ui.shell.commands import COMMANDS
from studio.ui.widgets import input_dialogs as asking
from studio.ui.widgets.input_dialogs import PICTURES, Words, folder_of, remember


@pytest.fixture(autouse=True)
def _no_memory(monkeypatch):
    monkeypatch.setattr(asking, "_last", {})


def test_files_are_looked_for_where_the_user_keeps_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    usual = QStandardPaths.writableLocation(PICTURES)
    assert folder_of(PICTURES) in (Path(usual), Path.home())
    remember(PICTURES, tmp_path)
    assert folder_of(PICTURES) == tmp_path
    remember(PICTURES, tmp_path / "gone since")
    assert folder_of(PICTURES) != tmp_path / "gone since"


def test_words_can_be_seen_whole_and_given_by_key(studio, qtbot):
    said = []
    asking.ask_for_words(studio.window, "Other words", "Words", "a red ball " * 20, said.append, 4)
    (dialog,) = studio.window.findChildren(Words)
    assert dialog.windowTitle() == "Other words"
    assert dialog.text.viewport().height() >= 4 * dialog.fontMetrics().lineSpacing()
    for button in (dialog.done_,):
        assert button.icon().isNull()
    dialog.text.setPlainText(" blue ")
    dialog.done_.setFocus()
    QTest.keyClick(dialog.done_, Qt.Key.Key_Return)
    assert said == ["blue"]


def test_an_empty_answer_changes_nothing(studio):
    said = []
    asking.ask_for_words(studio.window, "Rename", "Name", "x", said.append)
    (dialog,) = studio.window.findChildren(Words)
    dialog.text.setText("  ")
    dialog.accept()
    assert said == []


def test_a_menu_forbids_what_its_button_forbids_and_its_key_says_why(studio, until):
    (menu,) = [m for m in studio.top.menus.findChildren(QMenu) if m.title() == "&Shot"]
    menu.aboutToShow.emit()
    assert not studio.shot.preview.isEnabled()
    for name in ("preview", "render"):
        assert not studio.actions[name].isEnabled()
        assert "prompt is empty" in studio.actions[name].toolTip()
    assert not studio.actions["stop"].isEnabled()
    menu.aboutToHide.emit()
    studio.actions["preview"].trigger()
    assert "prompt is empty" in studio.banner.words.text()
    studio.shot.prompt.setPlainText("a red ball moving left")
    menu.aboutToShow.emit()
    assert studio.actions["preview"].isEnabled()
    menu.aboutToHide.emit()


def test_enter_is_called_enter_everywhere(studio):
    assert not [e.keys for e in studio.keymap.entries.values() if "Return" in "".join(e.keys[:1])]
    for command in COMMANDS:
        if command.keys:
            assert "Return" not in studio.actions[command.name].shortcut().toString()


def test_a_tool_that_cannot_be_used_still_says_what_it_is(studio):
    tips = {name: b.toolTip() for name, b in studio.keyframes.buttons.items() if not b.isEnabled()}
    assert tips
    for name, tip in tips.items():
        assert tip.startswith(studio.keyframes.gestures[name].words.replace(" …", "")), tip


def test_photos_are_taken_out_by_button_or_key_and_come_back(studio, photos, until):
    studio.subjects.begin(photos)
    wall = studio.subjects.form.wall
    until(lambda: len(wall.good) == 4)
    assert not wall.out.isEnabled()
    wall.list.item(1).setSelected(True)
    gone = wall.list.item(1).data(Qt.ItemDataRole.UserRole)
    wall.out.click()
    assert gone not in wall.good
    wall.back.click()
    until(lambda: gone in wall.good)
    wall.list.setFocus()
    wall.list.clearSelection()
    wall.list.item(0).setSelected(True)
    QTest.keyClick(wall.list, Qt.Key.Key_Delete)
    assert len(wall.good) == 3
    QTest.keyClick(wall.list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    until(lambda: len(wall.good) == 4)
    assert wall.back.isHidden()
