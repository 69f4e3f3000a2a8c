"""By what the sides of a JPEG are divided; `test_pictures_in_part.py` decodes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.ops.picture_parts import part_of, whole
from frcnn.types import Size

SIZES = st.builds(Size, st.integers(1, 5000), st.integers(1, 5000))


@pytest.mark.parametrize(
    ("enough", "part"),
    [((600, 800), 4), ((751, 800), 2), ((600, 1001), 2), ((10, 10), 8), ((3000, 4000), 1)],
)
def test_golden_parts_of_twelve_megapixels(enough: tuple[int, int], part: int) -> None:
    assert part_of(Size(3000, 4000), Size(*enough)) == part


@given(size=SIZES, enough=SIZES)
def test_the_largest_part_that_is_enough(size: Size, enough: Size) -> None:
    part = part_of(size, enough)
    fits = [
        n
        for n in (1, 2, 4, 8)
        if size.height >= n * enough.height and size.width >= n * enough.width
    ]
    assert part == max(fits, default=1)


def test_all_of_it() -> None:
    assert whole(Size(3000, 4000)) is None
    assert part_of(Size(3000, 4000), None) == 1
