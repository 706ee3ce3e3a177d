"""What of the timeline is seen: the scale, the rows, and how far both are scrolled."""

from PySide6.QtCore import QObject, Signal

from studio.ui.timeline.edits import TimelineEdits
from studio.ui.timeline.hits import Hit, hit
from studio.ui.timeline.layout import (
    HIGHEST,
    LOWEST,
    RULER,
    Row,
    Scale,
    height_of,
    row_at,
    rows,
    whole,
)

ZOOM_STEP = 1.25


class Axis(QObject):
    """The one axis of clips, keyframes and playhead; views and scroll bars follow `changed`."""

    changed = Signal()

    def __init__(self, edits: TimelineEdits) -> None:
        super().__init__()
        self._edits = edits
        self.scale = Scale()
        self.height = 160
        self.y = 0
        self._stretch = 1.0
        self._fits = True
        self.rows: tuple[Row, ...] = ()
        self.reflect()

    @property
    def length(self) -> int:
        """Frames of the axis."""
        return whole(self._edits.timeline)

    @property
    def deepest(self) -> int:
        """Pixels that can be scrolled down."""
        return max(0, height_of(self.rows) - self.height)

    def reflect(self) -> None:
        """Show the timeline as it is now; one that was seen whole is seen whole again."""
        self.rows = rows(self._edits.timeline.tracks, self._stretch)
        self._become(self.scale.fitted(self.length) if self._fits else self.scale)

    def resize(self, width: int, height: int) -> None:
        """Be so many pixels large."""
        self.height = height
        scale = Scale(self.scale.zoom, self.scale.left, width)
        self._become(scale.fitted(self.length) if self._fits else scale)

    def fit(self) -> None:
        """See all of it."""
        self._fits = True
        self._become(self.scale.fitted(self.length))

    def zoom(self, steps: float, x: float) -> None:
        """Enlarge around x, by steps of the wheel."""
        self._fits = False
        self._become(self.scale.zoomed(ZOOM_STEP**steps, x, self.length))

    def scroll(self, pixels: float) -> None:
        """Scroll to later frames, or to earlier ones where negative."""
        self._fits = False
        self._become(self.scale.moved(pixels, self.length))

    def scroll_to(self, left: float) -> None:
        """Scroll to where a frame is at the headings."""
        self.scroll((left - self.scale.left) * self.scale.zoom)

    def scroll_down(self, to: int) -> None:
        """Scroll to so many pixels below the first track."""
        self.y = min(max(0, to), self.deepest)
        self.changed.emit()

    def scroll_at(self, x: float, near: int) -> None:
        """Scroll a little where a drag has come to an end of the view."""
        if x > self.scale.width - near:
            self.scroll(near)
        elif x < self.scale.x(self.scale.left) + near and self.scale.left > 0:
            self.scroll(-near)

    def show(self, frame: int) -> None:
        """Scroll as far as a frame is seen."""
        there = self.scale.showing(frame, self.length)
        if there is not self.scale:
            self._become(there)

    def stretch(self, steps: float) -> None:
        """Make the tracks higher, or lower where negative."""
        self._stretch = min(max(LOWEST, self._stretch * ZOOM_STEP**steps), HIGHEST)
        self.rows = rows(self._edits.timeline.tracks, self._stretch)
        self.scroll_down(self.y)

    def hit(self, x: float, y: float) -> Hit:
        """What lies at a place of the view."""
        down = y if y < RULER else y + self.y
        return hit(self._edits.timeline, self.rows, self.scale, x, down)

    def track(self, y: float) -> str:
        """The track at a place, "" for none."""
        row = row_at(self.rows, y + self.y)
        return self._edits.timeline.tracks[row.number].id if row else ""

    def _become(self, scale: Scale) -> None:
        self.scale = scale.within(self.length)
        self.y = min(self.y, self.deepest)
        self.changed.emit()
