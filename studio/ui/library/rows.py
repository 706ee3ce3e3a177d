"""The library as Qt's list sees it: headings by role, a row for each model, and how they are painted."""

from collections.abc import Iterable
from itertools import groupby

from PySide6.QtCore import QAbstractListModel, QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem

from studio.library.overview import MISSING, UNKNOWN, Listed
from studio.spec.quantities import memory
from studio.ui.state.shot_state import ROLE_NAMES
from studio.ui.widgets.controls import as_tip
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.painter import paint_row_ground, saved
from studio.ui.widgets.theme import UNIT

LINE = Qt.ItemDataRole.UserRole
IN_USE = Qt.ItemDataRole.UserRole + 1
SECOND, WRONG = Qt.ItemDataRole.UserRole + 2, Qt.ItemDataRole.UserRole + 3
"""A row's second line, which a heading has not, and whether that says what is wrong."""
ROW, HEADING = 5 * UNIT, 4 * UNIT
"""Pixels of a row's height."""
PLURALS = {
    "control": "Controls for known frames",
    UNKNOWN: "Not recognised",
    MISSING: "Missing",
}
SHOWN = 300


def heading(role: str) -> str:
    """What the models of a role are called together."""
    return PLURALS.get(role) or f"{role[0].upper()}{role[1:]}s"


def about(line: Listed) -> str:
    """Family, size and licence, or what is wrong."""
    if line.why:
        return line.why
    size = memory(line.size) if line.size else ""
    return " · ".join(filter(None, (line.family, size, line.precision, line.licence)))


def described(line: Listed) -> str:
    """All that is known of a model, in lines."""
    names = [ROLE_NAMES[role].lower() for role in ROLE_NAMES if role in line.uses]
    lines = (
        line.why,
        f"For {', '.join(names)}." if names else "",
        f"Fits {', '.join(line.fits)}." if line.fits else "",
        "" if line.why or line.uses else line.alone,
        f"Licence: {line.licence}." if line.licence else "",
    )
    return "\n".join(filter(None, lines))


def matches(line: Listed, wanted: str) -> bool:
    """Whether all of the words occur in what is known of a model."""
    known = " ".join((line.name, line.id, about(line), heading(line.role), *line.fits))
    text = f"{known} {line.path}".casefold()
    return all(word in text for word in wanted.casefold().split())


class ModelRows(QAbstractListModel):
    """Headings (text) and models, in the order in which they are listed."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[str | Listed] = []
        self._in_use: frozenset[str] = frozenset()

    def show(self, lines: Iterable[Listed]) -> None:
        """Show these; where they are there already the selection stays."""
        rows: list[str | Listed] = []
        for role, same in groupby(lines, lambda line: line.role):
            some = list(same)
            rows += [f"{heading(role)} · {len(some)}", *some]
        if rows != self._rows:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()

    def mark(self, in_use: frozenset[str]) -> None:
        """Which ids the shot uses."""
        if in_use != self._in_use:
            self._in_use = in_use
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def row_of(self, line: Listed | None) -> int:
        """Where the model at the same place is; -1 where it is not listed."""
        if line is None:
            return -1
        same = (
            k for k, row in enumerate(self._rows)
            if isinstance(row, Listed) and row.path == line.path
        )  # fmt: skip
        return next(same, -1)

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # type: ignore[override]
        return 0 if parent and parent.isValid() else len(self._rows)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:  # type: ignore[override]
        if isinstance(index.data(LINE), Listed):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.ItemNeverHasChildren  # a heading is passed over

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):  # type: ignore[override]
        if not index.isValid():
            return None
        line = self._rows[index.row()]
        if isinstance(line, str):
            texts = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
            return line if role in texts else None
        return self._of_model(line, role)

    def _of_model(self, line: Listed, role: int):
        in_use = bool(line.id) and line.id in self._in_use
        if role == LINE:
            return line
        if role == IN_USE:
            return in_use
        if role == SECOND:
            return about(line)
        if role == WRONG:
            return bool(line.why)
        if role == Qt.ItemDataRole.DisplayRole:
            return line.name[:SHOWN]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            used = ", in this shot" if in_use else ""
            return f"{line.name[:SHOWN]}, {line.role}, {about(line)}{used}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return as_tip(f"{line.name[:SHOWN]}\n{about(line)}\n{line.path}")
        return None


class RowPainter(QStyledItemDelegate):
    """Two lines of words, and a tick beside what is in use; of a heading one."""

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self._icons = icons

    def sizeHint(self, _option, index) -> QSize:
        return QSize(160, HEADING if index.data(SECOND) is None else ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:
        area: QRect = option.rect  # type: ignore[attr-defined]
        font: QFont = option.font  # type: ignore[attr-defined]
        with saved(painter):
            if index.data(SECOND) is not None:
                paint_row_ground(painter, option, self._icons.theme)
                self._paint_row(painter, area, font, index)
            else:
                box = area.adjusted(2 * UNIT, 0, -UNIT, -UNIT // 2)
                bottom = Qt.AlignmentFlag.AlignBottom
                self._words(painter, box, self._small(font), "muted", index.data(), bottom)

    def _paint_row(self, painter: QPainter, area: QRect, font: QFont, index: QModelIndex) -> None:
        box = area.adjusted(2 * UNIT, 3, -2 * UNIT, -3)
        if index.data(IN_USE):
            box.setRight(area.right() - 4 * UNIT)
            tick = self._icons.pixmap("tick", "accent", 14, painter.device().devicePixelRatioF())
            painter.drawPixmap(area.right() - 3 * UNIT, area.top() + UNIT, tick)
        top, bottom = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
        self._words(painter, box, font, "text", index.data(), top)
        second = "attention" if index.data(WRONG) else "muted"
        self._words(painter, box, self._small(font), second, index.data(SECOND), bottom)

    def _words(
        self, painter: QPainter, box: QRect, font: QFont, colour: str, text: str, where
    ) -> None:
        painter.setFont(font)
        painter.setPen(self._icons.theme.colour(colour))
        end = Qt.TextElideMode.ElideRight
        cut = painter.fontMetrics().elidedText(" ".join(text.split()), end, box.width())
        painter.drawText(box, where, cut)

    def _small(self, font: QFont) -> QFont:
        small = QFont(font)
        small.setPixelSize(self._icons.theme.small)
        return small


class ModelsView(QListView):
    """Rows of models; Enter or a double click puts the chosen one to use."""

    wanted = Signal()

    def __init__(self, rows: ModelRows, icons: Icons) -> None:
        super().__init__()
        self.setModel(rows)
        self._painter = RowPainter(icons)
        self.setItemDelegate(self._painter)
        self.setAccessibleName("Models by role")
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.wanted.emit()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        if self.indexAt(event.position().toPoint()) == self.currentIndex():
            self.wanted.emit()
