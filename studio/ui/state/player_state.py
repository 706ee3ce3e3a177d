"""What is on the player and how it is looked at: playhead, speed, comparison.  Never saved."""

from dataclasses import dataclass
from fractions import Fraction

from PySide6.QtCore import QObject, Signal

from studio.ui.state.frames import Frames


@dataclass(frozen=True)
class Shown:
    """What is on the player.

    `kind`: "clip", "keyframes", "preview" (of keyframes, while they are made) or "tile" (a clip of
    which one tile is upsampled).  `take`, `shot`: ids, "" where it belongs to none.
    `frames_per_keyframe`: 0 where no frame is a keyframe.  `before`: as many frames before
    upsampling, or None.  `marked`: the range within which it loops, the frame after the last not
    in it.
    """

    kind: str
    title: str
    frames: Frames
    fps: Fraction
    take: str = ""
    frames_per_keyframe: int = 0
    shot: str = ""
    before: Frames | None = None
    marked: tuple[int, int] | None = None
    beside: tuple[Frames, ...] = ()
    """Clips that are seen together, in time with one another; `frames` is the last of them."""
    names: tuple[str, ...] = ()
    """What these are called, or both sides of the wipe."""

    @property
    def is_comparison(self) -> bool:
        """Whether takes are seen together, which may be of other shots."""
        return bool(self.beside)

    def played(self, *, compare: bool) -> list[Frames]:
        """All clips of which a frame is seen: compared by the wipe those on both its sides."""
        if compare and self.before is not None:
            return [self.frames, self.before]
        return list(self.beside) or [self.frames]

    @property
    def shot_keyframes(self) -> int:
        """How many keyframes it has; 0 for a clip that is not of keyframes."""
        if not self.frames_per_keyframe:
            return 0
        return -(-len(self.frames) // self.frames_per_keyframe)

    def frame_of(self, keyframe: int) -> int:
        return keyframe * max(1, self.frames_per_keyframe)

    def keyframe_at(self, frame: int) -> int:
        """The keyframe that `frame` is, or comes after."""
        return frame // max(1, self.frames_per_keyframe)

    def same_as(self, other: "Shown") -> bool:
        """Whether `other` is this clip grown on."""
        return (self.kind, self.title, self.take) == (other.kind, other.title, other.take)


@dataclass(frozen=True)
class _Under:
    """What something was laid over, and how it was looked at."""

    shown: Shown | None
    playhead: int
    compare: bool
    actual: bool


class PlayerState(QObject):
    """Views set it and listen to it.

    `speed` is -8..8 times the clip's own rate, 0 paused; `playhead` a frame, 0..`last_frame`.
    """

    shown_changed = Signal()
    playhead_moved = Signal(int)
    playing_changed = Signal()
    options_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.shown: Shown | None = None
        self.playhead = 0
        self.speed = 0
        self.loop = True
        self.smooth = False
        self.compare = self.actual = self.loupe = False
        self._under: _Under | None = None

    def show(self, shown: Shown | None) -> None:
        """Put pictures on the player; the same clip growing keeps its playhead."""
        same = self.shown and shown and self.shown.same_as(shown)
        self.shown = shown
        if not same:
            self._look_anew()
        self.playhead = min(self.playhead, self.last_frame)
        if not shown:
            self.set_speed(0)
        self.shown_changed.emit()
        self.playhead_moved.emit(self.playhead)

    def lay_over(self, shown: Shown, frame: int) -> None:
        """Show something for a while, paused at a frame; `back` ends it, and so does whatever is
        shown next."""
        under = self._under or _Under(self.shown, self.playhead, self.compare, self.actual)
        self.set_speed(0)
        self.show(shown)
        self._under = under
        self.seek(frame)

    def back(self) -> None:
        """Show again what something was laid over, as it was looked at; nothing without that."""
        under = self._under
        if under is None:
            return
        self.set_speed(0)
        self.show(under.shown)
        self.actual = under.actual
        self.options_changed.emit()
        self.seek(under.playhead)

    def _look_anew(self) -> None:
        """Another clip begins at its first frame, as large as it fits."""
        self.playhead, self.actual = 0, False
        if self._under is not None:
            self.compare, self._under = self._under.compare, None
        self.options_changed.emit()

    def is_there(self, frame: int) -> bool:
        """Whether a frame, with what it is compared with, is in memory."""
        shown = self.shown
        if shown is None:
            return False
        played = shown.played(compare=self.compare)
        return all(f.at(frame) is not None for f in played if f is shown.frames or frame < len(f))

    @property
    def last_frame(self) -> int:
        return max(0, len(self.shown.frames) - 1) if self.shown else 0

    def seek(self, frame: int) -> None:
        """Move the playhead to a frame, 0..last_frame."""
        frame = min(max(0, frame), self.last_frame)
        if frame != self.playhead:
            self.playhead = frame
            self.playhead_moved.emit(frame)

    def set_speed(self, speed: int) -> None:
        """Play at -8..8 times the clip's own rate; 0 pauses."""
        speed = min(max(-8, speed), 8) if self.shown and self.last_frame else 0
        if speed != self.speed:
            self.speed = speed
            self.playing_changed.emit()

    def set_loop(self, loop: bool) -> None:
        self.loop = loop
        self.options_changed.emit()

    def set_smooth(self, smooth: bool) -> None:
        self.smooth = smooth
        self.options_changed.emit()

    def set_compare(self, on: bool) -> None:
        """Compare with the frames before upsampling, at first at 1:1: scaling hides differences."""
        self.compare = on
        self.actual = on and not (self.shown and self.shown.beside)
        self.options_changed.emit()

    def set_actual(self, on: bool) -> None:
        self.actual = on
        self.options_changed.emit()

    def set_loupe(self, on: bool) -> None:
        self.loupe = on
        self.options_changed.emit()
