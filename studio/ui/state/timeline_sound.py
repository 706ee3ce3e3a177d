"""What the timeline sounds like while it plays: the playhead follows what is heard.

At its own rate forwards; at other speeds it is silent.  Where there is no speaker all plays in
silence, and a sentence says so, once.
"""

import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial

from PySide6.QtCore import QObject, Signal

from studio.spec.refusal import Refusal
from studio.spec.timeline.sounds import samples_at
from studio.spec.timeline.timeline import Timeline
from studio.ui.state.document import Document
from studio.ui.state.playback import Playback
from studio.ui.state.player_state import PlayerState
from studio.ui.state.sound_stream import SoundStream
from studio.ui.state.speaker import RATE, Speaker, find_speaker
from studio.ui.state.timeline_player import KIND

APART = 0.25
"""Seconds by which sound and playhead may differ before the sound begins anew where that is."""


class TimelineSound(QObject):
    """Starts, stops and moves the sound with the player; `find` gives the speaker, at the first
    sound that is to be heard."""

    refused = Signal(str, str)

    def __init__(
        self,
        document: Document,
        player_state: PlayerState,
        playback: Playback,
        find: Callable[[], Speaker] = find_speaker,
    ) -> None:
        super().__init__()
        self._document, self._player_state, self._playback = document, player_state, playback
        self.find = find
        self._speaker: Speaker | None = None
        self._is_silent = False
        self._stream: SoundStream | None = None
        self._timeline: Timeline | None = None
        self._first, self._base = 0, 0.0
        player_state.playing_changed.connect(self._follow)
        player_state.shown_changed.connect(self._follow)
        player_state.playhead_moved.connect(self._keep_up)
        playback.clock = self.clock

    @property
    def is_heard(self) -> bool:
        """Whether something sounds."""
        return self._stream is not None

    def clock(self) -> float:
        """Seconds that pass as the sound does; the computer's own while none is heard."""
        if self._stream is None or self._speaker is None:
            return time.monotonic()
        return self._base + self._heard()

    def close(self) -> None:
        """Silence, for good."""
        self._is_silent = True
        self._end()

    def _heard(self) -> float:
        """Seconds of the sound itself that were heard."""
        assert self._speaker is not None
        assert self._stream is not None
        return max(0.0, self._speaker.played() - self._stream.late / RATE)

    def _follow(self) -> None:
        state, timeline = self._player_state, self._document.project.timeline
        shown = state.shown
        plays = shown is not None and shown.kind == KIND and state.speed == 1
        if not plays:
            self._end()
        elif self._stream is None or timeline is not self._timeline:
            self._begin(state.playhead)

    def _keep_up(self, frame: int) -> None:
        """Begin anew where the playhead was put somewhere else, or the pictures fell behind."""
        if self._stream is None or self._timeline is None:
            if self._player_state.speed == 1:
                self._follow()
            return
        rate = self._timeline.rate
        sounding = float(self._first / rate) + self._heard()
        if abs(sounding - float(frame / rate)) > APART:
            self._begin(frame)

    def _begin(self, frame: int) -> None:
        self._end()
        if self._is_silent:
            return
        timeline = self._document.project.timeline
        self._timeline = timeline
        if not any(track.kind == "audio" and track.clips for track in timeline.tracks):
            return
        try:
            voices = self._voices(timeline, frame)
            if not voices:
                return
            if self._speaker is None:
                self._speaker = self.find()
        except Refusal as refusal:
            self._is_silent = True
            self.refused.emit(refusal.what, refusal.hint)
            return
        from studio.media.mixing import mixed

        total = samples_at(timeline.length - frame, Fraction(timeline.rate), RATE)
        self._stream = SoundStream(partial(mixed, voices, total))
        self._first, self._base = frame, time.monotonic()
        self._speaker.start(self._stream.take)
        self._playback.restart()

    def _voices(self, timeline: Timeline, frame: int):
        from studio.jobs.timeline_export import voices_of

        return voices_of(timeline, self._document.folder, frame, timeline.length)

    def _end(self) -> None:
        if self._stream is None:
            return
        assert self._speaker is not None
        self._speaker.stop()
        stream, self._stream = self._stream, None
        stream.close()
        self._playback.restart()
