"""Contact sheets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.captions import font_of
from frcnn.data.sheet import CELL, Cell, Mark, draw_sheet, fitted
from frcnn.types import Size

RED = (255, 0, 0)


def cell(height: int, width: int, *marks: Mark, **more: object) -> Cell:
    pixels = np.full((height, width, 3), 200, np.uint8)
    return Cell(pixels=pixels, title="a.png", marks=marks, **more)  # type: ignore[arg-type]


def pixels_of(cells: list[Cell]) -> np.ndarray:
    return np.asarray(draw_sheet(("head", "note"), cells))


def test_golden_a_box_is_where_it_ought_to_be() -> None:
    mark = Mark(box=(0, 0, 30, 20), caption="", colour=RED)
    sheet = pixels_of([cell(40, 60, mark)])
    rows, columns = np.nonzero((sheet == RED).all(axis=2))
    assert columns.max() - columns.min() + 1 == 30 * 8, "a tiny picture is enlarged eight times"
    assert rows.max() - rows.min() + 1 == 20 * 8


def test_sheets_are_about_as_wide_as_a_screen() -> None:
    for count, columns in ((1, 1), (2, 1), (4, 2), (12, 4), (24, 5)):
        width = pixels_of([cell(75, 100)] * count).shape[1]
        assert width // CELL == columns


def test_as_many_columns_as_are_asked_for() -> None:
    cells = [cell(75, 100)] * 4
    wide = np.asarray(draw_sheet(("head",), cells, 4))
    assert wide.shape[1] // CELL == 4
    assert np.asarray(draw_sheet(("head",), cells, 1)).shape[1] // CELL == 1


def test_golden_a_picture_smaller_than_its_room_is_seen_to_be_smaller() -> None:
    mark = Mark(box=(0, 0, 30, 20), caption="", colour=RED)
    sheet = pixels_of([cell(40, 60, mark, room=Size(347, CELL))])
    rows, columns = np.nonzero((sheet == RED).all(axis=2))
    assert np.ptp(columns) + 1 == 30
    assert np.ptp(rows) + 1 == 20


@given(st.lists(st.tuples(st.integers(1, 90), st.integers(1, 90)), min_size=1, max_size=3))
def test_every_size_of_picture_has_its_place(sizes: list[tuple[int, int]]) -> None:
    marks = [
        Mark(box=(0, 0, 1, 1), caption="one", colour=RED),
        Mark(box=(-9, -9, -3, -3), caption="outside", colour=RED, is_dashed=True),
        Mark(box=(5, 5, 5, 1), caption="flat", colour=RED, is_dashed=True),
        Mark(box=(-1e9, 0, 1e9, 1e9), caption="huge", colour=RED),
    ]
    sheet = pixels_of([cell(*size, *marks) for size in sizes])
    assert (sheet == RED).all(axis=2).any()


def test_a_picture_that_cannot_be_read_is_a_grey_cell() -> None:
    bad = Cell(pixels=None, title="bad.jpg", faults="RC103: the picture is damaged")
    assert pixels_of([bad]).shape == pixels_of([cell(75, 100, faults="x")]).shape
    assert pixels_of([bad, cell(75, 100)]).shape[1] > CELL


def test_hundreds_of_boxes_and_classes() -> None:
    marks = [
        Mark(
            box=(n % 20 * 5, n // 20 * 5, n % 20 * 5 + 4, n // 20 * 5 + 4),
            caption=f"class {n}",
            colour=RED,
        )
        for n in range(400)
    ]
    counts = [(RED, f"class {n} 1") for n in range(400)]
    sheet = pixels_of([cell(100, 100, *marks, counts=counts)])
    assert sheet.shape[1] == CELL + 32


@pytest.mark.parametrize("count", [1, 2])
def test_a_class_with_a_name_longer_than_the_cell(count: int) -> None:
    assert pixels_of([cell(9, 9, counts=[(RED, "x" * 500)] * count)]).any()


def test_texts_are_shortened_in_their_middle() -> None:
    font = font_of(14)
    text = fitted("a" * 200 + "_0042.png", font, 100)
    assert text.startswith("aa")
    assert text.endswith(".png")
    assert "..." in text
    assert font.getlength(text) <= 100
    assert fitted("short", font, 100) == "short"
    assert fitted("two\nlines", font, 100) == "two?lines"
    assert fitted("abcdef", font, 1) == ""


def test_nothing_in() -> None:
    empty = Cell(pixels=np.zeros((1, 1, 3), np.uint8), title="")
    assert pixels_of([empty]).shape[2] == 3
