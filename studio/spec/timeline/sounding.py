"""How clips sound, changed: gain in decibels, fades in frames.  Each edit gives another timeline."""

from dataclasses import replace

from studio.spec.refusal import Refusal
from studio.spec.timeline.clip import LOUDEST, QUIETEST, Clip, Sound
from studio.spec.timeline.cutting import title
from studio.spec.timeline.edits import alter
from studio.spec.timeline.timeline import Timeline

FADE_IN, FADE_OUT = "fade in", "fade out"


def set_gain(timeline: Timeline, id: str, gain: float) -> Timeline:
    """With a clip as loud as `gain` decibels make it, within what can be heard."""
    clip = timeline.clip(id)
    level = min(max(QUIETEST, round(gain, 2)), LOUDEST)
    return _with(timeline, clip, replace(sound_of(clip), gain=level))


def set_fade(timeline: Timeline, id: str, end: str, frames: int) -> Timeline:
    """With a clip that fades in, or out, over so many frames, as far as the other fade lets it."""
    clip = timeline.clip(id)
    sound = sound_of(clip)
    if end == FADE_IN:
        frames = min(max(0, frames), clip.length - sound.fade_out)
        return _with(timeline, clip, replace(sound, fade_in=frames))
    frames = min(max(0, frames), clip.length - sound.fade_in)
    return _with(timeline, clip, replace(sound, fade_out=frames))


def sound_of(clip: Clip) -> Sound:
    """How a clip sounds; refused for one that does not."""
    if clip.sound is None:
        raise Refusal(f"{title(clip).capitalize()} has no sound.", "Choose a clip of sound.")
    return clip.sound


def _with(timeline: Timeline, clip: Clip, sound: Sound) -> Timeline:
    return timeline if sound == clip.sound else alter(timeline, replace(clip, sound=sound))
