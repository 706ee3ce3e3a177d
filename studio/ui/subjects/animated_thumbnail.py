"""A small picture that moves by itself."""

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QHideEvent, QImage, QShowEvent
from PySide6.QtWidgets import QWidget

from studio.ui.state.images import thumbnail
from studio.ui.widgets.motion import motion
from studio.ui.widgets.painter import painting
from studio.ui.widgets.theme import Theme

FRAME_MS = 125


class AnimatedThumbnail(QWidget):
    """Shows one picture, or several in turn at 8 frames per second while it can be seen; of several
    the first, where nothing is to move by itself."""

    def __init__(self, side: int, name: str, theme: Theme) -> None:
        super().__init__()
        self._side, self._theme = side, theme
        self._frames: list = []
        self._shown = 0
        self.setFixedSize(QSize(side, side))
        self.setAccessibleName(name)
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._next)
        motion.changed.connect(self._run)

    def show_frames(self, frames: tuple[QImage, ...]) -> None:
        ratio = self.devicePixelRatioF()
        self._frames = [thumbnail(frame, self._side, ratio, square=True) for frame in frames]
        self._shown = min(self._shown, max(0, len(frames) - 1))
        self._run()
        self.update()

    def paintEvent(self, _event) -> None:
        with painting(self) as painter:
            if self._frames:
                painter.drawPixmap(0, 0, self._side, self._side, self._frames[self._shown])
            else:
                painter.fillRect(self.rect(), self._theme.colour("ground"))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._run()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _run(self) -> None:
        if motion.is_reduced:
            self._shown = 0
            self.update()
        if len(self._frames) > 1 and self.isVisible() and not motion.is_reduced:
            if not self._timer.isActive():
                self._timer.start()
        else:
            self._timer.stop()

    def _next(self) -> None:
        self._shown = (self._shown + 1) % len(self._frames)
        self.update()
