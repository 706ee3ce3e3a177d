"""The player plays the timeline: shots one after another, black between them, one playhead."""

from fractions import Fraction

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from studio.spec.refusal import Refusal
from studio.spec.timeline.clip import Clip, Footage
from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.track import Track
from studio.ui.state.frames import Part
from studio.ui.state.playback import after
from studio.ui.state.timeline_frames import TimelineFrames
from studio.ui.state.timeline_lookup import TakeFrames
from studio.ui.timeline.clip_gestures import decibels_of, speed_of
from tests.gui.timeline.conftest import clip_ids
from tests.gui.timeline.mouse import place, send

Key = Qt.Key
ONE, TWO = "1" * 12, "2" * 12


def test_space_on_the_timeline_plays_it_across_the_cut(film, qtbot, until):
    view, state = film.timeline.view, film.player_state
    film.actions["timeline"].trigger()
    film.project.timeline_player.go(105)
    assert film.player.title.full_text == "Timeline"
    assert "226 frames" in film.player.facts.text()
    until(lambda: state.is_there(105))
    first = film.player.canvas.picture.pixelColor(2, 2)
    qtbot.keyClick(view, Key.Key_Space)
    assert state.speed == 1
    until(lambda: state.playhead > 116)
    qtbot.keyClick(view, Key.Key_Space)
    assert state.speed == 0
    assert film.project.timeline_player.position == state.playhead
    assert first == film.player.canvas.picture.pixelColor(2, 2), "the ground is the same"


