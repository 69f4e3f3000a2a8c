"""From a name on another machine to a file within the data."""

from pathlib import Path

import numpy as np
import pytest

from frcnn.data.export_claims import Entry, claims_of, ends_of, picture_folders
from frcnn.data.picture_paths import PictureFinder
from frcnn.data.seen import Folder, Places, Rows


def nothing(size: object, problems: object) -> Rows:
    return Rows(np.zeros((0, 4)), (), np.zeros(0, np.bool_), np.zeros(0, np.int64))


def entry(place: str, *names: str) -> Entry:
    return Entry(names=names, place=place, places=Places(place), rows=nothing)


@pytest.mark.parametrize(
    ("path", "ends"),
    [
        ("a.jpg", ["a.jpg"]),
        ("x/y/a.jpg", ["x/y/a.jpg", "y/a.jpg", "a.jpg"]),
        ("D:\\x\\..\\a.jpg", ["a.jpg"]),
        ("../../a.jpg", ["a.jpg"]),
        ("/home/me/a.jpg", ["home/me/a.jpg", "me/a.jpg", "a.jpg"]),
        ("~/a.jpg", ["a.jpg"]),
        ("./a#1?.jpg", ["a#1?.jpg"]),
        ("", []),
        ("/", []),
        ("..", []),
    ],
)
def test_ends_of_paths(path: str, ends: list[str]) -> None:
    assert list(ends_of(path)) == ends


def test_golden_the_longest_end_that_is_there(shelf) -> None:
    near, far = shelf.picture("images/a.png"), shelf.picture("images/x/a.png")
    finder = PictureFinder(picture_folders(shelf.root, shelf.root, "train"), shelf.root)
    folder = Folder()
    entries = [entry("1", *ends_of("/disk/x/a.png")), entry("2", *ends_of("/disk/y/a.png"))]
    claims = list(claims_of(entries, finder, folder))
    assert [claim.path for claim in claims] == [far, near]
    assert [claim.name for claim in claims] == ["a", "a.png"]
    assert (folder.problems, folder.pictures) == ([], 0)


def test_b08_b09_pictures_twice_and_missing(shelf) -> None:
    shelf.picture("a.png")
    folder, finder = Folder(), PictureFinder([shelf.root], shelf.root)
    entries = [entry("1", "a.png"), entry("2", "gone.png"), entry("3", "x/a.png", "a.png")]
    assert len(list(claims_of(entries, finder, folder))) == 1
    assert [(p.code, p.place, p.effect) for p in folder.problems] == [
        ("RC216", "2", "picture skipped"),
        ("RC218", "3", "picture skipped"),
    ]
    assert folder.pictures == 2
    assert "first at 1" in folder.problems[1].got


def test_b17_no_link_and_no_name_leads_out(shelf, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"x")
    (shelf.root / "a.png").symlink_to(secret)
    folder, finder = Folder(), PictureFinder([shelf.root], shelf.root)
    entries = [entry("1", "a.png"), entry("2", "/etc/passwd", "gone.png"), entry("3", "a\0.png")]
    assert list(claims_of(entries, finder, folder)) == []
    assert [p.code for p in folder.problems] == ["RC224", "RC216", "RC276"]
