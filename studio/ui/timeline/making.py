"""Gestures that have something made: each proposes it first, with its pieces and their time."""

from collections.abc import Callable

from studio.spec.timeline.gaps import gaps_between
from studio.spec.timeline.trimming import TAIL, more
from studio.ui.state.timeline_look import TimelineLook
from studio.ui.state.timeline_player import TimelinePlayer
from studio.ui.state.timeline_renders import TimelineRenders
from studio.ui.timeline.dragging import can_extend
from studio.ui.timeline.edits import TimelineEdits
from studio.ui.timeline.gestures import CHOOSE
from studio.ui.timeline.view import TimelineView
from studio.ui.widgets.gestures import Gesture
from studio.ui.widgets.input_dialogs import ask_for_words

NO_GAP = "Click into a gap between clips first."
NO_GAPS = "There is no gap between two clips."
MARK = "Mark a part of one clip first, with I and O."


class MakingGestures:
    """What is made for clips, gaps and the marked range; `gap` finds the gap that is meant."""

    def __init__(
        self,
        edits: TimelineEdits,
        view: TimelineView,
        player: TimelinePlayer,
        look: TimelineLook,
        renders: TimelineRenders,
        gap: Callable[[], tuple[str, int] | None],
    ) -> None:
        self._edits, self._view, self._player = edits, view, player
        self._look, self._renders, self._gap = look, renders, gap

    def all(self) -> tuple[Gesture, ...]:
        """In the order of the menu."""
        return (
            Gesture("render", "play", "Render what changed …", "U", self._render, self._need_stale),
            Gesture("draft", "pixels", "Draft mode: few steps, half size", "H", self._turn_drafts,
                    lambda: self._edits.only_read, lambda: self._renders.drafts),
            Gesture("fill", "fill", "Fill the gap …", "F", self._fill, self._need_gap),
            Gesture("fill_all", "fill", "Fill all gaps …", "Shift+F", self._fill_all,
                    self._need_gaps),
            Gesture("bridge", "bridge", "Bridge to the next clip …", "B", self._bridge,
                    self._need_next),
            Gesture("extend", "extend_on", "Make it a second longer …", "E", self._extend,
                    self._need_more),
            Gesture("retake", "retake", "Make the marked range anew …", "R", self._retake,
                    self._need_range),
            Gesture("loop", "loop", "Make a loop of it …", "", self._loop, self._need_take),
            Gesture("between", "smooth", "Frames in between, where it is slower …", "",
                    lambda: self._renders.smooth(self._one()), self._need_take),
            Gesture("words", "recipe", "Words over it …", "T", self._words, self._need_filled),
            Gesture("travel", "recipe", "Make it of the words over it …", "Shift+T", self._travel,
                    self._need_words),
        )  # fmt: skip

    def _render(self) -> None:
        stale = [clip for clip in self._view.choice.chosen if self._look.piece(clip)]
        self._renders.render(stale)

    def _turn_drafts(self) -> None:
        self._renders.drafts = not self._renders.drafts
        self._view.pointer.changed.emit()

    def _fill(self) -> None:
        if gap := self._gap():
            self._renders.fill(*gap)

    def _fill_all(self) -> None:
        """Those between the chosen clips; where less than two are chosen, all."""
        self._renders.fill_all(self._chosen())

    def _bridge(self) -> None:
        self._renders.bridge(self._before())

    def _extend(self) -> None:
        second = max(1, round(self._edits.timeline.rate))
        if self._is_file():
            self._renders.go_on(self._one(), second)
            return
        self._renders.extend(self._one(), TAIL, second + self._left())

    def _retake(self) -> None:
        clip, first, end = self._marked()
        self._renders.retake(clip, first, end)

    def _loop(self) -> None:
        self._renders.loop(self._one())

    def _words(self) -> None:
        """Of a clip of words those it has, else new ones over what plays at the playhead."""
        timeline, clip, frame = self._edits.timeline, self._one(), self._player.position
        old = timeline.clip(clip).words if clip else None
        if clip and old is None:
            frame = timeline.start(clip)

        def spoken(text: str) -> None:
            if old is not None:
                self._edits.set_words(clip, text)
            else:
                self._edits.add_words(text, frame)

        text = old.text if old else ""
        ask_for_words(self._view, "Words", "What is seen here", text, spoken, lines=4)

    def _travel(self) -> None:
        self._renders.travel(self._one())

    def _is_file(self) -> bool:
        """Whether the chosen clip shows a file of the user's."""
        clip = self._edits.timeline.clip(self._one()) if self._one() else None
        return bool(clip and clip.kind == "video" and clip.footage and clip.footage.asset)

    def _need_more(self) -> str:
        return self._need_one() if self._is_file() else self._need_take()

    def _need_words(self) -> str:
        if reason := self._need_take():
            return reason
        timeline, clip = self._edits.timeline, self._one()
        start, end = timeline.start(clip), timeline.start(clip) + timeline.clip(clip).length
        over = any(t.kind == "prompt" and t.on and t.within(start, end) for t in timeline.tracks)
        return "" if over else "No words lie over this clip: press T to put some there."

    def _one(self) -> str:
        """The chosen clip, "" where none or several are."""
        chosen = self._chosen()
        return chosen[0] if len(chosen) == 1 else ""

    def _chosen(self) -> list[str]:
        """The chosen clips that are there: an edit is heard of before the choice follows it."""
        timeline = self._edits.timeline
        return sorted(clip for clip in self._view.choice.chosen if clip in timeline)

    def _left(self) -> int:
        """Frames that the take of the chosen clip still has after its end: these cost nothing."""
        timeline = self._edits.timeline
        return more(timeline, timeline.clip(self._one()), self._edits.media)[1]

    def _before(self) -> str:
        """Of two chosen clips beside one another the first, of one that itself; "" for others."""
        timeline, chosen = self._edits.timeline, self._chosen()
        places = [timeline.where(clip) for clip in chosen]
        if not places or len({track.id for track, _ in places}) > 1 or len(places) > 2:
            return ""
        numbers = sorted(number for _, number in places)
        track = places[0][0]
        if numbers[-1] - numbers[0] != len(numbers) - 1 or numbers[0] + 1 >= len(track.clips):
            return ""
        return track.clips[numbers[0]].id

    def _marked(self) -> tuple[str, int, int]:
        """The clip in which all of the marked range lies, a chosen one before others; "" for none."""
        timeline = self._edits.timeline
        first, end = timeline.mark_in, timeline.mark_out
        if first is None or end is None:
            return "", 0, 0
        found = [
            track.clips[number].id
            for track in timeline.tracks
            if track.kind == "video" and (number := track.at(first)) is not None
            if end <= track.end(number) and end - first < track.clips[number].length
        ]
        chosen = [clip for clip in found if clip in self._view.choice.chosen]
        return next(iter([*chosen, *reversed(found)]), ""), first, end

    def _need_filled(self) -> str:
        empty = "" if self._edits.timeline.length else "Nothing is on the timeline yet."
        return self._edits.only_read or empty

    def _need_stale(self) -> str:
        stale = any(piece.work.missing for piece in self._look.plan.pieces)
        return self._need_filled() or ("" if stale else "Everything on the timeline is made.")

    def _need_gap(self) -> str:
        return self._need_filled() or ("" if self._gap() else NO_GAP)

    def _need_gaps(self) -> str:
        there = any(gaps_between(self._edits.timeline, self._chosen()))
        return self._need_filled() or ("" if there else NO_GAPS)

    def _need_one(self) -> str:
        return self._need_filled() or ("" if self._one() else CHOOSE)

    def _need_take(self) -> str:
        if reason := self._need_one():
            return reason
        can = can_extend(self._edits.timeline, self._one(), self._edits.media)
        return "" if can else "This clip shows no take that was made here."

    def _need_next(self) -> str:
        none = "Choose a clip that another follows, or both of them."
        return self._need_filled() or ("" if self._before() else none)

    def _need_range(self) -> str:
        return self._need_filled() or ("" if self._marked()[0] else MARK)
