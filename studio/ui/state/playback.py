"""Playing: the clock that moves the playhead at the clip's own rate."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

from studio.ui.state.player_state import PlayerState

EVEN = 1e-6
"""Of a frame: a clock that has come to one exactly does not fall short of it by its rounding."""


class Playback(QObject):
    """Turns the player's speed into a moving playhead; late ticks skip frames, never slow down.

    Where the next frame is still being read it waits, and goes on from where it was.
    """

    def __init__(self, player_state: PlayerState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player_state = player_state
        self.clock: Callable[[], float] = time.monotonic
        """Seconds; of what is heard, while something is."""
        self._began = 0.0
        self._from = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        player_state.playing_changed.connect(self._follow)
        player_state.shown_changed.connect(self._follow)

    def toggle(self) -> None:
        """Play or pause; at the end of a clip that does not loop, play from its start."""
        player_state = self._player_state
        if (
            player_state.speed == 0
            and player_state.playhead == player_state.last_frame
            and not player_state.loop
        ):
            player_state.seek(0)
        player_state.set_speed(0 if player_state.speed else 1)

    def step(self, frames: int) -> None:
        """Pause and move by some frames."""
        self._player_state.set_speed(0)
        self._player_state.seek(self._player_state.playhead + frames)

    def go(self, frame: int) -> None:
        """Move the playhead; a clip that plays goes on from there."""
        self._player_state.seek(frame)
        self._restart()

    def shuttle(self, direction: int) -> None:
        """J and L: play backwards or forwards; pressed again, twice as fast, up to 8 times."""
        speed = self._player_state.speed
        same = speed * direction > 0
        self._player_state.set_speed(speed * 2 if same else direction)

    def _follow(self) -> None:
        if self._player_state.speed == 0 or not self._player_state.shown:
            self._timer.stop()
            return
        self._restart()
        frame_ms = 1000 / float(self._player_state.shown.fps) / abs(self._player_state.speed)
        self._timer.start(max(8, round(frame_ms / 2)))

    def restart(self) -> None:
        """Count time anew from the frame that is shown."""
        self._restart()

    def _restart(self) -> None:
        self._began, self._from = self.clock(), self._player_state.playhead

    def _tick(self) -> None:
        player_state = self._player_state
        if not player_state.shown:
            return
        passed = (self.clock() - self._began) * float(player_state.shown.fps) * player_state.speed
        frame, ends = after(
            self._from,
            int(passed + EVEN * player_state.speed),
            *self._bounds(),
            loop=player_state.loop,
        )
        if not player_state.is_there(frame):
            self._restart()
            return
        player_state.seek(frame)
        if ends:
            player_state.set_speed(0)

    def _bounds(self) -> tuple[int, int]:
        """The frames between which it plays, the last one not among them: those that are marked,
        where it loops and the playhead is within them."""
        player_state = self._player_state
        marked = player_state.shown.marked if player_state.shown else None
        if marked and player_state.loop and marked[0] <= self._from < marked[1]:
            return marked
        return 0, player_state.last_frame + 1


def after(start: int, passed: int, first: int, end: int, *, loop: bool) -> tuple[int, bool]:
    """The frame that is shown when so many have passed, from `first` on to before `end`, and whether
    playing ends there."""
    frame = start + passed
    if first <= frame < end:
        return frame, False
    if loop:
        return first + (frame - first) % (end - first), False
    return min(max(first, frame), end - 1), True
