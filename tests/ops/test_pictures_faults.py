"""decode and read_header on bad and odd files: `reliability` A01 to A45, one row or test each.

Each refused file gives one PictureError with code, place and fix, exit code 3, and is left as it
was. Each accepted one gives the right pixels and a remark.
"""

import hashlib
import io
import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from frcnn.errors import PictureError
from frcnn.ops.picture_header import MAX_PIXELS, open_regular, read_header
from frcnn.ops.pictures import decode
from frcnn.types import Size

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (48, 64, 3), dtype=np.uint8)


def saved(kind: str, pixels: np.ndarray = PIXELS, **options: object) -> bytes:
    """A picture file in memory."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


JPEG, PNG, BMP, WEBP, TIFF = (saved(kind) for kind in ("JPEG", "PNG", "BMP", "WEBP", "TIFF"))


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(
    width: int, height: int, packed: bytes = b"", bits: int = 1, *, before: bytes = b""
) -> bytes:
    """A PNG whose header says what it likes."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + before + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def bomb(width: int, height: int) -> bytes:
    """A 1-bit PNG of zeros: tens of kilobytes that unpack to megabytes."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return png(width, height, packed)


def lying_bmp() -> bytes:
    head = b"BM" + struct.pack("<IHHI", 54, 0, 0, 54)
    return head + struct.pack("<IiiHHIIiiII", 40, 30000, 30000, 1, 24, 0, 0, 0, 0, 0, 0)


def text_bomb(name: bytes = b"zTXt") -> bytes:
    packed = zlib.compress(b"a" * (64 << 20), 9)
    body = b"Comment\0\0" + packed if name == b"zTXt" else b"Comment\0\1\0en\0Kommentar\0" + packed
    return PNG[:33] + chunk(name, body) + PNG[33:]


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


def in_idat(data: bytes) -> int:
    return data.index(b"IDAT") + 40


REFUSED: list[tuple[str, str, str, Callable[[], bytes]]] = [
    ("A01 empty", "RC101", "an empty file", lambda: b""),
    ("A02 one byte", "RC102", "cut short", lambda: b"\xff"),
    ("A03 text", "RC101", "text", lambda: b"not a picture at all, sorry\n"),
    ("A04 404 page", "RC101", "an HTML page", lambda: b"\n<!DOCTYPE html><title>404</title>"),
    ("A05 cut header of a JPEG", "RC102", "cut short", lambda: JPEG[:20]),
    ("A05 cut header of a PNG", "RC102", "cut short", lambda: PNG[:20]),
    ("A05 cut header of a BMP", "RC102", "cut short", lambda: BMP[:20]),
    ("A05 cut header of a WebP", "RC102", "cut short", lambda: WEBP[:20]),
    ("A05 cut header of a TIFF", "RC103", "cut short", lambda: TIFF[:20]),
    ("A06 half a JPEG", "RC102", "cut short", lambda: JPEG[: len(JPEG) // 2]),
    ("A07 half a PNG", "RC102", "cut short", lambda: PNG[: len(PNG) // 2]),
    ("A07 half a WebP", "RC102", "cut short", lambda: WEBP[: len(WEBP) // 2]),
    ("A07 half a BMP", "RC102", "cut short", lambda: BMP[: len(BMP) // 2]),
    ("A10 flipped byte", "RC103", "chunk IDAT", lambda: flipped(PNG, in_idat(PNG))),
    ("A21 float TIFF", "RC105", "floating values", lambda: saved("TIFF", np.ones((4, 4), "f4"))),
    ("A21 32-bit TIFF", "RC105", "32-bit values", lambda: saved("TIFF", np.ones((4, 4), "i4"))),
    ("A37 width 0", "RC106", "0 x 5", lambda: png(0, 5)),
    ("A38 100 megapixels", "RC104", "10000 x 10000, 100 million", lambda: bomb(10_000, 10_000)),
    ("A39 169 megapixels", "RC104", "13000 x 13000", lambda: bomb(13_000, 13_000)),
    ("A40 400 megapixels", "RC104", "20000 x 20000", lambda: png(20_000, 20_000)),
    ("A41 lying PNG", "RC104", "900 million", lambda: png(30_000, 30_000)),
    ("A42 lying BMP", "RC104", "900 million", lying_bmp),
    ("A43 text bomb", "RC107", "more than 1048576 bytes", text_bomb),
    ("A43 international text bomb", "RC107", "more than", lambda: text_bomb(b"iTXt")),
    ("A44 GIF", "RC101", "a GIF", lambda: saved("GIF")),
    ("A44 ICO", "RC101", "an icon", lambda: saved("ICO")),
    ("A44 EPS", "RC101", "a PostScript file", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n"),
    ("A44 SVG", "RC101", "an SVG drawing", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
    ("A45 PSD", "RC101", "a Photoshop file", lambda: b"8BPS\0\1" + bytes(40)),
    ("A45 FITS", "RC101", "a FITS file", lambda: b"SIMPLE  =                    T"),
    ("A45 PDF", "RC101", "a PDF", lambda: b"%PDF-1.7\n"),
    ("A45 JP2", "RC101", "a JPEG 2000 file", lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(30)),
    ("A45 HEIC", "RC101", "an HEIF", lambda: b"\0\0\0\x18ftypheic" + bytes(30)),
    ("A45 unknown", "RC101", "bytes 00 11", lambda: b"\0\x11\x22\x33" + bytes(30)),
]


@pytest.mark.parametrize(
    ("code", "got", "make"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused(code: str, got: str, make: Callable[[], bytes], tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(make())
    before = hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns
    with pytest.raises(PictureError) as caught:
        decode(path)
    error = caught.value
    assert error.code == code
    assert error.place == str(path)
    assert got in str(error)
    assert error.fix
    assert error.exit_code == 3
    assert len(str(error).splitlines()) == 2
    assert (hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns) == before


def size_of(path: Path) -> Size:
    """The upright size, from the header alone."""
    with open_regular(path) as file:
        return read_header(file, str(path), max_pixels=MAX_PIXELS).upright


HEADER_ONLY = {"A06", "A07", "A10", "A21", "A43"}  # faults that stand behind the header


@pytest.mark.parametrize(("name", "code", "make"), [(r[0], r[1], r[3]) for r in REFUSED])
def test_headers_alone_refuse_the_same(
    name: str, code: str, make: Callable[[], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(make())
    if name[:3] in HEADER_ONLY:
        assert min(size_of(path)) > 0
        return
    with pytest.raises(PictureError) as caught:
        size_of(path)
    assert caught.value.code == code


USABLE: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("A08 JPEG without its last 2 bytes", "photo.jpg", lambda: JPEG[:-2], "no end marker"),
    ("A09 PNG without its last 12 bytes", "photo.png", lambda: PNG[:-12], "no end marker"),
    ("A12 PNG named .jpg", "photo.jpg", lambda: PNG, "named .jpg but a PNG"),
    ("A12 JPEG with garbage", "photo.jpg", lambda: JPEG + bytes(1024), "1024 bytes after the end"),
    ("A12 PNG with garbage", "photo.png", lambda: PNG + b"x" * 1024, "1024 bytes after the end"),
    ("A12 WebP with garbage", "photo.webp", lambda: WEBP + b"x" * 1024, "1024 bytes after"),
    ("A29 orientation 99", "photo.jpg", lambda: with_orientation(99), "rotation 99 ignored"),
    ("A30 broken EXIF", "photo.jpg", lambda: with_exif(b"Exif\0\0II*\0\x08\0"), "EXIF ignored"),
    ("A30 no EXIF at all", "photo.jpg", lambda: with_exif(b"Exif\0\0garbage"), "EXIF ignored"),
]


def with_exif(body: bytes) -> bytes:
    """A JPEG with an EXIF segment of our own making."""
    return JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + JPEG[2:]


def with_orientation(value: int) -> bytes:
    entry = struct.pack("<HHII", 0x112, 3, 1, value)
    body = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + entry + bytes(4)
    return with_exif(body)


@pytest.mark.parametrize(
    ("name", "make", "note"), [u[1:] for u in USABLE], ids=[u[0] for u in USABLE]
)
def test_usable_with_a_remark(
    name: str, make: Callable[[], bytes], note: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(make())
    found = decode(path)
    assert found.pixels.shape == (48, 64, 3)
    assert len(found.notes) == 1
    assert note in found.notes[0]


def test_a08_a09_all_pixels_are_there() -> None:
    for data in (JPEG, saved("JPEG", progressive=True)):
        np.testing.assert_array_equal(decode(data[:-2]).pixels, decode(data).pixels)
    np.testing.assert_array_equal(decode(PNG[:-12]).pixels, PIXELS)


@pytest.mark.parametrize("data", [JPEG, PNG], ids=["JPEG", "PNG"])
def test_a10_no_flipped_byte_crashes_or_escapes(data: bytes) -> None:
    """500 flips of each: a clear error or a picture, and never a wrong picture from a PNG."""
    for at in RNG.integers(0, len(data), 500).tolist():
        found = pixels_or_none(flipped(data, at))
        if found is not None and data is PNG and found.shape == PIXELS.shape:
            np.testing.assert_array_equal(found, PIXELS)


def pixels_or_none(data: bytes) -> np.ndarray | None:
    """What decodes; None for a clear error. Anything else escapes."""
    try:
        return decode(data).pixels
    except PictureError:
        return None


@pytest.mark.parametrize("pixels", [PIXELS, PIXELS // 32 * 0 + 77], ids=["noise", "flat"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["one scan", "several"])
def test_a06_a_jpeg_cut_anywhere_is_never_taken_for_whole(
    pixels: np.ndarray, options: dict[str, bool]
) -> None:
    data = saved("JPEG", pixels, **options)
    whole = decode(data).pixels
    for end in [*range(2, len(data) - 60, 7), *range(len(data) - 60, len(data))]:
        found = pixels_or_none(data[:end])
        assert found is None or np.array_equal(found, whole), end


ORIENTED = {
    1: PIXELS,
    2: PIXELS[:, ::-1],
    3: np.rot90(PIXELS, 2),
    4: PIXELS[::-1],
    5: PIXELS.transpose(1, 0, 2),
    6: np.rot90(PIXELS, -1),
    7: np.rot90(PIXELS, 2).transpose(1, 0, 2),
    8: np.rot90(PIXELS, 1),
}


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
@pytest.mark.parametrize("turn", ORIENTED)
def test_a22_to_a29_rotation_is_applied_once(kind: str, turn: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = turn
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}}.get(kind, {})
    data = saved(kind, exif=exif, **options)
    path = tmp_path / f"photo.{kind.lower()}"
    path.write_bytes(data)
    found = decode(path)
    plain = decode(saved(kind, **options)).pixels  # JPEG loses a little: compare with itself
    want = ORIENTED[turn] if kind != "JPEG" else _turned(plain, turn)
    np.testing.assert_array_equal(found.pixels, want)
    assert size_of(path) == Size(*found.pixels.shape[:2])
    assert found.notes == ((f"EXIF rotation {turn} applied",) if turn > 1 else ())


def _turned(pixels: np.ndarray, turn: int) -> np.ndarray:
    """By Pillow's own method, as a second opinion."""
    image = Image.fromarray(pixels)
    ways = [None, 0, 3, 1, 5, 4, 6, 2]  # Image.Transpose for orientations 1 ... 8
    way = ways[turn - 1]
    return np.asarray(image if way is None else image.transpose(Image.Transpose(way)))


