"""Upsampling in the window: the stage, a range, one tile beforehand, and before beside after."""

from dataclasses import replace
from fractions import Fraction

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from studio.spec.forecast import MADE, TO_MAKE
from studio.ui.state.frames import Loaded
from studio.ui.state.player_state import Shown
from studio.ui.takes.model import facts, origin
from tests.gui.handlers import DENSE, LARGER

Key = Qt.Key
BALL = "a red ball moving left over grass"


@pytest.fixture
def studio(open_studio, until):
    opened = open_studio(models=(LARGER,))
    opened.shot.prompt.setPlainText(BALL)
    until(lambda: opened.render_forecast.forecast is not None)
    return opened


@pytest.fixture
def upsampled(studio, until):
    """A clip was upsampled and lies on the player, paused, beside what it was."""
    studio.document.change_shot(replace(studio.document.shot, interpolate=0), "Keyframes alone")
    until(lambda: studio.render_forecast.stage("upsampled").work.missing == 8)
    studio.stages.cells["upsampled"].run.click()
    until(
        lambda: settled(studio) and studio.player_state.shown and studio.player_state.shown.before
    )
    studio.player_state.set_speed(0)
    until(lambda: not studio.project.pictures.cache.is_reading)
    return studio


def settled(studio) -> bool:
    return not studio.queue.jobs() and not studio.render_forecast._later.isActive()


def press(studio, qtbot, key):
    studio.player.canvas.setFocus()
    qtbot.keyClick(studio.player.canvas, key)


def test_the_stage_makes_a_take_four_times_as_large(upsampled, until):
    take = upsampled.document.project.takes[0]
    assert take.request.size == (256, 256)
    assert "256 × 256 px" in facts(take)
    shown = upsampled.player_state.shown
    assert len(shown.frames) == len(shown.before) == take.request.frames
    assert (shown.frames.size.width(), shown.before.size.width()) == (256, 64)
    until(lambda: upsampled.render_forecast.stage("upsampled").state == MADE)
    assert "256 × 256 px" in upsampled.player.facts.text()


def test_a_render_is_not_asked_for_more_than_small_frames(studio, until):
    assert studio.render_forecast.forecast.work.missing == 8 + 105 + 113
    assert studio.render_forecast.stage("upsampled").state == TO_MAKE
    studio.render_actions.render()
    until(lambda: settled(studio) and studio.render_forecast.forecast.work.missing == 0)
    assert studio.render_forecast.stage("upsampled").work.missing == 113
    assert "all made" in studio.keyframes.facts.full_text


def test_what_is_upsampled_is_the_clip_that_is_rendered(upsampled, until):
    upsampled.render_actions.render()
    until(lambda: settled(upsampled) and len(upsampled.document.project.takes) == 2)
    new, old = upsampled.document.project.takes
    assert new.request.seed == old.request.seed
    assert new.request.upsample is None


def test_a_range_is_upsampled_alone(studio, qtbot, until):
    view = studio.keyframes.view
    view.choice.set(frozenset({1, 2}))
    view.setFocus()
    qtbot.keyClick(view, Key.Key_U)
    until(lambda: settled(studio) and studio.document.project.takes)
    take = studio.document.project.takes[0]
    assert take.request.only == (16, 39)
    assert "frames 17 to 40" in origin(take)
    until(lambda: studio.player_state.shown and studio.player_state.shown.before)
    assert len(studio.player_state.shown.frames) == 24


def test_without_an_upsampler_nothing_offers_one(open_studio, qtbot, until):
    plain = open_studio(models=(DENSE,))
    plain.shot.prompt.setPlainText(BALL)
    until(lambda: plain.render_forecast.forecast is not None)
    plain.keyframes.view.choice.set(frozenset({1}))
    assert not plain.keyframes.buttons["larger"].isEnabled()
    assert "no upsampler" in plain.keyframes.buttons["larger"].toolTip()
    with qtbot.waitSignal(plain.render_actions.refused) as refused:
        plain.render_actions.upsample()
    assert "no upsampler" in refused.args[0]


def test_one_tile_is_shown_where_it_lies_and_the_take_comes_back(studio, qtbot, until):
    assert "Choose a take" in studio.player.transport.tile.toolTip()
    studio.render_actions.render()
    until(
        lambda: (
            settled(studio)
            and studio.player_state.shown
            and studio.player_state.shown.kind == "clip"
        )
    )
    studio.player_state.set_speed(0)
    studio.player_state.seek(20)
    press(studio, qtbot, Key.Key_T)
    until(lambda: studio.player_state.shown.kind == "tile")
    shown = studio.player_state.shown
    assert (len(shown.frames), studio.player_state.playhead) == (8, 4)
    frame = shown.frames.at(0)
    assert frame.width() == 256
    assert frame.pixelColor(80, 150) == QColor("white")
    assert frame.pixelColor(200, 50) != QColor("white")
    assert studio.player_state.compare
    press(studio, qtbot, Key.Key_Escape)
    assert studio.player_state.shown.kind == "clip"
    assert len(studio.player_state.shown.frames) == 113
    assert studio.player_state.playhead == 20
    assert not studio.player_state.actual


