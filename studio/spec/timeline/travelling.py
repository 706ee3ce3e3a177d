"""Prompt travel: the keyframes of a clip made of the words that lie over them on the timeline.

An edit of the strip like any other, made when it is asked for: keyframes whose words are other ones
than those they were made of are made anew to fit those that stay.  What moves over words later is
not out of date by that.  A strip holds no strengths: adapters are the shot's.
"""

from dataclasses import replace
from itertools import groupby

from studio.spec.request import ClipRequest
from studio.spec.spans import strip_of
from studio.spec.strip import Strip, rerolled
from studio.spec.timeline.clip import Clip
from studio.spec.timeline.media import Medium
from studio.spec.timeline.playing import playing
from studio.spec.timeline.timeline import Timeline


def words_over(timeline: Timeline, id: str, medium: Medium, count: int) -> tuple[str, ...]:
    """For each of the first `count` keyframes of what a clip shows, the words over it; "" where it
    is not shown, or under none.  Of several tracks the topmost counts."""
    clip, start = timeline.clip(id), timeline.start(id)
    return tuple(
        _words_at(timeline, clip, start, key * max(1, medium.every)) for key in range(count)
    )


def _words_at(timeline: Timeline, clip: Clip, start: int, frame: int) -> str:
    if clip.footage is None:
        return ""
    place = round((frame - clip.footage.begin) / clip.footage.step(timeline.rate))
    if not 0 <= place < clip.length:
        return ""
    words = playing(timeline, start + place).words
    return words[-1].words.text if words and words[-1].words else ""


def travelled(request: ClipRequest, words: tuple[str, ...]) -> ClipRequest:
    """A request with these words for its keyframes, one for each; "" is its own prompt.

    Itself where all of them are made of these words already.  Locked keyframes stay.
    """
    strip = strip_of(request)
    wanted = [text or request.prompt for text in words]
    changed = [
        (number, text)
        for number, (text, key) in enumerate(zip(wanted, strip.keys, strict=False))
        if text != _words_of(request, strip, number) and not key.locked
    ]
    for text, run in groupby(changed, key=lambda one: one[1]):
        chosen = [number for number, _ in run]
        prompt = None if text == request.prompt else text
        strip = rerolled(strip, chosen, request.window, seed=None, prompt=prompt)
    return replace(request, strip=strip, extend=0, loop=False) if changed else request


def _words_of(request: ClipRequest, strip: Strip, number: int) -> str:
    """What a keyframe is made of; a picture or a stored frame of anything."""
    source = strip.sources[strip.keys[number].source]
    if not source.given:
        return request.prompt
    return request.prompt if source.prompt is None else source.prompt
