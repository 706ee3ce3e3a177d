"""Short messages for the status line."""

from PySide6.QtCore import QObject, Signal


class Status(QObject):
    """Any view posts; the window's status line shows each for a while."""

    posted = Signal(str)

    def post(self, text: str) -> None:
        """Tell the user something that asks for no answer."""
        self.posted.emit(text)
