"""Ctrl+C at any moment: 130, one sentence, nothing half-written."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# a shell that starts the tests in the background has its children ignore Ctrl+C
LISTENING = (
    "import runpy, signal, sys\n"
    "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "sys.argv = sys.argv[1:]\n"
    "print('begun', file=sys.stderr, flush=True)\n"
    "runpy.run_path('main.py', run_name='__main__')\n"
)

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="no signal can be sent to one child"
)


@pytest.mark.parametrize(
    ("heard", "delay"),
    [("begun", 0.02), ("begun", 0.3), ("begun", 1.2), ("loading", 0.0), ("keyframes", 0.05)],
    ids=["at the start", "while checking", "while importing", "while loading", "while rendering"],
)
def test_an_interrupted_clip(home: Path, tmp_path: Path, heard: str, delay: float):
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
        program.send_signal(signal.SIGINT)
        said, aside = program.communicate(timeout=60)
    assert program.returncode == 130
    assert "Traceback" not in aside
    if heard != "begun":  # before, there may be nobody yet to say it
        assert json.loads(said)["cancelled"] is True
    assert list(out.iterdir()) == []
    assert not [*home.glob("scratch/takes/.aside/*")]
