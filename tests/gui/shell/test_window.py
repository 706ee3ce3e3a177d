"""The window: docks that come back, long texts that fit, and a thread that never waits."""

import gc
import importlib
import time

import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel

from studio.ui.shell.dock_heights import LEAST
from studio.ui.shell.window import BOTTOM, VERSION
from studio.ui.widgets.controls import column, label, remove_widget

LONG = "supercalifragilisticexpialidocious " * 250


def test_a_window_that_was_closed_leaves_no_widget(open_studio, qapp):
    before = len(qapp.allWidgets())
    open_studio().close()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    assert len(qapp.allWidgets()) == before


def test_docks_come_back_as_left(open_studio):
    first = open_studio()
    first.window.addDockWidget(BOTTOM, first.window.docks["Takes"])
    first.window.docks["Queue"].show()
    first.close()
    second = open_studio()
    window = second.window
    assert window.dockWidgetArea(window.docks["Takes"]) == BOTTOM
    assert window.docks["Queue"].isVisible()
    assert second.queue_bar.open.isChecked()
    second.actions["arrange"].trigger()
    assert window.dockWidgetArea(window.docks["Takes"]) != BOTTOM


def test_the_player_takes_the_whole_screen_and_gives_it_back(open_studio, qtbot, until):
    first = open_studio()
    QApplication.processEvents()  # its docks have their widths
    window, before = first.window, first.window.saveState(VERSION)
    first.actions["full_screen"].trigger()
    assert window.isFullScreen()
    assert not any(dock.isVisible() for dock in window.docks.values())
    assert not first.top.isVisible()
    assert first.player.isVisible()
    window.remember()  # closed now, it opens with everything
    qtbot.keyClick(first.player, Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    assert first.top.isVisible()
    until(lambda: window.docks["Shot"].isVisible() and window.docks["Timeline"].isVisible())
    assert window.docks["Queue"].isHidden()
    assert window.saveState(VERSION) == before
    first.actions["full_screen"].trigger()
    first.close()
    second = open_studio()
    assert not second.window.isFullScreen()
    assert second.top.isVisible()
    assert second.window.docks["Shot"].isVisible()


def test_an_open_queue_shows_more_than_a_job(studio, until):
    studio.window.resize(1280, 720)
    studio.actions["queue"].trigger()
    until(lambda: studio.window.docks["Queue"].height() >= LEAST)
    studio.window.resize(2000, 1400)
    studio.actions["queue"].trigger()
    until(lambda: studio.window.docks["Queue"].isHidden())
    studio.actions["queue"].trigger()
    until(lambda: studio.window.docks["Queue"].height() >= 0.15 * 1400)


def test_a_panel_has_one_heading(studio, qtbot):
    docks = studio.window.docks
    assert docks["Subjects"].titleBarWidget().sizeHint().height() <= 0
    assert docks["Shot"].titleBarWidget().findChild(QLabel).text() == "Shot"
    for name in ("Takes", "Library"):
        studio.window.addDockWidget(BOTTOM, docks[name])
    qtbot.waitUntil(lambda: docks["Subjects"].titleBarWidget().findChild(QLabel) is not None)


def test_long_texts_widen_nothing(studio, qtbot, until):
    studio.window.resize(1280, 800)
    until(lambda: studio.shot.width() == 352)
    before = (studio.shot.width(), studio.player.width(), studio.queue_bar.height())
    studio.shot.prompt.setPlainText(LONG)
    studio.shot.shots.setItemText(0, LONG)
    studio.banner.show_message(LONG[:400])
    studio.status.post(LONG)
    for _ in range(5):  # each lays out what the one before has changed
        QApplication.processEvents()
    assert (studio.shot.width(), studio.player.width(), studio.queue_bar.height()) == before
    assert studio.window.width() == 1280


def test_a_project_that_cannot_be_opened_leaves_this_one_open(studio, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "project.json").write_text('{"version": 99}')
    studio._leave_for(other)
    assert "newer studio" in studio.banner.words.text()
    assert studio.window.isVisible()
    assert studio.next_project is None


def test_scale_two_is_drawn_with_twice_the_pixels(studio):
    assert QGuiApplication.primaryScreen() is not None
    icon = studio.player.transport.play.icon()
    assert icon.pixmap(16, 16).width() == 16
    from PySide6.QtCore import QSize

    assert icon.pixmap(QSize(16, 16), 2.0).width() == 32


@pytest.mark.parametrize("what", ["train", "render"])
def test_the_window_answers_while_work_is_done(studio, handlers, photos, until, what):
    # as the idle window does: no work waits for an import, none for what other tests have left
    importlib.import_module("pyqtgraph")
    gc.collect()
    gc.freeze()
    gaps: list[float] = []
    last = [time.thread_time()]

    def beat() -> None:
        now = time.thread_time()  # what other programs and threads take is no gap of ours
        gaps.append(now - last[0])
        last[0] = now

    pulse = QTimer()
    pulse.setInterval(0)
    pulse.timeout.connect(beat)
    handlers.pace = 0.002
    studio.shot.prompt.setPlainText("a red ball moving left")
    pulse.start()
    if what == "render":
        for _ in range(3):
            studio.render_actions.render()
    else:
        studio.subjects.begin(photos)
        until(lambda: len(studio.subjects.form.wall.good) == 4)
        studio.subjects.form.who.name.setText("rex")
        studio.subjects.form.who.noun.setText("dog")
        studio.subjects.form.train.click()
        until(lambda: studio.queue.jobs())
    until(lambda: not studio.queue.jobs())
    pulse.stop()
    # generous against 100 ms: `bench window` measures
    assert max(gaps) < 0.5
    assert sorted(gaps)[len(gaps) // 2] < 0.016


def test_what_is_taken_out_of_a_panel_is_gone_at_once(qtbot):
    """Not only when the event loop comes to delete it: until then it would lie over what follows."""
    panel = column(label("stays"), gone := label("goes"))
    qtbot.addWidget(panel)
    panel.show()
    assert gone.isVisible()
    remove_widget(panel.layout(), gone)
    assert not gone.isVisible()
    assert panel.layout().count() == 1
