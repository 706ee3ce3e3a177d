"""The weights of the library hashed ahead, while the queue has had nothing to do for a while."""

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from studio.jobs.job import State
from studio.jobs.queue import Queue
from studio.library.idle_hashing import Ahead, Wanted, first_of, is_hashed
from studio.spec.progress import Cancelled, Progress
from studio.ui.state.background import Background
from studio.ui.state.job_monitor import JobMonitor
from studio.ui.state.library import Library
from studio.ui.state.shot_state import PresentShot
from studio.ui.state.use_model import ids_in_use

IDLE_MS = 20_000
"""Milliseconds without a running or waiting job before it begins."""
LOWEST = 19
"""Of Linux's niceness."""
BUSY = (State.RUNNING, State.WAITING)
HASHED = "Its weights are checked: it can be used at once."
UNDER_WAY = "Its weights are being checked."
LATER = "Its weights are checked when nothing else runs, or with its first use."


class IdleHashes(QObject):
    """One file after the other on a thread of its own, in portions of milliseconds with rests between
    them (`studio.library.idle_hashing`); it stops within one when a job comes or the window
    closes, and goes on later where it stopped."""

    changed = Signal()
    """What `words_of` gives."""
    came = Signal()
    """More models can be offered: their hashes are known now."""
    _looked = Signal(object)
    _begun = Signal(object)
    _hashed = Signal(object)

    def __init__(
        self, queue: Queue, job_monitor: JobMonitor, library: Library, present: PresentShot
    ) -> None:
        super().__init__()
        self._queue, self._job_monitor = queue, job_monitor
        self._library, self._present = library, present
        self._background, self._stopped = Background(1), threading.Event()
        self._ahead, self._wanted = Ahead(self._rest), Wanted()
        self._known: frozenset[Path] | None = None
        self._path: Path | None = None
        self._is_open = self._is_working = self._is_done = self._is_news = False
        self._lines = library.sight.lines
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._connect()

    def _connect(self) -> None:
        self._idle.timeout.connect(self.begin)
        self._queue.changed.connect(self._reflect_queue)
        self._library.changed.connect(self._reflect_library)
        self._library.folders_changed.connect(self._begin_anew)
        self._present.changed.connect(self._want)
        queued = Qt.ConnectionType.QueuedConnection
        self._looked.connect(self._have_looked, queued)
        self._begun.connect(self._have_begun, queued)
        self._hashed.connect(self._have_hashed, queued)

    def start(self) -> None:
        """Wait for the queue to be idle, from now on."""
        self._is_open = True
        self._reflect_queue()

    def close(self) -> None:
        """Stop within a portion; nothing begins any more."""
        self._is_open = False
        self._idle.stop()
        self._stopped.set()
        self._background.close()

    def words_of(self, path: Path) -> str:
        """How it stands with the weights of a model of the library; "" before that was looked at."""
        if self._known is None:
            return ""
        if path in self._known:
            return HASHED
        return UNDER_WAY if path == self._path else LATER

    def begin(self) -> None:
        """Hash what is not known, one file after the other, unless a job runs or waits."""
        if not self._is_open or self._is_working or self._is_busy():
            return
        self._is_working, self._is_done = True, True
        self._stopped.clear()
        self._want()
        self._background.ask(self._work, self._ended, self._failed, owner=self)

    def _is_busy(self) -> bool:
        return any(job.state in BUSY for job in self._job_monitor.jobs)

    def _reflect_queue(self) -> None:
        if self._is_busy():
            self._stopped.set()
            self._idle.stop()
        elif self._is_open and not (self._is_working or self._is_done or self._idle.isActive()):
            self._idle.start()

    def _reflect_library(self) -> None:
        if self._library.sight.lines is not self._lines:
            self._lines = self._library.sight.lines
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Other folders, or other files in them."""
        self._is_done = False
        self._reflect_queue()

    def _want(self) -> None:
        """What the shot asks for goes first, also of what is left when it changes."""
        if self._is_working:
            state = self._present.state
            models = [*state.others.values(), *([state.model] if state.model else [])]
            networks = {model.card.network for model in models} - {""}
            self._wanted = Wanted(ids_in_use(state), frozenset(networks))

    def _ended(self, was_stopped: bool) -> None:
        self._is_working, self._path = False, None
        if self._is_news:
            self._is_news = False
            self.came.emit()
        self._is_done = self._is_done and not was_stopped
        self.changed.emit()
        self._reflect_queue()

    def _failed(self, _: Exception) -> None:
        """Told where it is raised; nothing begins anew by itself."""
        self._is_working, self._path = False, None

    def _have_looked(self, known: frozenset[Path]) -> None:
        self._known = known
        self.changed.emit()

    def _have_begun(self, path: Path) -> None:
        self._path = path
        self.changed.emit()

    def _have_hashed(self, path: Path) -> None:
        self._known = (self._known or frozenset()) | {path}
        self._is_news = True
        self.changed.emit()

    # what follows runs elsewhere

    def _work(self) -> bool:
        """Whether it was stopped before its end."""
        give_way()
        with suppress(Cancelled):
            entries = self._library.scanned(self._tick).entries
            pending = self._ahead.pending(entries)
            self._looked.emit(frozenset(e.path for e in entries if is_hashed(e)))
            while pending:
                entry, file = first_of(pending, self._wanted)
                pending.remove((entry, file))
                self._begun.emit(entry.path)
                if self._ahead.hash(file) and is_hashed(entry):
                    self._hashed.emit(entry.path)
            return False
        return True

    def _tick(self, _: Progress) -> None:
        if self._stopped.is_set():
            raise Cancelled

    def _rest(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise Cancelled


def give_way() -> None:
    """Let this thread have what others leave of the processor, where a thread can say so."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST)
