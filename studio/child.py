"""A module of the studio in a process of its own: what may not run in this one, or hears nothing while
it does.  It ends with this process, whatever ends that."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOOK = 0.1
"""Seconds between two pulses while the process works."""


def answer_of(
    module: str, arguments: Sequence[str], pulse: Callable[[], None]
) -> tuple[int, bytes]:
    """Run `python -m module arguments...`; its exit code and standard output.

    `pulse` is called now and then and may raise: the process is killed then.  Its standard input is
    held open from here; the module calls `end_with_parent`, which reads the end of it.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl+C is for this process, which then ends that one
    )
    lifeline, process.stdin = process.stdin, None  # `communicate` would close it
    assert lifeline is not None
    with lifeline, process:
        try:
            answer = _until_ended(process, pulse)
        finally:
            if process.poll() is None:
                process.kill()
    return process.returncode, answer


def end_with_parent() -> None:
    """End this process when its standard input ends: whoever started it holds the other end."""
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _until_ended(process: subprocess.Popen[bytes], pulse: Callable[[], None]) -> bytes:
    while True:
        pulse()
        try:
            return process.communicate(timeout=LOOK)[0]
        except subprocess.TimeoutExpired:
            continue


def _end_with_parent() -> None:
    while os.read(0, 1):  # sys.stdin's lock would be held when the interpreter ends
        pass
    os._exit(1)
