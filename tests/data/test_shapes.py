"""What people draw, as boxes."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.data.seen import Places
from frcnn.data.shapes import (
    Shape,
    Tally,
    around,
    ellipse,
    no_box,
    number_in,
    rectangle,
    to_rows,
    turned_box,
)

NAN = math.nan
PLACES = Places("a.json#/shapes/")


def test_golden_boxes_around_shapes() -> None:
    shapes = [
        Shape("cat", ((30, 0), (0, 20)), 0),
        Shape("dog", ((5, 5), (9, 1), (7, 30)), 4, "outline", difficult=True),
        Shape("cat", rectangle((10, 10, 30, 20), 90, (20, 15)), 5, "turned"),
    ]
    tally, problems = Tally(), []
    rows = to_rows(shapes, PLACES, tally, problems)
    assert rows.boxes.round(9).tolist() == [[0, 0, 30, 20], [5, 1, 9, 30], [15, 5, 25, 25]]
    assert rows.names == ("cat", "dog", "cat")
    assert rows.difficult.tolist() == [False, True, False]
    assert rows.numbers.tolist() == [0, 4, 5]
    assert tally.outlines == 1
    assert [(p.code, p.place, p.effect) for p in problems] == [
        ("RC298", "a.json#/shapes/5", "box made upright")
    ]


def test_golden_turned_rectangle() -> None:
    half = math.sqrt(0.5)
    corners = rectangle((0, 0, 1, 1), 45, (0, 0))
    wanted = [(0, 0), (half, half), (0, 2 * half), (-half, half)]
    assert [pytest.approx(corner) for corner in corners] == wanted, "clockwise, as it is seen"
    assert rectangle((1, 2, 3, 4), 360, (0, 0)) == ((1, 2), (3, 2), (3, 4), (1, 4))


def test_golden_ellipse() -> None:
    assert ellipse((10, 20), (5, 3)) == ((5, 17), (15, 23))
    assert around(ellipse((10, 20), (5, 3), 90)) == pytest.approx((7, 15, 13, 25))
    assert around(ellipse((0, 0), (2, 2), 37)) == pytest.approx((-2, -2, 2, 2))


@given(st.floats(0, 360), st.floats(1, 50), st.floats(1, 50))
def test_the_box_around_a_turned_shape_is_the_smallest(
    degrees: float, across: float, down: float
) -> None:
    corners = rectangle((-across, -down, across, down), degrees, (0, 0))
    assert all(math.hypot(x, y) == pytest.approx(math.hypot(across, down)) for x, y in corners)
    turn = math.radians(degrees)
    steps = [2 * math.pi * n / 720 for n in range(720)]
    xs = [
        across * math.cos(s) * math.cos(turn) - down * math.sin(s) * math.sin(turn) for s in steps
    ]
    ys = [
        across * math.cos(s) * math.sin(turn) + down * math.sin(s) * math.cos(turn) for s in steps
    ]
    box = around(ellipse((0, 0), (across, down), degrees))
    assert box == pytest.approx((min(xs), min(ys), max(xs), max(ys)), rel=1e-3, abs=1e-2)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        (0.5, 0.5),
        ("-1.5e1", -15.0),
        *(
            (wrong, NAN)
            for wrong in (True, None, "nan", "1_0", [1], 10**400, "1e400", math.inf, "")
        ),
    ],
)
def test_numbers(value: object, number: float) -> None:
    assert number_in(value) == pytest.approx(number, nan_ok=True)


def test_nothing_in() -> None:
    rows = to_rows([], PLACES, Tally(), [])
    assert rows.boxes.shape == (0, 4)
    assert math.isnan(around([])[0])
    assert Tally().problems(Path("a.json")) == []


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        (Shape("", ((0, 0), (1, 1)), 2), "RC215"),
        (Shape("cat", ((0, 0), (NAN, 1)), 2), "RC208"),
        (Shape("cat", (), 2), "RC208"),
        (Shape("cat", ((0, 0), (1e9, 1)), 2), "RC208"),
        (Shape("cat", ((0, 0), (0, 1)), 2), "RC207"),
        (Shape("cat", ((3, 3),), 2, "turned"), "RC207"),
    ],
)
def test_wrong_in_shapes(shape: Shape, code: str) -> None:
    problems = []
    rows = to_rows([shape], PLACES, Tally(), problems)
    assert rows.usable().names == ()
    (problem,) = problems
    assert (problem.code, problem.place) == (code, "a.json#/shapes/2")
    assert (problem.effect, bool(problem.want), bool(problem.fix)) == ("box dropped", True, True)


def test_what_is_left_out_is_kept_as_it_is_written_and_has_its_spot() -> None:
    shapes = [
        Shape("cat", ((30, 2), (1, 40)), 2, "inverted"),
        Shape("", ((1, 1), (9, 9)), 3),
        Shape("cat", ((1, 1), (9, 9)), 4),
    ]
    problems = []
    rows = to_rows(shapes, PLACES, Tally(), problems)
    assert rows.boxes.tolist() == [[30, 2, 1, 40], [1, 1, 9, 9]]
    assert rows.is_box is not None
    assert rows.is_box.tolist() == [False, True]
    spots = [(problem.code, problem.spot.box) for problem in problems]
    assert spots == [("RC207", (30, 2, 1, 40)), ("RC215", (1, 1, 9, 9))]


def test_what_a_box_has_no_room_for() -> None:
    tally = Tally()
    tally.others.update({"occlusion": 2, "attribute": 5, "group": 1})
    (problem,) = tally.problems(Path("a.xml"))
    assert (problem.code, problem.severity) == ("RC299", "warning")
    assert problem.got == "5 attributes, 1 group, 2 occlusions"
    assert (no_box("p", "line").code, no_box("p", "line").effect) == ("RC297", "box dropped")
    assert turned_box("p").severity == "warning"
