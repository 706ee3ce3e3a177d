"""The keyframes of a clip beside one another."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui.desk import Desk
from studio.ui.pictures import thumbnail
from studio.ui.playback import Playback
from studio.ui.theme import UNIT, Theme

HEIGHT = 88
SIDE = 72


class Strip(QWidget):
    """Each keyframe with its time; a click or the arrows move the playhead there."""

    def __init__(self, desk: Desk, playback: Playback, theme: Theme) -> None:
        super().__init__()
        self._desk, self._playback, self._theme = desk, playback, theme
        self._pictures: list[QPixmap] = []
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Keyframes")
        desk.shown_changed.connect(self._follow)
        desk.playhead_moved.connect(lambda _: self.update())
        self._follow()

    def _follow(self) -> None:
        shown = self._desk.shown
        wanted = bool(shown and shown.kind != "clip")
        ratio = self.devicePixelRatioF()
        frames = shown.frames if shown and wanted else ()
        self._pictures = [thumbnail(frame, SIDE, ratio) for frame in frames]
        self.setVisible(wanted)
        self.setAccessibleDescription(f"{len(frames)} keyframes")
        self.update()

    def place(self, index: int) -> QRect:
        """Where a keyframe is painted; they share the width, at most `SIDE` each and a gap."""
        number = max(1, len(self._pictures))
        step = min(SIDE + UNIT, (self.width() - 2 * UNIT) // number)
        left = max(UNIT, (self.width() - step * number) // 2)
        side = min(SIDE, step - 2)
        return QRect(left + index * step, (HEIGHT - side) // 2, side, side)

    def paintEvent(self, _event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for index, picture in enumerate(self._pictures):
            place = self.place(index)
            size = (
                picture.deviceIndependentSize()
                .toSize()
                .scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
            )
            box = QRect(place.topLeft(), size)
            box.moveCenter(place.center())
            painter.drawPixmap(box, picture)
            if index == self._desk.playhead:
                painter.setPen(QPen(self._theme.colour("accent"), 2))
                painter.drawRect(box)
        painter.end()

    def sizeHint(self) -> QSize:
        return QSize(8 * SIDE, HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for index in range(len(self._pictures)):
            if self.place(index).contains(event.position().toPoint()):
                self._desk.set_speed(0)
                self._playback.go(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # the window's keys move the playhead
