"""The window's own errands on the disk: loading pictures, saving, asking; never on its thread.

Jobs that the user waits for, pauses or retries go through the queue; these do not.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NoReturn, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

T = TypeVar("T")
log = logging.getLogger(__name__)
FAULTS = (TypeError, AttributeError, NameError, AssertionError, ImportError, NotImplementedError)
"""What no file and no user brings about."""


class Background(QObject):
    """Runs small pieces of work on a few threads and brings the answers to the window's thread."""

    _answered = Signal(object)

    def __init__(self, threads: int = 2) -> None:
        super().__init__()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="background")
        self._open = True
        # queued: what is done by the time that it is asked would be answered within `ask`
        self._answered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def ask(
        self,
        work: Callable[[], T],
        answer: Callable[[T], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        *,
        owner: QObject,
    ) -> None:
        """Do `work` elsewhere, then call `answer` here, never before `ask` has returned, unless
        `owner` is gone by then.

        Without `failed` an error is logged: nobody asked to hear of it.  A fault of the program is
        raised here whoever listens, so that it is told (`studio.ui.shell.faults`) and fails a test.
        """
        if not self._open:
            return
        future = self._pool.submit(work)
        future.add_done_callback(lambda done: self._report(done, answer, failed, owner))

    def close(self) -> None:
        """Drop what has not begun, wait for what has."""
        self._open = False
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _report(self, done: Future, answer, failed, owner: QObject) -> None:
        if done.cancelled() or not self._open or not isValid(self):
            return
        error = done.exception()
        if error is None:
            self._bring(owner, (lambda: answer(done.result())) if answer else None)
        elif not (isinstance(error, Exception) and failed) and not isinstance(error, FAULTS):
            log.error("an errand failed", exc_info=error)
        else:
            self._bring(owner, (lambda: failed(error)) if failed else None)  # type: ignore[arg-type]
        if isinstance(error, FAULTS):
            self._bring(self, lambda: _raise(error))

    def _bring(self, owner: QObject, call: Callable[[], None] | None) -> None:
        if call:
            self._answered.emit(lambda: call() if isValid(owner) else None)

    def _deliver(self, call: Callable[[], None]) -> None:
        if self._open:
            call()


def _raise(error: BaseException) -> NoReturn:
    raise error
