"""Columns: at once where all is well, one by one where it is not."""

import numpy as np
import pytest

from frcnn.data.coco_columns import are_ids, is_id, positions, to_corners_and_sides, to_sizes
from frcnn.data.coco_text import Picture


def test_golden_boxes() -> None:
    found = to_corners_and_sides([[1, 2, 3, 4.5], [0, 0, 1, 1]])
    assert found.tolist() == [[1, 2, 3, 4.5], [0, 0, 1, 1]]
    assert found.dtype == np.float64


@pytest.mark.parametrize(
    "row",
    [
        None,
        "1234",
        [1, 2, 3],
        [1, 2, 3, 4, 5],
        [1, 2, 3, "4"],
        [1, 2, 3, None],
        [1, 2, True, 4],
        [1, 2, 3, 10**400],
        [1, 2, 3, float("inf")],
        [1, 2, [3], 4],
        {"x": 1},
        5,
    ],
)
def test_b02_one_that_is_none_does_not_spoil_the_others(row: object) -> None:
    found = to_corners_and_sides([[1, 2, 3, 4], row])
    assert found[0].tolist() == [1, 2, 3, 4]
    assert not np.isfinite(found[1]).all()


def test_positions_of_ids() -> None:
    assert positions([5, 0, 900], [900, 5, 5, 7]).tolist() == [2, 0, 0, -1]
    assert positions(["a", "7"], ["7", "b"]).tolist() == [1, -1]


def test_a_number_and_its_digits_are_one_id() -> None:
    assert positions([5, 7], ["7", 5]).tolist() == [1, 0]
    assert positions(["5"], [5]).tolist() == [0]


def test_what_is_no_id_is_nowhere() -> None:
    assert positions([1, 2], [1, None, [2], True, 2.0, {}]).tolist() == [0, -1, -1, -1, -1, -1]


def test_ids() -> None:
    assert is_id(0)
    assert is_id("x")
    assert not any(is_id(value) for value in (None, "", True, 1.0, [1]))
    assert are_ids([1, "a"])
    assert not are_ids([1, None])


def test_sizes() -> None:
    rows = [Picture(height=40, width=60), Picture(), Picture(height=-1, width=2.5)]
    assert to_sizes(rows).tolist() == [[40, 60], [0, 0], [0, 0]]


def test_nothing_in() -> None:
    assert to_corners_and_sides([]).shape == (0, 4)
    assert positions([], []).shape == (0,)
    assert to_sizes([]).shape == (0, 2)
