"""Pictures on their side: whether their boxes follow, as far as that can be known."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frcnn.data.layouts import read_any
from frcnn.data.problems import Problem
from frcnn.data.rotations import find_rotations
from frcnn.data.written import written_boxes

UPRIGHT, BEFORE = [5, 30, 20, 20], [30, 5, 25, 20]
"""x, y, width, height: the first only in 40 x 60, the second only in 60 x 40."""


def coco(root: Path, boxes: list[list[int]], turn: int = 6, **size: int) -> Problem | None:
    """One picture for each box, stored 60 wide and 40 high."""
    exif = Image.Exif()
    exif[0x112] = turn
    images, annotations = [], []
    for number, box in enumerate(boxes):
        name = f"{number}.jpg"
        Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(root / name, exif=exif)
        images.append({"id": number, "file_name": name, **size})
        annotations.append({"id": number, "image_id": number, "category_id": 1, "bbox": box})
    text = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "a"}]}
    (root / "boxes.json").write_text(json.dumps(text))
    layout, folder = read_any(root)
    split = folder.splits["train"]
    return find_rotations(written_boxes(layout, split), split, "set: train")


def test_golden_boxes_before_the_rotation(tmp_path: Path) -> None:
    problem = coco(tmp_path, [BEFORE] * 3)
    assert problem is not None
    assert (problem.code, problem.place, problem.severity) == ("RC262", "set: train", "warning")
    assert problem.got == (
        "3 of 3 boxes in 3 pictures on their side leave the upright picture, none the picture "
        "before the rotation"
    )


def test_boxes_that_follow_are_not_proven_by_themselves(tmp_path: Path) -> None:
    problem = coco(tmp_path, [UPRIGHT] * 4)
    assert problem is not None
    assert (problem.code, problem.got) == ("RC263", "4 pictures with 4 boxes")


def test_two_boxes_are_too_few_to_tell(tmp_path: Path) -> None:
    problem = coco(tmp_path, [BEFORE] * 2)
    assert problem is not None
    assert problem.code == "RC263"


def test_a_stated_size_that_fits_settles_it(tmp_path: Path) -> None:
    assert coco(tmp_path, [UPRIGHT] * 4, width=40, height=60) is None


@pytest.mark.parametrize("turn", [1, 2, 3, 4])
def test_pictures_that_keep_their_sides_are_not_asked(tmp_path: Path, turn: int) -> None:
    assert coco(tmp_path, [BEFORE] * 4, turn=turn) is None


def test_nothing_in(shelf) -> None:
    layout, folder = read_any(shelf.coco_set().root)
    assert find_rotations(written_boxes(layout, ()), (), "p") is None
    split = folder.splits["train"]
    assert find_rotations(written_boxes(layout, split), split, "p") is None
