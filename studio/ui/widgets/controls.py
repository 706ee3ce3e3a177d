"""Small controls that every panel is made of: labels, buttons, and why a control is disabled.

superqt has some of them too; importing it takes 310 ms and 103 modules before the first paint.
"""

from collections.abc import Iterable
from html import escape
from weakref import WeakKeyDictionary

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QResizeEvent, QStatusTipEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.ui.widgets.buttons import Push, Tool
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT


class Panel(QWidget):
    """What a dock or the middle of the window holds.

    `letters_are_text` where it has text fields: whoever clicks beside one and types means the
    field, so that no key there is a command of the player's.
    """

    letters_are_text = False
    bar: QWidget | None = None
    """What stands beside the name in its heading."""

    @property
    def main_view(self) -> QWidget:
        """What gets the focus when the panel is called by its key; never a button that acts."""
        return self


def label(text: str = "", role: str = "", *, wrap: bool = False) -> QLabel:
    """Plain text (never read as markup) in one of the style sheet's roles."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if wrap:
        made.setMinimumWidth(1)  # a word without an end must not widen its panel
    if role:
        made.setProperty("role", role)
    return made


def push(text: str, role: str = "", *, tip: str = "") -> QPushButton:
    """A button with words; Enter elsewhere does not press it."""
    made = Push(text)
    made.setAutoDefault(False)
    if role:
        made.setProperty("role", role)
    set_enabled(made, "", tip)
    return made


def tool(icons: Icons, name: str, what: str, *, checkable: bool = False) -> QToolButton:
    """A flat icon button; `what` is its name for screen readers and its tooltip."""
    made = Tool()
    made.setProperty("role", "flat")
    made.setIcon(icons(name))
    made.setIconSize(QSize(16, 16))
    made.setCheckable(checkable)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    rename(made, what)
    return made


def rename(button: QAbstractButton, what: str) -> None:
    """Set a button's tooltip and accessible name; the part in brackets is its key."""
    button.setAccessibleName(what.split(" (")[0])
    set_enabled(button, "", what)


def as_tip(text: str) -> str:
    """A text for a tooltip, in which markup is only letters.

    Qt reads a tooltip that looks like HTML as such: words of the user's could hide themselves or
    load a file.  Everything that goes into a tooltip or `ToolTipRole` goes through here.
    """
    if "<" not in text and "&" not in text:
        return text
    return f"<p style='white-space: pre-wrap'>{escape(text)}</p>"


def tip(thing: QWidget | QAction | QListWidgetItem, text: str) -> None:
    """Set a tooltip."""
    thing.setToolTip(as_tip(text))


_reasons: WeakKeyDictionary[QWidget, tuple] = WeakKeyDictionary()  # of `set_enabled`, the last


def set_enabled(widget: QWidget, disabled_reason: str, tip: str | None = None) -> None:
    """Enable a control, or disable it with the reason as its tooltip and status tip.

    `tip` is what it says while it works; left out, the last one is used again.
    """
    if _reasons.get(widget) == (disabled_reason, tip):
        return  # most are as they were at the last key
    _reasons[widget] = disabled_reason, tip
    if tip is not None:
        widget.setProperty("tip", tip)
    name = str(widget.property("tip") or "")
    text = disabled_reason or name
    if disabled_reason and name and isinstance(widget, QAbstractButton):
        text = f"{name.splitlines()[0]}: {disabled_reason}"  # so that it says what cannot be done
    widget.setEnabled(not disabled_reason)
    if (widget.toolTip(), widget.statusTip()) == (as_tip(text), text):
        return  # each of these sends an event
    widget.setToolTip(as_tip(text))
    widget.setStatusTip(text)
    widget.setAccessibleDescription(text)
    if widget.underMouse() and widget.isVisible():  # what was said of it is true no longer
        QApplication.sendEvent(widget, QStatusTipEvent(text))


def line() -> QFrame:
    """A thin line between two groups."""
    made = QFrame()
    made.setObjectName("line")
    return made


def column(*parts: QWidget, gap: int = UNIT, margin: int = 0) -> QWidget:
    """Widgets below one another."""
    made = QWidget()
    layout = QVBoxLayout(made)
    _space(layout, gap, margin)
    for part in parts:
        layout.addWidget(part)
    return made


