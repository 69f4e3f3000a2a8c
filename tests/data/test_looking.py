"""The size of a picture: from its file, or as it is stated."""

import pytest
from PIL import Image

from frcnn.data.looking import look_at, opened, require_size, trusted, windowed
from frcnn.data.problems import Problem
from frcnn.data.records import UNOPENED
from frcnn.errors import AnnotationError, PictureError
from frcnn.ops import tiff_layout
from frcnn.ops.picture_kinds import Header
from frcnn.types import Size

SIZE = Size(40, 60)


def test_golden_a_header_is_read(shelf) -> None:
    header, stamp = look_at(shelf.picture("a.png"), [])
    assert header.upright == SIZE
    assert stamp != UNOPENED


def test_golden_what_is_stated_is_believed_or_not(shelf) -> None:
    path, stated = shelf.picture("a.png"), Size(7, 9)
    assert opened(path, stated, [])[0].upright == SIZE
    assert trusted(path, stated, []) == (Header(kind="", stored=stated), UNOPENED)
    assert trusted(path, None, [])[0].upright == SIZE, "nothing is stated"


def test_what_is_believed_is_not_opened(shelf) -> None:
    path = shelf.text("a.png", "no picture")
    problems: list[Problem] = []
    assert trusted(path, SIZE, problems)[0].upright == SIZE
    for look, stated in ((trusted, None), (opened, SIZE)):
        with pytest.raises(PictureError):
            look(path, stated, problems)
    assert problems == []


@pytest.mark.parametrize(
    ("stated", "what"),
    [(Size(60, 40), "exchanged"), (Size(1, 2), "another size")],
)
def test_sizes_that_differ(stated: Size, what: str) -> None:
    header = Header(kind="PNG", stored=SIZE, orientation=1, notes=())
    require_size(None, header, "x")
    require_size(SIZE, header, "x")
    with pytest.raises(AnnotationError, match=what) as caught:
        require_size(stated, header, "x")
    assert caught.value.code == "RC212"


def test_a_large_tiff_is_opened_by_its_directory(tmp_path, monkeypatch) -> None:
    pytest.importorskip("tifffile")
    path, problems = tmp_path / "a.tif", list[Problem]()
    Image.new("RGB", (60, 40)).save(path, tiffinfo={274: 6, 278: 8})
    want = look_at(path, [])
    assert windowed(path, None, problems) == want
    assert [p.got for p in problems] == ["EXIF rotation 6 applied"]
    monkeypatch.setattr(tiff_layout, "MAX_PIXELS", 1000)
    monkeypatch.setattr("frcnn.data.looking.MAX_PIXELS", 1000)
    with pytest.raises(PictureError, match=r"(?s)RC104.*frcnn data tile"):
        opened(path, None, [])
    header, stamp = windowed(path, None, problems)
    assert (header.upright, header.stored, stamp) == (Size(60, 40), Size(40, 60), want.stamp)
    assert len(problems) == 2
