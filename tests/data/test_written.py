"""The boxes of a split as its files have them."""

import numpy as np
import pytest

from frcnn.data.convert import convert
from frcnn.data.dataset import Dataset
from frcnn.data.layouts import read_any
from frcnn.data.written import written_boxes

NUMBERS = {
    "voc": [[11, 6, 30, 20], [21, 11, 40, 35]],
    "coco": [[10, 5, 20, 15], [20, 10, 20, 25]],
    "yolo": [[20 / 60, 12.5 / 40, 20 / 60, 15 / 40], [30 / 60, 22.5 / 40, 20 / 60, 25 / 40]],
    "csv": [[10, 5, 30, 20], [20, 10, 40, 35]],
}


@pytest.mark.parametrize("layout", NUMBERS)
def test_golden_numbers_come_back_in_the_layouts_form(standard, tmp_path, layout: str) -> None:
    convert(Dataset.open(standard.root), tmp_path / layout, layout)
    found, folder = read_any(tmp_path / layout)
    split = folder.splits["train"]
    boxes = written_boxes(found, split)
    np.testing.assert_allclose(boxes.numbers[:2], NUMBERS[layout], atol=1e-5)
    assert boxes.picture.tolist() == [n for n in range(12) for _ in range(2)]
    assert boxes.label.tolist() == [0, 1] * 12
    assert boxes.sides.tolist() == [[60, 40]] * 24


OF_EXPORTS = {
    "label-studio": [[0, 0, 50, 50], [50, 25, 25, 75]],
    "cvat": [[0, 0, 30, 20], [30, 10, 45, 40]],
    "labelme": [[0, 0, 30, 20], [30, 10, 45, 40]],
}


@pytest.mark.parametrize("layout", OF_EXPORTS)
def test_golden_numbers_of_exports(shelf, layout: str) -> None:
    made = getattr(shelf, f"{layout.replace('-', '_')}_set")()
    found, folder = read_any(made.root)
    boxes = written_boxes(found, folder.splits["train"])
    np.testing.assert_allclose(boxes.numbers, OF_EXPORTS[layout])


def test_what_is_no_box_is_there_too(standard) -> None:
    standard.xml("t00", [("cat", 30, 6, 11, 20), ("dog", 1, 1, 90, 9)])
    layout, folder = read_any(standard.root)
    boxes = written_boxes(layout, folder.splits["train"])
    assert boxes.numbers[:2].tolist() == [[30, 6, 11, 20], [1, 1, 90, 9]]
    (seen, *_) = folder.splits["train"]
    assert len(seen.rows.names) == 1
    assert seen.rows.boxes.tolist() == [[0, 0, 60, 9]], "clipped"


def test_nothing_in() -> None:
    boxes = written_boxes("coco", ())
    assert boxes.corners.shape == boxes.numbers.shape == (0, 4)
    assert boxes.sides.shape == (0, 2)