def test_keys_move_the_one_playhead(film, qtbot):
    view, state, player = film.timeline.view, film.player_state, film.project.timeline_player
    film.actions["timeline"].trigger()
    qtbot.keyClick(view, Key.Key_Right)
    assert (state.playhead, player.position) == (1, 1)
    for key, at in (
        (Key.Key_End, 225), (Key.Key_Up, 113), (Key.Key_Up, 0), (Key.Key_Down, 113),
        (Key.Key_Left, 112), (Key.Key_Home, 0),
    ):  # fmt: skip
        qtbot.keyClick(view, key)
        assert (state.playhead, player.position) == (at, at), key
    qtbot.keyClick(view, Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert player.position == 24
    film.player.transport.on.click()
    assert player.position == 25, "the player's own buttons move it too"
    for key, speed in ((Key.Key_L, 1), (Key.Key_L, 2), (Key.Key_K, 0), (Key.Key_J, -1)):
        qtbot.keyClick(view, key)
        assert state.speed == speed


def test_the_ruler_scrubs_and_the_slider_follows(film):
    from PySide6.QtCore import QEvent, QPoint

    view, at = film.timeline.view, place(film.timeline.view, clip_ids(film.document.project)[1])
    send(view, QEvent.Type.MouseButtonPress, QPoint(at.x(), 6))
    assert film.player_state.playhead == view.axis.scale.at(at.x())
    send(view, QEvent.Type.MouseMove, QPoint(at.x() + 60, 6))
    assert film.player_state.playhead == view.axis.scale.at(at.x() + 60)
    send(view, QEvent.Type.MouseButtonRelease, QPoint(at.x() + 60, 6))
    assert film.player.transport.scrub.value() == film.player_state.playhead


def test_a_gap_is_black_and_an_edit_is_seen_at_once(film, until):
    second = clip_ids(film.document.project)[1]
    film.timeline_edits.move([second], 20, {})
    film.project.timeline_player.go(115)
    canvas = film.player.canvas
    assert canvas.picture.pixelColor(5, 5) == QColor("black")
    film.timeline_edits.move([second], -20, {})
    assert film.player_state.playhead == 115, "the playhead stays"
    until(lambda: canvas.picture.pixelColor(5, 5) != QColor("black"))


def test_a_take_comes_onto_the_player_and_the_timeline_comes_back_where_it_was(film, until):
    film.project.timeline_player.go(40)
    take = film.document.project.takes[0]
    film.selection.select_take(take.id, play=False)
    until(lambda: film.player_state.shown.kind == "clip")
    assert film.project.timeline_player.position == 40
    film.player_state.seek(9)
    assert film.project.timeline_player.position == 40
    film.project.timeline_player.show()
    assert film.player_state.playhead == 40
    assert film.selection.take == ""
    film.selection.select_take(take.id, play=False)
    until(lambda: film.player_state.shown.kind == "clip")


def test_frames_in_memory_stay_within_the_bound(film, qtbot, until):
    cache = film.project.pictures.cache
    cache.limit = 5 * 64 * 64 * 3 * 8
    film.project.timeline_player.go(0)
    for frame in range(0, 226, 9):
        film.project.timeline_player.go(frame)
        until(lambda f=frame: film.player_state.is_there(f))
        assert cache.held <= cache.limit


def grey(level):
    picture = QImage(4, 4, QImage.Format.Format_RGB888)
    picture.fill(QColor(level, level, level))
    return picture


@pytest.fixture
def played():
    """Two takes of 20 frames in parts of 8, 8 and 4, each frame as bright as its number; the second
    from its tenth frame on at double speed, after a gap of 5; a third clip is yet to be made."""
    parts = {
        take: TakeFrames(tuple(Part(f"{take[0]}{n}", k) for n, k in enumerate((8, 8, 4))), frozenset(), 4, 4)
        for take in (ONE, TWO)
    }  # fmt: skip
    stored = {
        f"{take[0]}{n}": tuple(grey(100 * (take == TWO) + f) for f in frames)
        for take in (ONE, TWO)
        for n, frames in enumerate((range(8), range(8, 16), range(16, 20)))
    }
    rate, shot = Fraction(24), "5" * 12
    clips = (
        Clip("a" * 12, 20, footage=Footage(rate, shot=shot, take=ONE)),
        Clip("b" * 12, 5, 5, footage=Footage(rate, Fraction(10), Fraction(2), shot=shot, take=TWO)),
        Clip("c" * 12, 4, footage=Footage(rate, shot=shot)),
    )
    timeline = Timeline(rate, (Track("d" * 12, "video", "V", clips),))
    return timeline, parts, stored


def level(picture):
    return picture.pixelColor(0, 0).red()


def test_every_frame_is_the_one_that_the_timeline_plays(played):
    timeline, parts, stored = played
    frames = TimelineFrames(timeline, parts.get, stored.get, stored.__getitem__, QSize(4, 4))
    wanted = [*range(20), *[0] * 5, *(110 + 2 * k for k in range(5)), *[0] * 4]
    assert [level(frames.at(n)) for n in range(len(frames))] == wanted
    assert [level(p) for p in frames.read(0, 99)] == wanted
    assert frames.at(-1) is None
    assert frames.at(34) is None
    assert len({frames.part(n) for n in range(20)}) == 3


def test_what_is_not_in_memory_is_asked_for_in_the_order_in_which_it_plays(played):
    timeline, parts, stored = played
    there = {"11": stored["11"]}
    frames = TimelineFrames(timeline, parts.get, there.get, stored.__getitem__, QSize(4, 4))
    assert frames.at(0) is None
    assert level(frames.near(0)) == 8, "the nearest of the same clip"
    order = list(dict.fromkeys(r.key for r in frames.requests(9, 1, loop=False)))
    assert order == ["11", "12", "10", "21", "22"]
    order = list(dict.fromkeys(r.key for r in frames.requests(26, -1, loop=False)))
    assert order[:3] == ["21", "12", "22"]
    around = [r.key for r in frames.requests(26, 1, loop=True)]
    assert set(around) == {"10", "11", "12", "21", "22"}


def test_what_nobody_knows_yet_is_waited_for_and_what_is_gone_is_black(played):
    timeline, parts, stored = played
    unknown = TimelineFrames(timeline, {}.get, stored.get, stored.__getitem__, QSize(4, 4))
    assert unknown.at(3) is None
    assert level(unknown.at(22)) == 0
    gone = {ONE: TakeFrames(parts[ONE].parts, frozenset({"10"}), 4, 4), TWO: parts[TWO]}
    frames = TimelineFrames(timeline, gone.get, stored.get, stored.__getitem__, QSize(4, 4))
    assert [level(frames.at(n)) for n in (0, 7, 8)] == [0, 0, 8]
    assert "10" not in {r.key for r in frames.requests(0, 1, loop=False)}


def test_what_is_moved_as_it_is_painted_looks_as_painted_anew(film, until):
    """Scrolling moves pixels and paints two strips; what is seen is the same."""
    view, axis = film.timeline.view, film.timeline.view.axis
    assert view.testAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent), "the style sheet took it"
    film.project.timeline_player.go(100)
    axis.zoom(9, 300)
    until(
        lambda: (
            film.project.timeline_pictures.held and not film.project.timeline_pictures._is_reading
        )
    )
    view.repaint()
    for pixels in (23, 40, -31, 200):
        axis.scroll(pixels)
        QApplication.processEvents()
        moved = seen_of(view)
        assert moved.size() == view.size()
        assert len({moved.pixel(x, 60) for x in range(0, view.width(), 7)}) > 3
        view.repaint()
        assert seen_of(view) == moved, pixels


