"""Failed saves on the banner, until one succeeds."""

from PySide6.QtCore import QObject

from studio.spec.refusal import Refusal
from studio.ui.shell.banner import Banner
from studio.ui.state.document import Document
from studio.ui.state.status import Status


class SaveFailures(QObject):
    """Shows each reason once and withdraws it after a save that succeeds.

    That a save is tried again and again stands at the top of the window.
    """

    def __init__(self, document: Document, status: Status, banner: Banner) -> None:
        super().__init__(banner)
        self._document, self._status, self._banner = document, status, banner
        self._shown: list[str] = []
        self._is_warned = False
        document.save_failed.connect(self._show)
        document.saved_again.connect(self._take_back)

    def may_close(self) -> bool:
        """False once when the last changes cannot be saved: the user shall know what is lost."""
        if self._is_warned:
            return True
        try:
            self._document.save_here()
        except Refusal as refusal:
            self._banner.withdraw(str(refusal))
            self._show(f"{refusal} Close again to leave without the last changes.")
            self._is_warned = True
        return not self._is_warned

    def _show(self, why: str) -> None:
        if why not in self._shown:
            self._shown.append(why)
            self._banner.show_message(why, "Try again now", self._try_again)

    def _try_again(self) -> None:
        self._shown.clear()
        self._document.save_now()

    def _take_back(self) -> None:
        for why in self._shown:
            self._banner.withdraw(why)
        self._shown.clear()
        self._is_warned = False
        self._status.post("The project is saved again.")
