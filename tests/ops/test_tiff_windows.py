"""TiffWindows: a window has the very pixels that the whole picture would have."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from frcnn.errors import PictureError
from frcnn.ops import exif, pictures, tiff_windows
from frcnn.ops.tiff_windows import EMPTY, TiffWindows, stored_window
from frcnn.ops.tiles import Window, grid, whole
from frcnn.types import Size

tifffile = pytest.importorskip("tifffile")
PIXELS = np.random.default_rng(0).integers(0, 255, (60, 70, 3), dtype=np.uint8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.tif"


def require_same(path: Path, want: np.ndarray) -> None:
    with TiffWindows(path) as windows:
        assert tuple(windows.size) == want.shape[:2]
        places = [*grid(windows.size, 23, 5), whole(windows.size), Window(3, 7, 4, 8)]
        for x1, y1, x2, y2 in places:
            np.testing.assert_array_equal(windows.read(Window(x1, y1, x2, y2)), want[y1:y2, x1:x2])


# --- golden: what Pillow decodes at once


def picture_of(mode: str) -> Image.Image:
    image = Image.fromarray(PIXELS)
    if mode == "I;16":
        return Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 250)
    if mode in ("RGBA", "LA"):
        image.putalpha(Image.fromarray(PIXELS[..., 1]))
    return image.convert(mode)


@pytest.mark.parametrize(
    ("mode", "compression"),
    [
        *product(("L", "RGB", "RGBA", "LA", "P", "1", "I;16", "CMYK"), (None, "tiff_lzw")),
        *product(("L", "RGB"), ("tiff_adobe_deflate", "packbits", "jpeg", "zstd")),
        ("1", "group4"),
    ],
)
def test_strips_of_every_type_and_compression(path: Path, mode: str, compression: str) -> None:
    picture_of(mode).save(path, compression=compression, tiffinfo={278: 16})
    require_same(path, pictures.decode(path).pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientations(path: Path, orientation: int) -> None:
    Image.fromarray(PIXELS).save(path, tiffinfo={274: orientation, 278: 16})
    require_same(path, pictures.decode(path).pixels)


@pytest.mark.parametrize(
    ("dtype", "samples", "order"), [*product((np.uint8, np.uint16), (1, 3, 4), "<>")]
)
@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_big_tiffs(path: Path, dtype, samples: int, order: str, tile, compression) -> None:
    chance = np.random.default_rng(1)
    values = chance.integers(0, np.iinfo(dtype).max, (60, 70, samples), dtype=dtype)
    values = values[..., 0] if samples == 1 else values
    given = {"photometric": "minisblack" if samples == 1 else "rgb", "metadata": None}
    given |= {"tile": tile, "compression": compression, "byteorder": order, "rowsperstrip": 13}
    tifffile.imwrite(path, values, **given)
    want = pictures.decode(path).pixels
    require_same(path, want)
    tifffile.imwrite(path, values, **given, bigtiff=True)
    require_same(path, want)


@pytest.mark.parametrize("tile", [None, (16, 32)])
def test_separate_planes(path: Path, tile) -> None:
    values = np.moveaxis(PIXELS, 2, 0)
    given = {"photometric": "rgb", "planarconfig": "separate", "metadata": None}
    tifffile.imwrite(path, values, tile=tile, rowsperstrip=13, **given)
    require_same(path, PIXELS)


@given(st.integers(1, 8), st.integers(1, 9), st.integers(1, 9), st.data())
def test_the_stored_window_holds_the_same_pixels(
    orientation: int, height: int, width: int, data: st.DataObject
) -> None:
    stored = np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)
    turned = exif.upright(stored, orientation)
    size = Size(*turned.shape[:2])
    x1, y1 = data.draw(st.integers(0, size.width - 1)), data.draw(st.integers(0, size.height - 1))
    x2 = data.draw(st.integers(x1 + 1, size.width))
    y2 = data.draw(st.integers(y1 + 1, size.height))
    u1, v1, u2, v2 = stored_window(Window(x1, y1, x2, y2), size, orientation)
    got = exif.upright(stored[v1:v2, u1:u2], orientation)
    np.testing.assert_array_equal(got, turned[y1:y2, x1:x2])


# --- what a window costs


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Pixels of every strip or tile that is decoded."""
    seen: list[int] = []
    real = pictures.decode

    def decode(source, **more):
        decoded = real(source, **more)
        seen.append(decoded.pixels.shape[0] * decoded.pixels.shape[1])
        return decoded

    monkeypatch.setattr(tiff_windows.pictures, "decode", decode)
    return seen


