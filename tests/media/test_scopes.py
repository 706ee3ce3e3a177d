"""Scopes: brightness as it is, flicker where it blinks and nowhere else."""

import numpy as np
import pytest

from studio.media.scopes import AROUND, brightness, dips, falls, flicker


def test_brightness_is_the_mean_luma():
    frames = np.zeros((3, 8, 8, 3), np.uint8)
    frames[1], frames[2, :, :, 1] = 255, 255
    assert brightness(frames).tolist() == pytest.approx([0, 1, 0.7152], abs=1e-5)


def test_what_fades_or_cuts_hardly_flickers_and_what_blinks_does():
    fade = np.linspace(0, 1, 50, dtype=np.float32)
    assert flicker(fade).max() < 1e-6
    assert dips(flicker(fade)) == []
    blink = np.full(60, 0.5, np.float32)
    blink[30] = 0.2
    assert flicker(blink)[30] == pytest.approx(0.3, abs=1e-6)
    (found,) = dips(flicker(blink))
    assert found == (29 - AROUND, 31 + AROUND + 1)
    blink[31:] = np.nan
    assert not np.isnan(flicker(blink)).any()


def test_a_clip_that_flickers_all_over_is_marked_only_where_it_does_so_more():
    noise = 0.5 + 0.02 * np.where(np.arange(80) % 2, 1, -1).astype(np.float32)
    assert dips(flicker(noise)) == []
    noise[40] += 0.4
    assert len(dips(flicker(noise))) == 1
    assert dips(np.zeros(2)) == []


def test_likeness_is_marked_where_it_falls_below_the_rest_of_its_clip():
    alike = 0.7 + 0.05 * np.sin(np.arange(90, dtype=np.float32))
    assert falls(alike) == []
    alike[40:46] = 0.3
    assert falls(alike) == [(40 - AROUND, 46 + AROUND)]
    alike[60:] = np.nan
    assert falls(alike) == [(40 - AROUND, 46 + AROUND)]
    assert falls(np.full(5, np.nan, np.float32)) == []