def test_a_tile_goes_with_whatever_is_done_next(studio, qtbot, until):
    studio.render_actions.render()
    until(
        lambda: (
            settled(studio)
            and studio.player_state.shown
            and studio.player_state.shown.kind == "clip"
        )
    )
    take, player_state, canvas = (
        studio.player_state.shown,
        studio.player_state,
        studio.player.canvas,
    )

    def choose_the_take():
        studio.window.show_panel("Takes")
        qtbot.keyClick(studio.takes.list, Key.Key_Return)

    view, left = studio.keyframes.view, Qt.MouseButton.LeftButton
    another = Shown("clip", "another", Loaded((picture(QColor("red"), 64),)), Fraction(24))
    ways = {
        "key": lambda: press(studio, qtbot, Key.Key_T),
        "keyframe": lambda: qtbot.mouseClick(view, left, pos=view.place(3).center()),
        "beside": lambda: qtbot.mouseClick(canvas, left, pos=QPoint(2, 2)),
        "take": choose_the_take,
        "another": lambda: player_state.show(another),
    }
    for way, go in ways.items():
        player_state.set_speed(0)
        player_state.seek(20)
        tile = Shown("tile", "a tile", Loaded((picture(QColor("white"), 64),) * 8), Fraction(24))
        player_state.lay_over(tile, 4)
        player_state.set_compare(True)
        go()
        assert player_state.shown is (another if way == "another" else take), way
        assert player_state.playhead == {"keyframe": 48, "another": 0}.get(way, 20), way
        assert not player_state.actual, way
        assert not player_state.compare, way


def test_before_is_left_of_the_line_and_after_right(upsampled, qtbot):
    canvas, player_state = upsampled.player.canvas, upsampled.player_state
    grey, white = (picture(QColor(c), side) for c, side in (("#404040", 64), ("white", 256)))
    canvas.show_picture(white, smooth=False, before=grey)
    canvas.look_closely(actual=True, loupe=False)
    target = canvas.target()
    assert (target.width(), target.height()) == (256, 256)
    left, right = (at(target, share) for share in (0.3, 0.7))
    seen = canvas.grab().toImage()
    assert seen.pixelColor(left) == QColor("#404040")
    assert seen.pixelColor(right) == QColor("white")
    for _ in range(10):
        press(upsampled, qtbot, Key.Key_BracketRight)
    assert canvas.wipe == 1.0
    canvas.show_picture(white, smooth=False, before=grey)  # the keys let the player in between
    canvas.look_closely(actual=True, loupe=False)
    assert canvas.grab().toImage().pixelColor(right) == QColor("#404040")
    assert not player_state.compare


def test_the_line_is_dragged_by_the_mouse(upsampled, qtbot):
    canvas = upsampled.player.canvas
    upsampled.player.transport.compare.click()
    assert upsampled.player_state.compare
    assert upsampled.player_state.actual
    target = canvas.target()
    start = at(target, 0.5)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(canvas, start + QPoint(64, 0))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(64, 0))
    assert canvas.wipe == pytest.approx(0.75, abs=0.02)


def test_a_loupe_shows_what_is_under_the_pointer_closer(upsampled, qtbot):
    canvas = upsampled.player.canvas
    dotted = picture(QColor("black"), 256)
    dotted.setPixelColor(128, 128, QColor("white"))
    canvas.show_picture(dotted, smooth=False)
    canvas.look_closely(actual=True, loupe=True)
    middle = canvas.target().topLeft() + QPointF(128.5, 128.5)
    QTest.mouseMove(canvas, middle.toPoint())
    seen = canvas.grab().toImage()
    whites = sum(
        seen.pixelColor(middle.toPoint() + QPoint(x, y)) == QColor("white")
        for x in range(-8, 9)
        for y in range(-8, 9)
    )
    assert whites == 16


def test_keys_switch_the_looks(upsampled, qtbot):
    player_state = upsampled.player_state
    for key, option in ((Key.Key_C, "compare"), (Key.Key_1, "actual"), (Key.Key_Z, "loupe")):
        was = getattr(player_state, option)
        press(upsampled, qtbot, key)
        assert getattr(player_state, option) is not was


def picture(colour: QColor, side: int) -> QImage:
    made = QImage(side, side, QImage.Format.Format_RGB888)
    made.fill(colour)
    return made


def at(target, share: float) -> QPoint:
    return QPointF(target.left() + share * target.width(), target.center().y() + 40).toPoint()


def test_a_take_that_was_taken_away_offers_no_tile(studio):
    frames = Loaded((picture(QColor("black"), 64),) * 2)
    studio.player_state.show(Shown("clip", "gone", frames, Fraction(8), take="gone"))
    studio.document.changed.emit()
    assert not studio.player.transport.tile.isEnabled()
    studio.player.transport.tile.click()
    assert studio.queue.jobs() == ()
