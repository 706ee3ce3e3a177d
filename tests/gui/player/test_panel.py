"""The player: keys, scrubbing, and pixels that stay clean."""

from fractions import Fraction

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from studio.app import ASSETS
from studio.ui.player.canvas import Canvas
from studio.ui.state.frames import Loaded
from studio.ui.state.images import from_preview
from studio.ui.state.player_state import Shown
from studio.ui.widgets.theme import load_theme
from tests.gui.handlers import clip, strip

Key = Qt.Key


@pytest.fixture
def playing(studio):
    """Sixteen frames on the player, paused at the first."""
    frames = Loaded(from_preview(strip(clip(3, 16))))
    studio.player_state.show(Shown("clip", "Test", frames, Fraction(8)))
    studio.player.transport.play.setFocus()
    return studio


def press(studio, qtbot, key, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(studio.player, key, modifier)


def test_empty_says_the_next_step(studio):
    player = studio.player
    assert player.stage.currentWidget() is player.empty
    assert "Ctrl+Enter" in player.empty.hint.text()
    assert "Nothing to play" in player.transport.play.toolTip()


def test_keys_move_the_playhead(playing, qtbot):
    player_state = playing.player_state
    for key, at in ((Key.Key_Right, 1), (Key.Key_End, 15), (Key.Key_Left, 14), (Key.Key_Home, 0)):
        press(playing, qtbot, key)
        assert player_state.playhead == at
    press(playing, qtbot, Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert player_state.playhead == 8
    assert "frame 9 of 16" in playing.player.transport.time.text()
    assert playing.player.transport.time.text().startswith("0:01:00")


def test_space_plays_and_pauses(playing, qtbot, until):
    press(playing, qtbot, Key.Key_Space)
    assert playing.player_state.speed == 1
    assert playing.player.transport.play.accessibleName() == "Pause"
    until(lambda: playing.player_state.playhead > 1)
    press(playing, qtbot, Key.Key_Space)
    assert playing.player_state.speed == 0


def test_j_k_l_shuttle(playing, qtbot):
    for key, speed in (
        (Key.Key_L, 1),
        (Key.Key_L, 2),
        (Key.Key_L, 4),
        (Key.Key_K, 0),
        (Key.Key_J, -1),
    ):
        press(playing, qtbot, key)
        assert playing.player_state.speed == speed
    assert "speed" in playing.player.transport.speed.text()


def test_a_clip_that_does_not_loop_stops_at_its_end(playing, qtbot, until):
    playing.player.transport.loop.setChecked(False)
    playing.player_state.seek(13)
    press(playing, qtbot, Key.Key_Space)
    until(lambda: playing.player_state.speed == 0)
    assert playing.player_state.playhead == 15
    press(playing, qtbot, Key.Key_Space)
    assert playing.player_state.playhead == 0


def test_keys_do_nothing_while_a_text_field_has_the_focus(playing, qtbot):
    playing.shot.prompt.setFocus()
    qtbot.keyClicks(playing.shot.prompt, "jolly kites? ")
    qtbot.keyClick(playing.shot.prompt, Key.Key_Home)
    qtbot.keyClicks(playing.shot.negative, "a l s")
    assert playing.player_state.speed == 0
    assert playing.player_state.playhead == 0
    assert playing.shot.prompt.toPlainText() == "jolly kites? "


def test_space_never_presses_a_tool_button_and_enter_does(playing, qtbot):
    loop = playing.player.transport.loop
    was = loop.isChecked()
    loop.setFocus()
    qtbot.keyClick(loop, Key.Key_Space)
    assert loop.isChecked() == was
    assert playing.player_state.speed == 1
    qtbot.keyClick(loop, Key.Key_Right)
    assert loop.hasFocus()
    qtbot.keyClick(loop, Key.Key_Return)
    assert loop.isChecked() != was


def test_copy_puts_the_frame_on_the_clipboard(playing, qtbot):
    playing.player_state.seek(5)
    press(playing, qtbot, Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QApplication.clipboard().image()
    assert (copied.width(), copied.height()) == (64, 64)
    shown = playing.player_state.shown.frames.at(5)
    assert copied.convertToFormat(QImage.Format.Format_RGB888) == shown


def test_scrubbing_seeks(playing):
    playing.player.transport.scrub.setValue(9)
    assert playing.player_state.playhead == 9
    assert playing.player.canvas.picture == playing.player_state.shown.frames.at(9)


@pytest.mark.parametrize(("side", "scale"), [(200, 3), (640, 10), (64, 1)])
def test_sharp_means_whole_multiples(qtbot, side, scale):
    canvas = Canvas(load_theme(ASSETS))
    qtbot.addWidget(canvas)
    canvas.setMinimumSize(1, 1)
    canvas.resize(side, side)
    picture = QImage(64, 64, QImage.Format.Format_RGB888)
    picture.fill(QColor("black"))
    picture.setPixelColor(0, 0, QColor("white"))
    canvas.show_picture(picture, smooth=False)
    target = canvas.target()
    assert (target.width(), target.height()) == (64 * scale, 64 * scale)
    seen = canvas.grab().toImage()
    corner = target.topLeft().toPoint()
    whites = [
        seen.pixelColor(corner.x() + x, corner.y() + y) == QColor("white")
        for x in range(scale)
        for y in range(scale)
    ]
    assert all(whites)
    assert seen.pixelColor(corner.x() + scale, corner.y()) == QColor("black")


def test_a_picture_larger_than_the_surface_fits(qtbot):
    canvas = Canvas(load_theme(ASSETS))
    qtbot.addWidget(canvas)
    canvas.setMinimumSize(1, 1)
    canvas.resize(300, 200)
    canvas.show_picture(QImage(1200, 600, QImage.Format.Format_RGB888), smooth=False)
    assert (canvas.target().width(), canvas.target().height()) == (300, 150)
