"""What it costs to see a large timeline: painted offscreen, in milliseconds.

    python -m tests.benchmarks.timeline [CLIPS]

CLIPS (2000) with ten keyframes each on eight tracks, in the real window, 1920 pixels wide.  Median
(95th percentile) of 120 steps, each painted before the next, in time of the window's thread, so that
other programs count for nothing; 60 a second leave 16.7 ms.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent, QTimer

from studio.app import build, start_application
from studio.project.folders import Folders
from studio.ui.shell.studio_window import StudioWindow
from tests.gui.handlers import DENSE, JobHandlers
from tests.gui.screenshots import spin
from tests.gui.timeline.large import laid
from tests.gui.timeline.mouse import frames, place, send

STEPS = 120
WIDTH, HEIGHT = 1920, 420


def milliseconds(studio: StudioWindow, step: Callable[[int], object]) -> str:
    """Median and 95th percentile of steps with the painting that follows."""
    seconds = []
    QCoreApplication.processEvents()
    for number in range(STEPS):
        began = time.thread_time()
        step(number)
        QCoreApplication.processEvents()
        seconds.append(1000 * (time.thread_time() - began))
    return f"{statistics.median(seconds):8.2f} ({sorted(seconds)[int(0.95 * STEPS)]:.2f})"


def main() -> None:
    clips = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    start_application()
    folders = Folders.find(tempfile.mkdtemp()).make()
    handlers = JobHandlers(folders)
    studio = build(Path(tempfile.mkdtemp()) / "large", folders, handlers.by_kind())
    studio.scan = lambda: ((DENSE,), ())
    studio.open()
    spin(1)  # a window that opens first fits itself to the screen
    studio.window.resize(WIDTH, 1080)
    laid(studio, handlers, clips)
    studio.window.make_room("Timeline", HEIGHT)
    look = studio.project.timeline_look
    spin(120, lambda: len(look.plan.states) == clips)
    spin(1)
    measure(studio, clips)
    studio.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def measure(studio: StudioWindow, clips: int) -> None:
    view, player = studio.timeline.view, studio.project.timeline_player
    axis = view.axis
    print(f"{clips} clips, {10 * clips} keyframes, {view.width()} × {view.height()} pixels")

    def line(name: str, step: Callable[[int], object]) -> None:
        print(f"    {name:44}{milliseconds(studio, step)}", flush=True)

    for timer in view.findChildren(QTimer):
        timer.setInterval(60_000)  # nothing settles while the hand goes on
    axis.fit()
    line(
        "zoom in and out at the pointer, all seen",
        lambda n: axis.zoom(0.4 if n % 60 < 30 else -0.4, 900),
    )
    for each in (700, 180, 54):
        zoom = 8 * axis.scale.room / (each * 147)
        axis.fit()
        axis.scale = type(axis.scale)(zoom, 0.3 * axis.length, axis.scale.width)
        axis.scroll(0)
        spin(2)
        line(f"scroll, {each} clips seen", lambda n: axis.scroll(23 if n % 60 < 30 else -23))
        line(f"zoom, {each} clips seen", lambda n: axis.zoom(0.1 if n % 20 < 10 else -0.1, 900))
        settling = view._settling
        line(
            "    what it left out, a strip on",
            lambda _, of=settling: of.begin() if of.is_done else of._go_on(),
        )
    player.go(int(axis.scale.left + axis.scale.seen / 2))
    line("the playhead, a frame on", lambda _: player.go(player.position + 1))
    clip = studio.document.project.timeline.tracks[2].clips[0].id
    axis.scroll_to(0)
    grip = place(view, clip)
    send(view, QEvent.Type.MouseButtonPress, grip)
    line(
        "a drag, a step on", lambda n: send(view, QEvent.Type.MouseMove, frames(view, grip, 4 + n))
    )
    view.pointer.give_up()


if __name__ == "__main__":
    main()
