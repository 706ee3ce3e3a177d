"""The arithmetic of gaps: what a percentile weighted by time is, and which phases pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.lab.commands.gaps import (
    FIRST_IMPORT,
    SMOOTH,
    STUTTER,
    Gap,
    judged,
    table,
    weighted_percentile,
)

LENGTHS = st.lists(st.floats(0.01, 10_000), min_size=1)


def test_one_freeze_is_not_drowned_in_short_gaps():
    gaps = [1.0] * 900 + [100.0]  # a tenth of the second is frozen
    assert weighted_percentile(gaps) == 100.0
    assert sorted(gaps)[int(0.99 * len(gaps))] == 1.0, "a plain percentile sees nothing"


def test_a_freeze_within_the_last_hundredth_is_left_to_the_longest_gap():
    assert weighted_percentile([1.0] * 9901 + [99.0]) == 1.0


def test_the_share_counts_time():
    assert weighted_percentile([1.0, 2.0, 3.0, 4.0], 0.6) == 3.0
    assert weighted_percentile([4.0, 1.0, 3.0, 2.0], 0.3) == 2.0


def test_nothing_measured():
    assert weighted_percentile([]) == 0.0


@given(LENGTHS)
def test_it_is_one_of_the_gaps_and_covers_the_share(gaps: list[float]):
    found = weighted_percentile(gaps)
    assert found in gaps
    assert sum(gap for gap in gaps if gap <= found) >= 0.99 * sum(gaps) * (1 - 1e-9)
    assert sum(gap for gap in gaps if gap < found) < 0.99 * sum(gaps) * (1 + 1e-9)


@given(LENGTHS, st.floats(0.01, 10_000))
def test_units_do_not_matter(gaps: list[float], unit: float):
    scaled = weighted_percentile([gap * unit for gap in gaps])
    assert scaled == pytest.approx(weighted_percentile(gaps) * unit)


@pytest.mark.parametrize(
    ("gaps", "first_import", "holds"),
    [
        ([SMOOTH] * 10, False, True),
        ([SMOOTH + 0.1] * 10, False, False),
        ([1.0] * 20_000 + [STUTTER], False, True),
        ([1.0] * 20_000 + [STUTTER + 0.1], False, False),
        ([1.0, FIRST_IMPORT], True, True),
        ([1.0, FIRST_IMPORT + 0.1], True, False),
    ],
)
def test_the_limits(gaps: list[float], first_import: bool, holds: bool):
    verdict = judged("phase", [Gap(ms) for ms in gaps], first_import=first_import)
    assert verdict.holds is holds


def test_a_verdict_says_how_much_of_the_longest_gap_was_spent_computing():
    verdict = judged("loading", [Gap(50.0, 2.0), Gap(80.0, 30.0), Gap(20.0, 20.0)])
    assert verdict.seconds == pytest.approx(0.15)
    assert verdict.longest == Gap(80.0, 30.0)
    assert verdict.busy_p99 == 30.0


def test_the_table_has_a_line_a_phase():
    good, bad = judged("quiet", [Gap(1.0)]), judged("loading", [Gap(400.0)])
    _head, first, second = table([good, bad]).splitlines()
    assert first.startswith("quiet")
    assert first.endswith("pass")
    assert second.startswith("loading")
    assert second.endswith("FAIL")
