"""One result of Label Studio's."""

import math

import pytest

from frcnn.data.label_studio_shapes import Result, shape_of, stated_size
from frcnn.data.shapes import around
from frcnn.types import Size

SIZE = Size(height=40, width=60)


def shape(**value: object) -> object:
    return shape_of(Result({"type": "rectanglelabels", "value": value}), 3, SIZE)


def test_golden_rectangle() -> None:
    found = shape(x=50, y=25, width=25, height=75, rotation=0, rectanglelabels=["dog"])
    assert found == ("", ((30, 10), (45, 10), (45, 40), (30, 40)), 3, "box", False)


def test_golden_turned_about_its_first_corner() -> None:
    found = shape(x=50, y=50, width=20, height=10, rotation=90)
    assert found.kind == "turned"
    assert around(found.points) == pytest.approx((26, 20, 30, 32)), "12 x 4 pixels become 4 x 12"


def test_outlines() -> None:
    found = shape(points=[[0, 0], [50, 0], [10, 100]], closed=True)
    assert (found.kind, around(found.points)) == ("outline", (0, 0, 30, 40))
    found = shape(x=50, y=50, radiusX=10, radiusY=25, rotation=0)
    assert (found.kind, around(found.points)) == ("outline", (24, 10, 36, 30))


@pytest.mark.parametrize(
    "value", [{"format": "rle", "rle": [1]}, {"x": 1, "y": 1, "width": 0.5}, {"x": 1}, {}]
)
def test_what_is_no_box(value: dict[str, object]) -> None:
    assert shape(**value) is None


def test_a_key_point_has_a_width_and_is_no_box() -> None:
    value = {"x": 1, "y": 1, "width": 1, "height": 1}
    assert shape_of(Result({"type": "keypointlabels", "value": value}), 0, SIZE) is None


def test_names_and_kinds() -> None:
    result = Result({"value": {"x": 1, "rectanglelabels": ["cat", " ", 5, "dog"]}})
    assert (result.names, result.kind) == (("cat", "dog"), "rectanglelabels")
    result = Result({"type": "rectangle", "value": {"x": 1}})
    assert (result.names, result.is_plain, result.is_region) == ((), True, True)
    result = Result({"type": "choices", "value": {"choices": ["blurred"]}})
    assert (result.kind, result.is_region, result.is_plain) == ("choices", False, False)
    assert Result({}).kind == "nothing known"


@pytest.mark.parametrize("wrong", ["5", None, math.nan, [], 10**400])
def test_wrong_in_numbers(wrong: object) -> None:
    if wrong == "5":
        assert around(shape(x=wrong, y=0, width=1, height=1).points)[0] == 3
        return
    for found in (
        shape(x=wrong, y=0, width=1, height=1),
        shape(x=0, y=0, width=1, height=1, rotation=wrong or math.nan),
        shape(points=[[0, 0], [wrong, 1]]),
        shape(points=[[0, 0], [1]]),
    ):
        assert math.isnan(around(found.points)[0])


def test_the_size_is_that_of_the_first_result_that_has_one() -> None:
    good = {"original_width": 60, "original_height": 40}
    assert stated_size([None, {}, {"original_width": "60", "original_height": 4}, good]) == SIZE
    assert stated_size([{"original_width": 0, "original_height": 40}]) is None
    assert stated_size([]) is None
