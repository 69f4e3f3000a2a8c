"""A form named by a person: in the words of RC260, and never against what the boxes say."""

from itertools import product

import pytest

from frcnn.data.slip_choice import chosen_reading, nothing_to_choose, reading_named
from frcnn.data.slips import FORMS, UNITS, Slip, words
from frcnn.errors import AnnotationError, ConfigError

CORNER, CENTRE = ("x y width height", "pixels"), ("centre x y, width height", "pixels")
ONE = Slip(failing=20, count=20, readings=(CORNER,), unexplained=0)
TWO = Slip(failing=20, count=20, readings=(CORNER, CENTRE), unexplained=0)


@pytest.mark.parametrize("reading", list(product(FORMS, UNITS)))
def test_golden_every_form_is_known_by_its_words(reading: tuple[str, str]) -> None:
    assert reading_named(words(reading)) == reading


def test_golden_the_only_form_is_taken_and_of_several_the_chosen_one() -> None:
    assert chosen_reading(ONE, None, "yolo", "p") == CORNER
    assert chosen_reading(ONE, CORNER, "yolo", "p") == CORNER
    assert chosen_reading(TWO, CENTRE, "yolo", "p") == CENTRE


def test_wrong_in_nothing_chosen_of_several() -> None:
    with pytest.raises(AnnotationError, match="more than one form explains the boxes") as caught:
        chosen_reading(TWO, None, "yolo", "set: train")
    error = caught.value
    assert (error.code, error.place) == ("RC260", "set: train")
    assert error.want == "x y width height in pixels or centre x y, width height in pixels"
    assert '--read-as "x y width height in pixels"' in error.fix


def test_wrong_in_a_form_that_explains_nothing() -> None:
    with pytest.raises(AnnotationError, match="do not have the form that was named") as caught:
        chosen_reading(ONE, CENTRE, "yolo", "set: train")
    assert caught.value.code == "RC260"
    assert nothing_to_choose(CENTRE, "coco", "set").code == "RC260"


@pytest.mark.parametrize("text", ["", "x y width height", "x y in metres", "pixels"])
def test_wrong_in_no_form(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        reading_named(text)
    assert caught.value.code == "RC329"
