"""What holds for the whole process, window and commands alike, before any library is imported."""

import faulthandler
import os
import sys
import warnings
from contextlib import suppress
from pathlib import Path

from studio.engine.memory import heap

# nothing is fetched unless a download was asked for, and one voice speaks at a time
LIBRARIES = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_VERBOSITY": "error",
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "DIFFUSERS_VERBOSITY": "error",
}
LARGEST = 200_000
"""Bytes of the log of crashes, of which the latest half is kept."""
_log: list[int] = []
"""The file descriptor that a crash is written to: it must stay open as long as the process."""


def settle() -> None:
    """Keep libraries off the network and silent, whatever the user's environment asks of them.

    Memory that is freed is kept for what is computed next.
    A crash is told to stderr until there is a log.  What Python has to remark about libraries is
    for developers, who ask for it by `-W`.
    """
    os.environ.update(LIBRARIES)
    heap.keep_freed()
    if not sys.warnoptions and "pytest" not in sys.modules:
        warnings.simplefilter("ignore")
    if not faulthandler.is_enabled():
        with suppress(OSError, ValueError, RuntimeError, AttributeError):  # there may be no stderr
            faulthandler.enable(sys.__stderr__ or 2)


def note_crashes(log: Path) -> None:
    """Have a crash of any thread write all their stacks to the end of `log`, if its folder is there.

    What a process that crashes can still do is done in C.  Children do not inherit it.
    """
    _shorten(log)
    try:
        opened = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        return
    faulthandler.enable(opened, all_threads=True)
    _log.append(opened)
    for before in _log[:-1]:
        os.close(before)
    del _log[:-1]


def crashes(log: Path) -> int:
    """How many crashes a log tells of."""
    try:
        return log.read_bytes().count(b"Fatal Python error")
    except OSError:
        return 0


def _shorten(log: Path) -> None:
    """Keep the latest half of a long log; all of it where the disk has no room for another file."""
    aside = log.with_name(log.name + ".part")
    with suppress(OSError):
        if log.stat().st_size <= LARGEST:
            return
        try:
            aside.write_bytes(log.read_bytes()[-LARGEST // 2 :])
            aside.replace(log)
        finally:
            aside.unlink(missing_ok=True)
