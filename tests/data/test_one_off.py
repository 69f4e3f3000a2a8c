"""Counting from 0 or from 1: told by the border alone."""

import numpy as np
import pytest

from frcnn.data.layouts import LAYOUTS
from frcnn.data.one_off import find_one_off
from frcnn.data.written import Written


def written(layout: str, corners: list[list[float]]) -> Written:
    count = len(corners)
    return Written(
        layout=layout,
        corners=np.array(corners, np.float64).reshape(-1, 4),
        sides=np.tile([[60.0, 40.0]], (count, 1)),
        picture=np.arange(count),
        label=np.zeros(count, np.int64),
        is_object=np.ones(count, np.bool_),
        is_on_its_side=np.zeros(count, np.bool_),
    )


INNER = [[10.0, 10, 20, 20]] * 20


def test_golden_voc_from_zero() -> None:
    """VOC's xmin of 0 is -1 of ours."""
    problem = find_one_off(written("voc", [*INNER, *[[-1.0, 5, 9, 9]] * 5]), "set: train")
    assert problem is not None
    assert (problem.code, problem.place, problem.severity) == ("RC261", "set: train", "warning")
    assert problem.got == "xmin or ymin is 0 in 5 of 25 boxes"


@pytest.mark.parametrize("layout", ["coco", "csv", "cvat", "labelme"])
def test_golden_from_one(layout: str) -> None:
    boxes = [*INNER, *[[1.0, 5, 60, 9]] * 5]
    problem = find_one_off(written(layout, boxes), "p")
    assert problem is not None
    assert problem.got == "the smallest x or y is 1 in 5 of 25 boxes, and 0 in none"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "more",
    [
        pytest.param([], id="none at the border"),
        pytest.param([[0.0, 0, 60, 40]] * 9, id="from 0, continuous"),
        pytest.param(
            [[0.0, 0, 60, 40]] * 9 + [[1.0, 1, 60, 40]] * 30, id="a single zero is enough"
        ),
        pytest.param([[2.0, 2, 60, 40]] * 9, id="from 2"),
        pytest.param([[0.4, 0.2, 59.7, 40]] * 9, id="fractions"),
    ],
)
def test_no_false_alarm(layout: str, more: list[list[float]]) -> None:
    assert find_one_off(written(layout, [*INNER, *more]), "p") is None


@pytest.mark.parametrize("layout", ["coco", "csv", "cvat", "labelme"])
def test_a_frame_of_a_pixel_all_around_is_the_labellers_own(layout: str) -> None:
    assert find_one_off(written(layout, [[1.0, 1, 59, 39]] * 30), "p") is None


@pytest.mark.parametrize("layout", ["yolo", "label-studio"])
def test_shares_and_hundredths_do_not_tell(layout: str) -> None:
    boxes = np.array([*INNER, *[[1.0, 5, 60, 9]] * 5]) * (0.6, 0.4, 0.6, 0.4)
    assert find_one_off(written(layout, boxes.tolist()), "p") is None


def test_few_are_an_accident() -> None:
    assert find_one_off(written("voc", [*INNER, *[[-1.0, 5, 9, 9]] * 4]), "p") is None
    many = [*INNER * 100, *[[-1.0, 5, 9, 9]] * 19]
    assert find_one_off(written("voc", many), "p") is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_in(layout: str) -> None:
    assert find_one_off(written(layout, []), "p") is None
