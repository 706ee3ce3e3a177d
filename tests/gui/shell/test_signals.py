"""A window that is told to stop closes as by its button: nothing is lost, in a real process."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from studio.jobs.job import State
from studio.jobs.job_store import JobStore

ROOT = Path(__file__).resolve().parents[3]
WORDS = "a red ball, typed a moment ago"
EDITED = f"""
import signal, sys
from PySide6.QtCore import QTimer
for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    signal.signal(getattr(signal, name), signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
from studio import app, cli
build = app.build

def built(*said, **named):
    studio = build(*said, **named)

    def edit():
        studio.shot.prompt.setPlainText({WORDS!r})
        print("edited", flush=True)

    def work():
        if not studio.model_list.found.models:
            QTimer.singleShot(50, work)
            return
        studio.shot.prompt.setPlainText("a blue star")
        studio.render_actions.render()

    def heard(_job, progress):
        if progress.stage == "keyframes" and studio.shot.prompt.toPlainText() != {WORDS!r}:
            edit()

    if "work" in sys.argv:
        studio.queue.progressed.connect(heard)
        QTimer.singleShot(0, work)
        QTimer.singleShot(240_000, lambda: print("nothing is made", flush=True))
    else:
        studio.window.first_painted.connect(edit)
    return studio

app.build = built
sys.exit(cli.main(["studio", "--data-dir", sys.argv[1]]))
"""

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="no signal can be sent to one child"
)


def edited_and_told(name: str, data: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """A window in which somebody typed, and that got the signal right after."""
    with subprocess.Popen(
        [sys.executable, "-c", EDITED, str(data), *more],
        cwd=ROOT, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        assert program.stdout is not None
        assert program.stdout.readline() == "edited\n"
        program.send_signal(getattr(signal, name))
        out, err = program.communicate(timeout=300)
    return subprocess.CompletedProcess(program.args, program.returncode, out, err)


def saved_prompt(data: Path) -> str:
    whole = json.loads((data / "scratch" / "project.json").read_text("utf-8"))
    return whole["shots"][0]["prompt"]


def reopened(data: Path) -> JobStore:
    job_store = JobStore(data / "queue.db", mend=True)
    job_store.begin()
    return job_store


@pytest.mark.parametrize(
    "name", ["SIGINT", "SIGTERM", pytest.param("SIGHUP", marks=pytest.mark.long)]
)
def test_the_last_edit_is_saved(tmp_path, name):
    done = edited_and_told(name, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert saved_prompt(tmp_path) == WORDS
    job_store = reopened(tmp_path)
    assert (job_store.notice, job_store.paused()) == ("", frozenset())
    job_store.close()


def test_a_job_waits_for_the_next_start(tmp_path):
    done = edited_and_told("SIGTERM", tmp_path, "work")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert saved_prompt(tmp_path) == WORDS
    job_store = reopened(tmp_path)
    assert job_store.notice == ""
    assert [job.state for job in job_store.jobs()] == [State.WAITING]
    job_store.close()
