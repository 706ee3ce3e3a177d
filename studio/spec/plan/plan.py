"""What a job would take before it is begun: memory, disk and time, and the steps that make it fit.

Pure arithmetic on what others have found out: needs by shapes (`studio.engine.memory`), rates by what
runs took.  What is not known is said to be unknown; nothing is made up.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from studio.spec.part import FRAMES
from studio.spec.plan.need import Need
from studio.spec.span import Span

MARGIN = 1.08
"""Times a need that has to be free: what lies in pieces, and workspaces that nobody counts."""
PACKED = 0.6
"""Of a frame's bytes, what lossless video leaves."""
CHANNELS = {True: 16, False: 4}
"""Of latents, by whether they hold several frames."""

Needs = Callable[[Span, int], Need | None]
"""A span, and how many steps of the ladder are taken → what it takes; None where nobody knows."""
Rate = Callable[[Span], tuple[float, bool] | None]
"""A span → operations a second on this computer, and whether they are of this very model and stage."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Spans that take the same, `count` of them, with `steps` of the ladder taken; seconds in all,
    None where they are not known, `about` where they are those of another model."""

    stage: str
    model: str
    role: str
    count: int
    steps: tuple[str, ...] = ()
    need: Need | None = None
    seconds: float | None = None
    about: bool = False
    fits: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job takes: its pieces, `budget` in bytes of the device (0 where it is not known), bytes
    on the `disk`, and bytes that are free there (0 where that is not known)."""

    pieces: tuple[Piece, ...] = field(default=())
    budget: int = 0
    disk: int = 0
    free_disk: int = 0

    @property
    def peak(self) -> int | None:
        """Bytes on the device at most; None where a piece's are unknown."""
        return self._most(lambda need: need.device)

    @property
    def host(self) -> int | None:
        """Bytes on the processor beside it at most."""
        return self._most(lambda need: need.host)

    @property
    def seconds(self) -> float | None:
        """All pieces one after the other; None where a piece's are unknown."""
        if any(piece.seconds is None for piece in self.pieces):
            return None
        return sum(piece.seconds or 0.0 for piece in self.pieces)

    @property
    def about(self) -> bool:
        """Whether seconds are taken from another model's."""
        return any(piece.about for piece in self.pieces)

    @property
    def fits(self) -> bool:
        """Whether all of it fits the budget, by what is known."""
        return all(piece.fits for piece in self.pieces)

    @property
    def steps(self) -> tuple[str, ...]:
        """Every step that is taken anywhere, in the order of the pieces."""
        return tuple(dict.fromkeys(step for piece in self.pieces for step in piece.steps))

    def _most(self, of: Callable[[Need], int]) -> int | None:
        if any(piece.need is None for piece in self.pieces):
            return None
        return max((of(piece.need) for piece in self.pieces if piece.need), default=0)


def planned(
    missing: Iterable[Span], ladder: Sequence[str], needs: Needs, rate: Rate, budget: int
) -> Plan:
    """The plan for spans that are to be made: of each kind the fewest steps that fit a budget in
    bytes, 0 for none to keep to."""
    pieces = [
        _piece(alike, ladder, needs, rate, budget)
        for alike in by_kind(missing).values()
        if alike[0].role
    ]
    return Plan(tuple(pieces), budget)


def by_kind(spans: Iterable[Span]) -> Mapping[tuple[object, ...], list[Span]]:
    """Spans that take the same memory and time, together."""
    found: dict[tuple[object, ...], list[Span]] = {}
    for span in spans:
        found.setdefault(kind_of(span), []).append(span)
    return found


def kind_of(span: Span) -> tuple[object, ...]:
    """What of a span decides what it takes."""
    known = tuple(read is not None for read in span.reads)
    return (span.stage, span.role, span.part.model, span.pass_index, known, len(span.makes))


def _piece(
    alike: Sequence[Span], ladder: Sequence[str], needs: Needs, rate: Rate, budget: int
) -> Piece:
    span, taken = alike[0], 0
    need = needs(span, 0)
    while budget and need and need.device * MARGIN > budget and taken < len(ladder):
        taken += 1
        need = needs(span, taken) or need
    fits = not (budget and need) or need.device * MARGIN <= budget
    seconds, about = None, False
    found = rate(span)
    if need and found:
        seconds, about = need.flops * len(alike) / found[0], not found[1]
    return Piece(
        span.stage, span.part.model, span.role, len(alike), tuple(ladder[:taken]), need, seconds,
        about, fits,
    )  # fmt: skip


def disk_of(span: Span) -> int:
    """Bytes that a span's result takes on the disk, about: latents as they are, frames packed."""
    request, part = span.request, span.part
    if span.stage in ("decode", "show", "upsample") or FRAMES in (part.space, part.holes_space):
        factor = part.scale if span.stage == "upsample" else 1
        return int(len(span.makes) * prod((request.width, request.height)) * factor**2 * 3 * PACKED)
    grid = part.grid
    cells = request.width * request.height // grid.spatial**2
    latents = -(-len(span.makes) // grid.temporal)
    return latents * cells * CHANNELS[grid.temporal > 1] * 4
