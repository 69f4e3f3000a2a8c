"""What stands in the files of csv layout; round trips are in test_convert.py."""

from pathlib import Path

from frcnn.data.convert import convert_folder


def test_golden_files(standard, tmp_path: Path) -> None:
    convert_folder(standard.root, tmp_path / "x", "csv")
    assert (tmp_path / "x/val.csv").read_text() == (
        "filename,width,height,class,xmin,ymin,xmax,ymax\nimages/v.png,60,40,cat,10,5,30,20\n"
    )
    assert (tmp_path / "x/classes.csv").read_text() == "cat,0\ndog,1\n"


def test_no_objects_and_difficult_ones(shelf, tmp_path: Path) -> None:
    convert_folder(shelf.coco_set().root, tmp_path / "x", "csv")
    head, *rows = (tmp_path / "x/train.csv").read_text().splitlines()
    assert head.endswith(",difficult")
    assert [row.rpartition(",")[2] for row in rows] == ["0", "1", ""]
    assert rows[2] == "images/b.png,60,40,,,,,,"
