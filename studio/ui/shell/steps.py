"""Work that is done step by step, one in each turn of the loop, or all of it once somebody asks."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal

Step = Callable[[], object] | None
"""What may be done on another thread before the next step, or nothing."""
ASKING = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.ShortcutOverride,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.TouchBegin,
        QEvent.Type.Wheel,
        QEvent.Type.InputMethod,
        QEvent.Type.DragEnter,
    }
)
"""With these somebody begins to do something."""


class Steps(QObject):
    """The steps of a generator.  Once started, whoever presses a key or a button has all of them
    done before it counts.

    `failed` tells of an error in a step that nobody waits for; whoever waits gets it raised, and the
    same one again whenever somebody asks.
    """

    failed = Signal()
    _is_through = Signal()

    def __init__(self, steps: Iterator[Step], parent: QObject) -> None:
        super().__init__(parent)
        self._steps, self._elsewhere = steps, None
        self.is_done = self.has_begun = self._is_busy = False
        self.error: BaseException | None = None
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._turn)
        self._is_through.connect(self._timer.start, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Go on with a step in every turn of the loop, what is done elsewhere meanwhile apart."""
        if not self.has_begun and not self.is_done:
            _app().installEventFilter(self)
            self._timer.start()

    def finish(self) -> None:
        """Do at once all that is left to do; nothing within a step."""
        if self._is_busy:
            return
        self._timer.stop()
        while not self.is_done:
            if self._elsewhere is not None:
                self._elsewhere.join()
            elsewhere = self._next()
            if elsewhere is not None:
                elsewhere()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in ASKING:
            self.finish()
        return False

    def _turn(self) -> None:
        if self._is_busy or self.is_done:
            return
        if self._elsewhere is not None and self._elsewhere.is_alive():
            self._elsewhere.join()  # it has said that it is through
        try:
            elsewhere = self._next()
        except Exception:
            self.failed.emit()
            return
        if elsewhere is not None:
            self._elsewhere = threading.Thread(target=self._apart, args=(elsewhere,))
            self._elsewhere.start()
        elif not self.is_done:
            self._timer.start()

    def _apart(self, elsewhere: Callable[[], object]) -> None:
        try:
            elsewhere()
        except Exception as error:  # raised where the next step is done
            self.error = error
        self._is_through.emit()

    def _next(self) -> Any:
        """Do one step; what may be done elsewhere after it."""
        self.has_begun = self._is_busy = True
        try:
            if self.error is not None:
                raise self.error
            return next(self._steps)
        except StopIteration:
            self.is_done = True
            _app().removeEventFilter(self)
        except BaseException as error:
            self.error = error
            _app().removeEventFilter(self)
            raise
        finally:
            self._is_busy = False


def _app() -> QCoreApplication:
    app = QCoreApplication.instance()
    assert app is not None
    return app