def test_only_the_tiles_that_a_window_touches_are_decoded(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tifffile.imwrite(path, PIXELS, tile=(16, 16), compression="zlib", photometric="rgb")
    seen = counted(monkeypatch)
    with TiffWindows(path) as windows:
        windows.read(Window(16, 16, 32, 32))
        assert seen == [256]
        windows.read(Window(15, 16, 33, 32))  # its neighbours at both sides; itself is kept
        assert seen == [256] * 3


def test_a_single_strip_that_is_not_compressed_is_cut(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff_windows, "_PIECE", 70 * 8)
    tifffile.imwrite(path, PIXELS, photometric="rgb", rowsperstrip=60)
    seen = counted(monkeypatch)
    with TiffWindows(path) as windows:
        windows.read(Window(0, 20, 5, 26))
    assert seen == [70 * 8] * 2  # rows 16 ... 31
    require_same(path, PIXELS)


def test_what_is_kept_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiff_windows, "CACHE", 3 * 16 * 16 * 3)
    tifffile.imwrite(path, PIXELS, tile=(16, 16), compression="zlib", photometric="rgb")
    with TiffWindows(path) as windows:
        for window in grid(windows.size, 16, 3):
            windows.read(window)
            assert sum(kept.nbytes for kept in windows._cache.values()) <= 3 * 16 * 16 * 3


def test_parts_that_a_sparse_file_leaves_out_are_black(path: Path) -> None:
    tifffile.imwrite(path, PIXELS, tile=(16, 16), photometric="rgb", metadata=None)
    data = path.read_bytes()
    with TiffWindows(path) as windows:
        counts = windows._layout.counts
        assert windows.notes == ()
    table = b"".join(count.to_bytes(2, "little") for count in counts)
    table = table if table in data else b"".join(c.to_bytes(4, "little") for c in counts)
    width = len(table) // len(counts)
    path.write_bytes(data.replace(table, bytes(width) + table[width:]))
    with TiffWindows(path) as windows:
        assert windows.notes == (EMPTY,)
        assert not windows.read(Window(0, 0, 16, 16)).any()
        np.testing.assert_array_equal(windows.read(Window(16, 0, 70, 60)), PIXELS[:, 16:])


# --- wrong in


def test_a_damaged_tile_is_told_when_it_is_read(path: Path) -> None:
    tifffile.imwrite(path, PIXELS, tile=(16, 16), compression="zlib", photometric="rgb")
    with TiffWindows(path) as windows:
        start = windows._layout.offsets[0]
    data = bytearray(path.read_bytes())
    data[start : start + 40] = bytes(40)
    path.write_bytes(data)
    with TiffWindows(path) as windows:
        windows.read(Window(16, 16, 32, 32))
        with pytest.raises(PictureError, match=r"RC10[23]") as caught:
            windows.read(Window(0, 0, 8, 8))
        assert caught.value.place == str(path)


def test_floating_pixels(path: Path) -> None:
    tifffile.imwrite(path, PIXELS[..., 0].astype(np.float32))
    with TiffWindows(path) as windows, pytest.raises(PictureError, match=r"RC105.*floating"):
        windows.read(Window(0, 0, 8, 8))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="RC108"):
        TiffWindows(tmp_path / "none.tif")
