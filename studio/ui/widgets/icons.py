"""The studio's icons: small drawings in `assets/icons`, painted in the theme's colours."""

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from studio.ui.widgets.theme import Theme

_SCALES = (1, 2, 3)


class Icons:
    """Makes icons by name; each is drawn once per colour and crisp at every screen scale."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self._made: dict[tuple[str, str, int], QIcon] = {}

    def __call__(self, name: str, role: str = "text", side: int = 16) -> QIcon:
        """An icon of `side` pixels in the colour `role`; muted while its control is disabled."""
        key = (name, role, side)
        if key not in self._made:
            self._made[key] = self._drawn(*key)
        return self._made[key]

    def pixmap(self, name: str, role: str, side: int, ratio: float) -> QPixmap:
        """One drawing for a painter: `side` pixels at a device pixel ratio of `ratio`."""
        return _picture(self._drawing(name, self.theme.colours[role]), side, ratio)

    def _drawn(self, name: str, role: str, side: int) -> QIcon:
        icon = QIcon()
        for mode, colour in ((QIcon.Mode.Normal, role), (QIcon.Mode.Disabled, "edge")):
            drawing = self._drawing(name, self.theme.colours[colour])
            for scale in _SCALES:
                icon.addPixmap(_picture(drawing, side, scale), mode)
        return icon

    def _drawing(self, name: str, colour: str) -> QSvgRenderer:
        source = (self.theme.assets / "icons" / f"{name}.svg").read_text(encoding="utf-8")
        return QSvgRenderer(QByteArray(source.replace("currentColor", colour).encode()))


def _picture(drawing: QSvgRenderer, side: int, ratio: float) -> QPixmap:
    pixmap = QPixmap(QSize(1, 1) * round(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    drawing.render(painter, QRectF(0, 0, side, side))
    painter.end()
    return pixmap
