"""Ctrl+C, `kill`, a closed terminal: heard at any moment, obeyed at the next step."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from studio.spec.progress import Cancelled

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
SIGNALS = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))
BREAK = getattr(signal, "SIGBREAK", None)
"""Ctrl+Break, and on Windows also a closed console, a logout and a shutdown."""
GRACE = 3.0
"""Seconds that tidying may take after the second signal; whoever insists then ends the process."""


class Interrupt:
    """While entered, SIGINT, SIGTERM, SIGHUP and SIGBREAK ask the work to stop.

    The first is remembered, and `obey`, which every tick calls, raises `Cancelled`: work ends where
    it is whole.  Before the first tick there is nothing to end well, and KeyboardInterrupt is
    raised at once.  A second signal raises it in any case; later ones let the tidying finish.
    Where the thread is in a call that never comes back to Python, the second one ends the process.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        """The first signal that came, or None."""
        self.then = ""
        """What became of the work if it stops now, and how to go on, in a sentence or two."""
        self._ticks = self._raised = False
        self._count = 0
        self._instead: Callable[[], bool] | None = None
        self._before: dict[int, object] = {}
        self._watch: _Watch | None = None

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is not threading.main_thread():
            return self
        for number in SIGNALS:
            # a shell that starts a job in the background, and nohup, have it ignore them: kept
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._ask)
        self._watch = _Watch(lambda: self._count)
        return self

    def __exit__(self, *_: object) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]

    @property
    def code(self) -> int:
        """The exit code of a program that this stopped, as shells have it: 130, 143 or 129."""
        return _code(self.received or signal.SIGINT)

    def obey(self) -> None:
        """Raise `Cancelled` when a signal has come."""
        self._ticks = True
        if self.received is not None:
            raise Cancelled

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """While the block waits for a person: the first signal raises KeyboardInterrupt there."""
        ticks, self._ticks = self._ticks, False
        yield
        self._ticks = ticks

    def means(self, instead: Callable[[], bool]) -> None:
        """From now on a signal calls `instead`; only if that says False is it raised as before."""
        self._instead = instead

    def _ask(self, number: int, frame: FrameType | None) -> None:
        # of several that came during one long call Python hears once
        came = self._watch.came if self._watch else 0
        self._count = max(self._count + 1, came)
        if self.received is None:
            self.received = signal.Signals(number)
        if self._instead is not None and self._instead():
            return
        if not self._raised and (self._count > 1 or not self._ticks):
            self._raised = True
            raise KeyboardInterrupt


class _Watch:
    """A thread that hears signals also while the main thread does not come back to Python.

    `obeyed` counts the signals that the main thread has seen.
    """

    def __init__(self, obeyed: Callable[[], int]) -> None:
        self._obeyed = obeyed
        self.came = 0
        self._here, self._there = socket.socketpair()
        self._there.setblocking(False)
        self._before = signal.set_wakeup_fd(self._there.fileno(), warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._listen, name="signals", daemon=True)
        self._thread.start()

    def close(self) -> None:
        signal.set_wakeup_fd(self._before)
        self._there.close()  # the thread reads the end
        self._thread.join()
        self._here.close()

    def _listen(self) -> None:
        second, last, is_reminded = 0.0, int(signal.SIGINT), False
        while True:
            waits = self.came >= 2 and self._obeyed() < 2
            if not select.select([self._here], [], [], GRACE if waits else None)[0]:
                if self._obeyed() < 2 and is_reminded:
                    _end(last)
                is_reminded = True
                signal.raise_signal(last)
                continue
            if not (numbers := self._here.recv(64)):
                return
            for last in filter(SIGNALS.__contains__, numbers):
                self.came += 1
                second = time.monotonic() if self.came == 2 else second
                if self.came > 2 and not is_reminded and time.monotonic() - second > GRACE:
                    _end(last)


def _end(number: int) -> None:
    with suppress(OSError):
        os.write(2, b"\nCancelled at once.\n")
    os._exit(_code(number))


def _code(number: int) -> int:
    return 128 + (signal.SIGINT if number == BREAK else number)