FRAMES = [Image.fromarray(PIXELS), Image.fromarray(PIXELS[::-1])]


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        pytest.param("PNG", "animated", id="A32 APNG"),
        pytest.param("WEBP", "animated", id="A33 WebP"),
        pytest.param("TIFF", "several pages", id="A34 TIFF"),
    ],
)
def test_first_frame_with_a_remark(kind: str, note: str) -> None:
    file = io.BytesIO()
    options = {"lossless": True} if kind == "WEBP" else {}
    FRAMES[0].save(file, kind, save_all=True, append_images=FRAMES[1:], **options)
    found = decode(file.getvalue())
    np.testing.assert_array_equal(found.pixels, PIXELS)
    assert len(found.notes) == 1
    assert note in found.notes[0]


def test_a31_an_animated_gif_is_refused_like_every_gif() -> None:
    file = io.BytesIO()
    FRAMES[0].save(file, "GIF", save_all=True, append_images=FRAMES[1:])
    with pytest.raises(PictureError, match="a GIF"):
        decode(file.getvalue())


@pytest.mark.parametrize(
    "size", [pytest.param((1, 1), id="A35 one pixel"), pytest.param((1, 5000), id="A36 thin")]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "TIFF"])
def test_tiny_and_thin_pictures(size: tuple[int, int], kind: str) -> None:
    pixels = np.full((*size, 3), 200, np.uint8)
    found = decode(saved(kind, pixels)).pixels
    assert found.shape == pixels.shape
    assert np.abs(found.astype(int) - 200).max() <= 2


