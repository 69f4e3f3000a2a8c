"""JPEGs decoded in a half, a quarter or an eighth of their size, where that is enough."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from frcnn.errors import PictureError
from frcnn.ops import pictures
from frcnn.ops.picture_parts import whole
from frcnn.ops.pictures import Decoded
from frcnn.types import Size

ORIENTATION = 0x0112


def smooth(height: int, width: int) -> np.ndarray:
    """Three slow waves, one for each colour: what any good way of shrinking keeps."""
    y, x = np.mgrid[:height, :width] / 40
    waves = [np.sin(x + y), np.cos(x - y), np.sin(x * 0.5 + 1)]
    return (np.stack(waves, axis=2) * 100 + 128).astype(np.uint8)


def jpeg(height: int, width: int, *, mode: str = "RGB", orientation: int = 1) -> bytes:
    file, exif = io.BytesIO(), Image.Exif()
    exif[ORIENTATION] = orientation
    Image.fromarray(smooth(height, width)).convert(mode).save(file, "JPEG", quality=95, exif=exif)
    return file.getvalue()


def decoded(source: bytes, height: int, width: int) -> Decoded:
    return pictures.decode(source, enough=lambda _size: Size(height=height, width=width))


@pytest.mark.parametrize(
    ("enough", "shape"),
    [
        ((48, 64), (48, 64)),
        ((25, 32), (48, 64)),
        ((24, 32), (24, 32)),
        ((13, 16), (24, 32)),
        ((12, 16), (12, 16)),
        ((6, 8), (6, 8)),
        ((1, 1), (6, 8)),  # libjpeg leaves out no more than that
        ((100, 100), (48, 64)),
    ],
)
def test_golden_the_smallest_part_that_is_enough(
    enough: tuple[int, int], shape: tuple[int, int]
) -> None:
    found = decoded(jpeg(48, 64), *enough)
    assert found.pixels.shape == (*shape, 3)
    assert found.size == Size(height=48, width=64)
    assert found.pixels.flags.writeable


@given(
    size=st.tuples(st.integers(8, 70), st.integers(8, 70)),
    enough=st.tuples(st.integers(1, 70), st.integers(1, 70)),
)
def test_no_side_is_shorter_than_is_enough(size: tuple[int, int], enough: tuple[int, int]) -> None:
    found = decoded(jpeg(*size), *enough)
    for side, full, least in zip(found.pixels.shape, size, enough, strict=False):
        assert side >= min(least, full)
        assert side in {-(-full // part) for part in (1, 2, 4, 8)}


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("part", [2, 4, 8])
def test_a_part_is_the_whole_shrunk(mode: str, part: int) -> None:
    source = jpeg(96, 160, mode=mode)
    whole, found = pictures.decode(source), decoded(source, 96 // part, 160 // part)
    shrunk = Image.fromarray(whole.pixels).resize((160 // part, 96 // part), Image.Resampling.BOX)
    apart = np.abs(np.asarray(shrunk).astype(int) - found.pixels)
    assert apart.mean() < 2
    assert found.notes == whole.notes


def test_the_decoder_may_be_told_by_the_size() -> None:
    seen: list[Size] = []

    def half(size: Size) -> Size:
        seen.append(size)
        return Size(size.height // 2, size.width // 2)

    assert pictures.decode(jpeg(40, 60), enough=half).pixels.shape == (20, 30, 3)
    assert seen == [Size(height=40, width=60)]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_enough_and_size_are_of_the_upright_picture(orientation: int) -> None:
    source = jpeg(32, 64, orientation=orientation)
    upright = (64, 32) if orientation >= 5 else (32, 64)
    found = decoded(source, upright[0] // 4, upright[1] // 4)
    assert found.size == Size(*upright)
    assert found.pixels.shape[:2] == (upright[0] // 4, upright[1] // 4)
    whole = Image.fromarray(pictures.decode(source).pixels)
    shrunk = np.asarray(whole.resize((upright[1] // 4, upright[0] // 4), Image.Resampling.BOX))
    assert np.abs(shrunk.astype(int) - found.pixels).mean() < 3


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP", "TIFF"])
def test_other_kinds_are_decoded_whole(kind: str) -> None:
    file = io.BytesIO()
    Image.fromarray(smooth(32, 48)).save(file, kind)
    found = decoded(file.getvalue(), 4, 6)
    assert found.pixels.shape == (32, 48, 3)
    assert found.size == Size(height=32, width=48)


def test_all_pixels_come_unless_less_is_said_to_be_enough() -> None:
    source = jpeg(33, 47)
    np.testing.assert_array_equal(
        pictures.decode(source).pixels, pictures.decode(source, enough=whole).pixels
    )
    assert pictures.decode(source).pixels.shape == (33, 47, 3)


@pytest.mark.parametrize("left", [0.2, 0.5, 0.8])
def test_a_picture_that_is_cut_short_is_found_in_a_part_too(left: float) -> None:
    source = jpeg(200, 300)
    with pytest.raises(PictureError, match="RC102"):
        decoded(source[: int(len(source) * left)], 25, 37)


def test_a_picture_without_its_end_is_whole_in_a_part_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(64, 96)[:-2])
    found = pictures.decode(path, enough=lambda _size: Size(height=16, width=24))
    assert found.pixels.shape == (16, 24, 3)
    assert found.notes
