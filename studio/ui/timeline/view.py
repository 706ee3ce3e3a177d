"""The widget that paints the timeline: one for all clips, of which it looks only at those seen."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.spec.timeline.marking import snap, snaps
from studio.ui.state.media_files import MediaFiles
from studio.ui.state.selection import TAKE_MIME
from studio.ui.state.timeline_look import TimelineLook
from studio.ui.state.timeline_pictures import Place, TimelinePictures
from studio.ui.state.timeline_player import TimelinePlayer
from studio.ui.timeline.axis import Axis
from studio.ui.timeline.choice import ClipChoice
from studio.ui.timeline.clip_painting import LONGEST_LABEL, SHOWN, Look
from studio.ui.timeline.dragging import REACH
from studio.ui.timeline.edits import TimelineEdits
from studio.ui.timeline.hits import CLIP, Hit
from studio.ui.timeline.labels import Labels
from studio.ui.timeline.layout import HEADING
from studio.ui.timeline.navigation import navigate
from studio.ui.timeline.painting import Drawn, draw
from studio.ui.timeline.pointer import Pointer
from studio.ui.timeline.settling import Settling
from studio.ui.timeline.titles import Titles
from studio.ui.widgets.controls import tip
from studio.ui.widgets.dropping import dropped_files
from studio.ui.widgets.painter import painting
from studio.ui.widgets.theme import Theme

AT_ONCE = 100  # clips that are painted with all that they show while the zoom goes on
BESIDE = 8
"""Pixels beside the playhead that are painted with it."""


class TimelineView(QWidget):
    """Shows and edits the timeline; `press` gets the keys that do not move about in it."""

    menu_asked = Signal(object, object)  # QPoint, Hit
    take_dropped = Signal(str, str, int)
    """A take, a track or "", and a frame."""
    files_dropped = Signal(list, str, object)
    """Paths, a track or "", and a frame."""
    shot_asked = Signal(str)
    """A clip whose shot is to be worked on."""

    def __init__(
        self,
        edits: TimelineEdits,
        look: TimelineLook,
        player: TimelinePlayer,
        pictures: TimelinePictures,
        media: MediaFiles,
        press: Callable[[QKeyEvent], bool],
        theme: Theme,
    ) -> None:
        super().__init__()
        self._edits, self._look, self._player, self._pictures = edits, look, player, pictures
        self._press, self._media = press, media
        self.axis = Axis(edits)
        self.choice = ClipChoice(self)
        self.pointer = Pointer(self.axis, edits, player, self.choice)
        self.labels, self._titles = Labels(theme), Titles(edits.project, look)
        self._line: int | None = None
        self._painted_playhead = 0
        self._painted: tuple = ()
        self._seen: tuple = ()
        self._settling = Settling(self, lambda: self._least() > SHOWN)
        self._set_up()
        self._connect()
        self.reflect()

    def reflect(self) -> None:
        """Show the timeline as it is."""
        project = self._edits.project
        painted = (id(project.timeline), id(project.renders), tuple(project.places))
        if painted == self._painted:
            return
        self._painted = painted
        self._titles = Titles(self._edits.project, self._look)
        self.choice.keep(self._edits.timeline)
        self.axis.reflect()
        self._speak()

    def _set_up(self) -> None:
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 64)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setMouseTracking(True)

    def _connect(self) -> None:
        self.axis.changed.connect(self._follow_axis)
        self.choice.changed.connect(self._speak)
        self.pointer.changed.connect(self.update)
        self._look.changed.connect(self._looked)
        self._pictures.arrived.connect(self.update)
        self._media.changed.connect(self._looked)
        self._player.moved.connect(self._follow_playhead)

    def paintEvent(self, event: QPaintEvent) -> None:
        wanted: list[Place] = []
        look = Look(
            self.axis.scale, self.devicePixelRatioF(), self.labels, self._titles, self._look,
            self._pictures, wanted, self._player.medium, self._media.waveform,
            float(self._edits.timeline.rate), self.pointer.drop.sounds if self.pointer.drop else {},
        )  # fmt: skip
        drawn = Drawn(
            self._edits.timeline, self.axis.rows, self._edits.media, self.choice.chosen,
            self.choice.current if self.hasFocus() else "", self._player.position,
            self._player.is_shown, self.pointer.drop, self._line, self.axis.y,
        )  # fmt: skip
        with painting(self) as painter:
            for part, is_sharp in self._settling.parts(event):
                look.least = SHOWN if is_sharp else self._least()
                painter.save()
                painter.setClipRect(part)
                draw(painter, drawn, look, QRectF(part))
                painter.restore()
        if (seen := self._settling.painted(event, wanted)) is not None:
            self._pictures.want(seen)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # the style sheet took this away when it was put on: without it nothing is moved as painted
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.axis.resize(self.width(), self.height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned, x = event.angleDelta(), event.position().x()
        steps = (turned.y() or turned.x()) / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.axis.zoom(steps, x)
        elif event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.axis.stretch(steps)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier or not self.axis.deepest:
            self.axis.scroll(-steps * 96)
        elif turned.x():
            self.axis.scroll(-turned.x() / 120 * 96)
        else:
            self.axis.scroll_down(self.axis.y - round(steps * 48))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pointer.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointer.move(event)
        if not event.buttons():
            self._hover(self.axis.hit(event.position().x(), event.position().y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.pointer.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self.axis.hit(event.position().x(), event.position().y())
        if found.what == CLIP and event.button() == Qt.MouseButton.LeftButton:
            self.shot_asked.emit(found.clip)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.pointer.give_up():
            return
        if navigate(event, self._edits.timeline, self.axis, self.choice, self._player):
            return
        if not self._press(event):
            event.ignore()  # the window's keys: those that play the timeline among them

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            found = self.axis.hit(event.pos().x(), event.pos().y())
            self.menu_asked.emit(event.globalPos(), found)
            return
        place = self.place(self.choice.current)
        at = place.center() if place.isValid() else QPoint(self.width() // 2, self.height() // 2)
        self.menu_asked.emit(self.mapToGlobal(at), Hit("clip", clip=self.choice.current))

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        self.update()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        wanted = event.mimeData().hasFormat(TAKE_MIME) or event.mimeData().hasUrls()
        if wanted and not self._edits.only_read:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._line = self._dropped_at(event.position().x())
        event.acceptProposedAction()
        self.update()

    def dragLeaveEvent(self, _event) -> None:
        self._line = None
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._line = None
        track = self._video_track(event.position().y())
        event.acceptProposedAction()
        self.update()
        frame = self._dropped_at(event.position().x())
        if event.mimeData().hasFormat(TAKE_MIME):
            take = bytes(event.mimeData().data(TAKE_MIME).data()).decode("ascii", "replace")
            self.take_dropped.emit(take, track, frame)
        else:
            self.files_dropped.emit(dropped_files(event.mimeData()), track, frame)

    def place(self, clip: str) -> QRect:
        """Where a clip is painted; an empty rectangle for none."""
        timeline = self._edits.timeline
        if clip not in timeline:
            return QRect()
        track, number = timeline.where(clip)
        row = next(r for r in self.axis.rows if timeline.tracks[r.number] is track)
        left = self.axis.scale.x(track.starts[number])
        right = self.axis.scale.x(track.end(number))
        return QRect(round(left), row.top - self.axis.y, round(right - left), row.height)

    def _dropped_at(self, x: float) -> int:
        """The frame at which something would be put, at an edge that is near."""
        frame = self.axis.scale.nearest(x)
        reach = round(REACH / self.axis.scale.zoom)
        places = snaps(self._edits.timeline, (), self._player.position)
        return frame + ((snap(places, [frame], reach) or 0) if self.pointer.snapping else 0)

    def _video_track(self, y: float) -> str:
        id = self.axis.track(y)
        tracks = self._edits.timeline.tracks
        return id if any(t.id == id and t.kind == "video" for t in tracks) else ""

    def _hover(self, found: Hit) -> None:
        can = found.end and not self._edits.only_read
        self.setCursor(Qt.CursorShape.SizeHorCursor if can else Qt.CursorShape.ArrowCursor)
        tip(self, self._titles.spoken(found.clip) if found.clip else "")

    def _looked(self) -> None:
        self._pictures.try_again()
        self._speak()

    def _speak(self) -> None:
        """Tell screen readers which clip the keyboard is on, and how it stands."""
        spoken = self._titles.spoken(self.choice.current)
        self.setAccessibleName(f"Timeline: {spoken}" if spoken else "Timeline")
        self.update()

    def _follow_axis(self) -> None:
        """What only moves sideways is moved as it is painted, and only what comes into sight is
        painted; and the names that stay at the left."""
        scale, was = self.axis.scale, self._seen
        self._seen = (self.axis.rows, self.axis.y, scale)
        if was[:2] != self._seen[:2] or (was[2].zoom, was[2].width) != (scale.zoom, scale.width):
            if was and was[2].zoom != scale.zoom:
                self._settling.zoom()
            else:
                self._settling.wait()
            self.update()
            return
        exact = (was[2].left - scale.left) * scale.zoom
        by = round(exact)
        if abs(exact - by) > 1e-3 or abs(by) > scale.room // 2:
            self.update()
        elif by:
            self.scroll(by, 0, QRect(HEADING, 0, scale.room, self.height()))
            self.update(QRect(HEADING, 0, LONGEST_LABEL + abs(by), self.height()))
            self._settling.wait()

    def _least(self) -> float:
        """Pixels of the narrowest clip that is painted with all that it shows while a zoom goes on."""
        seen = [row for row in self.axis.rows if row.top - self.axis.y < self.height()]
        return max(SHOWN, len(seen) * self.axis.scale.room / AT_ONCE)

    def _follow_playhead(self) -> None:
        """Paint only the strips in which the line was and is."""
        position = self._player.position
        if not self.pointer.is_dragging:
            self.axis.show(position)
        for frame in (self._painted_playhead, position):
            x = round(self.axis.scale.x(frame))
            self.update(QRect(x - BESIDE, 0, 2 * BESIDE, self.height()))
        self._painted_playhead = position
