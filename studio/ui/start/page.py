"""The first page: what a project with nothing in it shows in the place of the player."""

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QImageReader, QPainter, QPaintEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QGridLayout, QToolButton, QVBoxLayout, QWidget

from studio.ui.start.examples import EXAMPLES, Example, is_blank
from studio.ui.state.document import Document
from studio.ui.widgets.buttons import Card
from studio.ui.widgets.controls import ElidedLabel, column, label, push, remove_widget, row, tip
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT

WIDEST = 640
"""Pixels of what the page says, in the middle of a wide one."""
PICTURE = 88
"""Pixels of an example's sides."""
MOST = 5
"""Recent projects that are listed."""
BEGIN = "Write what to show in the panel at the right, and press Preview keyframes; or begin with:"


class StartPage(QWidget):
    """Lies over `place` while the project is blank, and goes by itself at the first word."""

    example_asked = Signal(object)  # Example
    new_asked = Signal()
    open_asked = Signal()
    recent_asked = Signal(object)  # Path

    def __init__(self, document: Document, icons: Icons, place: QWidget) -> None:
        super().__init__(place)
        self._document, self._icons, self._place = document, icons, place
        self._filled = False
        self.setAccessibleName("First page")
        self.examples: list[QToolButton] = []
        self.recent: list[QWidget] = []
        self._build()
        place.installEventFilter(self)
        document.changed.connect(self.reflect)
        self.reflect()

    def reflect(self) -> None:
        """Show the page while there is nothing else to see."""
        wanted = is_blank(self._document.project) and not self._document.read_only
        if wanted and not self._filled:
            self._fill()
        self.setVisible(wanted)
        if wanted:
            self.setGeometry(self._place.rect())
            self.raise_()

    def list_recent(self, projects: Sequence[Path]) -> None:
        """Name the projects that were open before, the last one first."""
        for old in self.recent:
            remove_widget(self._recent_box, old)
        self.recent = []
        for project in projects[:MOST]:
            button = push(project.name, "link", tip=str(project))
            button.clicked.connect(partial(self.recent_asked.emit, project))
            line = row(button, ElidedLabel(str(project.parent), "small"))
            line.layout().setStretch(1, 1)  # type: ignore[union-attr]
            self._recent_box.addWidget(line)
            self.recent.append(line)
        self._recent.setVisible(bool(self.recent))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # nothing below it is seen; a style sheet takes that back when it polishes a widget
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), self._icons.theme.colour("ground"))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._place and event.type() == QEvent.Type.Resize and not self.isHidden():
            self.setGeometry(self._place.rect())
        return False

    def _build(self) -> None:
        self.new, self.open = push("New project …"), push("Open …")
        self.new.clicked.connect(self.new_asked)
        self.open.clicked.connect(self.open_asked)
        self._cards = QWidget()
        self._recent = QWidget()
        self._recent_box = QVBoxLayout(self._recent)
        self._recent_box.setContentsMargins(0, 0, 0, 0)
        self._recent_box.setSpacing(0)
        self._recent_box.addWidget(label("Open before", "small"))
        block = column(
            label("A first film", "title"), label(BEGIN, "muted", wrap=True), self._cards,
            row(self.new, self.open, None), self._recent, gap=2 * UNIT,
        )  # fmt: skip
        block.setMaximumWidth(WIDEST)
        self._block = block
        layout = QGridLayout(self)
        layout.setContentsMargins(3 * UNIT, 2 * UNIT, 3 * UNIT, 2 * UNIT)
        layout.addWidget(block, 1, 1)
        for at, share in ((0, 1), (2, 2)):
            layout.setRowStretch(at, share)
        for at, share in ((0, 1), (1, 1000), (2, 1)):  # the page's sides get what the block leaves
            layout.setColumnStretch(at, share)
        self._recent.hide()

    def _fill(self) -> None:
        """Make the examples when they are first seen: a project with a film in it never needs them."""
        self._filled = True
        self.examples = [self._card(example) for example in EXAMPLES]
        cards = row(*self.examples, None, gap=2 * UNIT)
        self._block.layout().replaceWidget(self._cards, cards)  # type: ignore[union-attr]
        self._cards.deleteLater()
        self._cards = cards

    def _card(self, example: Example) -> QToolButton:
        card = Card()
        card.setProperty("role", "flat")
        card.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        card.setIconSize(QSize(PICTURE, PICTURE))
        card.setIcon(self._picture(example))
        card.setText(example.name)
        card.setAccessibleName(f"Open the example: {example.prompt}")
        tip(card, f"Opens as a project of your own: {example.prompt}")
        card.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        card.clicked.connect(lambda: self.example_asked.emit(example))
        return card

    def _picture(self, example: Example) -> QIcon:
        """A frame of its film in which what it shows is there, or a mark that it is to be made."""
        if example.picture is not None:
            shown = late_frame(example.picture)
            if not shown.isNull():
                return QIcon(framed(QPixmap.fromImage(shown), PICTURE, self.devicePixelRatio()))
        mark = self._icons.pixmap("clip", "muted", PICTURE // 2, self.devicePixelRatio())
        return QIcon(framed(mark, PICTURE // 2, self.devicePixelRatio()))


@cache
def late_frame(film: Path) -> QImage:
    """A frame near the end of a GIF: at the beginning what comes may not be there yet."""
    reader = QImageReader(str(film))
    wanted = max(0, reader.imageCount() * 3 // 4 - 1)
    shown = reader.read()
    while wanted and not (following := reader.read()).isNull():
        shown, wanted = following, wanted - 1
    return shown


def framed(picture: QPixmap, side: int, ratio: float) -> QPixmap:
    """A picture, `side` pixels wide, in the middle of a square of `PICTURE`: all cards are as high."""
    square = QPixmap(QSize(PICTURE, PICTURE) * ratio)
    square.setDevicePixelRatio(ratio)
    square.fill(Qt.GlobalColor.transparent)
    painter = QPainter(square)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    gap = (PICTURE - side) // 2
    painter.drawPixmap(QRect(gap, gap, side, side), picture)
    painter.end()
    return square
