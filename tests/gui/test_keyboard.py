"""Everything can be reached, named and understood without a mouse."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QWidget,
)

from studio.ui.shell.commands import COMMANDS, all_keys

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


def test_the_list_of_keys_is_whole_and_can_be_searched(studio, qtbot):
    qtbot.keyClick(studio.player.transport.loop, Qt.Key.Key_Question)
    from studio.ui.shell.commands import KeysDialog

    (dialog,) = studio.window.findChildren(KeysDialog)
    assert len(dialog.lines) == len(all_keys())
    qtbot.keyClicks(dialog.search, "preview keyframes")
    shown = [line for line in dialog.lines if not line.isHidden()]
    assert len(shown) == 1


def test_no_key_means_two_things():
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))


def test_settings_unfold_by_key(studio, qtbot):
    head = studio.shot.fold.head
    qtbot.keyClick(head, Qt.Key.Key_Space)
    assert studio.shot.settings.isVisible()
    assert head.accessibleDescription() == "open"
