"""What every reader hands over: sizes, boxes fitted into pictures, records."""

import numpy as np

from frcnn.data.box_notes import to_notes
from frcnn.data.problems import Problem
from frcnn.data.seen import Declared, Places, Rows, fit_rows, no_annotation, unknown_class
from frcnn.types import Size

SIZE = Size(40, 60)
PLACES = Places("f:", "!")


def rows(*boxes: tuple[float, ...], names: str = "") -> Rows:
    count = len(boxes)
    return Rows(
        boxes=np.array(boxes, np.float64).reshape(-1, 4),
        names=tuple(names or "c" * count),
        difficult=np.zeros(count, np.bool_),
        numbers=np.arange(10, 10 + count),
    )


def test_golden_fitting() -> None:
    problems: list[Problem] = []
    given = rows((0, 0, 60, 40), (-1, 0, 5, 5), (50, 30, 70, 50), (61, 0, 70, 5), names="abcd")
    found = fit_rows(given, SIZE, PLACES, problems)
    assert found.boxes.tolist() == [[0, 0, 60, 40], [0, 0, 5, 5], [50, 30, 60, 40]]
    assert found.names == ("a", "b", "c")
    assert found.numbers.tolist() == [10, 11, 12]
    assert [p.code for p in problems] == ["RC210", "RC211", "RC209"]
    assert [p.place for p in problems] == ["f:11!", "f:12!", "f:13!"]
    assert given.boxes[1, 0] == -1, "what was given stays as it was"


def test_what_the_file_says_of_boxes_goes_with_them() -> None:
    given = rows((0, 0, 6, 4), (-5, 0, 5, 5), (61, 0, 70, 5), names="abc")
    found = fit_rows(given._replace(notes=to_notes([50, 40, 9], [7, 8, 9])), SIZE, PLACES, [])
    assert found.notes is not None
    assert found.notes.areas.tolist() == [50, 25], "a clipped object is no larger than its box"
    assert found.notes.ids.tolist() == [7, 8]
    assert fit_rows(given, SIZE, PLACES, []).notes is None


def test_boxes_that_fit_are_handed_on() -> None:
    given = rows((0, 0, 60, 40))
    assert fit_rows(given, SIZE, PLACES, []) is given
    assert len(fit_rows(rows(), SIZE, PLACES, []).names) == 0


def test_the_same_box_twice_is_kept_and_reported() -> None:
    problems: list[Problem] = []
    box = (1, 1, 5, 5)
    assert len(fit_rows(rows(box, box, box, names="aab"), SIZE, PLACES, problems).names) == 3
    assert [(p.code, p.place) for p in problems] == [("RC219", "f:11!")]


def test_rows_that_are_no_boxes_are_passed_over() -> None:
    given = rows((5, 5, 1, 1), (1, 1, 5, 5), names="ab")._replace(is_box=np.array([False, True]))
    assert fit_rows(given, SIZE, PLACES, []).names == ("b",)


def test_words(shelf) -> None:
    assert no_annotation(shelf.root).code == "RC217"


def test_a_class_without_a_name() -> None:
    known = Declared(tuple("abcdefghijklmnopqrstu"), tuple(range(21)), "f")
    problem = unknown_class("x", "9" * 100, known)
    assert (problem.code, problem.place, problem.effect) == ("RC214", "x", "box dropped")
    assert problem.want.startswith("0 a, 1 b")
    assert problem.want.endswith(", ...")
    assert len(problem.got) == 80