def seen_of(view) -> QImage:
    """What is on the screen where the view is."""
    window = view.window()
    whole = window.screen().grabWindow(window.winId()).toImage()
    corner = view.mapTo(window, view.rect().topLeft())
    return whole.copy(corner.x(), corner.y(), view.width(), view.height())


def test_while_k_is_held_j_and_l_go_by_single_frames(film, qtbot):
    view, state = film.timeline.view, film.player_state
    film.actions["timeline"].trigger()
    film.project.timeline_player.go(50)
    qtbot.keyClick(view, Key.Key_L)
    qtbot.keyPress(view, Key.Key_K)
    at = state.playhead
    assert state.speed == 0
    for key, step in ((Key.Key_L, 1), (Key.Key_L, 2), (Key.Key_J, 1)):
        qtbot.keyClick(view, key)
        assert (state.playhead, state.speed) == (at + step, 0)
    qtbot.keyRelease(view, Key.Key_K)
    qtbot.keyClick(view, Key.Key_J)
    assert state.speed == -1
    state.set_speed(0)


@pytest.mark.parametrize(
    ("start", "passed", "loop", "wanted"),
    [
        (12, 5, True, (17, False)),
        (12, 8, True, (10, False)),
        (12, 19, True, (11, False)),
        (12, -3, True, (19, False)),
        (12, 8, False, (19, True)),
        (12, -3, False, (10, True)),
    ],
)
def test_a_loop_stays_within_what_is_marked(start, passed, loop, wanted):
    assert after(start, passed, 10, 20, loop=loop) == wanted


def test_the_marked_range_is_what_the_player_loops(film):
    film.timeline_edits.mark(30, out=False)
    film.timeline_edits.mark(60, out=True)
    film.project.timeline_player.go(40)
    assert film.player_state.shown.marked == (30, 60)
    film.timeline_edits.unmark()
    assert film.player_state.shown.marked is None


def test_speeds_and_loudness_are_read_as_people_write_them():
    assert [speed_of(t) for t in ("2", "50 %", "0,5", "1/3", "2x")] == [
        2, Fraction(1, 2), Fraction(1, 2), Fraction(1, 3), 2,
    ]  # fmt: skip
    assert [decibels_of(t) for t in ("-6", "−6 dB", "3,5")] == [-6, -6, 3.5]
    for text in ("fast", "0", "-1", ""):
        with pytest.raises(Refusal, match="is no speed"):
            speed_of(text)
    with pytest.raises(Refusal, match="is no loudness"):
        decibels_of("loud")
