"""The processes of `evaluate --jobs` end with the one that asked, however it is ended."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.end_to_end.orders import LISTENING, ROOT

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="asks /proc for a process's children"
)


def children(of: int) -> set[int]:
    found = set()
    for tasks in Path(f"/proc/{of}/task").glob("*/children"):
        try:
            found |= {int(child) for child in tasks.read_text().split()}
        except OSError:
            continue
    return found


def computes(process: int) -> bool:
    """Whether it is one of the workers, and holds the engine by now."""
    try:
        return "libtorch" in Path(f"/proc/{process}/maps").read_text("utf-8", "replace")
    except OSError:
        return False


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition, limit: float = 120.0) -> bool:
    end = time.monotonic() + limit
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return bool(met)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("SIGKILL", -signal.SIGKILL),
        pytest.param("SIGTERM", 143, marks=pytest.mark.long),
        pytest.param("SIGHUP", 129, marks=pytest.mark.long),
    ],
)
def test_workers_end_with_who_asked(home, name, code):
    words = ["evaluate", "--model", "tiny", "--jobs", "2", "--json", "--data-dir", str(home)]
    with subprocess.Popen(
        [sys.executable, "-c", LISTENING, "main.py", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as program:
        try:
            busy = until(lambda: sum(map(computes, children(program.pid))) == 2)
            workers = children(program.pid)
            program.send_signal(getattr(signal, name))
            said, _ = program.communicate(timeout=120)
        finally:
            program.kill()  # nothing where it has ended
    assert busy
    assert program.returncode == code
    assert until(lambda: not any(map(alive, workers)), 20), "left running"
    if code > 0:
        assert json.loads(said)["hint"] == "Nothing of it is kept."
