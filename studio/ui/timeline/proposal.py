"""The question before anything is made for the timeline: which pieces, how long, with which words."""

import secrets

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from studio.spec.quantities import duration
from studio.spec.refusal import Refusal
from studio.ui.state.render_actions import SEEDS
from studio.ui.state.timeline_orders import Estimate, Order
from studio.ui.state.timeline_renders import TimelineRenders
from studio.ui.widgets.controls import column, label, push, remove_widget, row, set_enabled
from studio.ui.widgets.text_fields import Lines
from studio.ui.widgets.theme import UNIT

SETTLE_MS = 250
LOOKING = "The pieces are being counted."


class Proposal(QDialog):
    """Shows what an order comes to, anew whenever its words change; nothing is queued before
    *Make it*."""

    def __init__(self, order: Order, renders: TimelineRenders, parent: QWidget) -> None:
        super().__init__(parent)
        self._order, self._renders = order, renders
        self._asked = 0
        self._listed: list[QLabel] = []
        self.seed = order.request.seed if order.request else 0
        self.setWindowTitle(order.title)
        self.setMinimumWidth(440)
        self.words = Lines(order.request.prompt if order.request else "", 3)
        self.words.setAccessibleName("What it shows")
        self.seed_now = label("", "small")
        self.another = push("Another seed")
        self.pieces = QWidget()
        self._lines = QVBoxLayout(self.pieces)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(UNIT // 2)
        self.make, self.cancel = push("Make it", "primary"), push("Cancel")
        self._build()
        self._later = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._later.timeout.connect(self.look)
        self.words.textChanged.connect(self._wait)
        self.another.clicked.connect(self._roll)
        self.make.clicked.connect(self._agreed)
        self.cancel.clicked.connect(self.reject)
        self.look()

    @property
    def lines(self) -> list[str]:
        """What is listed."""
        return [line.text() for line in self._listed]

    def look(self) -> None:
        """Count the pieces and their time for the words as they are."""
        self._asked += 1
        asked = self._asked
        self.seed_now.setText(f"Seed {self.seed}")
        set_enabled(self.make, LOOKING)

        def found(estimate: Estimate) -> None:
            if asked == self._asked:
                self._show(estimate)

        def refused(refusal: Refusal) -> None:
            if asked == self._asked:
                self._list([str(refusal)], "attention")
                set_enabled(self.make, refusal.what)

        self._renders.estimate(self._order, self.words.toPlainText(), self.seed, found, refused)

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        layout.setSpacing(2 * UNIT)
        if self._order.request is not None:
            layout.addWidget(column(label("What it shows", "small"), self.words))
            layout.addWidget(row(self.seed_now, None, self.another))
        layout.addWidget(column(label("What will be made", "small"), self.pieces))
        layout.addStretch(1)
        layout.addWidget(row(None, self.cancel, self.make))
        self.make.setDefault(True)

    def _show(self, estimate: Estimate) -> None:
        self._list(estimate.lines, "")
        set_enabled(self.make, "")
        if self.cancel.hasFocus():  # it came there while nothing else could have it
            self.make.setFocus()
        time = estimate.seconds
        self.make.setText(f"Make it · about {duration(time)}" if time else "Make it")

    def _list(self, lines: "list[str] | tuple[str, ...]", role: str) -> None:
        for line in self._listed:
            remove_widget(self._lines, line)
        self._listed = [label(line, role, wrap=True) for line in lines]
        for line in self._listed:
            self._lines.addWidget(line)
        QTimer.singleShot(0, self, self._grow)

    def _grow(self) -> None:
        """As high as what is listed now."""
        needed = self.layout().totalHeightForWidth(self.width())  # type: ignore[union-attr]
        self.resize(self.width(), max(self.height(), needed, self.sizeHint().height()))

    def _wait(self) -> None:
        set_enabled(self.make, LOOKING)
        self._later.start()

    def _roll(self) -> None:
        self.seed = secrets.randbelow(SEEDS)
        self.look()

    def _agreed(self) -> None:
        self._renders.place(self._order, self.words.toPlainText(), self.seed)
        self.accept()
