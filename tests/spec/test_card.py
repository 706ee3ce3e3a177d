"""What a card's numbers mean: how latents lie over frames, which counts fit, which holes are filled."""

import pytest

from studio.spec.card import Window
from studio.spec.grid import Grid
from studio.spec.patterns import PATTERNS, covers, pattern_of

CAUSAL = Grid(8, 4)


@pytest.mark.parametrize("grid", [Grid(), CAUSAL, Grid(32, 8)])
def test_every_frame_lies_in_the_latent_that_says_so(grid):
    for latent in range(6):
        assert all(grid.latent_of(frame) == latent for frame in grid.frames_of(latent))
    assert [frame for k in range(6) for frame in grid.frames_of(k)] == list(range(grid.frames(6)))


@pytest.mark.parametrize("latents", [1, 2, 21])
def test_latents_and_frames_count_one_another(latents):
    for grid in (Grid(), CAUSAL):
        assert grid.latents(grid.frames(latents)) == latents


def test_frames_that_fill_no_whole_latents_have_no_number_of_latents():
    assert CAUSAL.latents(81) == 21
    for frames in (0, 4, 80):
        with pytest.raises(ValueError, match="no whole latents"):
            CAUSAL.latents(frames)


def test_with_one_frame_a_latent_nothing_is_different_from_frames():
    assert [Grid().latent_of(k) for k in range(5)] == list(range(5))
    assert all(Grid().is_border(k) for k in range(5))
    assert Grid().latents_of(range(3, 9)) == range(3, 9)


def test_keyframes_on_borders_are_last_in_their_latents():
    assert [k for k in range(13) if CAUSAL.is_border(k)] == [0, 4, 8, 12]
    assert CAUSAL.latents_of(range(1, 6)) == range(1, 3)


def test_cells_are_whole_or_refused():
    assert CAUSAL.cells(832, 480) == (60, 104)
    with pytest.raises(ValueError, match="no whole cells"):
        CAUSAL.cells(830, 480)


def test_numbers_of_frames_snap_to_what_a_call_can_make():
    wan, odd = Window(81, 81, 4), Window(124, 362, 17, 5)
    assert [wan.snapped(n) for n in (1, 2, 5, 6, 81, 99)] == [1, 5, 5, 9, 81, 81]
    assert [odd.snapped(n) for n in (1, 6, 22, 400)] == [5, 22, 22, 362]
    for window in (wan, odd, Window(8, 16)):
        for n in range(1, 400):
            assert window.fits(window.snapped(n))
            assert window.fits(n) == (n <= window.most and window.snapped(n) == n)


def test_a_pattern_covers_the_known_frames_that_it_says():
    shown = {
        "none": (False,) * 5,
        "first": (True, *(False,) * 4),
        "last": (*(False,) * 4, True),
        "ends": (True, False, False, False, True),
        "middle": (False, False, True, False, False),
        "three": (True, False, True, False, True),
    }
    covered = {p: {name for name, known in shown.items() if covers(p, known)} for p in PATTERNS}
    assert covered == {
        "keyframes": {"none"},
        "first": {"first"},
        "ends": {"ends"},
        "prediction": {"first", "last", "middle"},
        "interpolation": {"ends", "three"},
        "any": set(shown) - {"none"},
    }
    assert {name: pattern_of(known) for name, known in shown.items()} == {
        "none": "keyframes",
        "first": "prediction",
        "last": "prediction",
        "middle": "prediction",
        "ends": "interpolation",
        "three": "interpolation",
    }
