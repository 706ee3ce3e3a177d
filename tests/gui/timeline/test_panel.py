"""The timeline in the window: by mouse, by keyboard, by menu; every edit is one undo."""

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QMenu

from studio.ui.state.selection import TAKE_MIME
from studio.ui.timeline.hits import CLIP, Hit
from tests.gui.layouts import lines_of
from tests.gui.timeline.conftest import clip_ids
from tests.gui.timeline.mouse import drag, frames, place, send, wheel

Key, Held = Qt.Key, Qt.KeyboardModifier


def timeline(studio):
    return studio.document.project.timeline


def lengths(studio):
    track = next(t for t in timeline(studio).tracks if t.kind == "video")
    return [(clip.gap, clip.length) for clip in track.clips]


def test_an_empty_timeline_says_the_next_step(studio):
    panel = studio.timeline
    assert panel.pages.currentWidget() is panel.empty
    assert "Render a shot and add its take" in panel.empty.hint.text()
    for name, button in panel.buttons.items():
        if name not in ("snap", "draft", "file"):
            assert not button.isEnabled(), name
            assert ": " in button.toolTip(), "the name and the reason"


def test_a_take_is_added_by_its_button_and_its_key(rendered, qtbot):
    takes = [take.id for take in rendered.document.project.takes]
    rendered.selection.select_take(takes[0])
    rendered.timeline.buttons["add"].click()
    first = clip_ids(rendered.document.project)
    assert lengths(rendered) == [(0, 113)]
    assert timeline(rendered).clip(first[0]).footage.take == takes[0]
    assert timeline(rendered).rate == 24
    rendered.selection.select_take(takes[1])
    qtbot.keyClick(rendered.timeline.view, Key.Key_A)
    assert lengths(rendered) == [(0, 113), (0, 113)]
    assert rendered.timeline.view.choice.chosen == {clip_ids(rendered.document.project)[1]}
    rendered.actions["undo"].trigger()
    rendered.actions["undo"].trigger()
    assert timeline(rendered).length == 0
    rendered.window.activateWindow()
    rendered.actions["timeline"].trigger()
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_A)
    assert lengths(rendered) == [(0, 113)], "an empty timeline hears its keys too"


def test_a_timeline_is_as_high_as_before_once_the_queue_is_closed(film, until):
    dock = film.window.docks["Timeline"]
    film.window.resize(1280, 728)
    until(lambda: dock.height() >= 200)
    for _ in range(2):
        film.actions["queue"].trigger()
        until(lambda: film.window.docks["Queue"].isVisible() and dock.height() < 200)
        film.actions["queue"].trigger()
        until(lambda: dock.height() >= 200)


def test_a_take_is_dropped_where_the_line_shows(film, qtbot):
    view, take = film.timeline.view, film.document.project.takes[0].id
    data = QMimeData()
    data.setData(TAKE_MIME, take.encode())
    at = QPointF(frames(view, place(view, clip_ids(film.document.project)[0], 0.0), 50))
    drop = QDropEvent(
        at, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Held.NoModifier
    )
    view.dropEvent(drop)
    made = lengths(film)
    assert len(made) == 4, "what plays there is split, and follows"
    assert sum(length for _, length in made) == 3 * 113
    assert abs(made[0][1] - 50) <= 1


def test_a_click_chooses_and_a_drag_moves_and_snaps(film):
    view = film.timeline.view
    second = clip_ids(film.document.project)[1]
    grip = place(view, second)
    drag(view, grip, frames(view, grip, 60))
    assert view.choice.chosen == {second}
    assert timeline(film).start(second) == pytest.approx(173, abs=1)
    before = timeline(film).start(second)
    grip = place(view, second)
    drag(view, grip, frames(view, grip, 113 - before + 2))
    assert timeline(film).start(second) == 113, "two frames beside an edge snap to it"
    assert film.document.undo_label == "Move 1 clip"
    film.actions["undo"].trigger()
    assert timeline(film).start(second) == before


def test_escape_gives_up_a_drag(film, qtbot):
    view, second = film.timeline.view, clip_ids(film.document.project)[1]
    before, grip = timeline(film), place(film.timeline.view, second)
    drag(view, grip, frames(view, grip, 60), let_go=False)
    assert view.pointer.drop is not None
    assert view.pointer.drop.ghosts[0].start == pytest.approx(173, abs=1)
    qtbot.keyClick(view, Key.Key_Escape)
    assert view.pointer.drop is None
    send(view, QEvent.Type.MouseButtonRelease, frames(view, grip, 60))
    assert timeline(film) == before


