"""Where captions go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.captions import (
    Rectangle,
    place_captions,
    place_free_captions,
    style_for,
)
from frcnn.types import Size

SIZE = Size(height=100, width=200)
STYLE = style_for(SIZE)

numbers = st.integers(0, 80)
rectangles = st.builds(
    lambda x, y, w, h: Rectangle(x, y, x + w + 1, y + h + 1), numbers, numbers, numbers, numbers
)


def test_golden_above_its_box() -> None:
    frame = Rectangle(50, 50, 90, 80)
    for place in (place_captions, place_free_captions):
        ((plate, text),) = place([frame], ["cat"], STYLE, SIZE)
        assert text == "cat"
        assert (plate.left, plate.bottom) == (50, 50)


def test_golden_common_pixels() -> None:
    assert Rectangle(0, 0, 10, 10).common(Rectangle(8, 5, 20, 20)) == 10
    assert Rectangle(0, 0, 10, 10).common(Rectangle(10, 0, 20, 10)) == 0


def test_style_grows_with_the_picture_or_is_as_asked() -> None:
    assert style_for(Size(2000, 3000)).line > STYLE.line
    assert style_for(SIZE, line=3).line == 3
    assert style_for(SIZE, letters=14).plate > STYLE.plate
    assert style_for(Size(30, 200), letters=14).plate < 20, "what fits a low picture"


@given(st.lists(rectangles, max_size=12))
def test_free_captions_cover_nothing(frames: list[Rectangle]) -> None:
    placed = place_free_captions(frames, ["cat"] * len(frames), STYLE, SIZE)
    plates = [plate for plate, text in placed if text]
    assert not any(a.common(b) for i, a in enumerate(plates) for b in plates[:i])
    for plate in plates:
        assert all(plate.common(f) <= 0.3 * f.common(f) for f in frames)
        assert plate.left >= 0 <= plate.top
        assert plate.right <= SIZE.width
        assert plate.bottom <= SIZE.height


def test_ten_boxes_in_one_place() -> None:
    frames = [Rectangle(50, 50, 90, 80)] * 10
    placed = place_free_captions(frames, ["cat"] * 10, STYLE, SIZE)
    assert 1 <= sum(bool(text) for _, text in placed) < 10
    assert all(text for _, text in place_captions(frames, ["cat"] * 10, STYLE, SIZE))


@pytest.mark.parametrize("place", [place_captions, place_free_captions])
def test_nothing_in(place) -> None:
    assert place([], [], STYLE, SIZE) == []
    assert [text for _, text in place([Rectangle(0, 0, 1, 1)], [""], STYLE, SIZE)] == [""]
    tiny = Size(3, 3)
    frames = [Rectangle(0, 0, 3, 3)]
    assert [text for _, text in place(frames, ["cat"], style_for(tiny), tiny)] == [""]
