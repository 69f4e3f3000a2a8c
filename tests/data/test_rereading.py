"""Other corners for the boxes of a picture."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from frcnn.data.layouts import read_any
from frcnn.data.problems import Problem
from frcnn.data.rereading import with_corners, without_boxes_of
from frcnn.data.seen import Seen


def first(root: Path) -> Seen:
    return read_any(root)[1].splits["train"][0]


def test_golden_boxes_are_fitted_in_once_more(standard) -> None:
    """60 x 40: one inside, one that leaves the picture; then one without area."""
    seen = first(standard.root)
    problems: list[Problem] = []
    found = with_corners(seen, np.array([[1.0, 2, 3, 4], [50, 5, 75, 20]]), problems)
    assert found.rows.boxes.tolist() == [[1, 2, 3, 4], [50, 5, 60, 20]]
    assert found.rows.names == seen.rows.names
    found = with_corners(seen, np.array([[1.0, 2, 3, 4], [9, 9, 9, 9]]), problems)
    assert found.rows.boxes.tolist() == [[1, 2, 3, 4]]
    assert [(p.code, p.effect) for p in problems] == [
        ("RC211", "box clipped"),
        ("RC207", "box dropped"),
    ]
    assert {p.spot.picture for p in problems} == {str(seen.path)}


def test_what_was_wrong_with_the_old_corners_is_forgotten(standard) -> None:
    seen = first(standard.root)
    place = seen.places.of(int(seen.written.numbers[0]))
    old = Problem(code="RC211", place=place, what="w", fix="f", effect="box clipped")
    column = replace(old, place=f"{place}:7")
    kept = [replace(old, effect="none"), replace(old, place="elsewhere:1")]
    assert without_boxes_of([seen], [old, column, *kept]) == kept
    assert without_boxes_of([], [old]) == [old]
