"""The surface on which one frame is painted, sharp or smooth."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget


class Canvas(QWidget):
    """Paints a picture as large as fits.

    Sharp means whole multiples of the picture's pixels, each a clean square; what is larger than
    the surface is always smoothed, so that nothing is dropped.
    """

    def __init__(self) -> None:
        super().__init__()
        self._picture = QImage()
        self._smooth = False
        self.setObjectName("ground")
        self.setMinimumSize(QSize(160, 120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Picture")

    def show_picture(self, picture: QImage, *, smooth: bool) -> None:
        self._picture, self._smooth = picture, smooth
        self.update()

    @property
    def picture(self) -> QImage:
        return self._picture

    def target(self) -> QRectF:
        """Where the picture lies on the surface, in the surface's own pixels."""
        if self._picture.isNull():
            return QRectF()
        ratio = self.devicePixelRatioF()
        wide, high = self.width() * ratio, self.height() * ratio
        scale = min(wide / self._picture.width(), high / self._picture.height())
        if not self._smooth and scale >= 1:
            scale = int(scale)
        w, h = self._picture.width() * scale, self._picture.height() * scale
        left, top = (wide - w) // 2, (high - h) // 2
        return QRectF(left / ratio, top / ratio, w / ratio, h / ratio)

    def paintEvent(self, _event) -> None:
        if self._picture.isNull():
            return
        painter = QPainter(self)
        target = self.target()
        shrinks = target.width() * self.devicePixelRatioF() < self._picture.width()
        smooth = self._smooth or shrinks
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(target, self._enlarged(target) if smooth else self._picture)
        painter.end()

    def _enlarged(self, target: QRectF) -> QImage:
        """Doubled step by step: one bilinear leap over eight pixels shows stars and creases."""
        picture = self._picture
        ratio = self.devicePixelRatioF()
        while picture.width() * 2 <= target.width() * ratio:
            picture = picture.scaled(
                picture.size() * 2,
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        return picture
