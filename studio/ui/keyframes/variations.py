"""The dialog of variations: a strip of keyframes for each seed, one of which is chosen."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from studio.spec.spans import strip_of
from studio.ui.keyframes.pixmaps import ScaledPixmaps
from studio.ui.state.variations import COUNT, Variation, Variations
from studio.ui.widgets.buttons import Drawn
from studio.ui.widgets.controls import label, push, row, tip
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.painter import painting
from studio.ui.widgets.theme import UNIT

SIDE = 72
"""Of a keyframe, in pixels."""
GAP = 4
LONGEST = 12
"""Keyframes that are shown of a longer strip: evenly many of them."""
ROUGH = 0.55
"""How much is seen of keyframes that are still being made."""


class VariationButton(Drawn):
    """One variation as a row of keyframes; a click chooses it."""

    def __init__(self, number: int, keyframes: int, icons: Icons) -> None:
        super().__init__()
        self._number, self._count, self._icons = number, min(keyframes, LONGEST), icons
        self._pixmap = ScaledPixmaps()
        self.variation: Variation | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def reflect(self, variation: Variation) -> None:
        """Show what there is of it."""
        self.variation = variation
        self.setEnabled(variation.is_made)
        self.setAccessibleName(f"Variation {self._number + 1}")
        self.setAccessibleDescription(self._state())
        tip(self, "" if variation.is_made else self._state())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._count * (SIDE + GAP) + 3 * UNIT, SIDE + 2 * UNIT)

    def paintEvent(self, _event) -> None:
        theme, ratio = self._icons.theme, self.devicePixelRatioF()
        with painting(self) as painter:
            painter.fillRect(self.rect(), theme.colour("control" if self.underMouse() else "panel"))
            painter.setPen(theme.colour("muted"))
            number = QRect(0, 0, 3 * UNIT, self.height())
            painter.drawText(number, Qt.AlignmentFlag.AlignCenter, str(self._number + 1))
            for place in range(self._count):
                self._paint_keyframe(painter, place, ratio)
            if self.hasFocus():
                painter.setPen(theme.colour("accent"))
                painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_keyframe(self, painter: QPainter, place: int, ratio: float) -> None:
        theme, variation = self._icons.theme, self.variation
        box = QRect(3 * UNIT + place * (SIDE + GAP), UNIT, SIDE, SIDE)
        pictures = variation.pictures if variation else ()
        if not pictures or variation is None:
            painter.setPen(theme.colour("edge"))
            painter.drawRect(box.adjusted(0, 0, -1, -1))
            return
        picture = pictures[place * len(pictures) // self._count]
        pixmap = self._pixmap(picture, SIDE, ratio)
        inner = QRect(box.topLeft(), pixmap.deviceIndependentSize().toSize())
        inner.moveCenter(box.center())
        painter.setOpacity(1.0 if variation.is_made else ROUGH)
        painter.drawPixmap(inner, pixmap)
        painter.setOpacity(1.0)

    def _state(self) -> str:
        variation = self.variation
        if variation is None or variation.is_made:
            return "made"
        return variation.trouble or ("being made" if variation.pictures else "waiting")


class VariationsDialog(QDialog):
    """`COUNT` variations below one another; 1 to 4 choose, Esc leaves the shot as it is."""

    def __init__(self, variations: Variations, icons: Icons, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Variations")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._variations = variations
        variations.start()
        keyframes = len(strip_of(variations.made[0].request).keys)
        self.buttons = [VariationButton(number, keyframes, icons) for number in range(COUNT)]
        self.more, close = push("Four others"), push("Close")
        self.more.clicked.connect(variations.start)
        close.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(2 * UNIT,) * 4)
        layout.setSpacing(UNIT // 2)
        layout.addWidget(
            label(
                "The same words with other seeds. Choose one to go on with: a click, or 1 to 4.",
                "small",
            )
        )
        for number, button in enumerate(self.buttons):
            button.clicked.connect(lambda _=False, number=number: self.choose(number))
            layout.addWidget(button)
        layout.addWidget(row(self.more, None, close))
        variations.changed.connect(self.reflect)
        self.finished.connect(lambda _: variations.stop())
        self.reflect()

    def choose(self, number: int) -> None:
        """Go on with a variation that is made."""
        if self.buttons[number].isEnabled():
            self._variations.use(number)
            self.accept()

    def reflect(self) -> None:
        """Show what there is of each."""
        for button, variation in zip(self.buttons, self._variations.made, strict=False):
            button.reflect(variation)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = event.key() - Qt.Key.Key_1
        if 0 <= number < COUNT:
            self.choose(number)
        else:
            super().keyPressEvent(event)
