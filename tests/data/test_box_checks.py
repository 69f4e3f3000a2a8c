"""Boxes that leave their picture: B03 of the catalogue."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.data.box_checks import fit_box
from frcnn.types import Size

SIZE = Size(height=40, width=60)


@pytest.mark.parametrize(
    ("box", "want", "code", "effect"),
    [
        ((0, 0, 60, 40), (0, 0, 60, 40), "", ""),
        ((5, 6, 7, 8), (5, 6, 7, 8), "", ""),
        ((-1, 0, 60, 40), (0, 0, 60, 40), "RC210", "box clipped"),
        ((-0.5, -1, 61, 41), (0, 0, 60, 40), "RC210", "box clipped"),
        ((-1.01, 0, 60, 40), (0, 0, 60, 40), "RC211", "box clipped"),
        ((50, 30, 90, 35), (50, 30, 60, 35), "RC211", "box clipped"),
        ((-500, -500, 900, 900), (0, 0, 60, 40), "RC211", "box clipped"),
        ((60, 0, 61, 40), None, "RC209", "box dropped"),
        ((-1, 0, 0, 40), None, "RC209", "box dropped"),
        ((0, 40, 60, 50), None, "RC209", "box dropped"),
        ((0, -9, 60, 0), None, "RC209", "box dropped"),
        ((100, 100, 200, 200), None, "RC209", "box dropped"),
    ],
)
def test_golden(box, want, code: str, effect: str) -> None:
    found, problem = fit_box(box, SIZE, "a.xml:3")
    assert found == want
    if not code:
        assert problem is None
        return
    assert problem is not None
    assert (problem.code, problem.effect, problem.place) == (code, effect, "a.xml:3")
    assert problem.severity == ("warning" if code == "RC210" else "error")
    assert problem.want == "inside 60 x 40 pixels"
    assert problem.fix


COORDINATE = st.floats(-300, 300, allow_nan=False, width=32)
SIDE = st.floats(2**-10, 300, width=32)


@given(COORDINATE, COORDINATE, SIDE, SIDE)
def test_what_is_kept_is_inside_and_has_area(x: float, y: float, w: float, h: float) -> None:
    found, problem = fit_box((x, y, x + w, y + h), SIZE, "a")
    inside = x < 60 and y < 40 and x + w > 0 and y + h > 0
    assert (found is not None) == inside
    if found is None:
        return
    x1, y1, x2, y2 = found
    assert 0 <= x1 < x2 <= 60
    assert 0 <= y1 < y2 <= 40
    assert (problem is None) == (found == (x, y, x + w, y + h))
    assert math.isclose(x1, max(x, 0), abs_tol=0)
