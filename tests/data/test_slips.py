"""Boxes in another form than their layout's: found by counts, and never where there is no slip."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.data.slips import FEWEST, FORMS, OWN, UNITS, Y_FIRST, describe_slip, find_slip, read_as
from frcnn.data.written import Written, fits

LAYOUTS = tuple(OWN)
SIDES = np.array([[640.0, 480.0]])


def sound(count: int, seed: int) -> np.ndarray:
    """Corners of boxes anywhere in a picture of 640 x 480."""
    dice = np.random.default_rng(seed)
    low = dice.uniform(0, 0.95, (count, 2)) * SIDES
    return np.concatenate((low, low + dice.uniform(0.02, 1, (count, 2)) * (SIDES - low)), axis=1)


def written(layout: str, corners: np.ndarray) -> Written:
    count = len(corners)
    return Written(
        layout=layout,
        corners=corners,
        sides=np.repeat(SIDES, count, axis=0),
        picture=np.arange(count),
        label=np.zeros(count, np.int64),
        is_object=np.ones(count, np.bool_),
        is_on_its_side=np.zeros(count, np.bool_),
    )


def as_numbers(corners: np.ndarray, reading: tuple[str, str]) -> np.ndarray:
    """Write corners in a form: what `read_as` undoes."""
    whole = {"pixels": 1.0, "shares": np.tile(SIDES, 2), "hundredths": np.tile(SIDES, 2) / 100}
    x1, y1, x2, y2 = (corners / whole[reading[1]]).T
    x, y, w, h = (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
    return np.stack(
        {
            "x1 y1 x2 y2": (x1, y1, x2, y2),
            "x y width height": (x1, y1, w, h),
            "centre x y, width height": (x, y, w, h),
            "x1 x2 y1 y2": (x1, x2, y1, y2),
            "x y height width": (x1, y1, h, w),
            "centre x y, height width": (x, y, h, w),
            "y1 x1 y2 x2": (y1, x1, y2, x2),
            "y x height width": (y1, x1, h, w),
        }[reading[0]],
        axis=1,
    )


def stored_as(layout: str, reading: tuple[str, str], corners: np.ndarray) -> Written:
    """What a layout's reader makes of boxes that were written in another form."""
    numbers = as_numbers(corners, reading)
    sides = np.repeat(SIDES, len(numbers), axis=0)
    found = read_as(numbers, sides, OWN[layout])
    return written(layout, found - [1, 1, 0, 0] if layout == "voc" else found)


OTHERS = [
    (layout, (form, unit))
    for layout in LAYOUTS
    for form in FORMS
    for unit in UNITS
    if (form, unit) != OWN[layout]
    and not (unit != "pixels" and form in Y_FIRST)
    and (unit != "hundredths" or OWN[layout][1] == unit)
]


@pytest.mark.parametrize("reading", [(form, unit) for form in FORMS for unit in UNITS])
def test_golden_every_form_is_read_back(reading: tuple[str, str]) -> None:
    corners = sound(50, 0)
    numbers = as_numbers(corners, reading)
    found = read_as(numbers, np.repeat(SIDES, 50, axis=0), reading)
    np.testing.assert_allclose(found, corners, atol=1e-9)


@pytest.mark.parametrize(("layout", "reading"), OTHERS)
def test_every_other_form_is_found(layout: str, reading: tuple[str, str]) -> None:
    slip = find_slip(stored_as(layout, reading, sound(200, 1)))
    assert slip is not None
    assert reading in slip.readings
    assert slip.failing >= 40


def test_golden_the_counts_are_told() -> None:
    corners = np.array([[100.0, 100, 600, 400], [10, 10, 20, 20]] * 10)
    slip = find_slip(stored_as("coco", ("x1 y1 x2 y2", "pixels"), corners))
    assert slip is not None
    assert (slip.failing, slip.count, slip.unexplained) == (10, 20, 0)
    assert slip.readings == (("x1 y1 x2 y2", "pixels"),)
    problem = describe_slip(slip, "coco", "set: train")
    assert (problem.code, problem.severity, problem.effect) == ("RC260", "warning", "none")
    assert problem.place == "set: train"
    assert problem.got == (
        "read as x y width height in pixels, 50 % of 20 boxes make no sense; "
        "read as x1 y1 x2 y2 in pixels, all do"
    )


def test_golden_width_and_height_exchanged() -> None:
    corners = np.array([[5.0, 450, 305, 470], [620, 10, 630, 300]] * 10)
    slip = find_slip(stored_as("coco", ("x y height width", "pixels"), corners))
    assert slip is not None
    assert (slip.failing, slip.readings) == (20, (("x y height width", "pixels"),))


def test_y_first_is_never_believed_of_pictures_on_their_side() -> None:
    """Boxes of 640 x 480 drawn in pictures that are 480 x 640 once they are upright."""
    before = written("coco", sound(200, 1))
    sides = before.sides[:, ::-1]
    for is_unknown in (False, True):
        turned = replace(before, sides=sides, is_on_its_side=np.full(200, is_unknown))
        assert (find_slip(turned) is None) == is_unknown


@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS if layout != "yolo"])
def test_in_shares_nobody_can_tell_which_came_first(layout: str) -> None:
    slip = find_slip(stored_as(layout, ("y1 x1 y2 x2", "shares"), sound(200, 1)))
    assert slip is not None
    assert slip.readings == (("x1 y1 x2 y2", "shares"),)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(seed=st.integers(0, 2**16), count=st.integers(0, 60))
def test_sound_boxes_raise_no_alarm(layout: str, seed: int, count: int) -> None:
    assert find_slip(written(layout, sound(count, seed))) is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sound_boxes_at_the_border_raise_no_alarm(layout: str) -> None:
    """Whole pictures, halves, and boxes that leave by a pixel."""
    whole = [[0.0, 0, 640, 480], [0, 0, 320, 480], [-1, -1, 641, 481], [639, 479, 640, 480]]
    assert find_slip(written(layout, np.array(whole * 20))) is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_some_bad_boxes_are_no_slip(layout: str) -> None:
    """A fifth and more make no sense, but no other form explains all of them."""
    corners = sound(100, 3)
    corners[:30] = [600, 10, 900, 5]
    assert find_slip(written(layout, corners)) is None


def test_hundredths_that_leave_the_picture_are_no_pixels() -> None:
    """As pixels they would all be inside, and yet nobody means that."""
    corners = sound(100, 3)
    corners[:40, 2:] += SIDES * 0.3
    corners[40] = [600, 400, 700, 500]
    assert find_slip(written("label-studio", corners)) is None


@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS if layout != "yolo"])
def test_tiny_pictures_may_have_all_boxes_between_0_and_1(layout: str) -> None:
    corners = np.tile([[0.0, 0, 1, 1]], (20, 1))
    small = written(layout, corners)
    object.__setattr__(small, "sides", np.ones((20, 2)))
    assert find_slip(small) is None


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1])
def test_nothing_is_concluded_from_few(count: int) -> None:
    few = stored_as(
        "coco", ("x1 y1 x2 y2", "pixels"), np.tile([[300.0, 200, 600, 400]], (count, 1))
    )
    assert find_slip(few) is None


def test_what_fits_is_inside_by_a_pixel_and_has_area() -> None:
    corners = np.array([[-1.0, 0, 5, 5], [-1.1, 0, 5, 5], [5, 5, 5, 9], [0, 0, 641, 481]])
    assert fits(corners, np.repeat(SIDES, 4, axis=0)).tolist() == [True, False, False, True]
