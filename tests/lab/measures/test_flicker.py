"""Flicker counts the background alone."""

import numpy as np
import pytest

from studio.lab.measures.flicker import flicker
from tests.lab.measures import clips


@pytest.mark.parametrize("motion", ["left", "growing", "still"])
def test_a_still_background_does_not_flicker_whatever_the_object_does(motion):
    assert flicker(clips.clip(11, motion=motion, speed="quickly", size="small")) == 0


def test_a_known_shimmer_is_measured_in_levels():
    frames = clips.clip(12, place="brick wall", colour="blue").astype(int)
    frames[::2] += 3
    assert flicker(np.clip(frames, 0, 255).astype(np.uint8)) == pytest.approx(3, abs=0.05)


def test_worse_shimmer_reads_worse():
    frames = clips.clip(13, place="water")
    noise = np.random.default_rng(0).normal(0, 1, frames.shape)
    worn = [np.clip(np.rint(frames + s * noise), 0, 255).astype(np.uint8) for s in (1, 4, 12)]
    figures = [flicker(w) for w in worn]
    assert figures == sorted(figures)
    assert figures[1] == pytest.approx(4 * 2 / np.sqrt(np.pi), rel=0.05)


def test_a_given_mask_decides_what_is_background():
    frames = np.zeros((3, 16, 16, 3), np.uint8)
    frames[1, :8] = 50
    top = np.zeros((16, 16), bool)
    top[:8] = True
    assert flicker(frames, top) == 50
    assert flicker(frames, ~top) == 0


def test_nothing_to_measure_is_no_figure():
    frames = clips.clip(14)
    assert np.isnan(flicker(frames[:1]))
    assert np.isnan(flicker(frames, np.zeros((64, 64), bool)))
