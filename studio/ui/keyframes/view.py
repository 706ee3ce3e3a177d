"""The keyframes of the shot beside one another: looked at, chosen, moved, extended."""

from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from studio.media.suffixes import PICTURES
from studio.spec.forecast import Forecast
from studio.spec.spans import strip_of
from studio.spec.strip import Strip
from studio.ui.keyframes.brought import BroughtPictures
from studio.ui.keyframes.edits import StripEdits
from studio.ui.keyframes.layout import HEIGHT, Places
from studio.ui.keyframes.looks import Looks, is_of
from studio.ui.keyframes.painting import Drawn, draw
from studio.ui.keyframes.pixmaps import ScaledPixmaps
from studio.ui.keyframes.selection import KeyframeSelection
from studio.ui.keyframes.tooltips import origin, state
from studio.ui.state.playback import Playback
from studio.ui.state.player_state import PlayerState, Shown
from studio.ui.state.render_forecast import RenderForecast
from studio.ui.widgets.controls import tip
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.painter import painting


class _Drag(Enum):
    NONE, MOVE, BEFORE, AFTER = auto(), auto(), auto(), auto()


class StripView(QWidget):
    """Clicks choose, dragging a keyframe moves it, dragging an end extends; arrows do it too.

    `press` gets all other keys and says whether they meant something.
    """

    menu_asked = Signal(object)  # QPoint
    clip_dropped = Signal(object)  # Path

    def __init__(
        self,
        edits: StripEdits,
        render_forecast: RenderForecast,
        player_state: PlayerState,
        playback: Playback,
        brought: BroughtPictures,
        press: Callable[[QKeyEvent], bool],
        icons: Icons,
    ) -> None:
        super().__init__()
        self._press = press
        self._edits, self._render_forecast, self._player_state = (
            edits,
            render_forecast,
            player_state,
        )
        self._playback, self._icons = playback, icons
        self.strip: Strip | None = None
        self.forecast: Forecast | None = None
        self.looks = Looks(edits, render_forecast, player_state, brought)
        self._pixmap = ScaledPixmaps()
        self._shot, self._reached = "", None
        self.choice = KeyframeSelection(self)
        self._drag, self._from, self.added, self._drop = _Drag.NONE, 0.0, 0, None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.setAccessibleName("Keyframes")
        edits.changed.connect(self.reflect)
        render_forecast.changed.connect(self.compare)
        brought.changed.connect(self.update)
        self.choice.changed.connect(self._follow_choice)
        player_state.shown_changed.connect(self.update)
        player_state.playhead_moved.connect(self._follow)
        self.reflect()

    @property
    def count(self) -> int:
        return len(self.strip.keys) if self.strip else 0

    @property
    def places(self) -> Places:
        return Places(self.count, self.width())

    @property
    def chosen(self) -> frozenset[int]:
        return self.choice.chosen

    def reflect(self) -> None:
        """Show the shot's strip as it is."""
        shot, strip = self._edits.shot, self._edits.strip
        if (shot, strip) == (self._shot, self.strip):
            return  # other words are no other strip: typing paints nothing here
        self.looks.follow(None if self._shot != shot else self.strip, strip)
        self._shot, self.strip = shot, strip
        self.choice.resize(self.count)
        self._follow_choice()
        self.setMinimumWidth(Places(self.count, 0).needed)
        self.compare()

    def compare(self) -> None:
        """Take what is known of the strip as it is; nothing until that has been looked up."""
        found = self._render_forecast.forecast
        fits = found is not None and strip_of(found.request) == self.strip
        self.forecast = found if fits else None
        self.update()

    def show_keyframe(self, number: int) -> None:
        """Move the playhead to a keyframe of what is on the player."""
        self._player_state.back()
        shown = self._player_state.shown
        if shown and self._is_of(shown):
            self._player_state.set_speed(0)
            self._playback.go(shown.frame_of(number))

    def picture(self, number: int) -> QImage | None:
        """What a keyframe looks like, itself or before it was to be made anew."""
        return self.looks.picture(number, known=self.forecast is not None)

    def playing(self) -> int | None:
        """The keyframe that the playhead has reached."""
        shown = self._player_state.shown
        if shown is None or not self._is_of(shown):
            return None
        return shown.keyframe_at(self._player_state.playhead)

    def _is_of(self, shown: Shown) -> bool:
        """Whether what is on the player is made of these keyframes, not of another shot's."""
        return is_of(shown, self._edits.shot, self.count)

    def _follow_choice(self) -> None:
        self.setAccessibleDescription(state(self.count, len(self.chosen)))
        self.update()

    def _follow(self, _frame: int) -> None:
        """Paint anew when another keyframe is reached, not at every frame."""
        if self.playing() != self._reached:
            self._reached = self.playing()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(Places(self.count, 0).needed, HEIGHT)

    def paintEvent(self, _event) -> None:
        if self.strip is None:
            return
        side, ratio = self.places.side, self.devicePixelRatioF()
        looks = map(self.picture, range(self.count))
        pictures = tuple(look and self._pixmap(look, side, ratio) for look in looks)
        focused = self.choice.current if self.hasFocus() else None
        drawn = Drawn(
            self.strip, pictures, self.looks.former, self.forecast, self.chosen, self.playing(), focused,
            self.added if self._drag is _Drag.AFTER else -self.added, self._drop,
        )  # fmt: skip
        with painting(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            draw(painter, drawn, self.places, self._icons, ratio)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x, y = event.position().x(), event.position().y()
        self._from, self._drag = x, _Drag.NONE
        for drag, before in ((_Drag.BEFORE, True), (_Drag.AFTER, False)):
            if self.count and self.places.end(before=before).holds(x, y):
                self._drag = drag
                return
        number = self.places.at(x)
        if number is None:
            return
        held = event.modifiers()
        if event.button() == Qt.MouseButton.RightButton and number in self.chosen:
            return
        shift, ctrl = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
        self.choice.one(number, upto=bool(held & shift), also=bool(held & ctrl))
        self.show_keyframe(number)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x, y = event.position().x(), event.position().y()
        if not event.buttons() & Qt.MouseButton.LeftButton:
            self._hover(x, y)
            return
        far = abs(x - self._from) >= QApplication.startDragDistance()
        if self._drag is _Drag.NONE and far and len(self.chosen) == 1:
            self._drag = _Drag.MOVE
        if self._drag is _Drag.MOVE:
            self._drop = self.places.line(self.places.gap(x))
        elif self._drag in (_Drag.BEFORE, _Drag.AFTER):
            along = x - self._from if self._drag is _Drag.AFTER else self._from - x
            self.added = self.places.dragged(along)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drag, added = self._drag, self.added
        self._drag, self.added, self._drop = _Drag.NONE, 0, None
        if drag is _Drag.MOVE:
            number, gap = next(iter(self.chosen)), self.places.gap(event.position().x())
            self.move_to(number, gap - (gap > number))
        elif drag in (_Drag.BEFORE, _Drag.AFTER) and added:
            self._edits.extend(added, before=drag is _Drag.BEFORE)
        self.update()

    def move_to(self, number: int, to: int) -> None:
        """Put a keyframe elsewhere; it stays chosen."""
        to = min(max(0, to), self.count - 1)
        self._edits.move(number, to)
        self.choice.one(to)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        shift, alt = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
        if step and self.count and held == alt:
            self.move_to(self.choice.current, self.choice.current + step)
        elif step and self.count and held in (Qt.KeyboardModifier.NoModifier, shift):
            self.show_keyframe(self.choice.step(step, upto=held == shift))
        elif not self._press(event):
            event.ignore()  # the window's keys

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_asked.emit(event.globalPos())

    def focusInEvent(self, event) -> None:
        if not self.chosen and self.count:
            self.choice.one(self.choice.current)
        super().focusInEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and not self._edits.disabled_reason():
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        x = event.position().x()
        between = self.places.is_between(x)
        number = self.places.gap(x) if between else self.places.at(x) or 0
        self._drop = self.places.line(number) if between else self.places.keyframe(number)
        event.acceptProposedAction()
        self.update()

    def dragLeaveEvent(self, _event) -> None:
        self._drop = None
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop = None
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.drop(files[0], event.position().x())
        self.update()

    def drop(self, file: Path, x: float) -> None:
        """A picture replaces the keyframe under `x` or goes between two; a clip is looked at."""
        between = self.places.is_between(x)
        number = self.places.gap(x) if between else self.places.at(x) or 0
        if file.suffix.lower() in PICTURES:
            self._edits.put(file, number, insert=between)
        else:
            self.choice.one(number)
            self.clip_dropped.emit(file)

    def _hover(self, x: float, y: float) -> None:
        places = self.places
        ends = any(places.end(before=before).holds(x, y) for before in (True, False))
        can = self.count and not self._edits.disabled_reason()
        self.setCursor(Qt.CursorShape.SizeHorCursor if ends and can else Qt.CursorShape.ArrowCursor)
        tip(self, self._tip(x, ends))

    def _tip(self, x: float, ends: bool) -> str:
        if ends:
            return self._edits.disabled_reason() or "Drag to extend"
        number = self.places.at(x)
        if number is None or self.strip is None:
            return ""
        return f"Keyframe {number + 1}{origin(self.strip, number)}"

    def place(self, number: int) -> QRect:
        """Where a keyframe is painted."""
        box = self.places.keyframe(number)
        return QRect(box.left, box.top, box.width, box.height)
