"""The size of a picture: from its file, or as it is stated."""

import pytest

from frcnn.data.looking import Exchanging, look_at, opened, require_size, trusted
from frcnn.data.problems import Problem
from frcnn.data.records import UNOPENED
from frcnn.errors import AnnotationError, PictureError
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


def test_golden_a_stated_size_with_exchanged_sides_is_taken_and_remembered(shelf) -> None:
    path, look = shelf.picture("a.png"), Exchanging()
    for stated in (None, SIZE, Size(1, 2)):
        assert look(path, stated, []) == opened(path, stated, [])
    assert look.headers == {}
    assert look(path, Size(60, 40), [])[0].upright == Size(60, 40)
    assert look.headers[path].upright == SIZE
