"""What every reader hands over: sizes, boxes fitted into pictures, records."""

import numpy as np
import pytest

from frcnn.data.problems import Problem
from frcnn.data.seen import Places, Rows, fit_rows, look_at, no_annotation, require_size
from frcnn.errors import AnnotationError
from frcnn.ops.picture_kinds import Header
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


def test_boxes_that_fit_are_handed_on() -> None:
    given = rows((0, 0, 60, 40))
    assert fit_rows(given, SIZE, PLACES, []) is given
    assert len(fit_rows(rows(), SIZE, PLACES, []).names) == 0


def test_the_same_box_twice_is_kept_and_reported() -> None:
    problems: list[Problem] = []
    box = (1, 1, 5, 5)
    assert len(fit_rows(rows(box, box, box, names="aab"), SIZE, PLACES, problems).names) == 3
    assert [(p.code, p.place) for p in problems] == [("RC219", "f:11!")]


@pytest.mark.parametrize(
    ("stated", "what"),
    [(Size(60, 40), "exchanged"), (Size(1, 2), "another size")],
)
def test_sizes_that_differ(stated: Size, what: str) -> None:
    header = Header(kind="PNG", stored=SIZE, orientation=1, notes=())
    require_size(None, header, "x")
    require_size(SIZE, header, "x")
    with pytest.raises(AnnotationError, match=what) as caught:
        require_size(stated, header, "x")
    assert caught.value.code == "RC212"


def test_looking_and_words(shelf) -> None:
    assert look_at(shelf.picture("a.png"), []).header.upright == SIZE
    assert no_annotation(shelf.root).code == "RC217"
