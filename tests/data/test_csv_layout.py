"""CSV layout: where tables and pictures are found."""

from pathlib import Path

import pytest

from frcnn.data.csv_layout import find_csv, read_folder
from frcnn.data.dataset import Dataset
from frcnn.errors import AnnotationError

ROW = "a.png,10,5,30,20,cat\n"


def test_golden_folder(shelf) -> None:
    folder = read_folder(shelf.csv_set().root)
    first, second = folder.splits["train"]
    assert first.rows.boxes.tolist() == [[10, 5, 30, 20], [20, 10, 40, 35]]
    assert first.rows.names == ("cat", "dog")
    assert first.places.of(3) == f"{shelf.root}/train.csv:3"
    assert second.rows.names == ()
    assert folder.problems == []
    assert folder.declared == {}


@pytest.mark.parametrize(
    ("table", "picture", "split"),
    [
        ("train/_annotations.csv", "train/a.png", "train"),
        ("valid/_annotations.csv", "valid/a.png", "val"),
        ("test_labels.csv", "images/test/a.png", "test"),
        ("annotations/train.csv", "images/a.png", "train"),
        ("boxes.csv", "a.png", "train"),
    ],
)
def test_where_tables_and_pictures_are(shelf, table: str, picture: str, split: str) -> None:
    path, found = shelf.text(table, ROW), shelf.picture(picture)
    assert find_csv(shelf.root) == {split: path}
    assert [seen.path for seen in read_folder(shelf.root).splits[split]] == [found]


def test_classes_in_their_own_order(shelf) -> None:
    shelf.csv_set()
    shelf.text("classes.csv", "dog,0\nowl,1\ncat,2\n")
    data = Dataset.open(shelf.root)
    assert data.classes == ("dog", "owl", "cat")
    assert data.splits["train"].records[0].target.labels.tolist() == [2, 0]


def test_b06_b09_b17_pictures_that_cannot_be_used(shelf) -> None:
    shelf.picture("a.png")
    head = "filename,width,height,class,xmin,ymin,xmax,ymax\n"
    rows = ("none.png,60,40", "/etc/a.png,60,40", "a.png,40,60")
    shelf.text("train.csv", head + "".join(f"{row},cat,1,1,5,5\n" for row in rows))
    folder = read_folder(shelf.root)
    assert [p.code for p in folder.problems] == ["RC216", "RC276", "RC212"]
    assert [p.place.rpartition(":")[2] for p in folder.problems] == ["2", "3", "4"]
    assert folder.pictures == 3


def test_one_picture_under_two_spellings(shelf) -> None:
    shelf.picture("images/a.png")
    shelf.text("train.csv", ROW + ROW.replace("a.png,10", "images/a.png,11"))
    (seen,) = read_folder(shelf.root).splits["train"]
    assert len(seen.rows.names) == 2


def test_a_table_that_was_named_says_what_it_lacks(shelf) -> None:
    path = shelf.text("boxes.csv", "filename,xmin,ymin,xmax,ymax\na.png,1,1,5,5\n")
    assert find_csv(shelf.root) == {}
    with pytest.raises(AnnotationError, match="RC283") as caught:
        Dataset.open(path)
    assert caught.value.place.endswith("boxes.csv")
    assert caught.value.what == "the table of boxes cannot be read: it has no class"


def test_nothing_in(tmp_path: Path) -> None:
    assert find_csv(tmp_path) == {}
    assert find_csv(Path(__file__)) == {}
    assert read_folder(tmp_path).splits == {}
