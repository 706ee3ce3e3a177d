"""Ctrl+C, kill, a closed terminal at any moment: its exit code, one sentence, nothing half-written."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.spec.progress import Progress
from studio.terminal.voice import Voice
from tests.end_to_end.orders import LISTENING, ROOT

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="no signal can be sent to one child"
)


CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}
MOMENTS = {
    "at the start": ("SIGINT", "begun", 0.02),
    "while checking": ("SIGTERM", "begun", 0.3),
    "while importing": ("SIGHUP", "begun", 1.2),
    "while loading, interrupted": ("SIGINT", "loading", 0.0),
    "while rendering": ("SIGINT", "keyframes", 0.05),
    "while rendering, killed": ("SIGTERM", "keyframes", 0.05),
    "while rendering, hung up": ("SIGHUP", "keyframes", 0.05),
}
SLOW = [name for name in MOMENTS if "loading" in name or "rendering" in name]
"""Those for which a program imports the engine; `test_stopped` and the test below, which have it, and
a terminal that vanishes (tests/terminal/test_streams.py) stand for them."""


@pytest.mark.parametrize(
    ("name", "heard", "delay"),
    [
        pytest.param(*moment, id=name, marks=pytest.mark.long if name in SLOW else ())
        for name, moment in MOMENTS.items()
    ],
)
def test_an_interrupted_clip(home: Path, tmp_path: Path, heard: str, delay: float, name: str):
    out = tmp_path / "out"
    out.mkdir()
    words = ["generate", "a red ball", "--model", "tiny", "--out", str(out / "a.mp4"), "--json"]
    words += ["--steps", "500", "--data-dir", str(home)]
    with subprocess.Popen(
        [sys.executable, "-c", LISTENING, "main.py", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stderr is not None
        for line in program.stderr:
            if heard in line:
                break
        time.sleep(delay)
        program.send_signal(getattr(signal, name))
        said, aside = program.communicate(timeout=240)
    # before the first import is done, the system ends the program in its own way
    early = -getattr(signal, name) if heard == "begun" else CODES[name]
    assert program.returncode in (CODES[name], early)
    # before the first line of main.py is run, Python itself says where it was
    assert "Traceback" not in aside or 'main.py"' not in aside
    if heard != "begun":  # before, there may be nobody yet to say it
        assert json.loads(said)["cancelled"] is True
    assert list(out.iterdir()) == []
    assert not [*home.glob("scratch/takes/.aside/*")]


def test_a_clip_that_is_stopped_while_rendering_says_so(run, tmp_path, monkeypatch, listening):
    tick, heard = Voice.tick, []

    def interrupted(self: Voice, progress: Progress) -> None:
        heard.append(progress.stage)
        if progress.stage == "keyframes":
            signal.raise_signal(signal.SIGINT)
        tick(self, progress)

    monkeypatch.setattr(Voice, "tick", interrupted)
    out = tmp_path / "out"
    out.mkdir()
    words = ("--model", "tiny", "--keyframes", "2", "--steps", "3", "--out", str(out / "a.mp4"))
    ran = run("generate", "a red ball", *words, "--json")
    assert (ran.code, ran.answer["cancelled"]) == (130, True)
    assert heard.count("keyframes") == 1
    assert list(out.iterdir()) == []
