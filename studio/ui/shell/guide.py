"""The illustrated guide, read inside the studio: nothing is fetched."""

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from studio.ui.widgets.controls import push, row
from studio.ui.widgets.theme import UNIT

GUIDE = Path(__file__).resolve().parents[3] / "assets" / "guide" / "guide.md"


class GuideDialog(QDialog):
    """Stays open beside the window, so that what it says can be tried."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Guide")
        self.resize(840, 640)
        self.text = QTextBrowser()
        self.text.setAccessibleName("Guide")
        self.text.setOpenLinks(False)
        self.text.setSearchPaths([str(GUIDE.parent)])
        self.text.document().setBaseUrl(QUrl.fromLocalFile(f"{GUIDE.parent}/"))
        self.text.setMarkdown(GUIDE.read_text(encoding="utf-8"))
        self._space()
        done = push("Close")
        done.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(2 * UNIT,) * 4)
        layout.setSpacing(2 * UNIT)
        layout.addWidget(self.text)
        layout.addWidget(row(None, done))
        self.text.setFocus()

    def _space(self) -> None:
        """Markdown comes without room between its paragraphs."""
        cursor = QTextCursor(self.text.document())
        block = self.text.document().begin()
        while block.isValid():
            shape = block.blockFormat()
            shape.setTopMargin(2 * UNIT if shape.headingLevel() else 0)
            shape.setBottomMargin(UNIT)
            cursor.setPosition(block.position())
            cursor.setBlockFormat(shape)
            block = block.next()
        self.text.moveCursor(QTextCursor.MoveOperation.Start)
