"""While nobody looks: the computer stays awake for long work, and its end is notified."""

import ctypes
import os
import shutil
import sys

from PySide6.QtCore import QObject, QProcess, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from studio.jobs.job import State
from studio.jobs.queue import Queue
from studio.ui.state.job_monitor import JobMonitor

LONG_MS = 20_000
"""Milliseconds of work after which the computer is kept awake, and the end of a job is notified."""
CONTINUOUS, SYSTEM = 0x80000000, 0x00000001
"""Windows: ES_CONTINUOUS and ES_SYSTEM_REQUIRED."""


class Away(QObject):
    """Follows the queue.  The screen may go dark; the computer does not sleep while a job runs."""

    def __init__(self, queue: Queue, job_monitor: JobMonitor, window: QWidget) -> None:
        super().__init__(window)
        self._monitor, self._window = job_monitor, window
        self.awake = Awake(self)
        self._later = QTimer(self, singleShot=True, interval=LONG_MS)
        self._later.timeout.connect(self.awake.hold)
        queue.changed.connect(self._follow)
        queue.finished.connect(lambda id, _: self._tell(id))
        queue.failed.connect(lambda id, *_: self._tell(id))

    def _follow(self) -> None:
        runs = any(job.state is State.RUNNING for job in self._monitor.jobs)
        if runs and not self._later.isActive() and not self.awake.is_held:
            self._later.start()
        elif not runs:
            self._later.stop()
            self.awake.let_go()

    def _tell(self, id: int) -> None:
        """Have the system mark the window, where it is not looked at and the work was long."""
        known = self._monitor.progress(id)
        seconds = known.ended - known.started if known.started else 0.0
        looked_at = QGuiApplication.applicationState() is Qt.ApplicationState.ApplicationActive
        if 1000 * seconds >= LONG_MS and not looked_at:
            QApplication.alert(self._window)


class Awake(QObject):
    """Keeps the computer from sleeping, by what the system has for it; without it, nothing is done.

    Linux and macOS have programs that do it as long as they run.  Theirs ends with this one: it
    reads until the pipe between them is closed, or waits for this process.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._program = keeper()
        self._child: QProcess | None = None
        self.is_held = False

    def hold(self) -> None:
        """From now on the computer stays awake."""
        self.is_held = True
        if sys.platform == "win32":
            ctypes.windll.kernel32.SetThreadExecutionState(CONTINUOUS | SYSTEM)
        elif self._program and self._child is None:
            self._child = QProcess(self)
            self._child.start(self._program[0], list(self._program[1:]))

    def let_go(self) -> None:
        """It may sleep again."""
        self.is_held = False
        if sys.platform == "win32":
            ctypes.windll.kernel32.SetThreadExecutionState(CONTINUOUS)
        elif self._child is not None:
            self._child.closeWriteChannel()
            self._child.terminate()
            self._child.waitForFinished(1000)
            self._child.deleteLater()
            self._child = None


def keeper() -> tuple[str, ...]:
    """The program that keeps this system awake, with its arguments; () where there is none."""
    if inhibit := shutil.which("systemd-inhibit"):
        why = ("--what=sleep:idle", "--who=Studio", "--why=A clip is being made")
        return (inhibit, *why, shutil.which("cat") or "cat")
    if caffeinate := shutil.which("caffeinate"):
        return (caffeinate, "-i", "-w", str(os.getpid()))
    return ()
