"""Numbers as people type them, in every country."""

from fractions import Fraction

import pytest

from studio.spec.numbers import possible, read_number, write_number
from studio.spec.refusal import Refusal


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("24", 24), ("1.5", Fraction(3, 2)), ("1,5", Fraction(3, 2)), (" 23,976 ", Fraction(2997, 125)),
        ("1٫5", Fraction(3, 2)), ("٢٤", 24), ("1,000", 1), (",5", Fraction(1, 2)), ("5.", 5),
        ("1e5", 100_000), ("1e-3", Fraction(1, 1000)), ("-3", -3), ("−3", -3), ("+3", 3), ("1 482 007", 1482007), ("1\u202f482", 1482),
        ("30000/1001", Fraction(30000, 1001)), ("9223372036854775807", 2**63 - 1),
    ],
)  # fmt: skip
def test_a_comma_and_a_point_both_are_the_decimal_sign(text, value):
    assert read_number(text) == value


@pytest.mark.parametrize("text", ["24 fps", "24fps", "24 FPS", "24"])
def test_a_unit_may_stand_behind(text):
    assert read_number(text, " fps") == 24


@pytest.mark.parametrize(
    "text",
    ["", "  ", "abc", "1e9999999", "1.234,5", "1,234.5", "1.2.3", "--1", "1/0", "nan", "inf",
     "½", "0x10", "1_000", "9" * 70, "5 px", ".", "-", "1/2/3"],
)  # fmt: skip
def test_what_is_no_number_is_refused_in_a_sentence(text):
    with pytest.raises(Refusal):
        read_number(text, " fps")


@pytest.mark.parametrize(
    ("value", "said"),
    [(24, "24"), (24.0, "24"), (1.5, "1.5"), (Fraction(24000, 1001), "23.976"), (7.5, "7.5"),
     (0.05, "0.05"), (Fraction(-1, 2), "-0.5"), (0.1, "0.1"), (2**63 - 1, str(2**63 - 1)),
     (Fraction(1, 100000), "0")],
)  # fmt: skip
def test_numbers_are_written_without_groups_and_idle_zeros(value, said):
    assert write_number(value) == said
    if Fraction(said) == Fraction(str(value)):
        assert read_number(said) == Fraction(str(value))


@pytest.mark.parametrize(
    ("typed", "nearest"), [(4096, 512), (40, 40), (300, 304), (299, 296), (0, 8), (-5, 8), (12, 16)]
)
def test_the_nearest_possible_number(typed, nearest):
    assert possible(1, 515, 8).nearest(Fraction(typed)) == nearest


def test_without_steps_everything_between_is_possible():
    rate = possible("0.1", 240, 0)
    assert rate.nearest(Fraction(24000, 1001)) == Fraction(24000, 1001)
    assert rate.nearest(Fraction(0)) == Fraction(1, 10)
    assert rate.nearest(Fraction(1000)) == 240
