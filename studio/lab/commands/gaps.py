"""How long an event loop was away, and what people feel of it: arithmetic without Qt."""

from collections.abc import Sequence
from dataclasses import dataclass

SMOOTH, STUTTER, FIRST_IMPORT = 16.0, 100.0, 350.0
"""Limits in milliseconds: p99 by time, the longest gap, the longest of the one first import."""
SHARE = 0.99


@dataclass(frozen=True, slots=True)
class Gap:
    """Milliseconds between two returns to the loop; in `busy` of them this program had a core.

    On a free computer a gap is hardly longer than that; the rest belongs to other programs.
    """

    ms: float
    busy: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gaps of one phase come to; times in milliseconds unless they say seconds."""

    phase: str
    seconds: float
    p99: float
    busy_p99: float
    longest: Gap
    limit: float

    @property
    def is_smooth(self) -> bool:
        """Whether 99 % of the time passed in short enough gaps.  The first import is not asked."""
        return self.limit == FIRST_IMPORT or self.p99 <= SMOOTH

    @property
    def holds(self) -> bool:
        return self.is_smooth and self.longest.ms <= self.limit


def weighted_percentile(gaps: Sequence[float], share: float = SHARE) -> float:
    """The shortest gap such that gaps up to it fill `share` (0..1) of all the time; 0 of none.

    Each gap counts with its own length: somebody who looks at a random moment meets a gap this
    long or shorter with that probability.  A plain percentile would drown one long freeze in a
    thousand short gaps.
    """
    wanted, passed = share * sum(gaps), 0.0
    for gap in sorted(gaps):
        passed += gap
        if passed >= wanted:
            return gap
    return max(gaps, default=0.0)  # rounding kept the sum just short


def judged(phase: str, gaps: Sequence[Gap], *, first_import: bool = False) -> Verdict:
    """The verdict on the gaps of one phase."""
    lengths = [gap.ms for gap in gaps]
    p99, busy_p99 = weighted_percentile(lengths), weighted_percentile([gap.busy for gap in gaps])
    longest = max(gaps, key=lambda gap: gap.ms, default=Gap(0.0))
    limit = FIRST_IMPORT if first_import else STUTTER
    return Verdict(phase, sum(lengths) / 1000, p99, busy_p99, longest, limit)


def table(verdicts: Sequence[Verdict]) -> str:
    """One line a phase, with pass or FAIL; in brackets how much of it this program computed."""
    head = f"{'phase':<20} {'time':>7} {'p99':>17} {'longest':>17} {'limit':>8}"
    lines = [
        f"{v.phase:<20} {v.seconds:>5.1f} s {v.p99:>6.1f} ({v.busy_p99:>5.1f}) ms"
        f" {v.longest.ms:>6.0f} ({v.longest.busy:>5.0f}) ms {v.limit:>5.0f} ms"
        f"  {'pass' if v.holds else 'FAIL'}"
        for v in verdicts
    ]
    return "\n".join((head, *lines))
