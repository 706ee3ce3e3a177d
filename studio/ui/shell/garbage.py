"""Garbage is collected on the window's thread alone, in pieces too small to be felt.

Python collects on whichever thread happens to allocate.  On a thread of the engine that may end a
widget, which Qt forbids.  While the engine is imported nothing is collected at all: half a million
objects come in that stay, and to look at them holds every thread up for a quarter of a second.
"""

import gc

from PySide6.QtCore import QObject, QTimer

LOOK_MS = 250
NEW = 2000
"""New objects that make a look at the youngest worth it; older ones wait for 40 looks, and 20."""
YOUNG, OLD = 40, 20


class Garbage(QObject):
    """From `start` to `stop` nothing else collects, and this does not between `rest` and `start`."""

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        gc.disable()
        self._timer.start()

    def rest(self) -> None:
        """Look at nothing until the next `start`."""
        self._timer.stop()

    def stop(self) -> None:
        self._timer.stop()
        gc.enable()

    def look(self) -> None:
        """Collect the oldest generation that is due."""
        new, young, old = gc.get_count()
        if old > OLD:
            gc.collect(2)
        elif young > YOUNG:
            gc.collect(1)
        elif new > NEW:
            gc.collect(0)
