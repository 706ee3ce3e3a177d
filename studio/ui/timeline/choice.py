"""Which clips are chosen, and on which of them the keyboard is."""

from collections.abc import Collection

from PySide6.QtCore import QObject, Signal

from studio.spec.timeline.timeline import Timeline


class ClipChoice(QObject):
    """Ids of clips; `current` is the last one that was chosen, "" for none."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.chosen: frozenset[str] = frozenset()
        self.current = ""

    def one(self, clip: str) -> None:
        """Choose a clip alone; "" for none."""
        self.set((clip,) if clip else (), clip)

    def toggle(self, clip: str) -> None:
        """Choose a clip with the others, or leave it out."""
        if clip in self.chosen:
            self.set(self.chosen - {clip}, clip)
        else:
            self.set(self.chosen | {clip}, clip)

    def set(self, clips: Collection[str], current: str = "") -> None:
        """Choose these."""
        chosen = frozenset(clips)
        current = current or next(iter(chosen), "")
        if (chosen, current) != (self.chosen, self.current):
            self.chosen, self.current = chosen, current
            self.changed.emit()

    def keep(self, timeline: Timeline) -> None:
        """Forget what is not on the timeline any more."""
        current = self.current if self.current in timeline else ""
        self.set({clip for clip in self.chosen if clip in timeline}, current)


def beside(timeline: Timeline, clip: str, step: int) -> str:
    """The clip after another on its track, or before it; that itself at the end.  Of none the first
    or last of what plays."""
    if clip in timeline:
        track, number = timeline.where(clip)
        return track.clips[min(max(0, number + step), len(track.clips) - 1)].id
    filled = [t for t in timeline.tracks if t.clips]
    first = next((t for t in filled if t.kind == "video"), filled[0] if filled else None)
    return first.clips[0 if step > 0 else -1].id if first else ""


def across(timeline: Timeline, clip: str, order: Collection[int], step: int) -> str:
    """The clip nearest on the next track above or below that has one; `order` are the numbers of
    tracks from the top down."""
    if clip not in timeline:
        return beside(timeline, clip, 1)
    track, _ = timeline.where(clip)
    numbers, middle = list(order), timeline.start(clip) + timeline.clip(clip).length // 2
    at = numbers.index(timeline.tracks.index(track)) + step
    while 0 <= at < len(numbers):
        other = timeline.tracks[numbers[at]]
        if other.clips:
            return other.clips[max(0, other.before(middle))].id
        at += step
    return clip
