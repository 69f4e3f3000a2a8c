"""What a layout says of pictures, and what becomes of it."""

import numpy as np

from frcnn.data.claims import Claim, read_claims, unlisted
from frcnn.data.picture_paths import PictureFinder
from frcnn.data.seen import (
    Folder,
    Places,
    Rows,
    class_mentions,
    to_records,
)
from frcnn.errors import AnnotationError
from frcnn.types import Size

SIZE = Size(40, 60)
PLACES = Places("f:", "!")


def claim(path, **more: object) -> Claim:
    given = Rows(
        boxes=np.array([[1.0, 2, 3, 4]]),
        names=("c",),
        difficult=np.zeros(1, np.bool_),
        numbers=np.array([10]),
    )
    return Claim(name="a", path=path, places=PLACES, rows=lambda size, problems: given, **more)


def test_claims_become_pictures_that_are_read_once(shelf) -> None:
    path = shelf.picture("a.png")
    folder = Folder()
    read_claims({"train": [claim(path)], "trainval": [claim(path)]}, {path: "abc"}, folder)
    (seen,) = folder.splits["train"]
    assert folder.splits["trainval"][0] is seen
    assert (folder.pictures, seen.size, seen.sha256) == (1, SIZE, "abc")
    assert class_mentions([seen]) == {"c": "f:10!"}
    record = to_records((seen,), {"c": 4})[0]
    assert record.target.labels.tolist() == [4]
    assert record.target.boxes.tolist() == [[1, 2, 3, 4]]


def test_a_bad_picture_is_left_out_and_reported(shelf) -> None:
    def refuse(*_: object) -> Rows:
        raise AnnotationError("RC278", "labels", "no text", fix="x")

    bad = shelf.text("b.png", "no picture")
    good = shelf.picture("a.png")
    claims = [claim(bad), claim(good, stated=Size(9, 9), place="here"), claim(good, file_id=3)]
    claims.append(Claim(name="d", path=shelf.picture("d.png"), places=PLACES, rows=refuse))
    folder = Folder()
    read_claims({"train": claims}, {}, folder)
    assert [p.code for p in folder.problems] == ["RC101", "RC212", "RC278"]
    assert folder.problems[1].place == "here"
    assert {p.effect for p in folder.problems} == {"picture skipped"}
    assert [seen.file_id for seen in folder.splits["train"]] == [3]


def test_pictures_in_no_split_are_counted_once(shelf) -> None:
    path = shelf.picture("a.png")
    shelf.picture("b.png")
    finder = PictureFinder([shelf.root], shelf.root)
    finder.find("a.png", "x")
    (problem,) = unlisted([finder, finder], {"train": [claim(path)]})
    assert (problem.code, problem.got) == ("RC230", "1")
    assert unlisted([PictureFinder([], shelf.root)], {}) == []
