"""Where pictures go."""

import pytest

from frcnn.data.dataset import Dataset
from frcnn.data.moving import WORDS, move, unwritten


def test_golden_places(standard) -> None:
    data = Dataset.open(standard.root)
    moved = move(data, "images/{split}")
    path = data.splits["val"].records[0].path
    assert moved.file(path) == "images/val/v.png"
    assert moved.stem(path) == "v"
    assert len(set(moved.files.values())) == 14


def test_pictures_of_one_name_are_told_apart(shelf) -> None:
    for name in ("s/a.png", "t/a.png", "t/a.jpg"):
        shelf.picture(f"images/train/{name}")
        shelf.text(f"labels/train/{name[:-4]}.txt", "0 0.5 0.5 0.5 0.5\n")
    shelf.text("classes.txt", "dog\n")
    moved = move(Dataset.open(shelf.root), "x")
    stems = [moved.stem(path) for path in moved.files]
    assert len(set(stems)) == 3
    assert all("/" not in stem for stem in stems)


def test_a_picture_in_two_splits_moves_once(standard) -> None:
    standard.split("trainval", ["t00", "v"])
    files = move(Dataset.open(standard.root), "images/{split}").files
    assert len(files) == 14
    assert not any("trainval" in file for file in files.values())


@pytest.mark.parametrize("to", WORDS)
def test_words(to: str) -> None:
    problem = unwritten("RC290", "x", "y", to)
    assert problem.what.startswith(WORDS[to])
    assert problem.severity == "warning"
