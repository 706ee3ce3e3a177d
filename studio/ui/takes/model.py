"""The takes as Qt's list sees them: a model of the renders, and how one row is painted."""

from PySide6.QtCore import QAbstractListModel, QModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPixmap
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from studio.project.project import Project, Render
from studio.project.take_names import TakeNames
from studio.spec.quantities import clip_length
from studio.ui.state.images import ImageLoader, thumbnail
from studio.ui.widgets.controls import as_tip
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.painter import paint_row_ground, saved
from studio.ui.widgets.theme import UNIT

SIDE = 56
RENDER = Qt.ItemDataRole.UserRole
PICTURE = Qt.ItemDataRole.DecorationRole
NAME, DIFFERENCE, HEADING = (RENDER + number for number in (1, 2, 3))
"""Roles: what a take is called, what it differs in from the one before, and the words that stand over
the first of a shot."""
OVER = 24
"""Pixels of these words."""


class TakesModel(QAbstractListModel):
    """Renders by shot, the newest first; pictures come when a row is first painted."""

    def __init__(self, pictures: ImageLoader) -> None:
        super().__init__()
        self._pictures = pictures
        self._renders: tuple[Render, ...] = ()
        self.names = TakeNames(Project(""))
        self._first_ones: frozenset[str] = frozenset()
        self._loaded: dict[str, QPixmap | None] = {}

    def show(self, renders: tuple[Render, ...], project: Project) -> None:
        """Show these of a project; rows that are equal send no signal, so that the selection stays."""
        renders, self._first_ones = by_shot(renders)
        self.names = TakeNames(project)
        if [r.id for r in renders] == [r.id for r in self._renders]:
            self._renders = renders
            if renders:
                self.dataChanged.emit(self.index(0), self.index(len(renders) - 1))
            return
        self.beginResetModel()
        self._renders = renders
        self.endResetModel()

    def row_of(self, id: str) -> int:
        return next((k for k, r in enumerate(self._renders) if r.id == id), -1)

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # type: ignore[override]
        return 0 if parent and parent.isValid() else len(self._renders)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):  # type: ignore[override]
        if not index.isValid():
            return None
        render = self._renders[index.row()]
        if role == RENDER:
            return render
        if role == PICTURE:
            return self._picture(render)
        if role == Qt.ItemDataRole.DisplayRole:
            return " ".join(render.request.prompt.split())[:300]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            star = ", starred" if render.starred else ""
            parts = (self.names.name(render), self.names.difference(render), facts(render))
            return f"{', '.join(filter(None, parts))}: {render.request.prompt[:200]}{star}"
        if role in (NAME, DIFFERENCE, HEADING):
            return self._words(render, role)
        if role == Qt.ItemDataRole.ToolTipRole:
            return as_tip(render.request.prompt[:1000])
        return None

    def _words(self, render: Render, role: int) -> str:
        if role == NAME:
            return self.names.name(render)
        if role == DIFFERENCE:
            return self.names.difference(render)
        return self.names.shot(render) if render.id in self._first_ones else ""

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:  # type: ignore[override]
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def _picture(self, render: Render) -> QPixmap | None:
        if render.id not in self._loaded:
            self._loaded[render.id] = None
            self._pictures.first_frame(
                render, self, lambda picture: self._arrived(render.id, picture)
            )
        return self._loaded[render.id]

    def _arrived(self, id: str, picture) -> None:
        self._loaded[id] = thumbnail(picture, SIDE, 2, square=True)
        row = self.row_of(id)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row))