def row(*parts: QWidget | None, gap: int = UNIT, margin: int = 0) -> QWidget:
    """Widgets beside one another; None stands for the stretch between them."""
    made = QWidget()
    layout = QHBoxLayout(made)
    _space(layout, gap, margin)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        else:
            layout.addWidget(part)
    return made


def grid(places: Iterable[tuple[int, int, QWidget]], *, gap: int = UNIT) -> QWidget:
    """Widgets in rows and columns, of which all are as wide."""
    made = QWidget()
    layout = QGridLayout(made)
    layout.setSpacing(gap)
    layout.setContentsMargins(0, 0, 0, 0)
    for down, across, widget in places:
        layout.addWidget(widget, down, across)
        layout.setColumnStretch(across, 1)
    return made


class Collapsible(QWidget):
    """A heading that shows and hides the content below it, and scrolls the content into view.

    superqt's QCollapsible scrolls nowhere, says nothing to screen readers, gives its button a style
    sheet of its own, and bounds the content's height by what it asked for when it was opened.
    """

    def __init__(self, title: str, content: QWidget, icons: Icons) -> None:
        super().__init__()
        self._icons = icons
        self.content = content
        self.head = push(title, "fold")
        self.head.setCheckable(True)
        self.head.toggled.connect(self._turn)
        # in the next turn of the loop, when the content has its place
        self._placed = QTimer(self, singleShot=True, interval=0)
        self._placed.timeout.connect(self._scroll_there)
        layout = QVBoxLayout(self)
        _space(layout, UNIT, 0)
        layout.addWidget(self.head)
        layout.addWidget(content)
        self._turn(False)

    def _turn(self, is_open: bool) -> None:
        self.content.setVisible(is_open)
        self.head.setIcon(self._icons("down" if is_open else "folded", "muted", 12))
        self.head.setAccessibleDescription("open" if is_open else "folded")
        if is_open:
            self._placed.start()

    def _scroll_there(self) -> None:
        """As much of the content as there is room for, and always the heading."""
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None:
            area.ensureWidgetVisible(self.content, 0, UNIT)
            area.ensureWidgetVisible(self.head, 0, UNIT)


class EmptyState(QWidget):
    """A placeholder for an empty panel: what belongs there, and a hint at the next step."""

    def __init__(self, icons: Icons, icon: str, title: str, hint: str) -> None:
        super().__init__()
        self.picture = QLabel()
        self.picture.setPixmap(icons(icon, "edge", 32).pixmap(QSize(32, 32)))
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title, self.hint = label(title, "title", wrap=True), label(hint, "muted", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * UNIT, 0, 3 * UNIT, 0)
        layout.setSpacing(UNIT // 2)
        layout.addStretch(1)
        layout.addWidget(self.picture)
        for text in (self.title, self.hint):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(text)
        layout.addStretch(1)
        self.setAccessibleName(f"{title} {hint}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low panel the picture makes way for the words."""
        super().resizeEvent(event)
        words = self.title.heightForWidth(self.width()) + self.hint.heightForWidth(self.width())
        self.picture.setVisible(event.size().height() >= words + 8 * UNIT)


class ElidedLabel(QLabel):
    """One line that has "…" at `cut`, its end, where it does not fit; the whole is its tooltip.

    superqt's QElidingLabel has no tooltip, reads markup, and asks for the width of its text.
    """

    _full_text = ""

    def __init__(
        self,
        text: str = "",
        role: str = "",
        cut: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__()
        self._cut = cut
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        if role:
            self.setProperty("role", role)
        self.set_text(text)

    def set_text(self, text: str) -> None:
        text = " ".join(text.split())
        if text != self._full_text:
            self._full_text = text
            self.setAccessibleName(self._full_text[:500])
            self._fit()

    @property
    def full_text(self) -> str:
        return self._full_text

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        shown = self.fontMetrics().elidedText(self._full_text, self._cut, max(0, self.width()))
        if shown != self.text():
            self.setText(shown)
        tip(self, self._full_text[:1000] if shown != self._full_text else "")


def remove_widget(box: QHBoxLayout | QVBoxLayout, widget: QWidget) -> None:
    """Remove a widget for good; hidden at once, for it lives on until the event loop is idle."""
    box.removeWidget(widget)
    widget.hide()
    widget.deleteLater()


def _space(layout: QHBoxLayout | QVBoxLayout, gap: int, margin: int) -> None:
    layout.setSpacing(gap)
    layout.setContentsMargins(margin, margin, margin, margin)
