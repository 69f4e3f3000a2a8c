"""Headers of the five kinds: sizes as Pillow writes them, and what may stand in the way."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from frcnn.ops import picture_kinds as kinds
from frcnn.types import Size

IMAGE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8))
READERS = {
    "JPEG": kinds.read_jpeg,
    "PNG": kinds.read_png,
    "WEBP": kinds.read_webp,
    "BMP": kinds.read_bmp,
    "TIFF": kinds.read_tiff,
}


def saved(kind: str, **options: object) -> io.BytesIO:
    file = io.BytesIO()
    IMAGE.save(file, kind, **options)
    return file


def oriented(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


@pytest.mark.parametrize("kind", READERS)
def test_size_and_kind(kind: str) -> None:
    header = READERS[kind](saved(kind))
    assert header.kind == kind
    assert header.stored == Size(height=20, width=30)
    assert header.upright == header.stored
    assert header.notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation(kind: str) -> None:
    header = READERS[kind](saved(kind, exif=oriented(6)))
    assert header.orientation == 6
    assert header.stored == Size(20, 30)
    assert header.upright == Size(30, 20)
    assert header.notes == ("EXIF rotation 6 applied",)


@pytest.mark.parametrize("options", [{"progressive": True}, {"optimize": True}, {"quality": 5}])
def test_jpeg_variants(options: dict[str, object]) -> None:
    assert kinds.read_jpeg(saved("JPEG", **options)).stored == Size(20, 30)


@pytest.mark.parametrize("options", [{"lossless": True}, {"exact": True, "quality": 50}])
def test_webp_variants(options: dict[str, object]) -> None:
    assert kinds.read_webp(saved("WEBP", **options)).stored == Size(20, 30)


def test_a_second_exif_segment_is_cut_out_but_not_obeyed() -> None:
    data = saved("JPEG", exif=oriented(6)).getvalue()
    other = saved("JPEG", exif=oriented(3)).getvalue()
    (start, end), *_ = kinds.read_jpeg(io.BytesIO(other)).exif_spans
    (_, at), *_ = kinds.read_jpeg(io.BytesIO(data)).exif_spans
    header = kinds.read_jpeg(io.BytesIO(data[:at] + other[start:end] + data[at:]))
    assert header.orientation == 6
    assert len(header.exif_spans) == 2


def test_a_bmp_may_run_downwards_or_be_old() -> None:
    data = bytearray(saved("BMP").getvalue())
    data[22:26] = struct.pack("<i", -20)
    assert kinds.read_bmp(io.BytesIO(data)).stored == Size(20, 30)
    old = b"BM" + bytes(12) + struct.pack("<IHH", 12, 30, 20)
    assert kinds.read_bmp(io.BytesIO(old)).stored == Size(20, 30)


def test_fill_bytes_and_lone_markers_between_segments_of_a_jpeg() -> None:
    data = saved("JPEG").getvalue()
    padded = data[:2] + b"\xff\x01" + b"\xff\xff\xff" + data[2:]
    assert kinds.read_jpeg(io.BytesIO(padded)).stored == Size(20, 30)


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (1, (1, ())),
        (8, (8, ("EXIF rotation 8 applied",))),
        (0, (1, ("EXIF rotation 0 ignored: not one of 1 ... 8",))),
        (9, (1, ("EXIF rotation 9 ignored: not one of 1 ... 8",))),
    ],
)
def test_judged_orientation(value: int, want: tuple[int, tuple[str, ...]]) -> None:
    assert kinds.judged_orientation(value) == want


VP8X = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0"


def test_a_webp_that_announces_exif_and_has_none() -> None:
    header = kinds.read_webp(io.BytesIO(VP8X + b"\x08\0\0\0" + b"\x1d\0\0" + b"\x13\0\0"))
    assert header.stored == Size(20, 30)
    assert header.notes == ("EXIF ignored: announced, but not there",)


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        ("JPEG", b"\xff\xd8\x00\x00", "no marker"),
        ("JPEG", b"\xff\xd8\xff\xe0\x00\x01", "less than no bytes"),
        ("JPEG", b"\xff\xd8\xff\xd9", "no frame header"),
        ("JPEG", b"\xff\xd8" + segment(0xDA, b"x"), "no frame header"),
        ("JPEG", b"\xff\xd8" + segment(0xC0, b"\x0c\0\x14\0\x1e"), "12 bits per colour"),
        ("PNG", bytes(8) + struct.pack(">I4s", 13, b"IDAT"), "not IHDR"),
        ("WEBP", b"RIFF\0\0\0\0WEBPALPH" + bytes(20), "no picture in the first chunk"),
        ("TIFF", b"II*\0\x08\0\0\0\0\0\0\0\0\0", "no width and height"),
    ],
)
def test_damaged(kind: str, data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        READERS[kind](io.BytesIO(data))


@pytest.mark.parametrize("kind", READERS)
def test_cut_short_anywhere_in_the_header(kind: str) -> None:
    data = saved(kind).getvalue()
    for end in range(12):
        with pytest.raises((EOFError, struct.error, ValueError)):
            READERS[kind](io.BytesIO(data[:end]))


def test_a_png_of_endless_chunks_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "_MOST_PARTS", 2)
    with pytest.raises(ValueError, match="too many chunks"):
        kinds.read_png(io.BytesIO(saved("PNG").getvalue()[:33] + bytes(12) * 5))
