"""What a lane does once on its own thread before it is needed: imports, a first load."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

log = logging.getLogger(__name__)
Step = Callable[[], object]


class Preparation(QObject):
    """Steps that run on the thread of the lane, so that no job is ever beside them.

    Loading a model replaces functions of torch for the whole process: a job that made layers
    meanwhile would get layers without weights.
    """

    began = Signal()
    ended = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._running = threading.Lock()
        self._steps: tuple[Step, ...] = ()
        self._asked = False
        self.wake: Callable[[], None] = lambda: None

    def keep(self, *steps: Step) -> None:
        """Keep `steps`: all of them for `ask`, the first alone for a job that comes earlier."""
        with self._running:
            self._steps = steps

    def ask(self) -> None:
        """Have every step done as soon as no job runs."""
        self._asked = True
        self.wake()

    def drop(self) -> None:
        """Forget what has not begun, and wait for what has: an import cannot be stopped."""
        with self._running:
            self._steps = ()

    def before_a_job(self) -> None:
        """On the lane's thread."""
        self._run(self._steps[:1])

    def when_idle(self) -> None:
        """On the lane's thread."""
        if self._asked:
            self._run(self._steps)

    def _run(self, steps: Sequence[Step]) -> None:
        with self._running:
            if not self._steps:
                return
            self._steps = ()
            self.began.emit()
            for step in steps:
                try:
                    step()
                except Exception:  # the first job that needs it says why
                    log.exception("the engine could not be prepared")
            self.ended.emit()
