"""grid: every pixel is in a tile, and every object no longer than the overlap is whole in one."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.errors import ConfigError
from frcnn.ops.tiles import Window, grid, overlap_of, whole
from frcnn.types import Size

SIDES = st.integers(1, 40)


# --- golden by hand


def test_golden_a_row_of_three_tiles() -> None:
    tiles = grid(Size(10, 25), side=10, overlap=2)
    assert tiles == [Window(0, 0, 10, 10), Window(8, 0, 18, 10), Window(15, 0, 25, 10)]


def test_golden_tiles_that_fit_exactly_are_not_doubled() -> None:
    assert grid(Size(10, 18), side=10, overlap=2) == [Window(0, 0, 10, 10), Window(8, 0, 18, 10)]


def test_golden_rows_come_one_after_the_other() -> None:
    tiles = grid(Size(6, 6), side=4, overlap=1)
    assert [(t.x1, t.y1) for t in tiles] == [(0, 0), (2, 0), (0, 2), (2, 2)]


def test_a_small_picture_is_one_tile() -> None:
    assert grid(Size(7, 9), side=10, overlap=3) == [whole(Size(7, 9))]
    assert grid(Size(7, 30), side=10, overlap=0)[-1] == Window(20, 0, 30, 7)


@pytest.mark.parametrize(
    ("side", "share", "pixels"), [(1024, 0.2, 205), (256, 0.2, 51), (16, 0.0, 0), (16, 0.999, 15)]
)
def test_golden_overlaps(side: int, share: float, pixels: int) -> None:
    assert overlap_of(side, share) == pixels


def test_a_window_knows_its_size() -> None:
    assert Window(2, 3, 10, 5).size == Size(2, 8)
    assert whole(Size(4, 6)).size == Size(4, 6)


# --- what always holds


@given(st.integers(1, 120), st.integers(1, 120), SIDES, st.data())
def test_every_pixel_is_covered(height: int, width: int, side: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, side - 1))
    seen = np.zeros((height, width), int)
    for tile in grid(Size(height, width), side, overlap):
        assert tile.size == Size(min(side, height), min(side, width))
        seen[tile.y1 : tile.y2, tile.x1 : tile.x2] += 1
    assert seen.min() >= 1


@given(st.integers(1, 300), SIDES, st.data())
def test_what_fits_into_the_overlap_is_whole_somewhere(
    length: int, side: int, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(0, side - 1))
    long = data.draw(st.integers(0, min(overlap, length)))
    start = data.draw(st.integers(0, length - long))
    tiles = grid(Size(1, length), side, overlap)
    assert any(tile.x1 <= start and start + long <= tile.x2 for tile in tiles)


@given(st.integers(1, 300), SIDES, st.data())
def test_neighbours_overlap_and_the_last_is_flush(
    length: int, side: int, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(0, side - 1))
    tiles = grid(Size(length, 1), side, overlap)
    assert (tiles[0].y1, tiles[-1].y2) == (0, length)
    for one, other in pairwise(tiles):
        assert one.y1 < other.y1
        assert one.y2 - other.y1 >= overlap
    assert len({tile.y1 for tile in tiles}) == len(tiles)


# --- wrong in


@pytest.mark.parametrize(("side", "overlap"), [(0, 0), (-3, 0), (8, 8), (8, 9), (8, -1)])
def test_tiles_that_do_not_step_forward(side: int, overlap: int) -> None:
    with pytest.raises(ConfigError, match=r"RC392.*do not step forward"):
        grid(Size(20, 20), side, overlap)
