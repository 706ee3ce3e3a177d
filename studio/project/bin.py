"""The bin: what was deleted waits a month, wherever it lies, and comes back as it was.

Subjects, shots, takes and files of the timeline all keep the day on which they were deleted, as
ISO 8601 writes it; how long that is ago is asked here and nowhere else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from studio.project.shot import Shot
from studio.spec.bounds import ID, either, misfits, nothing
from studio.spec.timeline.media import Asset

DAYS = 30


def is_day(text: object) -> bool:
    """Whether a text is a day, such as "2026-11-27"."""
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def today() -> str:
    """The day it is here."""
    return date.today().isoformat()


def days_left(binned: str, day: str) -> int:
    """How many days something stays in the bin; all of them where nobody knows since when."""
    if not is_day(binned):
        return DAYS
    gone = date.fromisoformat(binned) + timedelta(DAYS) - date.fromisoformat(day)
    return max(0, min(DAYS, gone.days))


def is_over(binned: str, day: str) -> bool:
    """Whether its time in the bin has passed; never where nobody knows since when."""
    return is_day(binned) and date.fromisoformat(day) > date.fromisoformat(binned) + timedelta(DAYS)


@dataclass(frozen=True, slots=True)
class Binned:
    """A `shot` or an `asset` of the timeline that was deleted on the day `binned`."""

    id: str
    binned: str = ""
    shot: Shot | None = None
    asset: Asset | None = None
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what nobody deletes."""
        yield from misfits(self, id=ID, binned=either(nothing, is_day))
        if (self.shot is None) == (self.asset is None):
            yield "shot"

    @property
    def name(self) -> str:
        """What people call it."""
        if self.asset is not None:
            return self.asset.name or self.asset.place
        assert self.shot is not None
        return " ".join(self.shot.prompt.split())[:80] or "A shot without words"
