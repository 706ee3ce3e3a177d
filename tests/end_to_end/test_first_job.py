"""The first job, typed at once after the start: the real window, queue, engine and starter.

The engine is fetched and the starter loaded while the order comes in: whatever loads a model on two
threads, or computes beside one that loads, fails here first.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from dataclasses import replace
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio import app
from studio.jobs.job import FINISHED
from studio.jobs.handlers import JobHandlers
from studio.project.folders import Folders

app.start_application()
app.IDLE_MS = int(sys.argv[2])
folders = Folders(Path(sys.argv[1])).make()
handlers = JobHandlers(folders)
studio = app.build(folders.scratch, folders, handlers.by_kind(), model_folders=handlers.model_folders)
few = replace(studio.document.shot, steps=2, keyframes=2, interpolate=0)
studio.document.change_shot(few, "Few")
studio.first_idle(app.IDLE_MS, app.import_engine, app.rehearse)
studio.open()
QTest.keyClicks(studio.shot.prompt, "a blue star moving right on sand")
studio.actions["render"].trigger()
ended = []

def look():
    over = [job for job in studio.queue.history() if job.state in FINISHED]
    if over and not studio.queue.jobs():
        ended.extend((job.state.value, job.what, job.detail) for job in over)
        QApplication.quit()

timer = QTimer()
timer.timeout.connect(look)
timer.start(100)
QTimer.singleShot(240_000, QApplication.quit)
QApplication.exec()
studio.close()
print(ended)
"""


def first_job(data: Path, idle: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", PROGRAM, str(data), str(idle)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


@pytest.mark.parametrize("idle", [0, pytest.param(1500, marks=pytest.mark.long)])
def test_an_order_typed_at_once_is_made(tmp_path, idle):
    done = first_job(tmp_path / "data", idle)
    assert done.stdout.strip() == "[('done', '', '')]", done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.parametrize("turn", range(20))
def test_twenty_of_twenty_while_both_cores_are_busy(tmp_path, turn):
    spin = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(spin) for _ in range(os.cpu_count() or 2)]
    try:
        done = first_job(tmp_path / "data", (0, 50, 300, 1500)[turn % 4])
    finally:
        for program in busy:
            program.kill()
            program.wait()
    assert done.stdout.strip() == "[('done', '', '')]", done.stdout + done.stderr
