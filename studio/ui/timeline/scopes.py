"""Scopes under the timeline, on its axis: brightness and flicker over time, in pyqtgraph, which is
fetched when they are first shown.  A click on a mark has that span made anew."""

import importlib

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.ui.state.background import Background
from studio.ui.state.timeline_player import TimelinePlayer
from studio.ui.state.timeline_scopes import Dip, TimelineScopes
from studio.ui.timeline.axis import Axis
from studio.ui.timeline.layout import HEADING
from studio.ui.widgets.controls import label
from studio.ui.widgets.plots import quiet_plot
from studio.ui.widgets.theme import Theme

HEIGHT = 88
ENLARGED = 8
"""Times that flicker is drawn larger than brightness."""
READING = "Brightness and flicker are being read."


class ScopesView(QWidget):
    """Hidden until it is turned on; what it shows is read only while it is seen."""

    dip_chosen = Signal(object)  # Dip

    def __init__(
        self,
        scopes: TimelineScopes,
        axis: Axis,
        player: TimelinePlayer,
        background: Background,
        theme: Theme,
    ) -> None:
        super().__init__()
        self._scopes, self._axis, self._player = scopes, axis, player
        self._background, self._theme = background, theme
        self._plot = None
        self._is_fetched = False
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("Brightness and flicker")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._waiting = label(READING, "small")
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._layout.addWidget(self._waiting)
        self.hide()
        scopes.changed.connect(self._draw)
        axis.changed.connect(self._follow_axis)
        player.moved.connect(self._follow_playhead)

    def turn(self, *, on: bool) -> None:
        """Show it and read, or neither."""
        self.setVisible(on)
        if on and not self._is_fetched:
            self._is_fetched = True
            fetch = lambda: importlib.import_module("pyqtgraph")  # noqa: E731
            self._background.ask(fetch, self._build, owner=self)
        self._scopes.turn(on=on)

    def _build(self, pyqtgraph) -> None:
        theme = self._theme
        plot = quiet_plot(pyqtgraph, theme)
        plot.hideAxis("bottom")
        plot.getPlotItem().layout.setContentsMargins(0, 0, 0, 0)
        left = plot.getAxis("left")
        left.setWidth(HEADING)
        font = self.font()
        font.setPixelSize(theme.small)
        left.setTickFont(font)
        left.setPen(theme.colours["control"])
        left.setTextPen(theme.colours["muted"])
        left.setTicks([[(0.09, "flicker × 8"), (0.9, "brightness")]])
        plot.setYRange(0, 1, padding=0.02)
        pen = pyqtgraph.mkPen
        self._bright = plot.plot(pen=pen(theme.colours["text"], width=1), connect="finite")
        self._flickers = plot.plot(pen=pen(theme.colours["muted"], width=1), connect="finite")
        self._marks = pyqtgraph.ScatterPlotItem(
            size=11, symbol="t", brush=theme.colours["attention"], pen=None, hoverable=True,
            tip=lambda x, y, data: "Flickers: make this span anew",
        )  # fmt: skip
        self._marks.sigClicked.connect(self._clicked)
        plot.addItem(self._marks)
        self._line = pyqtgraph.InfiniteLine(angle=90, pen=pen(theme.colours["text"]))
        plot.addItem(self._line)
        self._plot = plot
        self._layout.replaceWidget(self._waiting, plot)
        self._waiting.hide()
        self._draw()
        self._follow_axis()
        self._follow_playhead()

    def _draw(self) -> None:
        found = self._scopes.found
        if self._plot is None or found is None:
            return
        self._bright.setData(found.brightness)
        self._flickers.setData((found.flicker * ENLARGED).clip(0, 1))
        self._marks.setData(
            [{"pos": ((dip.first + dip.end) / 2, 0.5), "data": dip} for dip in found.dips]
        )
        many = len(found.dips)
        words = f"{many} spans flicker" if many != 1 else "One span flickers"
        self.setAccessibleDescription(words if many else "Nothing flickers")

    def _clicked(self, _item, points, *_event) -> None:
        dip = points[0].data() if len(points) else None
        if isinstance(dip, Dip):
            self.dip_chosen.emit(dip)

    def _follow_axis(self) -> None:
        if self._plot is not None:
            scale = self._axis.scale
            first, seen = scale.left, scale.seen
            self._plot.setRange(QRectF(first, 0, seen, 1), padding=0, disableAutoRange=True)

    def _follow_playhead(self) -> None:
        if self._plot is not None and self.isVisible():
            self._line.setValue(self._player.position)
