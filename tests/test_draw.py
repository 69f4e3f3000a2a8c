"""draw_boxes: pixels where the box is, captions that stay inside, any size of picture."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont
from torch import Tensor

from frcnn import captions
from frcnn.draw import COLOURS, Look, colour_of, colours_of, draw_boxes
from frcnn.errors import ShapeError

RED = (255, 0, 0)
BLUE = (0, 0, 255)


def grey(height: int = 100, width: int = 120) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


def boxes_of(*rows: tuple[float, ...]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 4)


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return (before != after).any(axis=2)


def inked(drawn: np.ndarray, ink: int) -> int:
    """How many pixels are nearly black (0) or nearly white (255)."""
    return int((abs(drawn.astype(int) - ink) < 90).all(axis=2).sum())


# --- golden by hand


def test_golden_a_box_is_drawn_on_the_pixels_it_touches() -> None:
    drawn = draw_boxes(grey(), boxes_of((10, 20, 30, 50)), [""], [RED])
    red = (drawn == RED).all(axis=2)
    want = np.zeros((100, 120), bool)
    want[20:50, [10, 29]] = True  # columns 10 and 29 are the first and last inside 10 ... 30
    want[[20, 49], 10:30] = True
    np.testing.assert_array_equal(red, want)


def test_golden_parts_of_pixels_count() -> None:
    drawn = draw_boxes(grey(), boxes_of((10.4, 20.6, 29.2, 49.01)), [""], [RED])
    rows, columns = np.nonzero((drawn == RED).all(axis=2))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 49, 10, 29)


def test_a_line_has_a_darker_rim_on_both_sides() -> None:
    drawn = draw_boxes(grey(), boxes_of((40, 40, 80, 80)), [""], [RED])
    assert (drawn[60, [39, 41]] < 128).all()
    assert (drawn[60, [38, 42]] == 128).all()


def test_lines_grow_with_the_picture() -> None:
    def thickness(height: int, width: int) -> int:
        box = boxes_of((0.2 * width, 0.2 * height, 0.8 * width, 0.8 * height))
        middle = draw_boxes(grey(height, width), box, [""], [RED])[height // 2]
        return int((middle == RED).all(axis=1).sum()) // 2

    assert [thickness(60, 80), thickness(480, 640), thickness(1500, 2000)] == [1, 2, 5]


def test_the_first_box_is_drawn_on_top() -> None:
    both = boxes_of((10, 10, 60, 60), (10, 10, 60, 60))
    drawn = draw_boxes(grey(), both, ["", ""], [RED, BLUE])
    assert (drawn[30, 10] == RED).all()
    assert not (drawn == BLUE).all(axis=2).any()


def test_a_caption_stands_above_its_box_on_a_plate_of_its_colour() -> None:
    drawn = draw_boxes(grey(), boxes_of((20, 50, 80, 90)), ["nut 0.98"], [RED])
    plate = (drawn == RED).all(axis=2)
    assert plate[40, 20:60].sum() > 10  # plate behind the letters
    assert (drawn[38:50, 20:70] == 255).all(axis=2).any()  # white letters on red


def test_letters_are_black_on_light_and_white_on_dark_plates() -> None:
    for colour, ink in (((255, 235, 0), 0), ((150, 0, 40), 255)):
        drawn = draw_boxes(grey(), boxes_of((20, 50, 80, 90)), ["MMM"], [colour])
        assert inked(drawn[36:50, 20:80], ink) > 20


def test_without_room_above_the_caption_moves_inside() -> None:
    before = grey()
    drawn = draw_boxes(before, boxes_of((20, 0, 110, 90)), ["nut"], [RED])
    assert (drawn[4, 22:40] == RED).all(axis=1).any()


def test_captions_avoid_each_other() -> None:
    same = boxes_of((20, 40, 110, 90), (20, 40, 110, 90))
    one = draw_boxes(grey(), same[:1], ["MMMM"], [RED])
    two = draw_boxes(grey(), same, ["MMMM", "MMMM"], [RED, BLUE])
    letters = [(picture == 255).all(axis=2).sum() for picture in (one, two)]
    assert letters[1] == 2 * letters[0]


def test_letters_beyond_ascii_are_drawn() -> None:
    def ink(text: str) -> np.ndarray:
        return draw_boxes(grey(), boxes_of((10, 50, 110, 90)), [text], [RED])

    missing = ink("\uffff\uffff")
    for text in ("öß", "шй", "ψω"):
        assert changed(ink(text), missing).any(), "all letters look alike"


# --- what always holds


@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.lists(st.tuples(*[st.floats(-50, 150)] * 4), max_size=5),
    st.text(max_size=30),
)
def test_any_boxes_on_any_picture(
    height: int, width: int, rows: list[tuple[float, ...]], text: str
) -> None:
    before = grey(height, width)
    kept = before.copy()
    drawn = draw_boxes(before, boxes_of(*rows), [text] * len(rows), [RED] * len(rows))
    assert drawn.shape == before.shape
    assert drawn.dtype == np.uint8
    np.testing.assert_array_equal(before, kept)  # drawn on a copy
    assert bool(rows) == bool(changed(before, drawn).any())


def test_a_caption_never_leaves_the_picture() -> None:
    """The letters of a caption in a corner are as many as those of one in the middle."""
    spots = [(40, 40, 60, 60), (90, 0, 120, 20), (100, 90, 119, 99), (0, 90, 10, 100)]
    letters = []
    for spot in spots:
        drawn = draw_boxes(grey(), boxes_of(spot), ["MMM"], [RED])
        letters.append(int((drawn == 255).all(axis=2).sum()))
    assert len(set(letters)) == 1, letters


def test_a_long_caption_is_shortened() -> None:
    drawn = draw_boxes(grey(60, 60), boxes_of((10, 30, 50, 55)), ["M" * 50], [RED])
    plate = (drawn[15:29] == RED).all(axis=2).any(axis=0)
    assert 30 < plate.sum() <= 60


@pytest.mark.parametrize("size", [(1, 1), (5, 5), (1, 400), (400, 1), (8, 200)])
def test_thin_pictures(size: tuple[int, int]) -> None:
    drawn = draw_boxes(grey(*size), boxes_of((0, 0, size[1], size[0])), ["nut 0.98"], [RED])
    assert (drawn == RED).all(axis=2).any()


def test_lines_of_a_caption_become_one() -> None:
    one = draw_boxes(grey(), boxes_of((10, 50, 110, 90)), ["a b"], [RED])
    np.testing.assert_array_equal(
        one, draw_boxes(grey(), boxes_of((10, 50, 110, 90)), ["a\n b"], [RED])
    )


# --- colours


def test_twenty_colours_differ_and_come_again() -> None:
    assert len(set(COLOURS)) == 20
    assert colour_of(3) == colour_of(23) != colour_of(4)
    near = min(
        sum(abs(a - b) for a, b in zip(one, other, strict=True))
        for i, one in enumerate(COLOURS)
        for other in COLOURS[:i]
    )
    assert near > 60


def test_golden_classes_of_one_picture_differ() -> None:
    assert colours_of([[40, 60, 40]]) == {40: COLOURS[0], 60: COLOURS[1]}
    apart = colours_of([[40, 41], [60]])
    assert apart == {40: COLOURS[0], 41: COLOURS[1], 60: COLOURS[0]}, "never seen together"
    three = colours_of([[0, 20], [20, 1], [40]])
    assert three == {0: COLOURS[0], 1: COLOURS[1], 20: COLOURS[2], 40: COLOURS[0]}
    assert colours_of([]) == colours_of([[]]) == {}


@given(st.lists(st.lists(st.integers(0, 90), max_size=5), max_size=4))
def test_no_two_classes_of_one_picture_share_a_colour(pictures: list[list[int]]) -> None:
    """At most four others in each of four pictures are never twenty beside a class."""
    found = colours_of(pictures)
    for labels in pictures:
        assert len({found[label] for label in labels}) == len(set(labels))
    assert found == colours_of([labels[::-1] for labels in pictures[::-1]])


@given(st.lists(st.lists(st.integers(0, 19), max_size=20), max_size=5))
def test_of_twenty_classes_each_has_its_own_colour(pictures: list[list[int]]) -> None:
    found = colours_of(pictures)
    assert all(colour == colour_of(label) for label, colour in found.items())


def test_more_classes_than_colours_share_them_evenly() -> None:
    counts = Counter(colours_of([range(90)]).values())
    assert sorted(counts.values()) == [4] * 10 + [5] * 10


# --- nothing in


def test_no_boxes_no_change() -> None:
    before = grey()
    np.testing.assert_array_equal(draw_boxes(before, boxes_of(), [], []), before)


def test_without_matplotlib_pillows_own_font_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captions.importlib.util, "find_spec", lambda _: None)
    drawn = draw_boxes(grey(), boxes_of((20, 50, 80, 90)), ["nut"], [RED])
    assert inked(drawn, 255) > 5
    monkeypatch.setattr(ImageFont, "load_default", lambda _: ImageFont.load_default_imagefont())
    drawn = draw_boxes(grey(), boxes_of((20, 50, 80, 90)), ["nut"], [RED])
    assert inked(drawn, 255) > 5


# --- wrong in


@pytest.mark.parametrize(
    ("picture", "rows", "captions", "colours", "named"),
    [
        (grey()[:, :, 0], boxes_of(), [], [], "picture"),
        (grey().astype(np.float32), boxes_of(), [], [], "picture"),
        (grey(0, 5), boxes_of(), [], [], "picture"),
        (grey(), torch.zeros(2, 5), ["", ""], [RED, RED], "boxes"),
        (grey(), boxes_of((0, 0, 1, 1)), [], [RED], "captions"),
        (grey(), boxes_of((0, 0, 1, 1)), [""], [], "captions"),
    ],
)
def test_wrong_in(picture, rows, captions, colours, named) -> None:
    with pytest.raises(ShapeError, match=f"draw_boxes: {named}") as caught:
        draw_boxes(picture, rows, captions, colours)
    assert caught.value.code == "RC390"


def test_dashes_are_gaps_and_lines() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    box = torch.tensor([[10.0, 10.0, 50.0, 30.0]])
    drawn = draw_boxes(picture, box, [""], [COLOURS[0]], Look([True]))
    row = (drawn[10, 10:50] == COLOURS[0]).all(axis=1)
    assert row[:8].tolist() == [True] * 4 + [False] * 4
    whole = draw_boxes(picture, box, [""], [COLOURS[0]], Look([False]))
    assert (whole == draw_boxes(picture, box, [""], [COLOURS[0]])).all()
    assert (whole[10, 10:50] == COLOURS[0]).all()


@given(st.lists(st.floats(-50, 100), min_size=4, max_size=4), st.integers(1, 5))
def test_dashes_stay_on_their_box(edges: list[float], line: int) -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    x1, x2 = sorted(edges[:2])
    y1, y2 = sorted(edges[2:])
    box = torch.tensor([[x1, y1, x2, y2]])
    dashed, whole = (
        draw_boxes(picture, box, [""], [(255, 0, 0)], Look([d], line=line)) for d in (True, False)
    )
    red = (dashed == (255, 0, 0)).all(axis=2)
    assert red.any()
    if min(x2 - x1, y2 - y1) > 2 * line + 2:
        assert not (red & ~(whole == (255, 0, 0)).all(axis=2)).any()


def test_captions_that_would_cover_others_are_left_out_where_that_is_asked_for() -> None:
    picture = np.zeros((60, 80, 3), np.uint8)
    boxes = torch.tensor([[10.0, 20.0, 60.0, 40.0]] * 9)
    colours = [COLOURS[i] for i in range(9)]
    look = Look(crowded="leave out", letters=10)
    drawn = draw_boxes(picture, boxes, ["cat"] * 9, colours, look)
    plain = draw_boxes(picture, boxes, [""] * 9, colours, look)
    usual = draw_boxes(picture, boxes, ["cat"] * 9, colours, Look(letters=10))
    assert 0 < (drawn != plain).sum() < (usual != plain).sum() + 1


def test_wrong_in_dashes() -> None:
    with pytest.raises(ShapeError, match="dashed"):
        draw_boxes(
            np.zeros((4, 4, 3), np.uint8), torch.zeros(1, 4), [""], [COLOURS[0]], Look([True] * 2)
        )
