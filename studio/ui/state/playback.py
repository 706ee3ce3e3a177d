"""Playing: the clock that moves the playhead at the clip's own rate."""

import time

from PySide6.QtCore import QObject, Qt, QTimer

from studio.ui.state.player_state import PlayerState


class Playback(QObject):
    """Turns the player's speed into a moving playhead; late ticks skip frames, never slow down.

    Where the next frame is still being read it waits, and goes on from where it was.
    """

    def __init__(self, player_state: PlayerState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player_state = player_state
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

    def _restart(self) -> None:
        self._began, self._from = time.monotonic(), self._player_state.playhead

    def _tick(self) -> None:
        player_state = self._player_state
        if not player_state.shown:
            return
        passed = (
            (time.monotonic() - self._began) * float(player_state.shown.fps) * player_state.speed
        )
        frame, count = self._from + int(passed), player_state.last_frame + 1
        ends = not 0 <= frame < count and not player_state.loop
        frame = min(max(0, frame), count - 1) if ends else frame % count
        if not player_state.is_there(frame):
            self._restart()
            return
        player_state.seek(frame)
        if ends:
            player_state.set_speed(0)
