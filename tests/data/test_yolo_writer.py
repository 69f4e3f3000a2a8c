"""What stands in the files of yolo layout; round trips are in test_convert.py."""

from pathlib import Path

from frcnn.data.convert import convert_folder


def test_golden_files(standard, tmp_path: Path) -> None:
    standard.split("trainval", ["t00", "v"])
    convert_folder(standard.root, tmp_path / "x", "yolo")
    text = (tmp_path / "x/labels/val/v.txt").read_text()
    assert text == "0 0.333333 0.312500 0.333333 0.375000\n"
    assert (tmp_path / "x/data.yaml").read_text() == (
        "path: .\ntrain: images/train\nval: images/val\ntest: images/test\n"
        "trainval: trainval.txt\nnames:\n  0: cat\n  1: dog\n"
    )
    assert (tmp_path / "x/trainval.txt").read_text() == (
        "./images/train/t00.png\n./images/val/v.png\n"
    )


def test_a_picture_without_objects_has_an_empty_file(standard, tmp_path: Path) -> None:
    standard.xml("v", [])
    convert_folder(standard.root, tmp_path / "x", "yolo")
    assert (tmp_path / "x/labels/val/v.txt").read_text() == ""
