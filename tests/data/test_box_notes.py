"""Areas and ids of boxes as columns."""

import numpy as np

from frcnn.data.box_notes import to_notes


def test_golden_columns() -> None:
    notes = to_notes([12.5, 300], [7, 2])
    assert (notes.areas.tolist(), notes.ids.tolist()) == ([12.5, 300.0], [7, 2])
    assert (notes.areas.dtype, notes.ids.dtype) == (np.float64, np.int64)
    assert notes.chosen(np.array([False, True])).ids.tolist() == [2]
    assert notes.chosen(slice(1)).areas.tolist() == [12.5]


def test_no_object_is_larger_than_its_box_once_that_is_clipped() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 10, 10]], np.float64)
    notes = to_notes([150, 150, 40], [1, 2, 3]).cut(boxes, np.array([False, True, True]))
    assert notes.areas.tolist() == [150, 100, 40]
    assert notes.ids.tolist() == [1, 2, 3]


def test_areas_are_forgotten_and_ids_are_not() -> None:
    notes = to_notes([150], [1]).without_areas()
    assert (np.isnan(notes.areas).tolist(), notes.ids.tolist()) == ([True], [1])


def test_nothing_in() -> None:
    notes = to_notes([], [])
    assert (notes.areas.shape, notes.ids.shape) == ((0,), (0,))


def test_wrong_in_areas_are_none() -> None:
    areas = [None, "9", True, 0, -1.0, 10**400, 1e300, [1], 9]
    found = to_notes(areas, [*range(9)]).areas
    assert np.isnan(found).tolist() == [True] * 8 + [False]
    assert np.isnan(to_notes([10**400, 9], [1, 2]).areas).tolist() == [True, False]


def test_wrong_in_ids_are_none_and_texts_stay() -> None:
    assert to_notes([1] * 5, ["a", 5, None, "", True]).ids.tolist() == ["a", 5, None, None, None]
    assert to_notes([1], [10**30]).ids.tolist() == [10**30]
