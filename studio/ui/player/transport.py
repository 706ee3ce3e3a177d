"""The row of buttons under the picture."""

import re
from fractions import Fraction

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSlider, QVBoxLayout, QWidget

from studio.spec.quantities import timecode
from studio.ui.state.playback import Playback
from studio.ui.state.player_state import PlayerState
from studio.ui.widgets.controls import label, rename, row, set_enabled, tool
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT

NOTHING = "Nothing to play yet. Preview keyframes or choose a take."
NOT_LARGER = "Only upsampled takes have a before. Press Upsample in the row of stages."


class Transport(QWidget):
    """Play, step, loop, scrub, copy; each button says its key."""

    def __init__(self, player_state: PlayerState, playback: Playback, icons: Icons) -> None:
        super().__init__()
        self._player_state, self._playback, self._icons = player_state, playback, icons
        self._build()
        self._connect()
        self.follow_shown()

    def _build(self) -> None:
        icons = self._icons
        self.scrub = QSlider(Qt.Orientation.Horizontal)
        self.scrub.setAccessibleName("Playhead")
        self.scrub.setPageStep(8)
        self.loop = tool(icons, "loop", "Loop", checkable=True)
        self.start = tool(icons, "to_start", "First frame (Home)")
        self.back = tool(icons, "frame_back", "One frame back (Left)")
        self.play = tool(icons, "play", "Play (Space)")
        self.on = tool(icons, "frame_on", "One frame on (Right)")
        self.end = tool(icons, "to_end", "Last frame (End)")
        self.sharp = tool(icons, "smooth", "Smooth the picture", checkable=True)
        self.copy = tool(icons, "copy", "Copy this frame (Ctrl+C)")
        self.compare = tool(icons, "compare", "Compare with before (C)", checkable=True)
        self.actual = tool(icons, "actual", "Pixel for pixel (1)", checkable=True)
        self.loupe = tool(icons, "loupe", "Loupe (Z)", checkable=True)
        self.tile = tool(icons, "larger", "Preview a tile of the upsampling (T)")
        self.time = label("", "small")
        self.time.setMinimumWidth(112)
        self.speed = label("", "accent")
        self.speed.setMinimumWidth(56)
        self.speed.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._tools = (
            self.loop, self.start, self.back, self.play, self.on, self.end, self.sharp, self.copy,
            self.compare, self.actual, self.loupe, self.tile,
        )  # fmt: skip
        buttons = row(self.time, None, *self._tools, None, self.speed, gap=UNIT // 2)
        box = QVBoxLayout(self)
        box.setContentsMargins(2 * UNIT, UNIT, 2 * UNIT, UNIT)
        box.setSpacing(UNIT)
        box.addWidget(self.scrub)
        box.addWidget(buttons)

    def minimumSizeHint(self) -> QSize:
        """The buttons alone: time and speed make way for them."""
        sides = self.contentsMargins().left() + self.contentsMargins().right() + 4 * UNIT
        wide = sum(tool.minimumSizeHint().width() + UNIT // 2 for tool in self._tools)
        return QSize(wide + sides, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Show the time where it fits beside the buttons, and the speed where that does too."""
        room = self.width() - self.minimumSizeHint().width() - UNIT
        time = max(self.time.minimumWidth(), self.time.sizeHint().width())
        self.time.setVisible(room >= time)
        self.speed.setVisible(room >= time + self.speed.minimumWidth() + UNIT)

    def _connect(self) -> None:
        player_state, playback = self._player_state, self._playback
        self.play.clicked.connect(playback.toggle)
        self.start.clicked.connect(lambda: playback.go(0))
        self.end.clicked.connect(lambda: playback.go(player_state.last_frame))
        self.back.clicked.connect(lambda: playback.step(-1))
        self.on.clicked.connect(lambda: playback.step(1))
        self.loop.toggled.connect(player_state.set_loop)
        self.sharp.toggled.connect(player_state.set_smooth)
        self.compare.toggled.connect(player_state.set_compare)
        self.actual.toggled.connect(player_state.set_actual)
        self.loupe.toggled.connect(player_state.set_loupe)
        self.scrub.valueChanged.connect(playback.go)
        player_state.shown_changed.connect(self.follow_shown)
        player_state.playhead_moved.connect(self._follow_playhead)
        player_state.playing_changed.connect(self._follow_playing)
        player_state.options_changed.connect(self._follow_options)

    def follow_shown(self) -> None:
        disabled_reason = "" if self._player_state.shown else NOTHING
        moves = (
            ""
            if self._player_state.last_frame
            else disabled_reason or "A single frame does not move."
        )
        for control in (self.start, self.back, self.play, self.on, self.end, self.scrub):
            set_enabled(control, moves)
        for control in (self.copy, self.actual, self.loupe):
            set_enabled(control, disabled_reason)
        shown = self._player_state.shown
        set_enabled(self.compare, disabled_reason or ("" if shown and shown.before else NOT_LARGER))
        self.time.setMinimumWidth(max(112, self._widest()) if shown else 112)
        self.scrub.blockSignals(True)
        self.scrub.setRange(0, self._player_state.last_frame)
        self.scrub.blockSignals(False)
        self._follow_options()
        self._follow_playing()
        self._follow_playhead(self._player_state.playhead)

    def offer_tile(self, does: str, disabled_reason: str) -> None:
        """Name the action of the tile button; disabled with a reason where there is one."""
        set_enabled(self.tile, disabled_reason)
        if self.tile.isEnabled():
            rename(self.tile, does)

    def _follow_playhead(self, frame: int) -> None:
        self.scrub.blockSignals(True)
        self.scrub.setValue(frame)
        self.scrub.blockSignals(False)
        shown = self._player_state.shown
        fps = shown.fps if shown else Fraction(1)
        of = f"{timecode(frame, fps)} · frame {frame + 1} of {self._player_state.last_frame + 1}"
        self.time.setText(of if shown else "")
        self._make_room()

    def _widest(self) -> int:
        """Pixels of the longest time there will be: nothing moves aside while it counts."""
        shown = self._player_state.shown
        fps, last = (shown.fps if shown else Fraction(1)), self._player_state.last_frame
        longest = f"{timecode(last, fps)} · frame {last + 1} of {last + 1}"
        measure = self.time.fontMetrics().horizontalAdvance
        return max(measure(re.sub(r"[0-9]", digit, longest)) for digit in "0123456789") + 2

    def _follow_playing(self) -> None:
        speed = self._player_state.speed
        self.play.setIcon(self._icons("pause" if speed else "play"))
        if self.play.isEnabled():
            rename(self.play, "Pause (Space)" if speed else "Play (Space)")
        self.speed.setText("" if speed in (0, 1) else f"{speed:+d} × speed")

    def _follow_options(self) -> None:
        player_state, shown = self._player_state, self._player_state.shown
        for button, on in (
            (self.loop, player_state.loop),
            (self.sharp, player_state.smooth),
            (self.compare, player_state.compare and bool(shown and shown.before)),
            (self.actual, player_state.actual),
            (self.loupe, player_state.loupe),
        ):
            button.blockSignals(True)
            button.setChecked(on)
            button.blockSignals(False)
