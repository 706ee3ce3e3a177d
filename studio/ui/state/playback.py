"""Playing: the clock that moves the playhead at the clip's own rate."""

import time

from PySide6.QtCore import QObject, Qt, QTimer

from studio.ui.state.selection import Desk


class Playback(QObject):
    """Turns the desk's speed into a moving playhead; late ticks skip frames, never slow down.

    Where the next frame is still being read it waits, and goes on from where it was.
    """

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._began = 0.0
        self._from = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        desk.playing_changed.connect(self._follow)
        desk.shown_changed.connect(self._follow)

    def toggle(self) -> None:
        """Play or pause; at the end of a clip that does not loop, play from its start."""
        desk = self._desk
        if desk.speed == 0 and desk.playhead == desk.last_frame and not desk.loop:
            desk.seek(0)
        desk.set_speed(0 if desk.speed else 1)

    def step(self, frames: int) -> None:
        """Pause and move by some frames."""
        self._desk.set_speed(0)
        self._desk.seek(self._desk.playhead + frames)

    def go(self, frame: int) -> None:
        """Move the playhead; a clip that plays goes on from there."""
        self._desk.seek(frame)
        self._restart()

    def shuttle(self, direction: int) -> None:
        """J and L: play backwards or forwards; pressed again, twice as fast, up to 8 times."""
        speed = self._desk.speed
        same = speed * direction > 0
        self._desk.set_speed(speed * 2 if same else direction)

    def _follow(self) -> None:
        if self._desk.speed == 0 or not self._desk.shown:
            self._timer.stop()
            return
        self._restart()
        frame_ms = 1000 / float(self._desk.shown.fps) / abs(self._desk.speed)
        self._timer.start(max(8, round(frame_ms / 2)))

    def _restart(self) -> None:
        self._began, self._from = time.monotonic(), self._desk.playhead

    def _tick(self) -> None:
        desk = self._desk
        if not desk.shown:
            return
        passed = (time.monotonic() - self._began) * float(desk.shown.fps) * desk.speed
        frame, count = self._from + int(passed), desk.last_frame + 1
        ends = not 0 <= frame < count and not desk.loop
        frame = min(max(0, frame), count - 1) if ends else frame % count
        if not desk.is_there(frame):
            self._restart()
            return
        desk.seek(frame)
        if ends:
            desk.set_speed(0)
