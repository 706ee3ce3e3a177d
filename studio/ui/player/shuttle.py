"""J, K and L as editors have them: K stops; while it is held J and L go on by single frames."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from studio.ui.state.playback import Playback
from studio.ui.state.player_state import PlayerState


class Shuttle(QObject):
    """Listens for the end of K only while K is down."""

    def __init__(self, player_state: PlayerState, playback: Playback) -> None:
        super().__init__()
        self._player_state, self._playback = player_state, playback
        self.is_held = False
        self.key = Qt.Key.Key_K
        """The key that stops, whose end is listened for."""

    def hold(self) -> None:
        """K: stop, and step by J and L until it is let go."""
        self._player_state.set_speed(0)
        app = QApplication.instance()
        if not self.is_held and app is not None:
            self.is_held = True
            app.installEventFilter(self)

    def press(self, direction: int) -> None:
        """J (-1) or L (1)."""
        if self.is_held:
            self._playback.step(direction)
        else:
            self._playback.shuttle(direction)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if _is_up(event, self.key) or event.type() == QEvent.Type.ApplicationDeactivate:
            self._let_go()
        return False

    def _let_go(self) -> None:
        self.is_held = False
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)


def _is_up(event: QEvent, key: Qt.Key) -> bool:
    if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyRelease:
        return False
    return event.key() == key and not event.isAutoRepeat()