def test_both_ends_are_trimmed_and_what_follows_stays(film):
    view = film.timeline.view
    first, second = clip_ids(film.document.project)
    edge = QPoint(view.place(first).right() - 3, place(view, first).y())
    drag(view, edge, frames(view, edge, -40))
    assert lengths(film)[0][1] == pytest.approx(73, abs=1)
    assert timeline(film).start(second) == 113
    head = QPoint(view.place(second).left() + 3, place(view, second).y())
    drag(view, head, frames(view, head, 30))
    assert timeline(film).start(second) == pytest.approx(143, abs=1)
    shown = timeline(film).clip(second).footage
    assert shown.begin == timeline(film).start(second) - 113, "it shows what it showed"
    edge = QPoint(view.place(first).right() - 3, place(view, first).y())
    drag(view, edge, frames(view, edge, -20), held=Held.ShiftModifier)
    assert timeline(film).start(second) == pytest.approx(123, abs=2), "with Shift it moves up"


def test_split_delete_and_ripple_delete_by_keys(film, qtbot):
    view, first = film.timeline.view, clip_ids(film.document.project)[0]
    view.setFocus()
    film.project.timeline_player.go(40)
    qtbot.keyClick(view, Key.Key_S)
    assert lengths(film) == [(0, 40), (0, 73), (0, 113)]
    view.choice.one(first)
    qtbot.keyClick(view, Key.Key_Delete, Held.ShiftModifier)
    assert lengths(film) == [(0, 73), (0, 113)]
    film.actions["undo"].trigger()
    view.choice.one(first)
    qtbot.keyClick(view, Key.Key_Delete)
    assert lengths(film) == [(40, 73), (0, 113)]
    assert view.choice.chosen == frozenset()
    film.timeline.gestures["close"].act()
    assert lengths(film) == [(40, 73), (0, 113)], "the playhead is at the clip, not in the gap"
    film.project.timeline_player.go(10)
    film.timeline.gestures["close"].act()
    assert lengths(film) == [(0, 73), (0, 113)]


def test_markers_and_marks_by_keys(film, qtbot):
    view = film.timeline.view
    film.project.timeline_player.go(20)
    for key in (Key.Key_M, Key.Key_I):
        qtbot.keyClick(view, key)
    film.project.timeline_player.go(59)
    qtbot.keyClick(view, Key.Key_O)
    made = timeline(film)
    assert [marker.frame for marker in made.markers] == [20]
    assert (made.mark_in, made.mark_out) == (20, 60)
    qtbot.keyClick(view, Key.Key_X)
    assert (timeline(film).mark_in, timeline(film).mark_out) == (None, None)
    film.project.timeline_player.go(20)
    qtbot.keyClick(view, Key.Key_M)
    assert timeline(film).markers == ()


def test_the_keyboard_reaches_every_clip_and_says_which(film, qtbot):
    view, (first, second) = film.timeline.view, clip_ids(film.document.project)
    film.actions["timeline"].trigger()
    assert view.hasFocus()
    qtbot.keyClick(view, Key.Key_Right, Held.ControlModifier)
    assert view.choice.chosen == {first}
    qtbot.keyClick(view, Key.Key_Right, Held.ControlModifier)
    assert view.choice.chosen == {second}
    said = view.accessibleName()
    assert "Shot 3 · take 2, made, begins at 0:04:17, 4.7 seconds" in said
    qtbot.keyClick(view, Key.Key_Left, Held.ControlModifier | Held.ShiftModifier)
    assert view.choice.chosen == {first, second}
    view.choice.one(second)
    qtbot.keyClick(view, Key.Key_Right, Held.AltModifier)
    qtbot.keyClick(view, Key.Key_Right, Held.AltModifier | Held.ShiftModifier)
    assert timeline(film).start(second) == 113 + 25
    film.actions["undo"].trigger()
    assert timeline(film).start(second) == 113, "one hand's moves are one step"
    qtbot.keyClick(view, Key.Key_Return)
    assert film.document.shot.prompt == "a blue star"
    view.choice.one(first)
    qtbot.keyClick(view, Key.Key_Return)
    assert film.document.shot.prompt == "a red ball moving left"


