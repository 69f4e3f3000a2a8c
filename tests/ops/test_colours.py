"""Every type of pixel as RGB of 8 bits, against plain NumPy: A13 to A21 of the catalogue."""

import io

import numpy as np
import pytest
from PIL import Image

from frcnn.errors import PictureError
from frcnn.ops.colours import to_rgb
from frcnn.ops.pictures import decode

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (13, 17), dtype=np.uint8)
RGB = RNG.integers(0, 256, (13, 17, 3), dtype=np.uint8)
ALPHA = RNG.integers(0, 256, (13, 17, 1), dtype=np.uint8)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def spread(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[:, :, None], 3, axis=2)


def on_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha.astype(float) / 255
    return np.floor(rgb * share + 255 * (1 - share) + 0.5 - 1e-9)


def test_a13_grey() -> None:
    np.testing.assert_array_equal(decode(saved(Image.fromarray(GREY))).pixels, spread(GREY))


def test_a14_one_bit() -> None:
    found = decode(saved(Image.fromarray(GREY > 127))).pixels
    np.testing.assert_array_equal(found, spread(np.where(GREY > 127, 255, 0).astype(np.uint8)))


def palette_image() -> Image.Image:
    image = Image.fromarray(GREY % 4, "P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
    return image


COLOURS = np.array([[10, 20, 30], [40, 50, 60], [70, 80, 90], [100, 110, 120]], np.uint8)


def test_a15_palette() -> None:
    np.testing.assert_array_equal(decode(saved(palette_image())).pixels, COLOURS[GREY % 4])


@pytest.mark.parametrize("clear", [2, b"\xff\x80\x00\xff"], ids=["one colour", "bytes"])
def test_a16_palette_with_transparency(clear: int | bytes) -> None:
    alphas = np.array([255, 255, 0, 255] if clear == 2 else list(clear), np.uint8)  # type: ignore[arg-type]
    found = decode(saved(palette_image(), transparency=clear))
    index = GREY % 4
    np.testing.assert_array_equal(found.pixels, on_white(COLOURS[index], alphas[index][:, :, None]))
    assert found.notes == ("see-through parts laid on white",)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a17_grey_with_alpha(kind: str) -> None:
    image = Image.fromarray(np.dstack((GREY, ALPHA)), "LA")
    found = decode(saved(image, kind)).pixels
    np.testing.assert_array_equal(found, on_white(spread(GREY), ALPHA))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a18_rgb_with_alpha(kind: str) -> None:
    """What lies under a see-through pixel never shows."""
    found = decode(saved(Image.fromarray(np.dstack((RGB, ALPHA))), kind)).pixels
    np.testing.assert_array_equal(found, on_white(RGB, ALPHA))
    clear = np.dstack((RGB, np.zeros_like(ALPHA)))
    assert (decode(saved(Image.fromarray(clear), kind)).pixels == 255).all()


def test_a18_webp_with_alpha() -> None:
    image = Image.fromarray(np.dstack((RGB, ALPHA)))
    found = decode(saved(image, "WEBP", lossless=True, exact=True)).pixels
    np.testing.assert_array_equal(found, on_white(RGB, ALPHA))


@pytest.mark.parametrize(("pixels", "clear"), [(GREY, 7), (RGB, (1, 2, 3))], ids=["grey", "RGB"])
def test_a18_one_colour_declared_transparent(pixels: np.ndarray, clear: object) -> None:
    marked = pixels.copy()
    marked[2, 3] = clear
    found = decode(saved(Image.fromarray(marked), transparency=clear)).pixels
    assert (found[2, 3] == 255).all()
    assert (found[5, 5] == marked[5, 5]).all()


@pytest.mark.parametrize("quality", [90, 100])
def test_a19_cmyk(quality: int) -> None:
    """Pillow stores CMYK JPEGs inverted, as Adobe does, and reads them back so."""
    smooth = np.add.outer(np.arange(64), np.arange(64))[:, :, None] + np.array([0, 50, 100])
    image = Image.fromarray(smooth.astype(np.uint8)).convert("CMYK")
    found = decode(saved(image, "JPEG", quality=quality))
    want = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(found.pixels - want).mean() <= 2
    assert found.notes == ("CMYK converted without a colour profile",)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a20_sixteen_bit_grey_is_scaled(kind: str) -> None:
    values = RNG.integers(0, 65536, (40, 50), dtype=np.uint16)
    found = decode(saved(Image.fromarray(values), kind))
    np.testing.assert_array_equal(found.pixels, spread(np.round(values / 257).astype(np.uint8)))
    assert abs(found.pixels.mean() - values.mean() / 257) <= 0.5
    assert found.notes == ("16-bit grey scaled to 8 bits",)


def test_a20_both_ends_of_sixteen_bits_stay() -> None:
    values = np.array([[0, 65535]], np.uint16)
    assert decode(saved(Image.fromarray(values))).pixels[0, :, 0].tolist() == [0, 255]


def test_a20_a_transparent_sixteen_bit_value() -> None:
    values = np.array([[700, 65535, 0]], np.uint16)
    found = decode(saved(Image.fromarray(values), transparency=700)).pixels
    assert found[0, :, 0].tolist() == [255, 255, 0]


def test_a20_sixteen_bit_colour_keeps_its_high_byte() -> None:
    import struct
    import zlib

    def chunk(name: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + crc

    values = RNG.integers(0, 65536, (30, 40, 3), dtype=np.uint16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", 40, 30, 16, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    found = decode(b"\x89PNG\r\n\x1a\n" + parts).pixels
    np.testing.assert_array_equal(found, values >> 8)
    assert abs(found.mean() - values.mean() / 257) <= 0.5


@pytest.mark.parametrize(
    ("image", "got"),
    [
        (Image.fromarray(np.ones((2, 2), np.float32)), "floating values"),
        (Image.fromarray(np.ones((2, 2), np.int32)), "32-bit values"),
        (Image.new("LAB", (2, 2)), "mode LAB"),
    ],
    ids=["A21 float", "A21 32 bits", "LAB"],
)
def test_wrong_in(image: Image.Image, got: str) -> None:
    with pytest.raises(PictureError) as caught:
        to_rgb(image, "a.tif")
    assert caught.value.code == "RC105"
    assert caught.value.got == got
    assert caught.value.place == "a.tif"


def test_rows_beyond_one_band_are_composited_alike() -> None:
    rgb = RNG.integers(0, 256, (600, 3, 3), dtype=np.uint8)
    alpha = RNG.integers(0, 256, (600, 3, 1), dtype=np.uint8)
    found, _ = to_rgb(Image.fromarray(np.dstack((rgb, alpha))), "x")
    np.testing.assert_array_equal(found, on_white(rgb, alpha))
