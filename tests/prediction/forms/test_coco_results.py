"""coco/: pycocotools reads the results, by ids that the annotation file has, too."""

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO

from frcnn.prediction.forms.coco_results import write_coco


def read(folder: Path, name: str):
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


# --- golden by hand


def test_golden(tmp_path: Path, make_results) -> None:
    assert write_coco(tmp_path, make_results()) == []
    assert read(tmp_path, "results") == [
        {"image_id": 1, "category_id": 1, "bbox": [1.0, 2.0, 2.5, 2.0], "score": 0.75},
        {"image_id": 1, "category_id": 2, "bbox": [0.0, 0.0, 8.0, 6.0], "score": 0.25},
        {"image_id": 3, "category_id": 2, "bbox": [0.0, 0.0, 8.0, 6.0], "score": 0.25},
        {"image_id": 4, "category_id": 1, "bbox": [1.0, 2.0, 2.5, 2.0], "score": 0.75},
    ]
    images = read(tmp_path, "images")
    assert images["categories"] == [{"id": 1, "name": "bolt"}, {"id": 2, "name": "nut"}]
    assert images["images"][2] == {"id": 3, "file_name": "more/a.png", "width": 8, "height": 6}
    assert images["annotations"] == []


def test_golden_coco_s_own_pictures_and_categories(
    tmp_path: Path, make_results, make_picture
) -> None:
    item = {"label": 1, "name": "nut", "score": 0.5, "box": [0.0, 0.0, 1.0, 1.0]}
    pictures = [make_picture(f"{name}.jpg", item) for name in ("000000000139", "000000000285")]
    write_coco(tmp_path, make_results(*pictures, category_ids=(18, 90)))
    found = [(row["image_id"], row["category_id"]) for row in read(tmp_path, "results")]
    assert found == [(139, 90), (285, 90)]
    assert [row["id"] for row in read(tmp_path, "images")["images"]] == [139, 285]


@pytest.mark.parametrize(
    "names",
    [
        ("1.jpg", "01.jpg"),
        ("1.jpg", "b.jpg"),
        ("5.jpg", "more/5.jpg"),
        ("-7.jpg", "8.jpg"),
        ("²5.jpg", "8.jpg"),
        ("7" * 30 + ".jpg", "8.jpg"),
    ],
)
def test_names_that_are_no_numbers_of_their_own(
    names: tuple[str, ...], tmp_path: Path, make_results, make_picture
) -> None:
    write_coco(tmp_path, make_results(*map(make_picture, names)))
    assert [row["id"] for row in read(tmp_path, "images")["images"]] == [1, 2]


# --- what always holds


def test_pycocotools_reads_it(tmp_path: Path, make_results) -> None:
    write_coco(tmp_path, make_results())
    with contextlib.redirect_stdout(io.StringIO()):
        found = COCO(str(tmp_path / "images.json")).loadRes(str(tmp_path / "results.json"))
    assert [a["score"] for a in found.loadAnns(found.getAnnIds(imgIds=[1]))] == [0.75, 0.25]


def test_sides_are_the_shortest_digits_that_are_the_same_float32(
    tmp_path: Path, make_results, make_picture
) -> None:
    box = [float(str(np.float32(value))) for value in (0.1, 0.2, 3.7, 5.9)]
    item = {"label": 0, "name": "bolt", "score": 0.5, "box": box}
    write_coco(tmp_path, make_results(make_picture("a.png", item)))
    x, y, w, h = (np.float32(value) for value in read(tmp_path, "results")[0]["bbox"])
    assert (x, y) == (np.float32(0.1), np.float32(0.2))
    assert (w, h) == (np.float32(3.7) - np.float32(0.1), np.float32(5.9) - np.float32(0.2))


def test_nothing_in(tmp_path: Path, make_results) -> None:
    write_coco(tmp_path, make_results(pictures=list))
    assert (read(tmp_path, "results"), read(tmp_path, "images")["images"]) == ([], [])
