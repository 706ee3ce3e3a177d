"""Ctrl+C: heard at any moment, obeyed once."""

import signal
import threading
from collections.abc import Callable
from types import FrameType

from studio.spec.progress import Cancelled


class Interrupt:
    """While entered, the first Ctrl+C raises KeyboardInterrupt; later ones let the tidying finish.

    It is remembered as well, for an exception can be lost inside a callback of a library:
    `obey`, called at every tick, raises `Cancelled` then.
    """

    def __init__(self) -> None:
        self.asked = False
        self._instead: Callable[[], bool] | None = None
        self._before: object = None

    def __enter__(self) -> "Interrupt":
        here = threading.current_thread() is threading.main_thread()
        # a shell that starts a job in the background has it ignore Ctrl+C: that is kept
        if here and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)  # type: ignore[arg-type]

    def obey(self) -> None:
        """Raise `Cancelled` when Ctrl+C was pressed."""
        if self.asked:
            raise Cancelled

    def means(self, instead: Callable[[], bool]) -> None:
        """From now on Ctrl+C calls `instead`; only if that says False is it raised as before."""
        self._instead = instead

    def _ask(self, number: int, frame: FrameType | None) -> None:
        first, self.asked = not self.asked, True
        if self._instead is not None and self._instead():
            return
        if first:
            raise KeyboardInterrupt
