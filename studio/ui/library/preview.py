"""The picture of the chosen model, where one lies beside it."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QPixmap
from PySide6.QtWidgets import QLabel

from studio.library.previews import preview_of
from studio.ui.state.background import Background
from studio.ui.widgets.theme import UNIT

SIDE = 9 * UNIT
"""Pixels of the square that it is fitted into."""
LARGEST = 32 * 2**20
"""Bytes of a file that is still read."""


class ModelPreview(QLabel):
    """Read on another thread, and hidden where there is none or it cannot be read."""

    def __init__(self, background: Background) -> None:
        super().__init__()
        self._background = background
        self._path: Path | None = None
        self.setAccessibleName("Picture of the model")
        self.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        self.hide()

    def show_of(self, path: Path) -> None:
        """Show the picture of the model there."""
        if path == self._path:
            return
        self._path, side = path, round(SIDE * self.devicePixelRatioF())
        self.hide()
        self._background.ask(
            lambda: small_preview(path, side),
            lambda image: self._come(path, image),
            lambda _: None,  # a picture that cannot be read is none
            owner=self,
        )

    def _come(self, path: Path, image: QImage) -> None:
        if path == self._path and not image.isNull():
            image.setDevicePixelRatio(self.devicePixelRatioF())
            self.setPixmap(QPixmap.fromImage(image))
            self.show()


def small_preview(path: Path, side: int) -> QImage:
    """The picture of a model within a square of `side` pixels; a null image where there is none."""
    file = preview_of(path)
    if file is None or file.stat().st_size > LARGEST:
        return QImage()
    reader = QImageReader(str(file))
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid():
        reader.setScaledSize(size.scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()