class TakePainter(QStyledItemDelegate):
    """A picture, three lines of words, a star; over the first take of a shot which one it is."""

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self._icons = icons

    def sizeHint(self, _option, index) -> QSize:
        return QSize(160, SIDE + 2 * UNIT + (OVER if index.data(HEADING) else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:
        render: Render = index.data(RENDER)
        option = QStyleOptionViewItem(option)
        area: QRect = option.rect  # type: ignore[attr-defined]
        with saved(painter):
            if heading := index.data(HEADING):
                self._paint_heading(
                    painter, QRect(area.topLeft(), QSize(area.width(), OVER)), heading
                )
                area = area.adjusted(0, OVER, 0, 0)
                option.rect = area  # type: ignore[attr-defined]
            self._paint(painter, option, area, render, index)

    def _paint_heading(self, painter: QPainter, area: QRect, words: str) -> None:
        theme = self._icons.theme
        small = QFont(painter.font())
        small.setPixelSize(theme.small)
        painter.setFont(small)
        painter.setPen(theme.colour("muted"))
        at = area.adjusted(2 * UNIT, 0, -UNIT, 0)
        painter.drawText(at, Qt.AlignmentFlag.AlignVCenter, words)
        left = at.left() + painter.fontMetrics().horizontalAdvance(words) + UNIT
        painter.setPen(theme.colour("control"))
        painter.drawLine(left, area.center().y(), area.right() - UNIT, area.center().y())

    def _paint(self, painter: QPainter, option, area: QRect, render: Render, index) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        paint_row_ground(painter, option, self._icons.theme)
        box = QRect(area.left() + 2 * UNIT, area.top() + UNIT, SIDE, SIDE)
        self._paint_picture(painter, box, index.data(PICTURE))
        words = QRect(box.right() + UNIT + 4, area.top() + UNIT, 0, SIDE)
        words.setRight(area.right() - 4 * UNIT)
        name, other = index.data(NAME), index.data(DIFFERENCE) or index.data()
        lines = (name, other, f"{facts(render)}{origin(render)}")
        self._paint_words(painter, words, option.font, lines)  # type: ignore[attr-defined]
        if render.starred:
            star = self._icons.pixmap(
                "star_full", "attention", 14, painter.device().devicePixelRatioF()
            )
            painter.drawPixmap(area.right() - 3 * UNIT, area.top() + UNIT + 2, star)

    def _paint_picture(self, painter: QPainter, box: QRect, picture: QPixmap | None) -> None:
        if picture:
            painter.drawPixmap(box, picture)
        else:
            painter.fillRect(box, self._icons.theme.colour("control"))

    def _paint_words(
        self, painter: QPainter, box: QRect, font: QFont, lines: tuple[str, ...]
    ) -> None:
        """The first line large, the others small under it, each cut at its end."""
        theme, top = self._icons.theme, box.top()
        small = QFont(font)
        small.setPixelSize(theme.small)
        for number, text in enumerate(lines):
            painter.setFont(small if number else font)
            painter.setPen(theme.colour("muted" if number else "text"))
            metrics = painter.fontMetrics()
            cut = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(QRect(box.left(), top, box.width(), metrics.height() + 2), 0, cut)
            top += metrics.height() + (1 if number else 3)


def by_shot(renders: tuple[Render, ...]) -> tuple[tuple[Render, ...], frozenset[str]]:
    """Takes, newest first, with those of a shot together, and the ids of the first of each shot; none
    where all are of one."""
    shots: dict[str, list[Render]] = {}
    for render in renders:
        shots.setdefault(render.shot, []).append(render)
    first = frozenset(group[0].id for group in shots.values()) if len(shots) > 1 else frozenset()
    return tuple(render for group in shots.values() for render in group), first


def facts(render: Render) -> str:
    """Length and size."""
    request = render.request
    length = clip_length(request.frames, request.rate)
    return f"{length} · {request.size[0]} × {request.size[1]} px"


def origin(render: Render) -> str:
    """What makes this take this one: its seed, subject, and which frames of its clip it has."""
    subject = f" · {render.request.subject.name}" if render.request.subject else ""
    only = render.request.only
    part = f" · frames {only[0] + 1} to {only[1] + 1}" if only else ""
    return f" · seed {render.request.seed}{subject}{part}"
