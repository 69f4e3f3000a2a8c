"""What stands in the files of coco layout; round trips are in test_convert.py."""

import json
from pathlib import Path

import numpy as np
import pytest

from frcnn.data.coco_writer import area_of, corner_and_sides
from frcnn.data.convert import convert_folder
from frcnn.types import Size

SIZE = Size(height=480, width=640)


def test_golden_file(standard, tmp_path: Path) -> None:
    convert_folder(standard.root, tmp_path / "x", "coco")
    text = json.loads((tmp_path / "x/annotations/instances_val.json").read_text())
    assert text == {
        "images": [{"id": 1, "file_name": "v.png", "width": 60, "height": 40}],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 1,
                "bbox": [10, 5, 20, 15],
                "area": 300,
                "iscrowd": 0,
            }
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    assert (tmp_path / "x/images/v.png").is_file()


def test_golden_numbers_have_few_digits(shelf, tmp_path: Path, box_of_coco) -> None:
    shelf.coco_set()
    rows = [box_of_coco(5, [1.1, 2.3, 21.26, 12.6]), box_of_coco(6, [3, 4, 5.1, 6], area=17.25)]
    shelf.coco(annotations=rows)
    convert_folder(shelf.root, tmp_path / "x", "coco")
    text = (tmp_path / "x/annotations/instances_train.json").read_text()
    assert '"bbox": [1.1, 2.3, 21.26, 12.6], "area": 267.876,' in text
    assert '"bbox": [3.0, 4.0, 5.1, 6.0], "area": 17.25,' in text


def test_corners_come_back_to_the_bit_and_inside() -> None:
    rng = np.random.default_rng(0)
    for decimals in (0, 1, 2, 3, 17):
        x, y = rng.uniform(0, 639, (2, 500)), rng.uniform(0, 479, (2, 500))
        corners = np.stack((x.min(0), y.min(0), x.max(0) + 1, y.max(0) + 1), axis=1)
        corners[::3, 2:] = (640, 480)
        for box in corners.round(decimals).astype(np.float32):
            x1, y1, w, h = corner_and_sides(box, SIZE)
            back = np.array((x1, y1, x1 + w, y1 + h))
            assert np.array_equal(back.astype(np.float32), box)
            assert (back[2:] <= (640, 480)).all()


@pytest.mark.parametrize("box", [(0.1, 0, 32.1, 32), (0, 0, 1e-7, 1e-7), (0, 0, 5001, 4001)])
def test_areas_are_those_of_the_decimals(box: tuple[float, ...]) -> None:
    x1, y1, x2, y2 = box
    assert area_of(np.array(box, np.float32)) == pytest.approx((x2 - x1) * (y2 - y1), rel=1e-12)


def test_a_files_own_ids_and_areas_are_written_back(shelf, tmp_path: Path, box_of_coco) -> None:
    shelf.coco_set()
    rows = [box_of_coco(0, [1, 1, 9, 9], area=40), box_of_coco("b7", [9, 9, 9, 9], area=None)]
    shelf.coco(annotations=rows)
    convert_folder(shelf.root, tmp_path / "x", "coco")
    written = json.loads((tmp_path / "x/annotations/instances_train.json").read_text())
    assert [(a["id"], a["area"]) for a in written["annotations"]] == [(0, 40), ("b7", 81)]


@pytest.mark.parametrize("ids", [(5, 5), (5, "5"), (5, None), (5, "")])
def test_ids_that_are_not_of_one_box_each_are_given_anew(
    shelf, tmp_path: Path, box_of_coco, ids: tuple[object, ...]
) -> None:
    shelf.coco_set()
    shelf.coco(annotations=[box_of_coco(own, [1, 1, 9, 9 + n]) for n, own in enumerate(ids)])
    convert_folder(shelf.root, tmp_path / "x", "coco")
    written = json.loads((tmp_path / "x/annotations/instances_train.json").read_text())
    assert [a["id"] for a in written["annotations"]] == [1, 2]
