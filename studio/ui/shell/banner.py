"""A line across the window for what the user has to know before going on."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from studio.ui.widgets.controls import label, push, tool
from studio.ui.widgets.details_dialog import DetailsDialog
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT


@dataclass(frozen=True)
class _Message:
    """A message: its text, a button with its callback, and a traceback or the like."""

    words: str
    action: str = ""
    then: Callable[[], None] | None = None
    details: str = ""


class Banner(QWidget):
    """Shows one message at a time; the rest wait until it is closed."""

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        picture = QLabel()
        picture.setPixmap(icons("warning", "attention").pixmap(QSize(16, 16)))
        self.words = label("", wrap=True)
        self.act, self.details = push(""), push("Details", tip="The technical part, for a report")
        self.close_it = tool(icons, "close", "Close this message")
        self._waiting: list[_Message] = []
        self._message = _Message("")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * UNIT, UNIT, UNIT, UNIT)
        layout.setSpacing(UNIT + UNIT // 2)
        layout.addWidget(picture)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.act)
        layout.addWidget(self.details)
        layout.addWidget(self.close_it)
        self.act.clicked.connect(self._do)
        self.details.clicked.connect(self._show_details)
        self.close_it.clicked.connect(self._next)
        self.hide()

    def show_message(
        self,
        words: str,
        action: str = "",
        then: Callable[[], None] | None = None,
        *,
        details: str = "",
    ) -> None:
        """A message, with one thing to do about it if there is one, and its technical part."""
        if any(words == waiting.words for waiting in self._waiting):
            return
        if not self.isHidden() and words == self._message.words:
            return
        self._waiting.append(_Message(words, action, then, details))
        if self.isHidden():
            self._next()

    def withdraw(self, words: str) -> None:
        """A message that is no longer true."""
        self._waiting = [waiting for waiting in self._waiting if waiting.words != words]
        if not self.isHidden() and words == self._message.words:
            self._next()

    def _next(self) -> None:
        if not self._waiting:
            self.hide()
            return
        self._message = message = self._waiting.pop(0)
        self.words.setText(message.words)
        self.words.setAccessibleName(message.words)
        self.act.setText(message.action)
        self.act.setVisible(bool(message.action))
        self.details.setVisible(bool(message.details))
        self.show()

    def _show_details(self) -> None:
        DetailsDialog(self._message.words, self._message.details, self.window()).open()

    def _do(self) -> None:
        then = self._message.then
        self._next()
        if then:
            then()
