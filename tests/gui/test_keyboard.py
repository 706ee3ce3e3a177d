"""Everything can be reached, named and understood without a mouse."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QSlider,
    QWidget,
)

from studio.ui.shell.commands import FIXED
from studio.ui.shell.keys_dialog import KeysDialog
from studio.ui.state.keymap import Keymap
from studio.ui.widgets.gestures import mnemonics
from tests.gui.handlers import DENSE
from tests.gui.layouts import lines_of

CONTROLS = (QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QSlider)


def controls(studio):
    """The controls that can be seen, without those inside Qt's own."""
    found = [w for kind in CONTROLS for w in studio.window.findChildren(kind)]
    return [w for w in found if w.isVisible() and not w.objectName().startswith("qt_")]


def walk(qtbot, studio, steps=80):
    """Where Tab goes, starting in the prompt."""
    studio.window.activateWindow()
    studio.shot.prompt.setFocus()
    seen: list[QWidget] = []
    for _ in range(steps):
        focused = QApplication.focusWidget()
        if focused is None or focused in seen:
            break
        seen.append(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    return seen


def test_tab_reaches_every_enabled_control_and_comes_round(studio, qtbot):
    studio.shot.prompt.setPlainText("a red ball moving left")
    reached = walk(qtbot, studio)
    missed = [
        w
        for w in controls(studio)
        if w.isEnabled()
        and w not in reached
        and w.parent().metaObject().className() not in ("NumberField", "QTabBar")
    ]
    assert [(type(w).__name__, w.accessibleName()) for w in missed] == []
    assert studio.shot.render_it in reached


def test_tab_goes_down_the_shot_in_reading_order(studio, qtbot):
    studio.shot.prompt.setPlainText("a red ball moving left")
    reached = walk(qtbot, studio)
    shot = studio.shot
    wanted = [
        shot.prompt, shot.vocabulary, shot.negative, shot.seed.number, shot.seed.dice,
        shot.seed.lock, shot.variations, shot.fold.head, shot.preview, shot.render_it,
    ]  # fmt: skip
    assert [w for w in reached if w in wanted] == wanted


def test_every_control_has_a_name(studio):
    nameless = [
        type(w).__name__
        for w in controls(studio)
        if not (w.accessibleName() or (isinstance(w, QAbstractButton) and w.text()))
        and w.parent().metaObject().className() not in ("NumberField", "QTabBar")
    ]
    assert nameless == []


def test_every_disabled_control_says_why(studio, handlers):
    silent = [
        (type(w).__name__, w.accessibleName())
        for w in controls(studio)
        if not w.isEnabled() and not (w.toolTip() and w.statusTip())
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("name", "panel"), [("takes", "Takes"), ("shot", "Shot"), ("subjects", "Subjects")]
)
def test_panels_come_to_the_front_by_key(studio, qtbot, name, panel):
    studio.actions[name].trigger()
    dock = studio.window.docks[panel]
    assert dock.isVisible()
    assert not dock.visibleRegion().isEmpty()
    assert dock.isAncestorOf(QApplication.focusWidget())


def test_the_keyframes_and_the_queue_are_gone_to_by_key(open_studio, qtbot, until):
    studio = open_studio(models=(DENSE,))
    studio.actions["keyframes"].trigger()
    assert studio.queue_bar.words.full_text.startswith("The prompt is empty.")
    studio.shot.prompt.setPlainText("a red ball moving left")
    studio.render_actions.preview()
    until(lambda: studio.job_monitor.over)
    until(studio.keyframes.isVisible)
    studio.actions["keyframes"].trigger()
    assert studio.keyframes.view.hasFocus()
    qtbot.keyClick(studio.keyframes.view, Qt.Key.Key_Right)
    assert studio.keyframes.view.chosen
    studio.actions["queue"].trigger()
    (row,) = studio.queue_panel.rows.values()
    until(row.hasFocus)
    qtbot.keyClick(row, Qt.Key.Key_Delete)
    until(lambda: not studio.queue_panel.rows)


def test_the_list_of_keys_is_whole_and_can_be_searched(studio, qtbot):
    qtbot.keyClick(studio.player.transport.loop, Qt.Key.Key_Question)
    (dialog,) = studio.window.findChildren(KeysDialog)
    assert len(dialog.lines) == len(studio.keymap.entries) + len(FIXED)
    qtbot.keyClicks(dialog.search, "preview keyframes")
    shown = [line for line in dialog.lines if not line.isHidden()]
    assert len(shown) == 1


def test_no_key_means_two_things(studio):
    keymap = studio.keymap
    for entry in keymap.entries.values():
        assert [keymap.stands_against(entry.id, key) for key in entry.keys if key] == [""] * len(
            entry.keys
        )


def test_a_key_is_changed_counts_at_once_and_is_there_the_next_time(studio, qtbot, folders):
    studio.dialogs.keys()
    (dialog,) = studio.window.findChildren(KeysDialog)
    lines = {line.entry.id: line for line in dialog.own}
    line = lines["Keyframes.reroll"]
    line.key.setKeySequence("Ctrl+D")
    line.key.editingFinished.emit()
    assert studio.keymap.keys("Keyframes.reroll") == ("Ctrl+D",)
    assert studio.keyframes.gestures["reroll"].key == "Ctrl+D"
    assert "Ctrl+D" in studio.keyframes.buttons["reroll"].toolTip()
    lines["File.export"].key.setKeySequence("Ctrl+M")
    lines["File.export"].key.editingFinished.emit()
    assert studio.actions["export"].shortcut().toString() == "Ctrl+M"
    assert Keymap(folders.data / "keys.json")._chosen == {
        "Keyframes.reroll": ("Ctrl+D",),
        "File.export": ("Ctrl+M",),
    }
    line.back.click()
    assert studio.keyframes.gestures["reroll"].key == "R"
    assert not line.back.isEnabled()
    dialog.all_back.click()
    assert studio.actions["export"].shortcut().toString() == "Ctrl+E"


@pytest.mark.parametrize(
    ("id", "key", "why"),
    [
        ("Timeline.split", "M", "Marker here"),
        ("Timeline.split", "Ctrl+Z", "Undo"),
        ("File.export", "X", "typed into text fields"),
        ("File.export", "Ctrl+L", "Lock or unlock"),
    ],
)
def test_a_key_that_means_something_else_is_refused_and_said(studio, id, key, why):
    studio.dialogs.keys()
    (dialog,) = studio.window.findChildren(KeysDialog)
    line = next(line for line in dialog.own if line.entry.id == id)
    line.key.setKeySequence(key)
    line.key.editingFinished.emit()
    assert why in dialog.message.text()
    assert studio.keymap.keys(id) == studio.keymap.entries[id].keys
    assert line.key.keySequence().toString() == studio.keymap.entries[id].keys[0]


@pytest.mark.parametrize(
    "stored", ["", "[]", '{"version": 9, "keys": {}}', '{"version": 1, "keys": {"a": 3}}']
)
def test_damaged_keys_are_those_that_the_studio_comes_with(tmp_path, stored):
    file = tmp_path / "keys.json"
    file.write_text(stored)
    assert Keymap(file)._chosen == {}


def test_every_line_of_every_menu_has_a_letter_of_its_own(studio):
    bar = studio.top.menus
    for menu in (bar, *(action.menu() for action in bar.actions())):
        if menu is not bar:
            menu.aboutToShow.emit()
        texts = [action.text().replace("&&", "") for action in menu.actions() if action.text()]
        letters = [text[text.index("&") + 1].casefold() for text in texts if "&" in text]
        assert len(letters) == len(set(letters))
        assert len(letters) >= min(len(texts), 20), texts
        if menu is not bar:
            menu.aboutToHide.emit()


@pytest.mark.qt_log_ignore("does not support")
def test_the_menus_open_by_their_key(studio, qtbot, until):
    studio.window.activateWindow()
    qtbot.keyClick(studio.window, Qt.Key.Key_F10)
    menu = studio.top.menus.actions()[0].menu()
    until(menu.isVisible)
    assert menu.activeAction() is studio.actions["new_project"]
    menu.close()


LOWEST = 768 - 40
"""Pixels of a small screen below its menu bar."""


def test_no_menu_is_higher_than_a_small_screen_or_a_list_without_groups(studio):
    for top in studio.top.menus.actions():
        menu = top.menu()
        menu.aboutToShow.emit()
        assert menu.sizeHint().height() < LOWEST, top.text()
        groups = [[]]
        for action in menu.actions():
            groups = (
                [*groups, []] if action.isSeparator() else [*groups[:-1], [*groups[-1], action]]
            )
        assert all(1 <= len(group) <= 7 for group in groups), top.text()
        menu.aboutToHide.emit()


def test_what_is_turned_on_is_ticked_in_its_menu(studio):
    menu = next(a.menu() for a in studio.top.menus.actions() if a.text() == "&Timeline")
    ticked = lambda: {a.text().split("\t")[0].replace("&", ""): a.isChecked()  # noqa: E731
                      for a in lines_of(menu) if a.isCheckable()}  # fmt: skip
    menu.aboutToShow.emit()
    before = ticked()
    assert len(before) == 3
    studio.timeline.gestures["draft"].act()
    menu.aboutToShow.emit()
    after = ticked()
    changed = [words for words in before if before[words] != after[words]]
    assert changed == ["Draft mode: few steps, half size"]


def test_what_gets_the_focus_by_a_key_is_scrolled_into_sight(studio, until):
    studio.window.resize(1280, 720)
    studio.window.activateWindow()
    studio.shot.prompt.setPlainText("a red ball")
    prompt, bar = studio.shot.prompt, studio.shot.prompt.parentWidget()
    while not isinstance(bar, QScrollArea):
        bar = bar.parentWidget()
    until(lambda: bar.verticalScrollBar().maximum() > 40)
    studio.actions["timeline"].trigger()
    bar.verticalScrollBar().setValue(bar.verticalScrollBar().maximum())
    studio.actions["shot"].trigger()
    assert prompt.hasFocus()
    until(lambda: prompt.visibleRegion().boundingRect().height() == prompt.height())


def test_every_gesture_is_in_a_menu(studio):
    texts = [
        action.text().split("\t")[0].replace("&", "")
        for top in studio.top.menus.actions()
        for action in lines_of(top.menu())
    ]
    for room in (studio.keyframes, studio.timeline, studio.player):
        assert {gesture.words for gesture in room.gestures.values()} <= set(texts)


def test_letters_of_menus():
    assert mnemonics(["Open", "Open recent", "Export"]) == [0, 5, 0]
    assert mnemonics(["a", "A", "ab\tB"]) == [0, None, 1]


def test_settings_unfold_by_key(studio, qtbot):
    head = studio.shot.fold.head
    qtbot.keyClick(head, Qt.Key.Key_Space)
    assert studio.shot.settings.isVisible()
    assert head.accessibleDescription() == "open"
