"""Two boxes on one object."""

from pathlib import Path

import numpy as np
import pytest

from frcnn.data.layouts import read_any
from frcnn.data.one_object import SAME, close_pairs, find_one_object
from frcnn.data.written import Written, written_boxes


def written(boxes: list[list[float]], picture: list[int], label: list[int]) -> Written:
    count = len(boxes)
    return Written(
        layout="csv",
        corners=np.array(boxes, np.float64).reshape(-1, 4),
        sides=np.tile([[60.0, 40.0]], (count, 1)),
        picture=np.array(picture, np.int64),
        label=np.array(label, np.int64),
        is_object=np.ones(count, np.bool_),
        is_on_its_side=np.zeros(count, np.bool_),
    )


def by_brute_force(boxes: Written) -> list[tuple[int, int]]:
    """Every pair, one by one."""
    found = []
    for one in range(len(boxes.corners)):
        for other in range(one + 1, len(boxes.corners)):
            a, b = boxes.corners[one], boxes.corners[other]
            w = max(min(a[2], b[2]) - max(a[0], b[0]), 0)
            h = max(min(a[3], b[3]) - max(a[1], b[1]), 0)
            areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
            alike = boxes.picture[one] == boxes.picture[other]
            alike = alike and boxes.label[one] == boxes.label[other]
            if alike and SAME <= w * h / (areas - w * h) < 1:
                found.append((one, other))
    return found


def test_golden() -> None:
    """IoU 0.9 with the next but one, 1 with none; another class and another picture in between."""
    boxes = [[0.0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 9, 10], [0, 0, 10, 10]]
    found = list(close_pairs(written(boxes, [0, 0, 0, 1], [0, 1, 0, 0]), np.arange(4)))
    assert found == [(0, 2, pytest.approx(0.9))]


@pytest.mark.parametrize("seed", range(5))
def test_every_pair_is_found_and_no_other(seed: int) -> None:
    dice = np.random.default_rng(seed)
    low = dice.integers(0, 4, (60, 2)).astype(float)
    boxes = np.concatenate((low, low + dice.integers(18, 24, (60, 2))), axis=1)
    picture = np.sort(dice.integers(0, 6, 60)).tolist()
    given = written(boxes.tolist(), picture, dice.integers(0, 2, 60).tolist())
    pairs = [pair[:2] for pair in close_pairs(given, np.arange(60))]
    assert pairs == by_brute_force(given)
    assert pairs


def test_its_place_is_that_of_the_second_box(shelf) -> None:
    root: Path = shelf.csv_set().root
    path = root / "train.csv"
    path.write_text(path.read_text() + "images/a.png,60,40,cat,10,5,30,21\n")
    layout, folder = read_any(root)
    split = folder.splits["train"]
    (problem,) = find_one_object(written_boxes(layout, split), split)
    assert (problem.code, problem.severity, problem.effect) == ("RC264", "warning", "none")
    assert problem.place == f"{path}:5"
    assert problem.got == "IoU 0.94 with (10, 5, 30, 20), also cat"


def test_crowds_and_boxes_without_area_are_none(shelf, box_of_coco) -> None:
    boxes = [box_of_coco(1, [0, 0, 10, 10]), box_of_coco(2, [0, 0, 10, 9], iscrowd=1)]
    shelf.picture("train2017/a.png")
    shelf.coco(annotations=boxes)
    layout, folder = read_any(shelf.root)
    split = folder.splits["train"]
    assert list(find_one_object(written_boxes(layout, split), split)) == []


def test_five_thousand_boxes_in_a_picture() -> None:
    grid = [
        [x * 10.0, y * 10.0, x * 10 + 10.0, y * 10 + 10.0] for x in range(100) for y in range(50)
    ]
    assert list(close_pairs(written(grid, [0] * 5000, [0] * 5000), np.arange(5000))) == []


def test_nothing_in() -> None:
    assert list(close_pairs(written([], [], []), np.arange(0))) == []
    assert list(find_one_object(written([], [], []), ())) == []
