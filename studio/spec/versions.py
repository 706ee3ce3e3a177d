"""Versions of a shot's keyframes: stored frames that were at a place before it was made anew."""

from collections.abc import Iterator
from dataclasses import dataclass

from studio.spec.bounds import KEY, MAX_ITEMS, between, misfits
from studio.spec.part import FRAMES, LATENTS
from studio.spec.strip import FARTHEST, Source, Strip, replaced

MOST = 200
"""Versions that are kept of one shot; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Version:
    """A frame of a span's result (its key), which was the keyframe made at `position`."""

    position: int
    take: str
    frame: int
    space: str = LATENTS

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no edit makes."""
        yield from misfits(
            self, position=between(-FARTHEST, FARTHEST), take=KEY, frame=between(0, MAX_ITEMS),
            space=(LATENTS, FRAMES).__contains__,
        )  # fmt: skip


def at(versions: tuple[Version, ...], position: int) -> tuple[Version, ...]:
    """Those of one place, the oldest first."""
    return tuple(version for version in versions if version.position == position)


def remembered(versions: tuple[Version, ...], *more: Version) -> tuple[Version, ...]:
    """With more of them, each once."""
    new = tuple(version for version in dict.fromkeys(more) if version not in versions)
    return (*versions, *new)[-MOST:]


def chosen(strip: Strip, number: int, version: Version) -> Strip:
    """The strip with a version in the place of keyframe `number`: nothing has to be made for it."""
    source = Source(take=version.take, space=version.space)
    return replaced(strip, number, source, version.frame)
