"""Which files are pictures, and which pictures may be decoded."""

import io
import os
import struct
from pathlib import Path

import pytest
from PIL import Image

from frcnn.errors import PictureError
from frcnn.ops.picture_header import MAX_PIXELS, open_regular, place_of, read_header
from frcnn.types import Size


def file_of(kind: str, size: tuple[int, int] = (30, 20)) -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", size).save(file, kind)
    return file


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "TIFF"])
def test_the_kind_follows_from_the_content(kind: str) -> None:
    header = read_header(file_of(kind), "somewhere.txt", max_pixels=MAX_PIXELS)
    assert header.kind == kind
    assert header.stored == Size(20, 30)


def test_the_limit_is_a_number_of_pixels() -> None:
    assert read_header(file_of("PNG"), "a.png", max_pixels=600).stored == Size(20, 30)
    with pytest.raises(PictureError) as caught:
        read_header(file_of("PNG"), "a.png", max_pixels=599)
    assert caught.value.code == "RC104"
    assert caught.value.got == "30 x 20, 0 million"


def test_a_limit_above_pillows_own_is_obeyed() -> None:
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 20_000, 20_000) + bytes(9)
    assert read_header(io.BytesIO(head), "a.png", max_pixels=10**9).stored == Size(20_000, 20_000)


@pytest.mark.parametrize(
    ("data", "code", "got"),
    [
        (b"", "RC101", "an empty file"),
        (b"plain words, nothing else, go on", "RC101", "text"),
        (b"  <HTML>", "RC101", "an HTML page"),
        (b"PK\3\4", "RC101", "a zip archive"),
        (b"II+\0" + bytes(30), "RC101", "a BigTIFF"),
        (b"\x01\x02\x03\x04", "RC101", "bytes 01 02 03 04"),
        (b"\x89PN", "RC102", ""),
        (b"\xff\xd8\xff\xe0", "RC102", ""),
        (b"\xff\xd8\xff\xd9", "RC103", "no frame header"),
    ],
)
def test_wrong_in(data: bytes, code: str, got: str) -> None:
    with pytest.raises(PictureError) as caught:
        read_header(io.BytesIO(data), "x.jpg", max_pixels=MAX_PIXELS)
    assert (caught.value.code, caught.value.got) == (code, got)
    assert caught.value.place == "x.jpg"


@pytest.mark.parametrize("mark", [b"II+\0", b"MM\0+"])
def test_a_large_tiff_may_be_read_by_tiles(mark: bytes) -> None:
    with pytest.raises(PictureError) as caught:
        read_header(io.BytesIO(mark + bytes(30)), "x.tif", max_pixels=MAX_PIXELS)
    assert "frcnn predict --tile N" in caught.value.fix
    with pytest.raises(PictureError) as caught:
        read_header(file_of("TIFF"), "x.tif", max_pixels=1)
    assert (caught.value.code, "frcnn predict --tile N" in caught.value.fix) == ("RC104", True)


def test_places_stay_on_one_line() -> None:
    assert place_of(Path("a b/ü 図.jpg")) == "a b/ü 図.jpg"
    assert place_of(Path("new\nline\t\x1b[31m.jpg")) == "new\\nline\\t\\x1b[31m.jpg"
    assert place_of(Path(os.fsdecode(b"latin-\xe9.jpg"))) == "latin-\\udce9.jpg"


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    good = tmp_path / "good.png"
    good.write_bytes(file_of("PNG").getvalue())
    link = tmp_path / "link.png"
    link.symlink_to(good)
    with open_regular(link) as file:
        assert file.read(4) == b"\x89PNG"
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    loop = tmp_path / "loop.png"
    loop.symlink_to(loop)
    for path in (tmp_path / "missing.png", tmp_path, pipe, loop, Path("/dev/zero"), Path("a\0b")):
        with pytest.raises(PictureError) as caught:
            open_regular(path)
        assert caught.value.code == "RC108"
        assert caught.value.got
        assert len(str(caught.value).splitlines()) == 2


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(b"")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(PictureError, match="got Permission denied"):
        open_regular(path)
