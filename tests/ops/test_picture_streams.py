"""What decoders are given: checked bytes, without EXIF, text and animation."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from frcnn.errors import PictureError
from frcnn.ops.picture_header import MAX_PIXELS, read_header
from frcnn.ops.picture_streams import NO_END, pixel_stream, with_fillers

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def saved(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, kind, **options)
    return file.getvalue()


def stream(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    header = read_header(io.BytesIO(data), "x", max_pixels=MAX_PIXELS)
    return pixel_stream(data, header, "x")


def oriented() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "TIFF"])
def test_a_plain_file_keeps_its_pixels(kind: str) -> None:
    data = saved(kind)
    reduced, notes = stream(data)
    np.testing.assert_array_equal(decoded(reduced), decoded(data))
    assert notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_pillow_no_longer_sees_a_rotation(kind: str) -> None:
    reduced, _ = stream(saved(kind, exif=oriented()))
    image = Image.open(io.BytesIO(reduced))
    assert image.getexif().get(0x0112, 1) == 1
    image.load()
    assert image.size == (30, 20)


def test_text_and_animation_are_left_out_of_a_png() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "hello", zip=True)
    reduced, notes = stream(saved("PNG", pnginfo=info, exif=oriented(), dpi=(300, 300)))
    names = set()
    at = 8
    while at < len(reduced):
        length, name = struct.unpack_from(">I4s", reduced, at)
        names.add(name)
        at += length + 12
    assert names == {b"IHDR", b"IDAT", b"IEND"}
    assert notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_bytes_after_the_end(kind: str) -> None:
    assert stream(saved(kind) + bytes(7))[1] == ("7 bytes after the end",)


def test_missing_end_marks() -> None:
    assert stream(saved("PNG")[:-12])[1] == (NO_END,)
    assert stream(saved("PNG")[:-5])[1] == (NO_END,)
    reduced, notes = stream(saved("JPEG")[:-2])
    assert notes == (NO_END,)
    assert reduced == saved("JPEG")


def test_filler_changes_a_jpeg_that_is_cut_short_and_no_other() -> None:
    whole, _ = stream(saved("JPEG")[:-2])
    for other in with_fillers(whole):
        np.testing.assert_array_equal(decoded(other), decoded(whole))
    cut, _ = stream(saved("JPEG")[:-200])
    assert all((decoded(other) != decoded(cut)).any() for other in with_fillers(cut))


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_progressive_jpeg_may_lack_its_end_and_no_scan(mode: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).convert(mode).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    reduced, notes = stream(data[:-2])
    assert (reduced, notes) == (data, (NO_END,))
    last = data.rfind(b"\xff\xda")
    reduced, notes = stream(data[:last])
    assert (reduced, notes) == (data[:last], (NO_END,))  # a decoder finds no end, and says so


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def with_chunk(name: bytes, body: bytes) -> bytes:
    data = saved("PNG")
    return data[:33] + chunk(name, body) + data[33:]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1 << 20))),
        (b"zTXt", b"Comment\0\0 this is not compressed at all"),
        (b"zTXt", b"no end of the keyword"),
        (b"iTXt", b"Comment\0\0\0\0\0" + bytes(3 << 20)),
        (b"tEXt", b"Comment\0" + bytes(3 << 20)),
    ],
    ids=["at the limit", "not compressed", "no keyword", "long and plain", "old and plain"],
)
def test_text_that_does_no_harm(name: bytes, body: bytes) -> None:
    reduced, _ = stream(with_chunk(name, body))
    np.testing.assert_array_equal(decoded(reduced), PIXELS)


@pytest.mark.parametrize(
    ("data", "code", "got"),
    [
        (saved("PNG")[:-100], "RC102", "bytes of a chunk at byte 33"),
        (saved("PNG")[:30], "RC102", "bytes of a chunk at byte 8"),
        (saved("PNG").replace(b"IDATx", b"IDATy"), "RC103", "chunk IDAT at byte 33"),
        (saved("WEBP")[:-3], "RC102", "bytes"),
        (
            with_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes((1 << 20) + 1))),
            "RC107",
            "more than 1048576 bytes of text",
        ),
    ],
    ids=["cut in the pixels", "cut in the header", "checksum", "WebP", "text bomb"],
)
def test_wrong_in(data: bytes, code: str, got: str) -> None:
    with pytest.raises(PictureError) as caught:
        stream(data)
    assert caught.value.code == code
    assert got in caught.value.got


def test_a_png_cut_inside_a_chunk_that_is_left_out() -> None:
    data = saved("PNG")[:33] + chunk(b"tEXt", bytes(500))[:100]
    with pytest.raises(PictureError, match="RC102"):
        stream(data)
