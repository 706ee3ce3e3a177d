"""The takes as Qt's list sees them: a model of the renders, and how one row is painted."""

from PySide6.QtCore import QAbstractListModel, QModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPixmap
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from studio.project.project import Render
from studio.spec.quantities import clip_length
from studio.ui.state.images import ImageLoader, thumbnail
from studio.ui.widgets.controls import as_tip
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.painter import paint_row_ground, saved
from studio.ui.widgets.theme import UNIT

SIDE = 56
RENDER = Qt.ItemDataRole.UserRole
PICTURE = Qt.ItemDataRole.DecorationRole


class TakesModel(QAbstractListModel):
    """Renders, newest first; pictures come when a row is first painted."""

    def __init__(self, pictures: ImageLoader) -> None:
        super().__init__()
        self._pictures = pictures
        self._renders: tuple[Render, ...] = ()
        self._loaded: dict[str, QPixmap | None] = {}

    def show(self, renders: tuple[Render, ...]) -> None:
        """Show these; rows that are equal send no signal, so that the selection stays."""
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
            return f"Take {render.order}: {render.request.prompt[:200]}, {facts(render)}{star}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return as_tip(render.request.prompt[:1000])
        return None

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
    """A picture, two lines of words, a star."""

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self._icons = icons

    def sizeHint(self, _option, _index) -> QSize:
        return QSize(160, SIDE + 2 * UNIT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:
        render: Render = index.data(RENDER)
        area: QRect = option.rect  # type: ignore[attr-defined]
        with saved(painter):
            self._paint(painter, option, area, render, index)

    def _paint(self, painter: QPainter, option, area: QRect, render: Render, index) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        paint_row_ground(painter, option, self._icons.theme)
        box = QRect(area.left() + 2 * UNIT, area.top() + UNIT, SIDE, SIDE)
        self._paint_picture(painter, box, index.data(PICTURE))
        words = QRect(box.right() + UNIT + 4, area.top() + UNIT, 0, SIDE)
        words.setRight(area.right() - 4 * UNIT)
        self._paint_words(painter, words, option.font, index.data(), render)  # type: ignore[attr-defined]
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
        self, painter: QPainter, box: QRect, font: QFont, prompt: str, render: Render
    ) -> None:
        theme = self._icons.theme
        painter.setFont(font)
        painter.setPen(theme.colour("text"))
        lines = painter.fontMetrics()
        first = lines.elidedText(prompt, Qt.TextElideMode.ElideRight, box.width())
        high = lines.height()
        painter.drawText(QRect(box.left(), box.top(), box.width(), high), 0, first)
        small = QFont(font)
        small.setPixelSize(theme.small)
        painter.setFont(small)
        painter.setPen(theme.colour("muted"))
        for row, text in enumerate((facts(render), origin(render))):
            top = box.top() + high + 3 + row * (painter.fontMetrics().height() + 1)
            cut = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(QRect(box.left(), top, box.width(), 16), 0, cut)


def facts(render: Render) -> str:
    """Length and size."""
    request = render.request
    length = clip_length(request.frames, request.rate)
    return f"{length} · {request.size[0]} × {request.size[1]} px"


def origin(render: Render) -> str:
    """What makes this take this one: its number, subject and seed."""
    subject = f" · {render.request.subject.name}" if render.request.subject else ""
    only = render.request.only
    part = f" · frames {only[0] + 1} to {only[1] + 1}" if only else ""
    return f"Take {render.order}{subject} · seed {render.request.seed}{part}"
