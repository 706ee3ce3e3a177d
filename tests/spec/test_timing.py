"""Frames, seconds and rates."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.spec.numbers import exact
from studio.spec.refusal import Refusal
from studio.spec.timing import frame_rate, frames_in, retimed

rates = st.fractions(Fraction(1, 2), 240, max_denominator=1001)


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        ("24", 24), ("30000/1001", Fraction(30000, 1001)), (8.0, 8), (Fraction(4), 4),
        ("12.5", 12.5), ("12,5", 12.5), (" 1.5 ", 1.5), ("1 / 2", 0.5), (1e-3, Fraction(1, 1000)),
    ],
)  # fmt: skip
def test_a_rate_is_read_exactly(said, rate):
    assert frame_rate(said) == rate


@pytest.mark.parametrize("whole", [24, 30, 48, 60, 120, 240])
@pytest.mark.parametrize("spell", ["{:.2f}", "{:.3f}", "{:.4f}", "{:.6f}"])
def test_the_rates_of_television_are_exact_however_they_are_spelled(whole, spell):
    meant = Fraction(whole * 1000, 1001)
    text = spell.format(float(meant))
    for said in (text, text.replace(".", ","), float(text), Fraction(text)):
        assert frame_rate(said) == meant
    assert frame_rate(str(whole)) == whole


@pytest.mark.parametrize(
    "said",
    [
        "1e9999999", "-1e9999999", "1e-9999999", "1" * 5000, "1/" + "9" * 5000, "1" * 80 + "/1",
        "1,000.5", "1.000,5", "1_0", "0x10", "1e999", "1.2.3", "1/2/3", "٪",
    ],
)  # fmt: skip
def test_no_text_of_a_number_is_computed_beyond_its_bound(said):
    with pytest.raises(ValueError, match="not a number"):
        exact(said)
    with pytest.raises(Refusal) as refused:
        frame_rate(said)
    assert len(str(refused.value)) < 150


@pytest.mark.parametrize("said", ["0", "0.0001", "-1", "nan", "inf", "1/0", "many", "", 0.0, "241"])
def test_what_is_no_rate_is_refused(said):
    with pytest.raises(Refusal):
        frame_rate(said)


@given(st.integers(1, 5000), rates)
def test_a_clip_of_n_frames_lasts_n_minus_one_steps(count, fps):
    seconds = float((count - 1) / fps)
    if seconds < 3600:
        assert frames_in(seconds, fps) == count


@pytest.mark.parametrize("seconds", [-0.1, 3600.0, float("nan"), float("inf")])
def test_a_length_out_of_range_is_refused(seconds):
    with pytest.raises(Refusal) as refused:
        frames_in(seconds, Fraction(24))
    assert refused.value.hint == "Use more than 0 s and less than 3600 s."


@given(st.integers(1, 64), rates, rates)
def test_retiming_keeps_speed_order_and_ends(count, native, wanted):
    order = retimed(count, native, wanted)
    assert order[0] == 0
    assert all(a <= b for a, b in pairwise(order))
    assert set(order) <= set(range(count))
    for k, shown in enumerate(order):  # never farther than half a source frame from its time
        assert abs(shown - k / wanted * native) <= Fraction(1, 2) or shown == count - 1
    assert Fraction(len(order) - 1) / wanted <= Fraction(count - 1) / native


@given(st.integers(1, 64), rates)
def test_the_native_rate_shows_every_frame_once(count, fps):
    assert retimed(count, fps, fps) == tuple(range(count))
