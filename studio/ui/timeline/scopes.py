"""Scopes under the timeline, on its axis: likeness, brightness and flicker over time, in pyqtgraph,
which is fetched when they are first shown.  A click on a mark has that span made anew."""

import importlib

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.spec.quantities import count
from studio.ui.state.background import Background
from studio.ui.state.timeline_player import TimelinePlayer
from studio.ui.state.timeline_scopes import Dip, Scopes, TimelineScopes
from studio.ui.timeline.axis import Axis
from studio.ui.timeline.layout import HEADING
from studio.ui.widgets.controls import label, tip
from studio.ui.widgets.plots import quiet_plot
from studio.ui.widgets.theme import Theme

HEIGHT, HIGHER = 88, 136
"""Pixels, without and with likeness."""
ENLARGED = 8
"""Times that flicker is drawn larger than brightness."""
READING = "Brightness and flicker are being read."
FLICKERS, UNLIKE = "Flickers: make this span anew", "Likeness falls: make this span anew"
HEARD = (
    "Likeness to the photos of {}: 1 is as alike as photos of one another, 0 is somebody else.\n"
    "A small network compares colours and shapes, not faces. It was taught on drawn characters; "
    "of two photos, one of the subject and one of another, it rates the right one higher in "
    "78 of 100 cases. Compare a clip with itself, not one clip with another."
)


TICKS = [(0.09, "flicker × 8"), (0.9, "brightness")]
LIKENESS = [(1.5, "likeness")]


class ScopesView(QWidget):
    """Hidden until it is turned on; what it shows is read only while it is seen."""

    dip_chosen = Signal(object)  # Dip
    higher = Signal(int)
    """So many pixels more are needed."""

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
        self.setAccessibleName("Likeness, brightness and flicker")
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
        left.setTicks([TICKS])
        plot.setYRange(0, 1, padding=0.02)
        pen = pyqtgraph.mkPen
        self._likeness = plot.plot(pen=pen(theme.colours["text"], width=2), connect="finite")
        self._bright = plot.plot(pen=pen(theme.colours["text"], width=1), connect="finite")
        self._flickers = plot.plot(pen=pen(theme.colours["muted"], width=1), connect="finite")
        self._marks = pyqtgraph.ScatterPlotItem(
            size=11, symbol="t", brush=theme.colours["attention"], pen=None, hoverable=True,
            tip=lambda x, y, data: UNLIKE if data.unlike else FLICKERS,
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
        self._make_room(found)
        self._bright.setData(found.brightness)
        self._flickers.setData((found.flicker * ENLARGED).clip(0, 1))
        self._likeness.setData(1 + found.likeness.clip(0, 1))
        self._marks.setData(
            [
                {"pos": ((d.first + d.end) / 2, 1.5 if d.unlike else 0.5), "data": d}
                for d in found.dips
            ]
        )
        self.setAccessibleDescription(_described(found))

    def _make_room(self, found: Scopes) -> None:
        """A band of its own for likeness, while a clip shows a subject that has photos."""
        names = ", ".join(found.subjects)
        high = HIGHER if names else HEIGHT
        tip(self, HEARD.format(names) if names else "")
        if high == self.height():
            return
        more = high - self.height()
        self.setFixedHeight(high)
        assert self._plot is not None
        self._plot.getAxis("left").setTicks([TICKS + (LIKENESS if names else [])])
        self._follow_axis()
        if more > 0:
            self.higher.emit(more)

    def _clicked(self, _item, points, *_event) -> None:
        dip = points[0].data() if len(points) else None
        if isinstance(dip, Dip):
            self.dip_chosen.emit(dip)

    def _follow_axis(self) -> None:
        if self._plot is not None:
            scale = self._axis.scale
            first, seen = scale.left, scale.seen
            bands = 2 if self.height() == HIGHER else 1
            self._plot.setRange(QRectF(first, 0, seen, bands), padding=0, disableAutoRange=True)

    def _follow_playhead(self) -> None:
        if self._plot is not None and self.isVisible():
            self._line.setValue(self._player.position)


def _described(found: Scopes) -> str:
    """In words what the marks say."""
    flickers = sum(not dip.unlike for dip in found.dips)
    falls = len(found.dips) - flickers
    words = [f"{count(flickers, 'span')} flicker{'s' if flickers == 1 else ''}"] if flickers else []
    if falls:
        words.append(f"likeness falls in {count(falls, 'span')}")
    return "; ".join(words) or "Nothing flickers"
