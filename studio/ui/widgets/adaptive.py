"""Controls that stay whole in a narrow panel: what cannot stand beside goes below, words wrap."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from studio.ui.widgets.controls import label
from studio.ui.widgets.theme import UNIT

LETTERS = 8
"""Letters of its choice that a list box shows at least."""
SCROLLBAR = 10
SHORT = Qt.ItemDataRole.UserRole + 1
"""What a list box shows of its choice, where the line in its list says more."""


class Field(QWidget):
    """A control beside its name, or below it where there is no room beside."""

    def __init__(self, name: str, control: QWidget, width: int) -> None:
        super().__init__()
        self._control, self._width = control, width
        self._name = label(name, "small")
        self._name.setBuddy(control)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(UNIT)
        self._box.addWidget(self._name)
        self._box.addWidget(control, 1)
        self._name.setMinimumWidth(width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._name.setMinimumWidth(self._named)  # never cut; before it is shown it has no font
        needed = self._named + UNIT + self._control.minimumSizeHint().width()
        beside = self.width() >= needed
        ways = QBoxLayout.Direction
        way = ways.LeftToRight if beside else ways.TopToBottom
        if way != self._box.direction():
            self._box.setDirection(way)
            self._box.setSpacing(UNIT if beside else 2)
            self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        wide = max(self._named, self._control.minimumSizeHint().width())
        return QSize(wide, self._box.minimumSize().height())

    @property
    def _named(self) -> int:
        return max(self._width, self._name.sizeHint().width())


def field(name: str, control: QWidget, *, width: int = 96) -> QWidget:
    """A control with its name, which is its accessible name and its buddy."""
    control.setAccessibleName(name)
    return Field(name, control, width)


class Buttons(QWidget):
    """Buttons beside one another at the right, or below one another where there is no room."""

    def __init__(self, *buttons: QWidget) -> None:
        super().__init__()
        self._buttons = buttons
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(UNIT)
        self._box.addStretch(1)
        for button in buttons:
            self._box.addWidget(button)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._turn()
        return super().event(event)

    def _turn(self) -> None:
        shown = [b.sizeHint().width() for b in self._buttons if not b.isHidden()]
        beside = self.width() >= sum(shown) + UNIT * len(shown)
        ways = QBoxLayout.Direction
        self._box.setDirection(ways.LeftToRight if beside else ways.TopToBottom)

    def minimumSizeHint(self) -> QSize:
        shown = [b.minimumSizeHint().width() for b in self._buttons if not b.isHidden()]
        return QSize(max(shown, default=0), self._box.minimumSize().height())


class ComboBox(QComboBox):
    """A list box that does not ask for the width of its longest item, which its list shows whole.

    What does not fit ends in "…".  The wheel passes over it: nothing is chosen by scrolling past.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(LETTERS)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        option.currentText = self.shown_text()  # type: ignore[attr-defined]
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def shown_text(self) -> str:
        """The choice as far as there is room for it."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        box, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(box, option, part, self).width() - 2
        text = self.currentData(SHORT) or self.currentText()
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(0, room))

    def showPopup(self) -> None:
        view = self.view()
        view.setMinimumWidth(max(self.width(), view.sizeHintForColumn(0) + 2 * SCROLLBAR))
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class CheckBox(QCheckBox):
    """A box to tick whose words wrap."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self._words = words
        self.setAccessibleName(words)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        policy.setHorizontalPolicy(QSizePolicy.Policy.Preferred)
        self.setSizePolicy(policy)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setText("\n".join(self._lines(self.width())))

    def minimumSizeHint(self) -> QSize:
        longest = max(self.fontMetrics().horizontalAdvance(word) for word in self._words.split())
        return QSize(self._beside() + longest, super().minimumSizeHint().height())

    def heightForWidth(self, width: int) -> int:
        return max(20, len(self._lines(width)) * self.fontMetrics().lineSpacing() + 4)

    def _lines(self, width: int) -> list[str]:
        room, lines = width - self._beside(), [""]
        for word in self._words.split():
            longer = f"{lines[-1]} {word}".strip()
            if not lines[-1] or self.fontMetrics().horizontalAdvance(longer) <= room:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines

    def _beside(self) -> int:
        """What the box and the gap behind it take."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        part = QStyle.SubElement.SE_CheckBoxContents
        return self.style().subElementRect(part, option, self).left() + 2


class Scrolled(QScrollArea):
    """A panel's content, scrolled up and down where it is too high; never narrower than it."""

    def __init__(self, inner: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inner)
        self._inner = inner
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._follow_focus)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._inner.minimumSizeHint().width() + SCROLLBAR, 8 * UNIT)

    def _follow_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        """What gets the focus by a key or a command is seen; nothing moves below a mouse."""
        by_mouse = QApplication.mouseButtons() != Qt.MouseButton.NoButton
        if now is not None and not by_mouse and self._inner.isAncestorOf(now):
            self.ensureWidgetVisible(now, 0, UNIT)


def scrolled(inner: QWidget) -> Scrolled:
    return Scrolled(inner)


def above_foot(panel: QWidget, fields: QWidget, foot: QWidget) -> None:
    """Lay a panel out: `fields` at the top, scrolled where they are too high, above a foot that stays
    in sight."""
    box = fields.layout()
    assert isinstance(box, QBoxLayout)
    box.addStretch(1)
    layout = QVBoxLayout(panel)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(scrolled(fields), 1)
    layout.addWidget(foot)
