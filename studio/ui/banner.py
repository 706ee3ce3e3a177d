"""A line across the window for what the user has to know before going on."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from studio.ui.controls import label, push, tool
from studio.ui.icons import Icons
from studio.ui.theme import UNIT


class Banner(QWidget):
    """Shows one message at a time; the rest wait until it is closed."""

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        picture = QLabel()
        picture.setPixmap(icons("warning", "attention").pixmap(QSize(16, 16)))
        self.words = label("", wrap=True)
        self.act = push("")
        self.close_it = tool(icons, "close", "Close this message")
        self._waiting: list[tuple[str, str, Callable[[], None] | None]] = []
        self._then: Callable[[], None] | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * UNIT, UNIT, UNIT, UNIT)
        layout.setSpacing(UNIT + UNIT // 2)
        layout.addWidget(picture)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.act)
        layout.addWidget(self.close_it)
        self.act.clicked.connect(self._do)
        self.close_it.clicked.connect(self._next)
        self.hide()

    def say(self, words: str, action: str = "", then: Callable[[], None] | None = None) -> None:
        """A message, with one thing to do about it if there is one."""
        if any(words == waiting[0] for waiting in self._waiting):
            return
        if not self.isHidden() and words == self.words.text():
            return
        self._waiting.append((words, action, then))
        if self.isHidden():
            self._next()

    def withdraw(self, words: str) -> None:
        """A message that is no longer true."""
        self._waiting = [waiting for waiting in self._waiting if waiting[0] != words]
        if not self.isHidden() and words == self.words.text():
            self._next()

    def _next(self) -> None:
        if not self._waiting:
            self.hide()
            return
        words, action, self._then = self._waiting.pop(0)
        self.words.setText(words)
        self.words.setAccessibleName(words)
        self.act.setText(action)
        self.act.setVisible(bool(action))
        self.show()

    def _do(self) -> None:
        then = self._then
        self._next()
        if then:
            then()
