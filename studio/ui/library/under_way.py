"""A strip in the library: what is being downloaded, or waits to be gone on with."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from studio.ui.state.downloads import Downloads
from studio.ui.widgets.controls import ElidedLabel, push, row
from studio.ui.widgets.theme import UNIT


class UnderWay(QWidget):
    """Name, how far it is, and Pause or Go on; hidden while there is nothing of the kind."""

    asked = Signal()

    def __init__(self, downloads: Downloads) -> None:
        super().__init__()
        self._downloads = downloads
        self.words, self.bar = ElidedLabel("", "small"), QProgressBar()
        self.bar.setTextVisible(False)
        self.turn, self.show_all = push("Pause"), push("Downloads", "link")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * UNIT, UNIT, 2 * UNIT, 0)
        layout.setSpacing(UNIT // 2)
        for part in (self.words, self.bar, row(self.show_all, None, self.turn)):
            layout.addWidget(part)
        self.turn.clicked.connect(self._turn)
        self.show_all.clicked.connect(self.asked)
        downloads.changed.connect(self.reflect)
        self.reflect()

    def reflect(self) -> None:
        """Show the first that runs, else the first that is paused."""
        running = next(iter(self._downloads.transfers), None)
        paused = next((k for k in self._downloads.kept if _is_paused(k)), None)
        self.setVisible(bool(running or paused))
        if running:
            self._show(f"{running.name} · {running.words}", running.share, "Pause")
        elif paused:
            share = paused.here / paused.whole if paused.whole else 0.0
            why = paused.record.why or "paused"
            self._show(f"{paused.record.name} · {100 * share:.0f} %, {why}", share, "Go on")

    def _show(self, words: str, share: float, turn: str) -> None:
        self.words.set_text(words)
        self.bar.setRange(0, 0 if share < 0 else 1000)
        self.bar.setValue(round(1000 * max(0.0, share)))
        self.turn.setText(turn)

    def _turn(self) -> None:
        if running := next(iter(self._downloads.transfers), None):
            self._downloads.pause(running.ids[0])
        elif paused := next((k for k in self._downloads.kept if _is_paused(k)), None):
            self._downloads.go_on(paused)


def _is_paused(kept) -> bool:
    return not kept.is_ready and not kept.elsewhere
