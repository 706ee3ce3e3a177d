"""Where photos are dropped."""

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPainter, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.ui.widgets.controls import label, push
from studio.ui.widgets.input_dialogs import ask_for_photos
from studio.ui.widgets.painter import painting
from studio.ui.widgets.theme import UNIT, Theme


def places_of(held: QMimeData) -> list[Path]:
    """What is dropped, web addresses as they are written: whoever looks says what they are."""
    return [Path(url.toLocalFile() if url.isLocalFile() else url.toString()) for url in held.urls()]


class DropZone(QWidget):
    """Takes photo files and folders, dropped or chosen."""

    dropped = Signal(object)  # list[Path]

    def __init__(self, text: str, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._over = False
        self.setAcceptDrops(True)
        self.setMinimumHeight(12 * UNIT)
        words = label(text, "muted", wrap=True)
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.choose = push("Choose photos …", tip="Choose photos from your disk")
        self.choose.clicked.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * UNIT, 2 * UNIT, 2 * UNIT, 2 * UNIT)
        layout.addWidget(words)
        layout.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignHCenter)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self._turn(True)

    def dragLeaveEvent(self, _event) -> None:
        self._turn(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._turn(False)
        files = places_of(event.mimeData())
        if files:
            event.acceptProposedAction()
            self.dropped.emit(files)

    def paintEvent(self, _event) -> None:
        pen = QPen(self._theme.colour("accent" if self._over else "edge"), 1, Qt.PenStyle.DashLine)
        with painting(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(pen)
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 6, 6)

    def _turn(self, over: bool) -> None:
        self._over = over
        self.update()

    def _choose(self) -> None:
        if files := ask_for_photos(self, "Choose photos"):
            self.dropped.emit(files)
