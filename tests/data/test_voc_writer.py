"""What stands in the files of voc layout; round trips are in test_convert.py."""

from pathlib import Path

from frcnn.data.convert import convert_folder


def test_golden_files(shelf, tmp_path: Path) -> None:
    convert_folder(shelf.coco_set().root, tmp_path / "x", "voc")
    text = (tmp_path / "x/Annotations/a.xml").read_text()
    assert "<xmin>11</xmin><ymin>6</ymin><xmax>30</xmax><ymax>20</ymax>" in text
    assert text.count("<difficult>1</difficult>") == 1, "the crowd"
    assert "<filename>a.png</filename>" in text
    assert (tmp_path / "x/ImageSets/Main/train.txt").read_text() == "a\nb\n"
    assert (tmp_path / "x/JPEGImages/b.png").is_file()
