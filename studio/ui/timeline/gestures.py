"""What can be done on the timeline by button, key and menu, each with why it cannot be done now."""

from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.trimming import HEAD, TAIL
from studio.ui.state.selection import Selection
from studio.ui.state.timeline_player import TimelinePlayer
from studio.ui.timeline.edits import TimelineEdits
from studio.ui.timeline.view import TimelineView
from studio.ui.widgets.gestures import Gesture

CHOOSE = "Choose a clip first."
EMPTY = "Nothing is on the timeline yet."
NO_TAKE = "Choose a take in Takes first, or render the shot."


class HandGestures:
    """Edits by hand, of the clips that are chosen and at the playhead."""

    def __init__(
        self,
        edits: TimelineEdits,
        view: TimelineView,
        player: TimelinePlayer,
        selection: Selection,
    ) -> None:
        self._edits, self._view, self._player, self._selection = edits, view, player, selection

    def all(self) -> tuple[Gesture, ...]:
        """In the order of the menu."""
        edits, here = self._edits, lambda: self._player.position
        chosen, filled, free = self._need_chosen, self._need_filled, lambda: edits.only_read
        return (
            Gesture("add", "add", "Add the take", "A", self.add, self._need_take),
            Gesture("lay_out", "clip", "Lay out all shots", "", edits.lay_out, self._need_empty),
            Gesture("split", "split", "Split at the playhead", "S", self._split, self._need_inside),
            Gesture("head", "mark_in", "Trim the start to the playhead", "Q",
                    lambda: self._trim(HEAD), self._need_one_inside),
            Gesture("tail", "mark_out", "Trim the end to the playhead", "W",
                    lambda: self._trim(TAIL), self._need_one_inside),
            Gesture("delete", "bin", "Delete", "Del", self._delete, chosen),
            Gesture("ripple", "ripple", "Delete and close the gap", "Shift+Del",
                    lambda: self._delete(ripple=True), chosen),
            Gesture("close", "ripple", "Close this gap", "", self._close, self._need_gap),
            Gesture("marker", "marker", "Marker here, or none", "M",
                    lambda: edits.toggle_marker(here()), filled),
            Gesture("in", "mark_in", "Mark from here", "I",
                    lambda: edits.mark(here(), out=False), filled),
            Gesture("out", "mark_out", "Mark up to here", "O",
                    lambda: edits.mark(here() + 1, out=True), filled),
            Gesture("unmark", "close", "Clear the marks", "X", edits.unmark, self._need_marks),
            Gesture("track", "add", "Add a track of pictures", "", edits.add_track, filled),
            Gesture("snap", "snap", "Snap to edges", "N", self._snap, free,
                    lambda: self._view.pointer.snapping),
        )  # fmt: skip

    def add(self) -> None:
        """Put the chosen take on the timeline, and choose its clip."""
        clip = self._edits.add_take(self._selection.take)
        if clip:
            self._view.choice.one(clip)

    def gap(self) -> tuple[str, int] | None:
        """The gap that was clicked last, or that lies at the playhead: its track and a frame."""
        timeline, clicked = self._edits.timeline, self._view.pointer.gap
        if clicked is not None and _is_gap(timeline, clicked.track, clicked.frame):
            return clicked.track, clicked.frame
        tracks = [t for t in timeline.tracks if t.kind == "video" and t.clips]
        position = self._player.position
        found = (t.id for t in tracks if _is_gap(timeline, t.id, position))
        track = next(found, "")
        return (track, position) if track else None

    def _split(self) -> None:
        """The chosen clips, or all that play at the playhead where none of them does."""
        self._edits.split(self._inside(), self._player.position)

    def _inside(self) -> list[str]:
        """The clips that the playhead would cut."""
        timeline, frame = self._edits.timeline, self._player.position
        cut = [
            track.clips[number].id
            for track in timeline.tracks
            if not track.locked and (number := track.at(frame)) is not None
            if track.starts[number] < frame
        ]
        chosen = self._view.choice.chosen
        return [clip for clip in cut if clip in chosen] if chosen.intersection(cut) else cut

    def _trim(self, end: str) -> None:
        clip = self._inside()[0]
        start = self._edits.timeline.start(clip)
        by = self._player.position - start
        if end == TAIL:
            by -= self._edits.timeline.clip(clip).length
        self._edits.trim(clip, end, by)

    def _delete(self, *, ripple: bool = False) -> None:
        chosen = self._view.choice.chosen
        self._edits.delete(chosen, ripple=ripple)

    def _close(self) -> None:
        gap = self.gap()
        if gap:
            self._edits.close_gap(*gap)

    def _snap(self) -> None:
        pointer = self._view.pointer
        pointer.snapping = not pointer.snapping
        pointer.changed.emit()

    def _need_chosen(self) -> str:
        return self._edits.only_read or ("" if self._view.choice.chosen else CHOOSE)

    def _need_filled(self) -> str:
        return self._edits.only_read or ("" if self._edits.timeline.length else EMPTY)

    def _need_empty(self) -> str:
        if self._edits.timeline.length:
            return "There are clips on the timeline already."
        has_takes = bool(self._edits.project.takes)
        return self._edits.only_read or ("" if has_takes else "Render a shot first.")

    def _need_take(self) -> str:
        return self._edits.only_read or ("" if self._selection.take else NO_TAKE)

    def _need_inside(self) -> str:
        return self._need_filled() or ("" if self._inside() else "Put the playhead into a clip.")

    def _need_one_inside(self) -> str:
        return self._need_inside()

    def _need_gap(self) -> str:
        return self._need_filled() or ("" if self.gap() else "Click into a gap first.")

    def _need_marks(self) -> str:
        timeline = self._edits.timeline
        marked = timeline.mark_in is not None or timeline.mark_out is not None
        return self._edits.only_read or ("" if marked else "Nothing is marked.")


def _is_gap(timeline: Timeline, track: str, frame: int) -> bool:
    """Whether a frame lies in a gap that a clip follows."""
    there = next((t for t in timeline.tracks if t.id == track), None)
    return there is not None and there.at(frame) is None and frame < there.length


MORE = {"delete": ("Backspace",)}
"""Second keys by gesture."""
