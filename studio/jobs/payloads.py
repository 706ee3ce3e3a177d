"""Payloads of jobs, as data that the queue keeps: `to_plain` writes it, `from_plain` reads it.

Fields are for good: rows of older versions lack some, which have a default, and hold others, which
are passed over.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from studio.project.plain import from_plain
from studio.project.project import Render
from studio.project.subject import METHODS
from studio.spec.bounds import (
    AT_ONCE,
    ID,
    KEY,
    LABEL,
    MAX_ITEMS,
    between,
    either,
    misfits,
    nothing,
    several,
)
from studio.spec.request import ClipRequest
from studio.spec.stages import STAGES
from studio.spec.timeline.clip import LONGEST
from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.trimming import Extension

LONGEST_SIDE = 65_535
"""Pixels of a frame's side in any format."""


@dataclass(frozen=True, slots=True)
class RenderPayload:
    """Make what a project folder lacks of a request, up to the stage `until`, "" for all of them;
    `shot` is the id of the one that it was ordered for, `clips` are those of the timeline that the
    take is for; an `extension` says how much longer one of them becomes by it."""

    project: str
    request: ClipRequest
    until: str = ""
    shot: str = ""
    clips: tuple[str, ...] = ()
    extension: Extension | None = None

    def unfit(self) -> Iterator[str]:
        """Fields that hold what nobody orders."""
        yield from misfits(self, until=either(nothing, STAGES.__contains__), clips=several(ID))


@dataclass(frozen=True, slots=True)
class TilePayload:
    """Make one tile of a frame larger, of a request with its upsampling, at a `place`, 0..1 down and
    across; `take` is the id of the clip in which it is looked at."""

    project: str
    request: ClipRequest
    frame: int
    place: tuple[float, float]
    take: str = ""


@dataclass(frozen=True, slots=True)
class ExportPayload:
    """Write the frames of finished `spans` (keys) to a file, at most so many, at `fps` as a text, ""
    for the request's own; `recipe`: with what made them."""

    project: str
    request: ClipRequest
    spans: tuple[str, ...]
    out: str
    fps: str = ""
    recipe: bool = True
    frames: int | None = None
    encoding: str = ""
    quality: str = ""


@dataclass(frozen=True, slots=True)
class TimelinePayload:
    """Write frames `first` to before `end` of a `timeline`, as it was when this was ordered, to a
    file of `size` (width, height), at `fps` as a text, "" for the timeline's own; `takes` are those
    that it shows, `encoding` and `quality` as in `studio.media.encoders`."""

    project: str
    timeline: Timeline
    takes: tuple[Render, ...]
    out: str
    first: int
    end: int
    size: tuple[int, int]
    fps: str = ""
    recipe: bool = True
    encoding: str = ""
    quality: str = ""

    def unfit(self) -> Iterator[str]:
        """Fields that hold what nobody orders."""
        side = between(1, LONGEST_SIDE)
        yield from misfits(
            self, first=between(0, LONGEST), end=between(self.first + 1, LONGEST),
            size=lambda size: all(map(side, size)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrainingPayload:
    """Train a subject with a model, named by the `weights` that its adapter changes: up to so many
    updates, 0 for those it was begun with, on pictures of `size` pixels a side, 0 for the model's own;
    `anew` is a mark of a training that starts over."""

    subject: str
    method: str = "lora"
    steps: int = 0
    model: str = "starter"
    weights: tuple[tuple[str, str], ...] = ()
    anew: str = ""
    size: int = 0

    def unfit(self) -> Iterator[str]:
        """Fields that hold what nobody orders."""
        yield from misfits(
            self, method=METHODS.__contains__, steps=between(0, MAX_ITEMS * AT_ONCE), subject=LABEL,
            weights=several(lambda pair: LABEL(pair[0]) and LABEL(pair[1]), most=100),
            size=between(0, LONGEST_SIDE),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImportPayload:
    """Take a LoRA in a `file` for a version of a `subject`; with a `class_noun` that is a new one,
    called by `token`.  `model` is one that it may go on, where the file does not tell its network."""

    subject: str
    file: str
    class_noun: str = ""
    token: str = ""
    is_person: bool = False
    consent: bool = False
    model: str = ""

    def unfit(self) -> Iterator[str]:
        """Fields that hold what nobody orders."""
        yield from misfits(self, subject=LABEL, class_noun=LABEL, token=LABEL)


@dataclass(frozen=True, slots=True)
class LikenessPayload:
    """Measure how alike the frames of finished `spans` (keys) are to the photos of a subject."""

    project: str
    subject: str
    spans: tuple[str, ...]

    def unfit(self) -> Iterator[str]:
        """Fields that hold what nobody orders."""
        yield from misfits(self, subject=LABEL, spans=several(KEY, most=MAX_ITEMS))


KINDS: Mapping[str, type] = MappingProxyType(
    {
        "preview_keyframes": RenderPayload,
        "interpolate": RenderPayload,
        "render": RenderPayload,
        "preview_tile": TilePayload,
        "export": ExportPayload,
        "contact_sheet": ExportPayload,
        "export_timeline": TimelinePayload,
        "train_subject": TrainingPayload,
        "import_subject": ImportPayload,
        "measure_likeness": LikenessPayload,
    }
)
"""The payload of each kind of job; jobs of other kinds have none."""


def typed(kind: str, payload: Mapping[str, object]) -> object:
    """A payload as its kind reads it; None where that takes none or the payload does not fit:
    its work says so when the job runs."""
    try:
        return from_plain(KINDS[kind], payload) if kind in KINDS else None
    except ValueError:
        return None
