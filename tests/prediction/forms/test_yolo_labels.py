"""yolo/: labels that our reader takes as true boxes, and the same with scores."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from frcnn.data.dataset import Dataset
from frcnn.prediction.forms.yolo_labels import write_yolo


def test_golden(tmp_path: Path, make_results) -> None:
    """The bolt's centre is (2.25, 3) of 8 x 6 pixels, its sides 2.5 and 2."""
    assert write_yolo(tmp_path, make_results()) == []
    lines = "0 0.281250 0.500000 0.312500 0.333333\n1 0.500000 0.500000 1.000000 1.000000\n"
    assert (tmp_path / "labels" / "a.txt").read_text() == lines
    scored = [line.rpartition(" ") for line in (tmp_path / "scores/a.txt").read_text().splitlines()]
    assert [head for head, _, _ in scored] == lines.splitlines()
    assert [score for _, _, score in scored] == ["0.750000", "0.250000"]
    assert (tmp_path / "labels" / "b, c.txt").read_text() == ""
    assert (tmp_path / "labels" / "more" / "a.txt").is_file()
    assert yaml.safe_load((tmp_path / "data.yaml").read_text()) == {"names": {0: "bolt", 1: "nut"}}


def test_our_reader_takes_the_labels_as_true_boxes(tmp_path: Path, make_results) -> None:
    results = make_results()
    write_yolo(tmp_path, results)
    for picture in results.pictures():
        place = tmp_path / "images" / picture.inside
        place.parent.mkdir(parents=True, exist_ok=True)
        shape = (picture.row["height"], picture.row["width"], 3)
        Image.fromarray(np.zeros(shape, np.uint8)).save(place)
    data = Dataset.open(tmp_path, layout="yolo", bad_data="error")
    by_file = {
        str(r.path.relative_to(tmp_path / "images")): r for r in data.splits["train"].records
    }
    for picture in results.pictures():
        target = by_file[picture.inside].target
        assert target.labels.tolist() == [item["label"] for item in picture.objects]
        want = np.array([item["box"] for item in picture.objects]).reshape(-1, 4)
        np.testing.assert_allclose(target.boxes.numpy(), want, atol=2e-5)


def test_a_second_picture_of_the_name_has_files_of_its_own(
    tmp_path: Path, make_results, make_picture
) -> None:
    second = make_picture("a.jpg")._replace(stem="a-2")
    write_yolo(tmp_path, make_results(make_picture("a.png"), second))
    assert sorted(p.name for p in (tmp_path / "labels").iterdir()) == ["a-2.txt", "a.txt"]


@pytest.mark.parametrize("name", ["nein", "no", "1", "ünï: x"])
def test_names_come_back(tmp_path: Path, make_results, name: str) -> None:
    write_yolo(tmp_path, make_results(classes=(name, "b")))
    assert yaml.safe_load((tmp_path / "data.yaml").read_text())["names"] == {0: name, 1: "b"}
