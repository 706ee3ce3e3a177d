"""The project saves itself and reopens as it was left, after a crash too."""

import json
import subprocess
import sys
from pathlib import Path

from studio.jobs.job import State

CRASH = """
import os, sys, time
from pathlib import Path
sys.path[:0] = [sys.argv[2], sys.argv[3]]
from PySide6.QtCore import QCoreApplication
from studio.app import build, start_application
from studio.project.folders import Folders
from studio.project.subject import Subject
from works import MODEL, Works

root = Path(sys.argv[1])
start_application()
folders = Folders(root / "data").make()
works = Works(folders)
works.gate.clear()
studio = build(root / "Summer", folders, works.by_kind())
studio.scan = lambda: ((MODEL,), ())
studio.open()
studio.shot.prompt.setPlainText("a red ball moving left")
deadline = time.monotonic() + 30
placed = False
while time.monotonic() < deadline:
    QCoreApplication.processEvents()
    if studio.shelf.models and not placed:
        studio.orders.render(2)
        placed = True
    running = studio.strip.running()
    if running and studio.document.is_saved and studio.watch.seen(running.id).last:
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


def test_closing_saves_what_was_typed_last_and_it_comes_back(open_studio, until):
    studio = open_studio()
    studio.shot.prompt.setPlainText("a green ring on snow")
    studio.orders.render()
    until(lambda: studio.document.project.takes)
    studio.shot.negative.textEdited.emit("blue")
    studio.close()
    again = open_studio()
    assert again.shot.prompt.toPlainText() == "a green ring on snow"
    assert again.shot.negative.text() == "blue"
    take = again.document.project.takes[0]
    until(lambda: again.desk.shown and again.desk.shown.take == take.id)


def test_after_a_crash_it_says_what_was_running(open_studio, tmp_path, works, until):
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", CRASH, str(tmp_path), str(here.parents[1]), str(here)],
        capture_output=True, text=True, timeout=90, check=False,
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


def test_a_second_window_watches_only(open_studio):
    first = open_studio()
    second = open_studio()
    assert not first.document.read_only
    assert second.document.read_only
    assert "another window" in second.banner.words.text()
    assert "another window" in second.shot.render_it.toolTip()
    assert second.top.state.text().startswith("read only")


def test_rename_shows_in_the_title(studio):
    from studio.project import edits

    studio.document.change(lambda p: edits.rename(p, "Biscuit’s summer"), "Rename project")
    assert studio.window.windowTitle() == "Biscuit’s summer · Studio"
    assert studio.top.name.whole == "Biscuit’s summer"
    assert studio.actions["undo"].text() == "Undo rename project"
