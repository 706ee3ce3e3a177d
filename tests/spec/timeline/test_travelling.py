"""Prompt travel: which keyframes are made of which words, and what stays."""

from dataclasses import replace
from fractions import Fraction

from studio.spec import strip as strips
from studio.spec.spans import keyframes, source_spans, spans, strip_of
from studio.spec.strip import Source
from studio.spec.timeline import edits, retiming
from studio.spec.timeline.media import Medium
from studio.spec.timeline.travelling import travelled, words_over
from tests.spec.requests import PLAIN
from tests.spec.timeline.timelines import P1, TAKES, V1, empty, ids, video, words

FULL = replace(PLAIN, interpolate=2)
ONE = "1" * 12
TAKE = TAKES[f"{'d1':0>12}"]


def over(*placed):
    """A whole take of 8 keyframes from frame 10 on, and words over it: (start, length, text)."""
    timeline = edits.overwrite(empty(), V1, video(ONE, 113), 10, ids())
    for number, (start, length, text) in enumerate(placed):
        clip = words(f"{number + 2:012x}", length, text)
        timeline = edits.overwrite(timeline, P1, clip, start, ids())
    return timeline


def made_of(request):
    """What each keyframe is made of: words, or nothing of its own."""
    strip = strip_of(request)
    return [strip.sources[key.source].prompt for key in strip.keys]


def found(request):
    strip = strip_of(request)
    return keyframes(strip, source_spans(request, strip))


def test_the_words_over_each_keyframe():
    timeline = over((0, 45, "a"), (60, 500, "b"))
    assert words_over(timeline, ONE, TAKE, 8) == ("a", "a", "a", "", "b", "b", "b", "b")
    fast = retiming.retime(timeline, ONE, Fraction(2), {f"{'d1':0>12}": TAKE})
    assert words_over(fast, ONE, TAKE, 8) == ("a", "a", "a", "a", "a", "", "", "b")
    assert words_over(over(), ONE, Medium(113, TAKE.rate, 16), 3) == ("", "", "")


def test_keyframes_are_made_of_the_words_over_them():
    request = travelled(FULL, ("", "", "", "b", "b", "b", "c", "c"))
    assert made_of(request) == [None, None, None, "b", "b", "b", "c", "c"]
    before, after = found(FULL), found(request)
    assert before[:3] == after[:3]
    assert not set(before[3:]) & set(after[3:])
    kept = {span.key for span in spans(FULL)} & {span.key for span in spans(request)}
    assert kept  # the first window, and what lies between the keyframes that stay
    assert not list(request.unfit())


def test_words_that_are_there_already_make_nothing():
    words = ("", "", "", "b", "b", "b", "c", "c")
    request = travelled(FULL, words)
    assert travelled(request, words) is request
    assert travelled(FULL, ("",) * 8) is FULL
    assert travelled(FULL, (FULL.prompt,) * 8) is FULL


def test_taking_words_away_makes_keyframes_of_the_prompt_again():
    request = travelled(travelled(FULL, ("", "", "b", "", "", "", "", "")), ("",) * 8)
    assert made_of(request) == [None] * 8


def test_what_is_locked_or_a_picture_of_the_users_stays():
    strip = strips.locked(strips.fresh(8, 8), 3, "ab" * 16, 3)
    strip = strips.locked(strips.replaced(strip, 5, Source(picture="cd" * 16)), 5)
    request = travelled(replace(FULL, strip=strip), ("b",) * 8)
    kinds = [request.strip.sources[key.source] for key in request.strip.keys]
    assert (kinds[3].take, kinds[5].picture) == ("ab" * 16, "cd" * 16)
    assert made_of(request)[4] == "b"
