"""What WCAG 2.3.1 calls a flash is found, general and red; what it allows is not."""

from fractions import Fraction

import numpy as np
import pytest

from studio.media.flashes import flashing, in_words

FPS = Fraction(24)
WHITE, BLACK, GREY = (255, 255, 255), (0, 0, 0), (128, 128, 128)


def strobe(hertz: float, one, other, seconds: float = 2, part: float = 1.0, size=(40, 30), fps=FPS):
    """Frames that change between two colours so many times a second, in a part of their width."""
    for number in range(int(seconds * fps)):
        frame = np.full((size[1], size[0], 3), 100, np.uint8)
        on = int(number / float(fps) * hertz * 2) % 2 == 0
        frame[:, : round(size[0] * part)] = one if on else other
        yield frame


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(30000, 1001), Fraction(60)])
def test_a_strobe_is_found_and_a_slow_one_is_not(fps):
    (found,) = flashing(strobe(5, WHITE, BLACK, fps=fps), fps)
    assert not found.red
    assert found.first < fps < found.last
    assert flashing(strobe(2.5, WHITE, BLACK, fps=fps), fps) == ()


def test_only_more_than_a_quarter_of_the_picture_counts():
    assert flashing(strobe(6, WHITE, BLACK, part=0.4), FPS)
    assert flashing(strobe(6, WHITE, BLACK, part=0.2), FPS) == ()


@pytest.mark.parametrize("pair", [((90, 90, 90), (70, 70, 70)), (WHITE, (235, 235, 235))])
def test_small_changes_and_those_among_bright_ones_are_none(pair):
    assert flashing(strobe(8, *pair), FPS) == ()


def test_red_counts_where_the_luminance_hardly_changes():
    found = flashing(strobe(5, (200, 0, 0), (0, 98, 0)), FPS)
    assert [one.red for one in found] == [True]
    assert "red" in in_words(found, FPS)


def test_halves_that_take_turns_flash_as_much_as_one():
    frames = [np.concatenate([frame, 255 - frame]) for frame in strobe(5, WHITE, BLACK)]
    assert flashing(frames, FPS)
    slow = [np.concatenate([frame, 255 - frame]) for frame in strobe(1.5, WHITE, BLACK)]
    assert flashing(slow, FPS) == ()


def test_what_moves_is_no_flash():
    frames = []
    for number in range(48):
        frame = np.zeros((60, 90, 3), np.uint8)
        frame[:, number : number + 20] = 255
        frames.append(frame)
    assert flashing(frames, FPS) == ()


def test_two_places_are_two_and_large_frames_are_looked_at_small():
    still = [np.full((300, 500, 3), 90, np.uint8)] * 72
    burst = list(strobe(6, WHITE, BLACK, seconds=1.5, size=(500, 300)))
    found = flashing([*burst, *still, *burst], FPS)
    assert len(found) == 2
    assert in_words(found, FPS).startswith("It flashes more than three times a second, at 0.")
    assert in_words((), FPS) == ""
