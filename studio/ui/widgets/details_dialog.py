"""The technical part of a message, to be read, copied and reported."""

from PySide6.QtWidgets import QApplication, QDialog, QPlainTextEdit, QVBoxLayout, QWidget

from studio.ui.widgets.controls import label, push, row
from studio.ui.widgets.theme import UNIT


class DetailsDialog(QDialog):
    """Shows a text as it is; `copy` puts it on the clipboard."""

    def __init__(self, text: str, details: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Details")
        self.setMinimumSize(480, 240)
        self.resize(720, 400)
        self.text = QPlainTextEdit(details)
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName("Details")
        self.copy, close = push("Copy"), push("Close")
        self.copy.clicked.connect(lambda: QApplication.clipboard().setText(details))
        close.clicked.connect(self.accept)
        self.finished.connect(self.deleteLater)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(2 * UNIT,) * 4)
        layout.setSpacing(UNIT + UNIT // 2)
        layout.addWidget(label(text, wrap=True))
        layout.addWidget(self.text, 1)
        layout.addWidget(row(self.copy, None, close))
