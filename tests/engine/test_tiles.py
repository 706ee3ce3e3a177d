"""Tiles: they cover everything, and what they say is mixed as it is defined."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from studio.engine.tiles import Tile, Tiling, averaged

sides = st.integers(1, 40)


@given(sides, sides, st.integers(2, 12), st.data())
def test_tiles_cover_the_picture_and_overlap_enough(height, width, side, data):
    overlap = data.draw(st.integers(0, side - 1))
    tiles = Tiling(side, overlap).tiles(height, width)
    covered = torch.zeros(height, width)
    for tile in tiles:
        assert (tile.height, tile.width) == (min(side, height), min(side, width))
        tile.of(covered).add_(1)
    assert covered.min() >= 1
    tops = sorted({tile.top for tile in tiles})
    assert all(b - a <= side - overlap for a, b in pairwise(tops))
    assert tiles == Tiling(side, overlap).tiles(height, width)


def test_a_picture_no_larger_than_a_tile_is_one_tile():
    assert Tiling(64, 16).tiles(64, 48) == [Tile(0, 0, 64, 48)]


@given(sides, sides, st.integers(2, 12), st.integers(0, 6))
def test_what_looks_at_no_neighbours_is_the_same_in_tiles(height, width, side, overlap):
    overlap = min(overlap, side - 1)
    picture = torch.arange(2.0 * height * width).reshape(2, height, width)
    tiles = Tiling(side, overlap).tiles(height, width)
    whole = averaged(lambda tile: tile.of(picture) * 2 + 1, tiles, (height, width), overlap)
    torch.testing.assert_close(whole, picture * 2 + 1)


def test_where_tiles_overlap_each_says_less_towards_its_edge():
    said = {0: 0.0, 2: 1.0}
    tiles = Tiling(4, 2).tiles(1, 6)
    assert [tile.left for tile in tiles] == [0, 2]
    whole = averaged(lambda tile: torch.full((1, 4), said[tile.left]), tiles, (1, 6), 2)
    expected = torch.tensor([[0, 0, 1 / 3, 2 / 3, 1, 1]])
    torch.testing.assert_close(whole, expected)


def test_larger_tiles_are_the_same_tiles():
    tile = Tile(1, 2, 3, 4)
    assert tile.times(4) == Tile(4, 8, 12, 16)
    assert Tiling(8, 2).times(4) == Tiling(32, 8)


def test_nothing_covers_nothing():
    with pytest.raises(ValueError, match="covers"):
        averaged(lambda tile: torch.zeros(1, 1), [], (1, 1), 0)
