"""What can be done to one clip besides cutting it: its sound, its speed, what it shows; and files
brought to the timeline."""

from collections.abc import Callable
from fractions import Fraction

from studio.spec.numbers import exact
from studio.spec.refusal import Refusal, shown
from studio.spec.timeline.clip import Clip
from studio.ui.state.timeline_player import TimelinePlayer
from studio.ui.timeline.edits import TimelineEdits
from studio.ui.timeline.files import FileBringer
from studio.ui.timeline.gestures import CHOOSE
from studio.ui.timeline.view import TimelineView
from studio.ui.widgets.gestures import Gesture
from studio.ui.widgets.input_dialogs import ask_for_media, ask_for_words

STEP = 1.0
"""Decibels by which a key makes louder or softer."""
NO_SOUND = "Choose a clip of sound first."


class ClipGestures:
    """Acts on the chosen clips, or asks for a number."""

    def __init__(
        self,
        edits: TimelineEdits,
        view: TimelineView,
        player: TimelinePlayer,
        files: FileBringer,
    ) -> None:
        self._edits, self._view, self._player, self._files = edits, view, player, files

    def all(self) -> tuple[Gesture, ...]:
        """In the order of the menu."""
        sounding, footage = self._need_sound, self._need_footage
        return (
            Gesture("file", "folder", "Add video, picture or sound …", "Shift+A", self._add,
                    lambda: self._edits.only_read),
            Gesture("slip_back", "frame_back", "Slip: show a frame earlier", ",",
                    lambda: self._slip(-1), footage),
            Gesture("slip_on", "frame_on", "Slip: show a frame later", ".",
                    lambda: self._slip(1), footage),
            Gesture("speed", "play", "Speed …", "D", self._speed, footage),
            Gesture("blend", "smooth", "Blend frames where it is slower, or show the nearest",
                    "Shift+D", self._blend, footage),
            Gesture("gain", "larger", "Loudness …", "G", self._gain, sounding),
            Gesture("softer", "small_down", "Softer by a decibel", "[",
                    lambda: self._louder(-STEP), sounding),
            Gesture("louder", "small_up", "Louder by a decibel", "]",
                    lambda: self._louder(STEP), sounding),
        )  # fmt: skip

    def _add(self) -> None:
        ask_for_media(
            self._view, lambda files: self._files.bring(files, start=self._player.position)
        )

    def _slip(self, by: int) -> None:
        for clip in self._apart(self._chosen(lambda clip: clip.footage is not None)):
            self._edits.slip(clip, by, merge=True)

    def _speed(self) -> None:
        clip = self._chosen(lambda clip: clip.footage is not None)[0]
        footage = self._edits.timeline.clip(clip).footage
        now = f"{float(footage.speed):g}" if footage else "1"

        def spoken(text: str) -> None:
            self._politely(lambda: self._edits.set_speed(clip, speed_of(text)))

        name = "Times its own speed: 2 is twice as fast, 50 % half. Frames are dropped or repeated."
        ask_for_words(self._view, "Speed", name, now, spoken)

    def _blend(self) -> None:
        timeline = self._edits.timeline
        clips = self._chosen(lambda clip: clip.kind == "video")
        on = not all(c.footage and c.footage.blended for c in map(timeline.clip, clips))
        for clip in clips:
            self._edits.set_blended(clip, on=on)

    def _gain(self) -> None:
        clips = self._chosen(_sounds)
        now = self._edits.timeline.clip(clips[0]).sound

        def spoken(text: str) -> None:
            def changed() -> None:
                gain = decibels_of(text)
                for clip in clips:
                    self._edits.set_gain(clip, gain, merge=True)

            self._politely(changed)

        name = "Decibels: 0 as it is, -6 half as loud, 6 twice"
        ask_for_words(self._view, "Loudness", name, f"{now.gain:g}" if now else "0", spoken)

    def _louder(self, by: float) -> None:
        for clip in self._chosen(_sounds):
            sound = self._edits.timeline.clip(clip).sound
            if sound is not None:
                self._edits.set_gain(clip, sound.gain + by, merge=True)

    def _chosen(self, fits: Callable[[Clip], bool]) -> list[str]:
        """The chosen clips of a kind, and what is linked with them, in the order of their ids."""
        timeline = self._edits.timeline
        chosen = {id for id in self._view.choice.chosen if id in timeline}
        linked = {other for id in chosen for other in timeline.linked(id)}
        own = sorted(id for id in chosen if fits(timeline.clip(id)))
        return own or sorted(id for id in linked if fits(timeline.clip(id)))

    def _apart(self, clips: list[str]) -> list[str]:
        """One of each group of linked clips: the others go along."""
        timeline = self._edits.timeline
        return list({min(timeline.linked(clip)): clip for clip in clips}.values())

    def _politely(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Refusal as refusal:
            self._edits.refused.emit(refusal.what, refusal.hint)

    def _need_footage(self) -> str:
        there = self._chosen(lambda clip: clip.footage is not None)
        return self._edits.only_read or ("" if there else CHOOSE)

    def _need_sound(self) -> str:
        return self._edits.only_read or ("" if self._chosen(_sounds) else NO_SOUND)


def _sounds(clip: Clip) -> bool:
    return clip.sound is not None


def speed_of(text: str) -> Fraction:
    """A speed as a person writes it: 2, 0.5, "0,5", "50 %", "2x", "1/3"."""
    plain = text.strip().lower().rstrip("x×").replace(",", ".").strip()
    percent = plain.endswith("%")
    try:
        speed = exact(plain.rstrip("% "))
    except ValueError:
        raise Refusal(f"{shown(text)} is no speed.", "Write 2, 0.5 or 50 %.") from None
    speed = speed / 100 if percent else speed
    if speed <= 0:
        raise Refusal(f"{shown(text)} is no speed.", "Write 2, 0.5 or 50 %.")
    return speed.limit_denominator(10_000)


def decibels_of(text: str) -> float:
    """Decibels as a person writes them: -6, "−6 dB", "3,5"."""
    plain = text.strip().lower().removesuffix("db").replace("−", "-").replace(",", ".").strip()
    try:
        return float(exact(plain))
    except ValueError:
        raise Refusal(f"{shown(text)} is no loudness.", "Write 0, -6 or 3.") from None
