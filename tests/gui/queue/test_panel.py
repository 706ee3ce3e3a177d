"""The queue's strip and list, on a real queue."""

import pytest
from PySide6.QtCore import Qt

from studio.jobs.job import FINISHED, State
from studio.spec.progress import DRAWING, Progress
from studio.spec.refusal import Refusal
from studio.ui.queue.text import progress
from studio.ui.state.images import from_preview, thumbnail


@pytest.fixture
def busy(studio, handlers, until):
    """One job that runs until the gate opens, three that wait."""
    handlers.gate.clear()
    studio.shot.prompt.setPlainText("a red ball moving left")
    for _ in range(4):
        studio.render_actions.render()
    until(lambda: studio.queue_bar.running() is not None)
    studio.queue_bar.open.setChecked(True)
    return studio


def states(studio):
    return [job.state for job in studio.queue.jobs()]


def test_idle_says_so(studio):
    assert studio.queue_bar.what.full_text == "Nothing is running"
    assert not studio.queue_bar.cancel.isVisible()
    studio.queue_bar.open.setChecked(True)
    assert studio.window.docks["Queue"].isVisible()
    assert studio.queue_panel.pages.currentWidget() is studio.queue_panel.empty


def test_what_runs_how_far_how_long(busy, until):
    until(lambda: "keyframes · 13 of 20" in busy.queue_bar.far.full_text)
    assert "left" in busy.queue_bar.far.full_text
    assert busy.queue_bar.bar.value() == 650
    assert busy.queue_bar.open.text() == "Queue 4"
    assert busy.queue_bar.cancel.isVisible()
    assert len(busy.queue_panel.rows) == 4


def test_a_training_that_draws_says_so_instead_of_a_time(busy):
    job = busy.queue_bar.running()
    busy.queue.progressed.emit(job.id, Progress("learning", 40, 40, note=DRAWING))
    assert progress(job, busy.job_monitor) == "learning · 40 of 40 · drawing a sample"


def test_pause_now_frees_the_engine_and_resume_goes_on(busy, handlers, until):
    busy.queue_bar.pause.menu().actions()[0].trigger()
    until(lambda: State.RUNNING not in states(busy))
    until(lambda: busy.queue_bar.what.full_text == "Paused · 4 waiting")
    busy.queue_bar.resume.click()
    handlers.gate.set()
    until(lambda: len(busy.document.project.takes) == 4)
    assert not busy.queue.jobs()


def test_pause_after_this_job(busy, handlers, until):
    busy.queue_bar.pause.menu().actions()[1].trigger()
    assert State.RUNNING in states(busy)
    handlers.gate.set()
    until(lambda: State.RUNNING not in states(busy))
    assert len(busy.queue.jobs()) == 3
    until(busy.queue_bar.resume.isVisible)


def test_cancel_keeps_the_rest(busy, handlers, until):
    running = busy.queue_bar.running().id
    busy.queue_bar.cancel.click()
    until(lambda: busy.queue.job(running).state is State.CANCELLED)
    until(lambda: busy.queue_panel.rows[running].status.full_text == "cancelled")
    row = busy.queue_panel.rows[running]
    assert row.again.isEnabled()
    row.again.click()
    assert busy.queue.job(running).state is State.WAITING


def test_reorder_by_key_and_button(busy, qtbot):
    waiting = [job.id for job in busy.queue.jobs() if job.state is State.WAITING]
    qtbot.keyClick(
        busy.queue_panel.rows[waiting[0]], Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier
    )
    now = [job.id for job in busy.queue.jobs() if job.state is State.WAITING]
    assert now == [waiting[1], waiting[0], waiting[2]]
    busy.queue_panel.rows[waiting[0]].earlier.click()
    assert [j.id for j in busy.queue.jobs() if j.state is State.WAITING] == waiting


def test_only_what_waits_can_be_moved_and_the_row_says_so(busy):
    row = busy.queue_panel.rows[busy.queue_bar.running().id]
    assert not row.earlier.isEnabled()
    assert "wait" in row.earlier.toolTip()
    assert not row.again.isEnabled()


def test_duplicate_and_remove(busy, handlers, until):
    row = busy.queue_panel.rows[busy.queue_bar.running().id]
    row.twice.click()
    assert len(busy.queue.jobs()) == 5
    handlers.gate.set()
    until(lambda: not busy.queue.jobs())
    over = busy.queue.history()[0].id
    until(
        lambda: busy.queue_panel.rows[over].job.state in FINISHED
    )  # until then the button cancels
    busy.queue_panel.rows[over].stop.click()
    assert over not in busy.queue_panel.rows


def test_a_failed_job_says_why(studio, handlers, until):
    handlers.failure = Refusal("The disk is full.", "Make room and try again.")
    studio.queue_bar.open.setChecked(True)
    studio.shot.prompt.setPlainText("a red ball")
    studio.render_actions.render()
    until(lambda: studio.queue.history())
    said = "The disk is full. Make room and try again."
    until(lambda: [row.status.full_text for row in studio.queue_panel.rows.values()] == [said])
    (row,) = studio.queue_panel.rows.values()
    assert row.status.property("role") == "danger"


def test_the_strip_tells_what_a_control_says(studio, qapp):
    from PySide6.QtGui import QStatusTipEvent

    qapp.sendEvent(studio.window, QStatusTipEvent("Make the whole clip"))
    assert studio.queue_bar.words.full_text == "Make the whole clip"
    qapp.sendEvent(studio.window, QStatusTipEvent(""))
    assert studio.queue_bar.words.full_text == ""


def test_what_is_over_says_when_it_ended_and_how_long_it_took(busy, handlers, until):
    running = busy.queue_bar.running().id
    assert busy.queue_panel.rows[running].times.text() == ""
    until(lambda: busy.job_monitor.progress(running).moving)
    handlers.gate.set()
    until(lambda: not busy.queue.jobs())
    row = busy.queue_panel.rows[running]
    clock, took = row.times.text().split(" · ")
    assert len(clock) == len("15:21")
    assert took.endswith("s")
    assert row.times.text() in row.accessibleName()
    busy.queue_panel.clear.click()
    until(lambda: not busy.queue_panel.rows)


def test_a_job_shows_what_it_makes(busy, until):
    running = busy.queue_bar.running().id
    until(lambda: busy.job_monitor.progress(running).moving)

    def is_shown() -> bool:
        row = busy.queue_panel.rows[running]
        first = from_preview(busy.job_monitor.progress(running).moving)[0]
        seen = thumbnail(first, row.picture.width(), row.devicePixelRatioF(), square=True)
        return row.picture.pixmap().toImage() == seen.toImage()

    until(is_shown)


def test_the_picture_is_as_large_again_when_the_queue_is_closed(studio, until):
    studio.window.resize(1280, 728)
    until(lambda: studio.window.height() == 728)
    high = studio.player.height()
    studio.queue_bar.open.setChecked(True)
    until(lambda: studio.player.height() < high)
    studio.queue_bar.open.setChecked(False)
    until(lambda: studio.player.height() >= high)
