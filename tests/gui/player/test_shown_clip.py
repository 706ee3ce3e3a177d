"""Player, strip and shot stay together; what fails is one sentence with what can be done."""

import logging
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from studio.jobs.job import State
from studio.spec.refusal import Refusal
from studio.ui.widgets.details_dialog import DetailsDialog
from studio.ui.widgets.motion import motion
from tests.gui.handlers import DENSE

Key = Qt.Key
BALL = "a red ball moving left over grass"


@pytest.fixture
def studio(open_studio, until):
    opened = open_studio(models=(DENSE,))
    opened.shot.prompt.setPlainText(BALL)
    until(lambda: opened.render_forecast.forecast is not None)
    return opened


@pytest.fixture
def rendered(studio, until):
    """A take of the first shot plays."""
    studio.render_actions.render()
    until(lambda: studio.player_state.shown and studio.player_state.shown.kind == "clip")
    return studio


def test_a_new_shot_begins_with_an_empty_player(rendered, until):
    take = rendered.selection.take
    rendered.shot.new_shot()
    assert rendered.player_state.shown is None
    assert rendered.player_state.speed == 0
    assert rendered.player.empty.hint.text().startswith("Choose a take")
    rendered.shot.prompt.setPlainText("a blue star")
    until(lambda: rendered.keyframes.view.count == 8)
    assert rendered.keyframes.view.playing() is None
    rendered.shot.shots.activated.emit(0)
    until(lambda: rendered.player_state.shown and rendered.player_state.shown.take == take)


def test_a_take_that_comes_stands_where_less_motion_is_asked_for(studio, until):
    motion.reduce(True)
    try:
        studio.render_actions.render()
        until(lambda: studio.player_state.shown and studio.player_state.shown.kind == "clip")
        assert studio.player_state.speed == 0
        studio.playback.toggle()
        assert studio.player_state.speed == 1
    finally:
        motion.reduce(False)


def test_a_project_that_is_opened_stands_at_the_first_frame_of_its_newest_take(
    rendered, open_studio, until
):
    take = rendered.selection.take
    assert rendered.player_state.speed == 1, "one that was just made plays"
    rendered.close()
    again = open_studio(models=(DENSE,))
    until(lambda: again.player_state.shown and again.player_state.shown.take == take)
    assert (again.player_state.speed, again.player_state.playhead) == (0, 0)
    again.playback.toggle()
    assert again.player_state.speed == 1


def test_a_project_without_takes_is_opened_at_its_first_keyframe(studio, open_studio, until):
    studio.render_actions.preview()
    until(lambda: studio.player_state.shown and studio.player_state.shown.kind == "keyframes")
    seen = [studio.player_state.shown.frames.at(k) for k in range(8)]
    studio.close()
    again = open_studio(models=(DENSE,))
    until(lambda: again.player_state.shown)
    shown = again.player_state.shown
    assert (shown.kind, again.player_state.speed, again.player_state.playhead) == (
        "keyframes",
        0,
        0,
    )
    assert [shown.frames.at(k) for k in range(8)] == seen
    assert again.keyframes.view.playing() == 0
    again.shot.new_shot()
    assert again.player_state.shown is None
    again.shot.shots.activated.emit(0)
    until(lambda: again.player_state.shown)


def test_keyframes_that_were_decoded_in_the_clip_alone_are_shown_too(rendered, until):
    rendered.document.keep(lambda p: replace(p, renders=()))
    until(lambda: rendered.player_state.shown and rendered.player_state.shown.kind == "keyframes")
    assert len(rendered.player_state.shown.frames) == 8
    rendered.player_state.show(None)
    rendered.shot.prompt.setPlainText("a blue star")
    until(lambda: not any(rendered.render_forecast.forecast.made))
    assert rendered.player_state.shown is None


def test_a_take_of_another_shot_says_whose_it_is_and_marks_nothing(rendered, until):
    take = rendered.document.project.takes[0]
    assert rendered.player.title.full_text.startswith("Take 1")
    rendered.shot.new_shot()
    rendered.shot.prompt.setPlainText("a blue star")
    rendered.selection.select_take(take.id)
    until(lambda: rendered.player_state.shown and rendered.player_state.shown.take == take.id)
    assert rendered.player.title.full_text.startswith("Shot 1 · Take 1")
    assert rendered.keyframes.view.playing() is None


def test_a_deleted_take_plays_no_longer(rendered, qtbot, until):
    rendered.window.show_panel("Takes")
    until(lambda: rendered.takes.chosen is not None)
    qtbot.keyClick(rendered.takes.list, Key.Key_Delete)
    assert rendered.player_state.shown is None
    assert rendered.selection.take == ""
    rendered.takes.show_bin.setChecked(True)
    rendered.takes.list.setCurrentIndex(rendered.takes.model.index(0))
    until(lambda: rendered.player_state.shown is not None)  # what lies in the bin can be looked at