def test_the_wheel_zooms_at_the_pointer_scrolls_and_makes_tracks_higher(film):
    view = film.timeline.view
    at = place(view, clip_ids(film.document.project)[1])
    frame, zoom = view.axis.scale.frame(at.x()), view.axis.scale.zoom
    wheel(view, at, 480, Held.ControlModifier)
    assert view.axis.scale.zoom > 2 * zoom
    assert view.axis.scale.frame(at.x()) == pytest.approx(frame, abs=0.5)
    left = view.axis.scale.left
    wheel(view, at, -120, Held.ShiftModifier)
    assert view.axis.scale.left > left
    assert film.timeline.across.value() == pytest.approx(1000 * view.axis.scale.left, abs=2)
    high = view.place(clip_ids(film.document.project)[1]).height()
    wheel(view, at, 240, Held.AltModifier)
    assert view.place(clip_ids(film.document.project)[1]).height() > high
    film.timeline.fit.click()
    assert view.axis.scale.x(timeline(film).length) <= view.width()


@pytest.mark.qt_log_ignore("does not support")
def test_the_menu_has_all_of_it_and_says_why_not(film, qtbot):
    panel, first = film.timeline, clip_ids(film.document.project)[0]
    panel.view.choice.one(first)
    panel.menu(QPoint(10, 10), Hit(CLIP, clip=first, track=timeline(film).where(first)[0].id))
    menu = next(m for m in panel.findChildren(QMenu) if m.isVisible())
    lines = {a.text().split("\t")[0].replace("&", ""): a for a in lines_of(menu) if a.text()}
    assert menu.sizeHint().height() < 700
    assert set(lines) >= {gesture.words for gesture in panel.gestures.values()}
    close = lines["Close this gap"]
    assert not close.isEnabled()
    assert close.toolTip() == "Click into a gap first."
    lines["Lock this track"].trigger()
    menu.close()
    assert timeline(film).where(first)[0].locked
    panel.gestures["delete"].act()
    assert len(clip_ids(film.document.project)) == 2


def test_undo_ten_times_comes_back_to_the_start(film, qtbot):
    view, before = film.timeline.view, timeline(film)
    seen = []
    for k in range(10):
        film.project.timeline_player.go(10 + 10 * k)
        seen.append(timeline(film))
        qtbot.keyClick(view, Key.Key_S)
    after = timeline(film)
    assert len(clip_ids(film.document.project)) == 12
    for wanted in reversed(seen):
        film.actions["undo"].trigger()
        assert timeline(film) == wanted
    assert timeline(film) == before
    for _ in range(10):
        film.actions["redo"].trigger()
    assert timeline(film) == after


def test_typing_in_a_shot_paints_nothing_here(film, until):
    painted = []
    view = film.timeline.view
    until(lambda: not view.testAttribute(Qt.WidgetAttribute.WA_WState_InPaintEvent))
    film.timeline.view.axis.changed.connect(lambda: painted.append(1))
    film.shot.prompt.setFocus()
    film.shot.prompt.insertPlainText("x")
    assert painted == []


def test_words_are_said_over_a_clip(film):
    film.timeline_edits.add_words("a red ball\nrolls", 20)
    track = next(t for t in timeline(film).tracks if t.kind == "prompt")
    assert [(clip.length, clip.words.text) for clip in track.clips] == [(113, "a red ball\nrolls")]
    spoken = film.timeline.view._titles.spoken(track.clips[0].id)
    assert spoken.startswith("a red ball rolls")


@pytest.mark.qt_log_ignore("does not support")
def test_a_clip_goes_to_another_track_by_keys_and_by_hand(film, qtbot):
    panel, view = film.timeline, film.timeline.view
    first, second = clip_ids(film.document.project)
    panel.gestures["track"].act()
    film_, over = (t.id for t in timeline(film).tracks if t.kind == "video")
    view.choice.one(second)
    qtbot.keyClick(view, Key.Key_Up, Held.AltModifier)
    assert timeline(film).where(second)[0].id == over
    assert timeline(film).start(second) == 113
    qtbot.keyClick(view, Key.Key_Down, Held.ControlModifier)
    assert view.choice.chosen == {first}, "the nearest below"
    grip = place(view, second)
    drag(view, grip, QPoint(frames(view, grip, 20).x(), place(view, first).y()))
    assert timeline(film).where(second)[0].id == film_
    assert timeline(film).start(second) == pytest.approx(133, abs=1)
    panel.menu(QPoint(5, 5), view.axis.hit(10, view.place(first).top() - 20))
    menu = next(m for m in panel.findChildren(QMenu) if m.isVisible())
    next(a for a in menu.actions() if a.text() == "Remove this track").trigger()
    menu.close()
    assert [t.id for t in timeline(film).tracks if t.kind == "video"] == [film_]
