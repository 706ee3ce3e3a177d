"""The project saves itself and reopens as it was left, after a crash too."""

import errno
import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from studio.jobs.job import State
from studio.project import files, store

ROOT = Path(__file__).resolve().parents[3]
CRASH = """
import os, sys, time
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from studio.app import build, start_application
from studio.project.folders import Folders
from studio.project.subject import Subject
from tests.gui.handlers import MODEL, JobHandlers

root = Path(sys.argv[1])
start_application()
folders = Folders(root / "data").make()
handlers = JobHandlers(folders)
handlers.gate.clear()
studio = build(root / "Summer", folders, handlers.by_kind())
studio.scan = lambda: ((MODEL,), ())
studio.open()
studio.shot.prompt.setPlainText("a red ball moving left")
deadline = time.monotonic() + 240
placed = False
while time.monotonic() < deadline:
    QCoreApplication.processEvents()
    if studio.model_list.found.models and not placed:
        for _ in range(2):
            studio.render_actions.render()
        placed = True
    running = studio.queue_bar.running()
    if running and studio.document.is_saved and studio.job_monitor.progress(running.id).last:
        os._exit(9)
os._exit(1)
"""


def test_every_change_is_saved_by_itself(studio, until):
    studio.shot.prompt.setPlainText("a red ball moving left")
    assert studio.top.state.text() == "saving …"
    until(lambda: studio.document.is_saved)
    assert studio.top.state.text() == "saved"
    told = (studio.document.folder / "project.json").read_text(encoding="utf-8")
    assert "a red ball moving left" in json.dumps(json.loads(told))


@pytest.fixture
def full_disk(monkeypatch):
    """A disk on which no project finds room, until it is emptied: an event."""
    has_room = threading.Event()
    write = store.write_whole

    def on_full_disk(path, data, *, known_as=None):
        if not has_room.is_set():
            raise files.to_refusal(OSError(errno.ENOSPC, "full"), known_as or path)
        write(path, data, known_as=known_as)

    monkeypatch.setattr(store, "write_whole", on_full_disk)
    yield has_room
    has_room.set()


def test_a_save_that_fails_is_told_once_and_tried_again_until_it_works(studio, full_disk, until):
    document, banner = studio.document, studio.banner
    document._again.setInterval(50)
    failures = []
    document.save_failed.connect(failures.append)
    studio.shot.prompt.setPlainText("a red ball moving left")
    until(lambda: banner.isVisible() and len(failures) > 2)
    assert "disk is full" in banner.words.text()
    assert studio.top.state.text() == "not saved · trying again"
    banner.close_it.click()
    told = len(failures)
    until(lambda: len(failures) > told + 1)
    assert not banner.isVisible()
    full_disk.set()
    until(lambda: document.is_saved)
    assert studio.top.state.text() == "saved"
    assert "saved again" in studio.queue_bar.words.full_text
    assert not document._again.isActive()


def test_trying_again_now_tells_again_and_takes_the_message_back(studio, full_disk, until):
    studio.shot.prompt.setPlainText("a red ball moving left")
    until(studio.banner.isVisible)
    studio.banner.act.click()
    assert not studio.banner.isVisible()
    until(studio.banner.isVisible)
    full_disk.set()
    studio.document.save_now()
    until(lambda: not studio.banner.isVisible())
    assert studio.document.is_saved


def test_any_save_that_fails_is_told_and_the_next_good_one_clears_it(
    studio, monkeypatch, until, caplog
):
    """A fault of the studio's own is a failed save like any other, not a line in a log alone."""
    document, banner = studio.document, studio.banner
    document._again.setInterval(50)
    with monkeypatch.context() as patch:
        patch.setattr(studio.project.store, "save", lambda project: {}["a fault"])
        studio.shot.prompt.setPlainText("a red ball moving left")
        until(banner.isVisible)
        assert "could not be saved" in banner.words.text()
        assert studio.top.state.text() == "not saved · trying again"
        assert not studio.window.close()
        assert banner.words.text().endswith("Close again to leave without the last changes.")
    until(lambda: document.is_saved and not document.trouble)
    assert not banner.isVisible()
    assert "a save failed" in caplog.text


