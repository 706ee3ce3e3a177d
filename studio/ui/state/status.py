"""Short messages for the status line."""

from PySide6.QtCore import QObject, Signal


class Status(QObject):
    """Whoever has something to say posts it; the window shows it for a while."""

    posted = Signal(str)

    def post(self, text: str) -> None:
        """Tell the user something that asks for no answer."""
        self.posted.emit(text)
