"""Numbers for people."""

from fractions import Fraction

import pytest

from studio.spec import quantities


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (40, "40 s"),
        (59.6, "1 min"),
        (250, "4 min"),
        (3600, "1 h"),
        (4800, "1 h 20 min"),
    ],
)
def test_duration(seconds, said):
    assert quantities.duration(seconds) == said


def test_time_left_says_when_nobody_knows():
    assert quantities.time_left(None) == "estimating time left"
    assert quantities.time_left(240) == "4 min left"


@pytest.mark.parametrize(
    ("frame", "fps", "said"),
    [(0, 8, "0:00:00"), (7, 8, "0:00:07"), (8, 8, "0:01:00"), (611, 10, "1:01:01")],
)
def test_timecode(frame, fps, said):
    assert quantities.timecode(frame, Fraction(fps)) == said


def test_timecode_counts_whole_frames_at_odd_rates():
    fps = Fraction(30000, 1001)
    seconds = [quantities.timecode(k, fps).split(":")[1] for k in range(120)]
    frames = [int(quantities.timecode(k, fps).split(":")[2]) for k in range(120)]
    starts = [k for k in range(1, 120) if seconds[k] != seconds[k - 1]]
    assert all(frames[k] == 0 for k in starts)
    assert max(frames) <= 30


def test_units_and_plurals():
    assert quantities.memory(512 * 2**20) == "512 MB"
    assert quantities.memory(8 * 2**30) == "8.0 GB"
    assert quantities.memory(23.4 * 2**30) == "23 GB"
    assert quantities.memory(300_000) == "under 1 MB"
    assert quantities.memory(0) == "0 MB"
    assert quantities.count(1, "photo") == "1 photo"
    assert quantities.count(1200, "frame") == "1\u202f200 frames"
    assert quantities.clip_length(17, Fraction(8)) == "2.0 s"
    assert quantities.rate(Fraction(15, 8)) == "1.875 fps"
