"""Connected regions in numpy alone."""

import numpy as np

from studio.lab.measures import regions

PICTURE = """
##...#
....#.
.##.#.
.##..#
"""
MASK = np.asarray([[c == "#" for c in row] for row in PICTURE.split()])


def test_diagonal_neighbours_belong_together_and_others_do_not():
    named = regions.labels(MASK[None])[0]
    assert len(np.unique(named[MASK])) == 3
    assert not named[~MASK].any()
    assert len({named[0, 5], named[1, 4], named[2, 4], named[3, 5]}) == 1


def test_frames_are_kept_apart():
    both = np.stack([MASK, MASK])
    first, second = regions.labels(both)
    assert not set(first[MASK]) & set(second[MASK])


def test_a_long_winding_line_is_one_region():
    line = np.zeros((1, 33, 33), bool)
    line[0, ::2] = True
    line[0, 1::4, -1] = line[0, 3::4, 0] = True
    assert len(np.unique(regions.labels(line)[line])) == 1


def test_the_largest_region_alone_is_kept():
    masks = np.zeros((2, 8, 8), bool)
    masks[0, :2, :2] = masks[0, 4:7, 4:7] = True
    kept = regions.largest(masks)
    assert kept[0].sum() == 9
    assert not kept[1].any()


def test_growing_and_shrinking():
    dot = np.zeros((1, 9, 9), bool)
    dot[0, 4, 4] = True
    grown = regions.dilated(dot, 2)
    assert grown.sum() == 25
    assert np.array_equal(regions.eroded(grown, 2), dot)
    assert regions.eroded(np.ones((1, 5, 5), bool), 1).all()
