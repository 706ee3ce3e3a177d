"""Numbers, names and metadata between a timeline and OpenTimelineIO, whose times are two floats.

What a float cannot say stands in our own metadata as well; it counts while the float still says the
same, so that what another program changed is what is read.
"""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from typing import Any

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

from studio.project.plain import parsed, to_plain
from studio.spec.bounds import LONGEST_LABEL
from studio.spec.timeline.clip import FASTEST_MEDIUM, LONGEST_FOREIGN, Foreign
from studio.spec.timing import SLOWEST, spelled_out

OURS = "studio"
"""The namespace of our metadata."""
FORMAT = 1
KINDS = {"video": "Video", "prompt": "Prompt", "audio": "Audio"}
"""What our kinds of tracks are called there; "Prompt" is of our own."""
LONGEST_TIME = 1e12
THEIRS = (
    "metadata", "effect", "marker", "transition before", "transition after", "disabled",
    "reference", "global start",
)  # fmt: skip
"""Kinds of what is kept of other programs that have a place of their own there."""


def time(value: Fraction | int, rate: Fraction) -> RationalTime:
    """A place or length in frames at a rate."""
    return RationalTime(float(value), float(rate))


def span(start: Fraction | int, length: Fraction | int, rate: Fraction) -> TimeRange:
    """Frames from a place on."""
    return TimeRange(time(start, rate), time(length, rate))


def rate_of(time: RationalTime) -> Fraction:
    """The exact rate that is meant: 24000/1001 for 23.976.  ValueError for what is none."""
    if not SLOWEST <= time.rate <= FASTEST_MEDIUM:
        raise ValueError(f"a rate of {time.rate}")
    return spelled_out(Fraction(time.rate).limit_denominator(1001))


def value_of(time: RationalTime) -> Fraction:
    """Its frames, as near as a float says.  ValueError where it is no place."""
    if not math.isfinite(time.value) or abs(time.value) > LONGEST_TIME:
        raise ValueError(f"a time of {time.value}")
    return Fraction(time.value).limit_denominator(10**6)


def seconds_of(time: RationalTime) -> Fraction:
    """How long a time is."""
    return value_of(time) / rate_of(time)


def exactly(fraction: object, stored: float) -> Fraction | None:
    """What our metadata says, while `stored` is what was written for it; else None."""
    with suppress(ValueError, TypeError, OverflowError, ZeroDivisionError):
        exact = Fraction(str(fraction))
        return exact if float(exact) == stored else None
    return None


def written(noun: Any, ours: Mapping[str, object], foreign: tuple[Foreign, ...]) -> None:
    """Put our metadata on something of theirs, and back what other programs had put there."""
    for one in foreign:
        if one.kind == "metadata":
            noun.metadata[one.name] = json.loads(one.text)
    if foreign:
        left = [to_plain(one) for one in foreign if one.kind not in THEIRS]
        ours = {**ours, "foreign": left}
    noun.metadata[OURS] = json.loads(whole(json.dumps(ours, ensure_ascii=False)))


def ours_of(noun: Any) -> dict[str, Any]:
    """Our metadata on something of theirs; empty where there is none."""
    found = _plain(noun.metadata.get(OURS))
    return found if isinstance(found, dict) else {}


def others_of(noun: Any) -> list[Foreign]:
    """Metadata of other programs."""
    found = []
    for name in noun.metadata:
        if name != OURS and isinstance(name, str):
            found.append(Foreign("metadata", name, json.dumps(_plain(noun.metadata[name]))))
    return [one for one in found if _fits(one)]


def kept(kind: str, noun: Any) -> Foreign | None:
    """Something of theirs that nothing here knows, to be written out again; None if it is too long."""
    name = str(noun.name or "") or str(getattr(noun, "effect_name", "")) or noun.schema_name()
    foreign = Foreign(kind, name[:LONGEST_LABEL], noun.to_json_string(indent=-1))
    return foreign if _fits(foreign) else None


def restored(foreign: Foreign) -> Any:
    """What was kept, as an object of theirs.  ValueError where the text is none."""
    parsed(foreign.text)
    return otio.core.deserialize_json_from_string(foreign.text)


def whole(text: str) -> str:
    """Text without halves of characters, which no UTF-8 file holds."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _fits(foreign: Foreign) -> bool:
    return next(foreign.unfit(), None) is None and len(foreign.text) <= LONGEST_FOREIGN


def _plain(value: object) -> Any:
    """Metadata as plain data."""
    if value is None:
        return None
    text = otio.core.serialize_json_to_string(value, {}, -1)
    return parsed(text)