def test_back_at_a_shot_that_is_being_made_its_job_is_followed(studio, handlers, until):
    handlers.gate.clear()
    studio.render_actions.preview()
    until(lambda: studio.player_state.shown and studio.player_state.shown.kind == "preview")
    job = studio.selection.following
    studio.shot.new_shot()
    assert (studio.selection.following, studio.player_state.shown) == (0, None)
    studio.shot.shots.activated.emit(0)
    assert studio.selection.following == job
    handlers.gate.set()
    until(lambda: studio.player_state.shown and studio.player_state.shown.kind == "keyframes")


def test_a_fault_is_one_sentence_that_can_be_tried_again(studio, handlers, until, caplog):
    def broken(job, tick):
        raise NotImplementedError("Cannot copy out of meta tensor")

    caplog.set_level(logging.CRITICAL)
    handlers.own = broken
    studio.render_actions.render()
    until(studio.banner.isVisible)
    said = studio.banner.words.text()
    (job,) = studio.queue.history()
    assert said == f"{job.title} stopped because of a fault in the studio."
    assert studio.banner.act.text() == "Try again"
    studio.banner.details.click()
    (dialog,) = studio.window.findChildren(DetailsDialog)
    dialog.copy.click()
    assert "NotImplementedError: Cannot copy out of meta" in QApplication.clipboard().text()
    assert dialog.findChild(QPlainTextEdit).isReadOnly()
    dialog.accept()
    handlers.own = None
    studio.banner.act.click()
    until(lambda: studio.queue.job(job.id).state is State.DONE)
    assert not studio.banner.isVisible()


def test_a_refusal_has_no_details_and_goes_when_the_job_is_tried_again(studio, handlers, until):
    handlers.failure = Refusal("The disk is full.", "Make room and try again.")
    studio.render_actions.render()
    until(studio.banner.isVisible)
    said = studio.banner.words.text()
    assert said.endswith("The disk is full. Make room and try again.")
    assert not studio.banner.details.isVisible()
    handlers.failure = None
    (job,) = studio.queue.history()
    studio.queue.retry(job.id)
    until(lambda: not studio.banner.isVisible())
    until(lambda: not studio.queue.jobs())


def test_the_list_keeps_the_details_and_is_cleared_at_once(studio, handlers, until, caplog):
    def broken(job, tick):
        raise KeyError("x")

    caplog.set_level(logging.CRITICAL)
    handlers.own = broken
    studio.queue_bar.open.setChecked(True)
    for _ in range(2):
        studio.render_actions.render()
    until(lambda: len(studio.queue.history()) == 2 and len(studio.queue_panel.rows) == 2)
    until(lambda: all(row.why.isVisible() for row in studio.queue_panel.rows.values()))
    studio.queue_panel.clear.click()
    until(lambda: not studio.queue_panel.rows)
    assert studio.queue.history() == ()


def test_the_first_that_waits_cannot_go_earlier_nor_the_last_later(studio, handlers, until):
    handlers.gate.clear()
    studio.queue_bar.open.setChecked(True)
    for _ in range(4):
        studio.render_actions.render()
    until(lambda: studio.queue_bar.running() is not None and len(studio.queue_panel.rows) == 4)
    waiting = [job.id for job in studio.queue.jobs() if job.state is State.WAITING]
    rows = [studio.queue_panel.rows[id] for id in waiting]
    until(lambda: [row.earlier.isEnabled() for row in rows] == [False, True, True])
    assert [row.later.isEnabled() for row in rows] == [True, True, False]
    rows[0].later.click()
    until(lambda: not studio.queue_panel.rows[waiting[1]].earlier.isEnabled())
    assert studio.queue_panel.rows[waiting[0]].earlier.isEnabled()


def test_painting_that_fails_ends_its_painter(studio, monkeypatch):
    """Qt ends the process where a painter outlives its paint event."""
    view = studio.keyframes.view

    def broken(*_):
        raise IndexError("a keyframe without its source")

    monkeypatch.setattr("studio.ui.keyframes.view.draw", broken)
    for _ in range(3):
        with pytest.raises(IndexError):
            view.grab()
        assert not view.paintingActive()
    monkeypatch.undo()
    assert not view.grab().isNull()


def test_a_forecast_of_fewer_keyframes_has_no_picture_beyond(studio):
    assert studio.render_forecast.picture(999) is None
    assert studio.render_forecast.picture(-1) is None
