"""labelme's files."""

from pathlib import Path

import pytest

from frcnn.data.dataset import Dataset
from frcnn.data.labelme import find_labelme, read_folder
from frcnn.errors import AnnotationError


def codes(folder: object) -> list[str]:
    return [problem.code for problem in folder.problems]  # type: ignore[attr-defined]


def test_golden_files(shelf) -> None:
    folder = read_folder(shelf.labelme_set().root)
    first, second = folder.splits["train"]
    assert first.rows.boxes.tolist() == [[0, 0, 30, 20], [30, 10, 45, 40]]
    assert first.rows.names == ("cat", "dog")
    assert first.places.of(1) == f"{shelf.root}/a.json#/shapes/1"
    assert second.rows.names == ()
    assert folder.problems == []


@pytest.mark.parametrize(
    ("points", "kind", "box"),
    [
        ([[30, 20], [0, 5]], "rectangle", [0, 5, 30, 20]),
        ([[0, 5], [30, 5], [30, 20], [0, 20]], "rectangle", [0, 5, 30, 20]),
        ([[5, 5], [9, 1], [7, 30]], "polygon", [5, 1, 9, 30]),
        ([[20, 20], [23, 24]], "circle", [15, 15, 25, 25]),
        ([[2, 3], [9, 8]], "mask", [2, 3, 9, 8]),
        ([[20, 5], [30, 15], [20, 25], [10, 15]], "oriented_rectangle", [10, 5, 30, 25]),
    ],
)
def test_golden_shapes(shelf, shape_of_labelme, points: list, kind: str, box: list) -> None:
    shelf.picture("a.png")
    shelf.labelme("a", [shape_of_labelme("cat", points, kind, difficult=True)])
    folder = read_folder(shelf.root)
    (seen,) = folder.splits["train"]
    assert seen.rows.boxes.tolist() == [box]
    assert seen.rows.difficult.tolist() == [True]
    assert folder.outlines == (kind in ("polygon", "circle", "mask"))
    assert codes(folder) == (["RC298"] if kind == "oriented_rectangle" else [])


def test_what_is_no_box_is_counted(shelf, shape_of_labelme) -> None:
    shelf.picture("a.png")
    kinds = {"line": 2, "linestrip": 3, "point": 1, "points": 3, "polygon": 2, "circle": 1}
    shapes = [shape_of_labelme("cat", [[n, n] for n in range(m)], k) for k, m in kinds.items()]
    more = {"group_id": 1, "description": "x", "flags": {"blurred": True, "cut": False}}
    shapes.append(shape_of_labelme("cat", [[1, 1], [9, 9]], **more))
    shelf.labelme("a", [*shapes, 5], flags={"night": True})
    folder = read_folder(shelf.root)
    assert folder.splits["train"][0].rows.numbers.tolist() == [6]
    assert codes(folder) == ["RC297"] * 7 + ["RC299"]
    assert [p.got for p in folder.problems[:6]] == list(kinds)
    said = "1 description, 1 flag of pictures, 1 flag of shapes, 1 group"
    assert folder.problems[-1].got == said


@pytest.mark.parametrize(
    ("file", "picture", "written"),
    [
        ("a", "a.png", "a.png"),
        ("annotations/a", "images/a.png", "../images/a.png"),
        ("annotations/a", "a.png", "..\\a.png"),
        ("json/a", "imgs/a.png", "C:\\Users\\me\\a.png"),
        ("labels/a", "images/a.png", "another name.png"),
        ("a", "images/x/a.png", "images/x/a.png"),
        ("train/a", "train/a.png", "a.png"),
    ],
)
def test_where_pictures_are(shelf, shape_of_labelme, file: str, picture: str, written: str) -> None:
    path = shelf.picture(picture)
    shelf.labelme(file, [shape_of_labelme("cat", [[1, 1], [9, 9]])], imagePath=written)
    assert [seen.path for seen in read_folder(shelf.root).splits["train"]] == [path]


def test_folders_of_splits(shelf, shape_of_labelme) -> None:
    for split in ("train", "valid"):
        shelf.picture(f"{split}/{split}.png")
        shelf.labelme(f"{split}/{split}", [shape_of_labelme("cat", [[1, 1], [9, 9]])])
    assert list(find_labelme(shelf.root)) == ["train", "val"]
    data = Dataset.open(shelf.root)
    assert [len(split) for split in data.splits.values()] == [1, 1]


def test_pictures_that_nobody_labelled_are_not_used(shelf) -> None:
    shelf.labelme_set()
    shelf.picture("c.png")
    folder = read_folder(shelf.root)
    assert len(folder.splits["train"]) == 2
    assert codes(folder) == ["RC230"]


def test_b06_b09_b15_files_that_cannot_be_used(shelf, shape_of_labelme) -> None:
    shelf.labelme_set()
    shelf.labelme("a", [], imageWidth=40, imageHeight=60)
    shelf.labelme("gone", [])
    shelf.text("cut.json", '{"version": "5", "shapes": [')
    shelf.text("other.json", '{"a": 1}')
    folder = read_folder(shelf.root)
    assert sorted(codes(folder)) == ["RC212", "RC216", "RC271", "RC272"]
    assert all(p.effect == "picture skipped" for p in folder.problems)
    assert folder.pictures == 5
    with pytest.raises(AnnotationError, match="4 of 5 pictures are unusable"):
        Dataset.open(shelf.root)


@pytest.mark.parametrize(
    ("points", "code"),
    [
        ([[1, 1], [1, 9]], "RC207"),
        ([[1, 1], [None, 9]], "RC208"),
        ([[1, 1], [9]], "RC208"),
        (None, "RC297"),
    ],
)
def test_wrong_in_points(shelf, shape_of_labelme, points: object, code: str) -> None:
    shelf.picture("a.png")
    shelf.labelme("a", [shape_of_labelme("cat", points)])
    folder = read_folder(shelf.root)
    assert codes(folder) == [code]
    assert folder.problems[0].place.endswith("a.json#/shapes/0")


def test_wrong_in_names(shelf, shape_of_labelme) -> None:
    shelf.picture("a.png")
    shelf.labelme("a", [shape_of_labelme(name, [[1, 1], [9, 9]]) for name in ("", None)])  # type: ignore[arg-type]
    assert codes(read_folder(shelf.root)) == ["RC215", "RC215"]


def test_nothing_in(tmp_path: Path) -> None:
    assert find_labelme(tmp_path) == {}
    (tmp_path / "a.json").write_text('{"shapes": 1}')
    assert read_folder(tmp_path).splits == {}
