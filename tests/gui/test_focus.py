"""Where the focus goes by key and by click, and what keys do there."""

from fractions import Fraction

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QToolButton

from studio.ui.state.frames import Loaded
from studio.ui.state.images import from_preview
from studio.ui.state.player_state import Shown
from tests.gui.handlers import clip, strip

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
PANELS = {"subjects": Key.Key_1, "takes": Key.Key_2, "player": Key.Key_3, "shot": Key.Key_4}


def press(studio, key, held=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(studio.window.windowHandle(), key, held)


def click(studio, widget, at=None):
    """A click as the system sends it: to the window, which finds what lies there."""
    at = widget.rect().center() if at is None else at
    place = widget.mapTo(studio.window, at)
    QTest.mouseClick(studio.window.windowHandle(), Qt.MouseButton.LeftButton, pos=place)


@pytest.fixture
def playing(studio, qtbot):
    """A clip on the player, a strip below it, the focus in the prompt."""
    studio.window.activateWindow()
    studio.shot.prompt.setPlainText("a red ball moving left")
    studio.player_state.show(
        Shown("clip", "Test", Loaded(from_preview(strip(clip(3, 16)))), Fraction(8))
    )
    qtbot.waitUntil(lambda: studio.keyframes.isVisible(), timeout=60_000)
    studio.shot.prompt.setFocus()
    return studio


@pytest.mark.parametrize("full", [False, True])
def test_a_key_that_calls_a_panel_never_ends_on_a_button(studio, playing, full):
    if not full:
        studio.player_state.show(None)
    for panel, key in PANELS.items():
        studio.shot.prompt.setFocus()
        press(studio, key, CTRL)
        focused = QApplication.focusWidget()
        assert focused is not None, panel
        assert not isinstance(focused, QAbstractButton), panel
        before = studio.document.project
        press(studio, Key.Key_Space)
        assert studio.queue.jobs() == (), panel
        assert [s.strip for s in studio.document.project.shots] == [s.strip for s in before.shots]


def test_the_players_key_and_space_play_whatever_is_chosen(playing):
    playing.keyframes.view.choice.set(frozenset({1}))
    press(playing, Key.Key_3, CTRL)
    assert playing.player.canvas.hasFocus()
    press(playing, Key.Key_Space)
    assert playing.player_state.speed == 1
    assert not playing.document.shot.strip
    press(playing, Key.Key_Space)
    press(playing, Key.Key_Home)
    press(playing, Key.Key_Right)
    assert playing.player_state.playhead == 1


def test_a_click_on_the_picture_takes_the_focus(playing):
    click(playing, playing.shot.fold.head)
    was = playing.shot.fold.head.isChecked()
    click(playing, playing.player.canvas)
    assert playing.player.canvas.hasFocus()
    speed = playing.player_state.speed
    press(playing, Key.Key_Space)
    assert playing.shot.fold.head.isChecked() == was
    assert playing.player_state.speed != speed


def test_space_plays_on_the_strip_too(playing):
    playing.keyframes.view.setFocus()
    press(playing, Key.Key_Space)
    assert playing.player_state.speed == 1


def test_no_tool_button_takes_the_focus_by_a_click_or_is_pressed_by_space(playing):
    for button in playing.window.findChildren(QToolButton):
        if button.isVisible():
            assert not button.focusPolicy() & Qt.FocusPolicy.ClickFocus, button.accessibleName()
    pressed = []
    for cell in playing.stages.cells.values():
        cell.run.clicked.connect(lambda: pressed.append(1))
        cell.run.setFocus()
        assert cell.run.hasFocus() == cell.run.isEnabled()
        if cell.run.isEnabled():
            press(playing, Key.Key_Space)
    assert pressed == []
    assert playing.queue.jobs() == ()


def test_enter_presses_the_button_that_has_the_focus(playing, handlers):
    handlers.gate.clear()
    playing.shot.seed.dice.setFocus()
    seed = playing.document.shot.seed
    press(playing, Key.Key_Return)
    assert playing.document.shot.seed != seed
    playing.shot.render_it.setFocus()
    press(playing, Key.Key_Return)
    assert len(playing.queue.jobs()) == 1


@pytest.mark.parametrize("panel", ["shot", "subjects"])
def test_words_typed_beside_a_text_field_are_no_commands(playing, panel):
    beside = {
        "shot": (playing.shot, QPoint(3, 3)),
        "subjects": (playing.subjects, playing.subjects.rect().bottomLeft() + QPoint(3, -3)),
    }[panel]
    actions = []
    playing.player.transport.tile.clicked.connect(lambda: actions.append("tile"))
    click(playing, *beside)
    for letter in "tall cells":
        QTest.keyClick(playing.window.windowHandle(), letter)
    press(playing, Key.Key_Delete)
    assert actions == []
    assert playing.player_state.speed == 0
    assert not playing.player_state.compare
    assert playing.queue.jobs() == ()


def test_letters_are_commands_on_the_player(playing):
    click(playing, playing.player.canvas)
    press(playing, Key.Key_Z)
    assert playing.player_state.loupe


def test_a_question_mark_lists_the_keys_in_a_list_box_and_is_text_in_a_field(playing):
    from studio.ui.shell.keys_dialog import KeysDialog

    playing.shot.prompt.setFocus()
    press(playing, Key.Key_Question)
    assert playing.window.findChildren(KeysDialog) == []
    assert "?" in playing.document.shot.prompt
    playing.shot.shots.setFocus()
    press(playing, Key.Key_Question)
    assert len(playing.window.findChildren(KeysDialog)) == 1
