"""What a key in the prompt costs the window's thread, in its own milliseconds.

    python -m tests.gui.keystrokes [KEYFRAMES]

KEYFRAMES are added to the strip's eight first.  Of 104 keys the median and the largest: until the
key is in the document and in every view, and for what is painted and laid out thereafter.
On two cores that other programs used as well, 8 keyframes; `load` is the system's, over a minute:

                                     load 5                      load 12
    before views shared one state    3.1 (5.1) + 2.8 (9.3) ms    3.9 (6.0) + 3.3 (10.4) ms
    now                              2.4 (3.8) + 1.6 (7.2) ms    3.0 (3.7) + 2.1  (7.1) ms
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent

from studio.app import build, start_application
from studio.project.folders import Folders
from studio.ui.shell.studio_window import StudioWindow
from tests.gui.handlers import LARGER, JobHandlers

WORDS, TYPED = "a red ball moving left over grass", ", slowly, in the night sky" * 4
PAUSE = 0.03
"""Seconds between two keys."""


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    start_application()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root:
        folders = Folders(Path(root) / "data").make()
        studio = build(Path(root) / "Keys", folders, JobHandlers(folders).by_kind())
        studio.scan = lambda: ((LARGER,), ())
        studio.open()
        try:
            measure(studio, int(sys.argv[1]) if sys.argv[1:] else 0)
        finally:
            studio.close()


def measure(studio: StudioWindow, added: int) -> None:
    spin(2.0)
    studio.shot.prompt.setPlainText(WORDS)
    if added:
        studio.edits.extend(added)
    spin(1.0)
    keys, afterwards = [], []
    for letter in TYPED:
        keys.append(spent(lambda: press(studio, letter)))  # noqa: B023
        afterwards.append(spent(QCoreApplication.processEvents))
        time.sleep(PAUSE)
    for name, costs in (("key", keys), ("afterwards", afterwards)):
        print(f"{name:<11} {statistics.median(costs):5.2f} ms, at most {max(costs):5.2f} ms")


def press(studio: StudioWindow, letter: str) -> None:
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        key = QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, letter)
        QCoreApplication.sendEvent(studio.shot.prompt, key)


def spent(act) -> float:
    """Milliseconds that this thread works at something, whatever else the computer does."""
    start = time.thread_time()
    act()
    return 1000 * (time.thread_time() - start)


def spin(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        QCoreApplication.processEvents()


if __name__ == "__main__":
    main()
