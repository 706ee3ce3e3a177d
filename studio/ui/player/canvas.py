"""The widget that paints one frame: nearest or smooth scaling, with a wipe to the frame before."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui.player.comparison import SIDES, enlarged, paint_loupe, paint_together, paint_wipe
from studio.ui.widgets.painter import painting
from studio.ui.widgets.theme import Theme

NEAR = 8
"""Pixels beside the wipe's line at which it is taken hold of."""


class Canvas(QWidget):
    """Paints a picture as large as fits, or pixel for pixel, and then it can be dragged.

    Sharp means whole multiples of the picture's pixels, each a clean square; what is larger than
    the surface is always smoothed, so that nothing is dropped.  With a picture from before, that
    one shows on the left of a line which can be dragged too.
    """

    clicked_beside = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._picture, self._before = QImage(), QImage()
        self._together: tuple[QImage, ...] = ()
        self._names: tuple[str, ...] = ()
        self._smooth = self._actual = self._loupe = False
        self._pointer, self._held, self._aside = QPointF(-1, -1), "", QPointF()
        self.wipe, self._by_key = 0.5, False
        self.setObjectName("ground")
        self.setMinimumSize(QSize(160, 120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Picture")

    def show_picture(
        self,
        picture: QImage,
        *,
        smooth: bool,
        before: QImage | None = None,
        together: Sequence[QImage] = (),
        names: tuple[str, ...] = (),
    ) -> None:
        """Paint this from now on, with `before` on the left of the wipe's line; or two to four that
        are seen `together`, each with its name."""
        self._picture, self._smooth, self._before = picture, smooth, before or QImage()
        self._together, self._names = tuple(together), names
        self.update()

    def look_closely(self, *, actual: bool, loupe: bool) -> None:
        """Pixel for pixel or as large as fits; with a loupe at the pointer or without."""
        self._actual, self._loupe = actual, loupe
        self.update()

    def put_wipe(self, at: float) -> None:
        """Put the line at a share of the picture's width, 0..1."""
        self.wipe = min(max(0.0, at), 1.0)
        self.update()

    def move_wipe(self, by: float) -> None:
        """Move the line by a share of the picture's width."""
        self.put_wipe(self.wipe + by)

    @property
    def picture(self) -> QImage:
        return self._picture

    @property
    def place(self) -> tuple[float, float]:
        """Where in the picture the pointer is, 0..1 down and across; its middle if it is not."""
        at, target = self._pointer, self.target()
        if not target.contains(at):
            return 0.5, 0.5
        down, across = at.y() - target.top(), at.x() - target.left()
        return down / target.height(), across / target.width()

    def target(self) -> QRectF:
        """Where the picture lies on the surface, in the surface's own pixels."""
        if self._picture.isNull():
            return QRectF()
        ratio = self.devicePixelRatioF()
        wide, high = self.width() * ratio, self.height() * ratio
        scale = min(wide / self._picture.width(), high / self._picture.height())
        if not self._smooth and scale >= 1:
            scale = int(scale)
        if self._actual:
            scale = 1.0
        w, h = self._picture.width() * scale, self._picture.height() * scale
        left, top = (wide - w) // 2, (high - h) // 2
        if self._actual:
            left += _within(round(self._aside.x() * ratio), (w - wide) / 2)
            top += _within(round(self._aside.y() * ratio), (h - high) / 2)
        return QRectF(left / ratio, top / ratio, w / ratio, h / ratio)

    def paintEvent(self, _event) -> None:
        if self._picture.isNull():
            return
        if len(self._together) > 1:
            with painting(self) as painter:
                paint_together(painter, self.rect(), self._together, self._names, self._theme)
            return
        target = self.target()
        with painting(self) as painter:
            self._paint(painter, target)
            if not self._before.isNull():
                paint_wipe(painter, target, self.wipe, self._theme, self._names[:2] or SIDES)
            if self._loupe and target.contains(self._pointer):
                closely = partial(self._paint, closely=True)
                paint_loupe(painter, self._pointer, target, closely, self._theme)
            if self._by_key and self.hasFocus():
                painter.setPen(self._theme.colour("accent"))
                painter.setBrush(Qt.BrushStyle.NoBrush)  # the names of both sides left one
                painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint(self, painter: QPainter, target: QRectF, *, closely: bool = False) -> None:
        """Paint the frame, and left of the wipe the frame before; `closely` for the loupe."""
        shrinks = target.width() * self.devicePixelRatioF() < self._picture.width()
        smooth = self._smooth or shrinks
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        wide = 0 if closely else round(target.width() * self.devicePixelRatioF())
        painter.drawImage(target, enlarged(self._picture, wide) if smooth else self._picture)
        if self._before.isNull():
            return
        painter.save()
        painter.setClipRect(
            QRectF(target.left(), target.top(), self.wipe * target.width(), target.height()),
            Qt.ClipOperation.IntersectClip,
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(target, enlarged(self._before, wide))
        painter.restore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._by_key = event.reason() != Qt.FocusReason.MouseFocusReason  # the frame is for keys
        super().focusInEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        beside = "" if self.target().contains(event.position()) else "beside"
        self._held = beside or "picture" * self._actual
        if self._on_line(event.position()):
            self._held = "wipe"
        self._pointer = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        moved, self._pointer = event.position() - self._pointer, event.position()
        target = self.target()
        if self._held == "wipe":
            self.move_wipe(moved.x() / target.width())
        elif self._held == "picture":
            self._aside += moved
        over = self._held == "wipe" or self._on_line(event.position())
        shape = Qt.CursorShape.SplitHCursor if over else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        beside = self._held == "beside" and not self.target().contains(event.position())
        if beside and event.button() == Qt.MouseButton.LeftButton:
            self.clicked_beside.emit()
        self._held = ""

    def leaveEvent(self, _event) -> None:
        self._pointer = QPointF(-1, -1)
        self.update()

    def _on_line(self, at: QPointF) -> bool:
        target = self.target()
        line = target.left() + self.wipe * target.width()
        return not self._before.isNull() and abs(at.x() - line) < NEAR


def _within(moved: float, room: float) -> float:
    """A move cut to the room there is, none where the picture is smaller than the surface."""
    room = max(0.0, room)
    return min(max(-room, moved), room)
