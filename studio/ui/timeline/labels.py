"""Texts and small pictures of the timeline as pixmaps, each drawn once: text is what costs most."""

from collections import OrderedDict
from collections.abc import Callable, Hashable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetrics, QImage, QPainter, QPixmap, QPolygonF
from PySide6.QtWidgets import QApplication

from studio.ui.widgets.theme import Theme

LIMIT = 32 * 2**20
"""Bytes of pixmaps."""
STEP = 16
"""Pixels by which the room for a text grows before it is drawn anew."""
DIAMOND = 9
MOST_WIDTHS = 5000
"""Texts whose width is remembered."""


class Labels:
    """A cache of pixmaps for one theme; what was used at least lately makes room."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self._there: OrderedDict[Hashable, QPixmap] = OrderedDict()
        self._bytes = 0
        self._fonts: dict[bool, QFont] = {}
        self._colours: dict[tuple[str, int], QColor] = {}
        self._widths: dict[tuple[str, bool], int] = {}

    def colour(self, role: str, alpha: int = 255) -> QColor:
        """A colour of the theme, which is not to be changed."""
        colour = self._colours.get((role, alpha))
        if colour is None:
            colour = self._colours[role, alpha] = self.theme.colour(role)
            colour.setAlpha(alpha)
        return colour

    def text(
        self, text: str, role: str, room: float, ratio: float, *, bold: bool = False
    ) -> QPixmap:
        """One line in a colour of the theme, cut with "…" where it needs more than `room` pixels."""
        cells = int(room // STEP)
        key = (text, role, ratio, bold)
        whole = self._there.get(key)
        if whole is not None and whole.width() <= cells * STEP * ratio:
            return self._get(key)
        if self._width(text, bold) > cells * STEP:
            key = (*key, cells)
        if key in self._there:
            return self._get(key)
        font = self._font(bold)
        measure = QFontMetrics(font)
        shown = measure.elidedText(text, Qt.TextElideMode.ElideRight, cells * STEP)
        return self._keep(key, self._drawn(shown, measure, font, role, ratio))

    def height(self) -> int:
        """Pixels of a line."""
        return QFontMetrics(self._font(False)).height()

    def picture(self, image: QImage, high: int, ratio: float) -> QPixmap:
        """A picture at the height of its place."""
        key = (image.cacheKey(), high, ratio)
        if key in self._there:
            return self._get(key)
        smooth = image.height() > high * ratio
        how = Qt.TransformationMode.SmoothTransformation if smooth else _FAST
        made = QPixmap.fromImage(image.scaledToHeight(max(1, round(high * ratio)), how))
        made.setDevicePixelRatio(ratio)
        return self._keep(key, made)

    def diamond(self, role: str, ratio: float) -> QPixmap:
        """The mark of a keyframe, `DIAMOND` pixels wide."""
        key = ("diamond", role, ratio)
        if key in self._there:
            return self._get(key)
        made, painter = blank(DIAMOND, DIAMOND, ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, far = DIAMOND / 2, DIAMOND / 2 - 0.75
        ways = ((0, -far), (far, 0), (0, far), (-far, 0))
        painter.setPen(self.theme.colour("ground"))
        painter.setBrush(self.theme.colour(role))
        painter.drawPolygon(QPolygonF([QPointF(middle + x, middle + y) for x, y in ways]))
        painter.end()
        return self._keep(key, made)

    def hatch(self, role: str, ratio: float) -> QBrush:
        """A brush of slanted lines: what is not there yet."""
        key = ("hatch", role, ratio)
        if key not in self._there:
            made, painter = blank(8, 8, ratio)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            colour = QColor(self.theme.colour(role))
            colour.setAlpha(110)
            pen = painter.pen()
            pen.setColor(colour)
            pen.setWidthF(2.0)
            painter.setPen(pen)
            for x in (-8, 0, 8):
                painter.drawLine(QPointF(x - 1, 9), QPointF(x + 9, -1))
            painter.end()
            self._keep(key, made)
        return QBrush(self._get(key))

    def kept(self, key: Hashable, make: Callable[[], QPixmap]) -> QPixmap:
        """What `make` draws, drawn once for its key."""
        return self._get(key) if key in self._there else self._keep(key, make())

    def _drawn(
        self, shown: str, measure: QFontMetrics, font: QFont, role: str, ratio: float
    ) -> QPixmap:
        wide = measure.horizontalAdvance(shown) + 2
        made, painter = blank(max(1, wide), measure.height(), ratio)
        painter.setFont(font)
        painter.setPen(self.theme.colour(role))
        painter.drawText(QRectF(0, 0, wide, measure.height()), Qt.AlignmentFlag.AlignLeft, shown)
        painter.end()
        return made

    def _width(self, text: str, bold: bool) -> int:
        """Pixels of a text, measured once."""
        if len(self._widths) > MOST_WIDTHS:
            self._widths.clear()
        if (text, bold) not in self._widths:
            measure = QFontMetrics(self._font(bold))
            self._widths[text, bold] = measure.horizontalAdvance(text)
        return self._widths[text, bold]

    def _font(self, bold: bool) -> QFont:
        if bold not in self._fonts:
            font = QFont(QApplication.font())
            font.setPixelSize(self.theme.small)
            font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
            self._fonts[bold] = font
        return self._fonts[bold]

    def _get(self, key: Hashable) -> QPixmap:
        self._there.move_to_end(key)
        return self._there[key]

    def _keep(self, key: Hashable, made: QPixmap) -> QPixmap:
        self._there[key] = made
        self._bytes += _size(made)
        while self._bytes > LIMIT and len(self._there) > 1:
            self._bytes -= _size(self._there.popitem(last=False)[1])
        return made


def blank(wide: int, high: int, ratio: float) -> tuple[QPixmap, QPainter]:
    """A transparent pixmap of so many pixels of the view, and a painter on it, to be ended."""
    made = QPixmap(QSize(max(1, round(wide * ratio)), max(1, round(high * ratio))))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    return made, QPainter(made)


def _size(pixmap: QPixmap) -> int:
    return 4 * pixmap.width() * pixmap.height()


_FAST = Qt.TransformationMode.FastTransformation