def test_what_could_not_be_opened_again_is_told_until_it_is_taken_back(studio, until):
    document = studio.document
    until(lambda: document.is_saved)
    document.change_shot(replace(document.shot, guidance=float("inf")), "Guidance")
    until(lambda: "cannot be saved" in studio.banner.words.text())
    assert studio.banner.isVisible()
    document.undo()
    studio.shot.prompt.setPlainText("a red ball moving left")
    until(lambda: document.is_saved)
    assert not studio.banner.isVisible()


def test_a_window_that_cannot_save_closes_at_the_second_try(studio, full_disk, until):
    studio.shot.prompt.setPlainText("a red ball moving left")
    until(lambda: studio.document.trouble)
    assert not studio.window.close()
    assert studio.banner.words.text().endswith("Close again to leave without the last changes.")
    assert studio.window.close()
    full_disk.set()


def test_closing_saves_what_was_typed_last_and_it_comes_back(open_studio, until):
    studio = open_studio()
    studio.shot.prompt.setPlainText("a green ring on snow")
    studio.render_actions.render()
    until(lambda: studio.document.project.takes)
    studio.shot.negative.textEdited.emit("blue")
    studio.close()
    again = open_studio()
    assert again.shot.prompt.toPlainText() == "a green ring on snow"
    assert again.shot.negative.text() == "blue"
    take = again.document.project.takes[0]
    until(lambda: again.player_state.shown and again.player_state.shown.take == take.id)


def test_after_a_crash_it_says_what_was_running(open_studio, tmp_path, handlers, until):
    done = subprocess.run(
        [sys.executable, "-c", CRASH, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 9, done.stderr
    studio = open_studio()
    assert studio.shot.prompt.toPlainText() == "a red ball moving left"
    assert studio.banner.isVisible()
    assert "a red ball moving left" in studio.banner.words.text()
    assert studio.queue.paused()
    states = [job.state for job in studio.queue.jobs()]
    assert sorted(states) == [State.SET_ASIDE, State.WAITING]
    studio.banner.act.click()
    assert not studio.banner.isVisible()
    until(lambda: len(studio.document.project.takes) == 2)


def test_a_damaged_queue_is_told_and_does_not_stop_the_window(open_studio, folders):
    folders.queue.write_bytes(b"no database " * 100)
    studio = open_studio()
    assert "damaged" in studio.banner.words.text()
    assert not studio.banner.act.isVisible()
    assert studio.queue.runs_jobs
    assert folders.queue.with_name("queue.damaged-1.db").is_file()


def test_a_second_window_watches_only(open_studio, until):
    first = open_studio()
    second = open_studio()
    assert not first.document.read_only
    assert second.document.read_only
    until(lambda: "another window" in second.shot.render_it.toolTip())
    for gesture in second.keyframes.gestures.values():
        assert "another window" in gesture.disabled_reason(), gesture.name
    assert "another window" in second.banner.words.text()
    assert second.top.state.text().startswith("read only")


def test_a_project_of_a_newer_studio_is_watched_only(open_studio):
    first = open_studio()
    file = first.document.folder / "project.json"
    first.document.save_here()
    plain = {k: v for k, v in json.loads(file.read_bytes()).items() if k != "hash"}
    first.close()
    file.write_text(json.dumps({**plain, "version": store.VERSION + 1}))
    newer = open_studio()
    for gesture in newer.keyframes.gestures.values():
        assert "newer studio" in gesture.disabled_reason(), gesture.name
    assert "newer studio" in newer.banner.words.text()
    assert "newer studio" in newer.shot.render_it.toolTip()


def test_rename_shows_in_the_title(studio):
    from studio.project import edits

    studio.document.change(lambda p: edits.rename(p, "Biscuit’s summer"), "Rename project")
    assert studio.window.windowTitle() == "Biscuit’s summer · Studio"
    assert studio.top.name.full_text == "Biscuit’s summer"
    assert studio.actions["undo"].text() == "Undo rename project"