BOMBS = {
    "A38": lambda: bomb(10_000, 10_000),
    "A39": lambda: bomb(13_000, 13_000),
    "A40": lambda: png(20_000, 20_000, zlib.compress(bytes(1000))),
    "A41": lambda: png(30_000, 30_000),
    "A42": lying_bmp,
    "A43": text_bomb,
}
MEASURE = """
import json, resource, sys
from pathlib import Path
from frcnn.errors import PictureError
from frcnn.ops.pictures import decode
use = lambda: resource.getrusage(resource.RUSAGE_SELF)
decode(Path(sys.argv[1])) # the decoders are loaded now
before, codes = use(), []
for path in sys.argv[2:]:
    try:
        decode(Path(path))
    except PictureError as error:
        codes.append(error.code)
after = use()
grown = (after.ru_maxrss - before.ru_maxrss) / 1024
seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(json.dumps([codes, grown, seconds]))
"""


def test_a38_to_a43_bombs_cost_neither_memory_nor_time(tmp_path: Path) -> None:
    """At most 20 MiB more than before, for all of them together, and half a second of work."""
    plain = tmp_path / "plain.png"
    plain.write_bytes(PNG)
    for name, make in BOMBS.items():
        (tmp_path / f"{name}.png").write_bytes(make())
    paths = [str(tmp_path / f"{name}.png") for name in BOMBS]
    run = [sys.executable, "-c", MEASURE, str(plain), *paths]
    codes, grown, seconds = json.loads(subprocess.run(run, capture_output=True, check=True).stdout)
    assert codes == ["RC104"] * 5 + ["RC107"]
    assert grown <= 20
    assert seconds <= 0.5


def test_a44_no_other_parser_is_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's registry of formats, which knows them all, is never asked."""

    def entered(*_: object, **__: object) -> None:
        raise AssertionError("Image.open was called")

    monkeypatch.setattr(Image, "open", entered)
    monkeypatch.setattr(Image, "OPEN", {})
    for data in (JPEG, PNG, BMP, WEBP, TIFF):
        assert decode(data).pixels.shape == PIXELS.shape
    for _, _, _, make in REFUSED:
        with pytest.raises(PictureError):
            decode(make())


def test_pillows_limits_are_left_alone() -> None:
    """Nobody's settings of Pillow change by importing or using us."""
    from PIL import ImageFile

    decode(PNG)
    assert Image.MAX_IMAGE_PIXELS == 1024 * 1024 * 1024 // 4 // 3
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_a43_harmless_text_is_no_fault() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * 500, zip=True)
    info.add_itxt("Titel", "y" * 500, zip=True)
    info.add_itxt("Autor", "z" * 500)
    found = decode(saved("PNG", pnginfo=info))
    np.testing.assert_array_equal(found.pixels, PIXELS)
    assert found.notes == ()
