"""What is to be made for the timeline, before it is: a proposal that says every piece and its time.

An order is an edit of the project and the requests that follow from it, both worked out anew from
the words and seed that are wished; nothing is changed or queued before it is agreed to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from studio.library.models import Model
from studio.project.project import Project
from studio.spec.adapter_use import LoraUse
from studio.spec.draft import draft_words, drafted
from studio.spec.forecast import Forecast, Has, Pace, forecast
from studio.spec.quantities import count, duration
from studio.spec.request import ClipRequest
from studio.spec.stages import STAGES
from studio.spec.timeline.trimming import Extension

STAGE_WORDS: dict[str, str] = dict(
    zip(
        STAGES,
        ("Keyframes", "Keyframes that go on", "Frames in between", "Pictures", "Upsampling"),
        strict=True,
    )
)
NO_TIME = "time not known yet"


@dataclass(frozen=True)
class Piece:
    """A request to render, for the clips that will show its take."""

    request: ClipRequest
    shot: str
    clips: tuple[str, ...]
    name: str = ""
    extension: Extension | None = None
    draft: bool = False


@dataclass(frozen=True)
class Made:
    """The project as the order leaves it, and what is to be rendered for it; `left` says what is
    not."""

    project: Project
    pieces: tuple[Piece, ...]
    left: tuple[str, ...] = ()


def as_drafts(
    made: Made, model: Callable[[str], Model | None], there: Sequence[LoraUse] = ()
) -> Made:
    """The same with drafts: of all but what makes a take longer that is there already; `there` are
    the distilled LoRAs on this computer."""

    def draft(piece: Piece) -> Piece:
        known = model(piece.request.model)
        if known is None or piece.extension is not None:
            return piece
        return replace(piece, request=drafted(piece.request, known.card, there), draft=True)

    return replace(made, pieces=tuple(map(draft, made.pieces)))


@dataclass(frozen=True)
class Order:
    """`label` is the step in the history, `verb` begins the names of jobs.

    `request` holds words and seed that it begins with; None where the shots say them.
    """

    title: str
    label: str
    verb: str
    edit: Callable[[Project, ClipRequest | None], Made]
    request: ClipRequest | None = None

    def made(self, project: Project, words: str, seed: int) -> Made:
        """What it comes to with other words and another seed; raises `Refusal`."""
        request = self.request
        if request is not None:
            request = replace(request, prompt=words, seed=seed)
        return self.edit(project, request)


@dataclass(frozen=True)
class Estimate:
    """The lines of a proposal, and the seconds that all of it takes, None where nobody knows."""

    lines: tuple[str, ...]
    seconds: float | None


def estimate(made: Made, has: Has, pace: Pace) -> Estimate:
    """Each piece by what is still missing of it; of one alone its stages."""
    found = [forecast(piece.request, has, pace) for piece in made.pieces]
    drafts = tuple(dict.fromkeys(draft_words(p.request) for p in made.pieces if p.draft))
    times = [one.work.seconds for one in found]
    known = [seconds for seconds in times if seconds is not None]
    seconds = sum(known) if len(known) == len(times) else None
    if len(found) == 1:
        return Estimate((*_stages(found[0]), *made.left, *drafts), seconds)
    lines = [
        f"{piece.name}: {count(one.clip.missing, 'frame')} · {_time(one.work.seconds)}"
        for piece, one in zip(made.pieces, found, strict=True)
    ]
    return Estimate((*lines, *made.left, *drafts), seconds)


def _stages(found: Forecast) -> list[str]:
    held = sum(found.made)
    lines = []
    if held:
        lines.append(f"{count(held, 'keyframe')} held: exact frames that are there already")
    for stage in found.stages:
        if stage.work.missing:
            name = STAGE_WORDS[stage.name]
            lines.append(f"{name}: {stage.work.missing} to make · {_time(stage.work.seconds)}")
    return lines or ["Everything of it is stored already."]


def _time(seconds: float | None) -> str:
    return NO_TIME if seconds is None else duration(seconds)
