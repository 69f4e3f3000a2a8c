"""COCO figures against pycocotools, COCO's own code, on random sets: equal to 1e-10.

The sets hold difficult boxes (crowds), empty pictures, classes without objects, equal scores and
more than 100 detections; see `random_pairs`.
"""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from frcnn.data.dataset import Dataset
from frcnn.evaluation.coco import NAMES, coco
from frcnn.evaluation.judged import Judged
from frcnn.types import Detections


def rows_of(pair: Judged, picture: int, *, found: bool) -> list[dict[str, Any]]:
    """One picture's boxes as COCO writes them, without ids."""
    source: Any = pair.detections if found else pair.target
    areas = [] if pair.areas is None else pair.areas.tolist()
    rows = []
    for row in range(len(source.boxes)):
        x1, y1, x2, y2 = source.boxes[row].double().tolist()
        crowd = not found and bool(pair.target.difficult[row])
        rows.append(
            {
                "image_id": picture,
                "category_id": int(source.labels[row]) + 1,
                "bbox": [x1, y1, x2 - x1, y2 - y1],
                "area": (x2 - x1) * (y2 - y1) if found or is_unstated(pair, row) else areas[row],
                "iscrowd": int(crowd),
                **({"score": float(source.scores[row])} if found else {}),
            }
        )
    return rows


def is_unstated(pair: Judged, row: int) -> bool:
    return pair.areas is None or bool(np.isnan(pair.areas[row]))


def index(pairs: Sequence[Judged], classes: int, first_id: int, *, found: bool) -> COCO:
    """An index as pycocotools makes from a file."""
    made = COCO()
    rows = [
        row
        for number, pair in enumerate(sorted(pairs, key=lambda pair: pair.name), start=1)
        for row in rows_of(pair, number, found=found)
    ]
    made.dataset = {
        "images": [{"id": number + 1} for number in range(len(pairs))],
        "categories": [{"id": label + 1} for label in range(classes)],
        "annotations": [{**row, "id": first_id + k} for k, row in enumerate(rows)],
    }
    made.createIndex()
    return made


def reference(pairs: Sequence[Judged], classes: int, first_id: int = 1) -> COCOeval:
    with contextlib.redirect_stdout(io.StringIO()):
        true = index(pairs, classes, first_id, found=False)
        judge = COCOeval(true, index(pairs, classes, 1, found=True), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge


def mean(values: np.ndarray) -> float | None:
    known = values[values > -1]
    return float(known.mean()) if known.size else None


def assert_equal(ours: float | None, theirs: float | None) -> None:
    if theirs is None or theirs < 0:
        assert ours is None
    else:
        assert ours == pytest.approx(theirs, abs=1e-10)


def compare(random_pairs, seed: int) -> int:
    """How many of a random set's figures are defined."""
    pairs, classes = random_pairs(seed)
    got, want = coco(pairs, classes), reference(pairs, len(classes))
    for name, theirs in zip(NAMES, want.stats, strict=True):
        assert_equal(got.values[name], theirs)
    precision = want.eval["precision"]
    for label in range(len(classes)):
        assert_equal(got.per_class_ap[label], mean(precision[:, :, label, 0, -1]))
        assert_equal(got.per_class_ap50[label], mean(precision[0, :, label, 0, -1]))
    return sum(value is not None for value in got.values.values())


@pytest.mark.parametrize("seed", range(20))
def test_twenty_sets(random_pairs, seed: int) -> None:
    compare(random_pairs, seed)


def test_the_sets_are_worth_comparing(random_pairs) -> None:
    """Among the first twenty: crowds, empty pictures, absent classes, ties, more than 100."""
    pairs = [pair for seed in range(20) for pair in random_pairs(seed)[0]]
    assert any(bool(pair.target.difficult.any()) for pair in pairs)
    assert any(len(pair.target.boxes) == 0 for pair in pairs)
    assert any(len(pair.detections.boxes) == 0 for pair in pairs)
    assert any(len(pair.detections.boxes) > 100 for pair in pairs)
    ties = [len(set(pair.detections.scores.tolist())) for pair in pairs]
    assert any(n < len(pair.detections.scores) for n, pair in zip(ties, pairs, strict=True))
    absent = [coco(*random_pairs(seed)).per_class_ap for seed in range(20)]
    assert any(None in figures for figures in absent)


def test_an_id_of_zero_loses_an_object_there_and_none_here(judged) -> None:
    """B10: COCO's own code takes the object with id 0 for missed, found or not."""
    box = (0.0, 0.0, 50.0, 50.0)
    pairs = [judged("a", [(box, 0.9, 0)], [(box, 0)])]
    assert reference(pairs, 1, first_id=0).stats[0] == 0.0
    assert reference(pairs, 1, first_id=1).stats[0] == pytest.approx(1.0)
    assert coco(pairs, ["x"]).values["AP"] == 1.0


@pytest.mark.slow
def test_two_hundred_sets(random_pairs) -> None:
    defined = [compare(random_pairs, seed) for seed in range(5000, 5200)]
    assert sum(defined) > 200 * 6


def with_areas(pairs: Sequence[Judged], seed: int) -> list[Judged]:
    """Most objects with an area below their box's, as outlines have them, some without."""
    rng = np.random.default_rng(seed)
    stated = []
    for pair in pairs:
        sides = (pair.target.boxes[:, 2:] - pair.target.boxes[:, :2]).double().numpy()
        areas = sides.prod(axis=1) * rng.uniform(0.2, 1.0, len(sides))
        areas[rng.random(len(sides)) < 0.2] = np.nan
        stated.append(replace(pair, areas=areas))
    return stated


@pytest.mark.parametrize("seed", range(8))
def test_stated_areas_decide_on_sizes(random_pairs, seed: int) -> None:
    pairs, classes = random_pairs(seed)
    stated = with_areas(pairs, seed)
    got, want = coco(stated, classes), reference(stated, len(classes))
    for name, theirs in zip(NAMES, want.stats, strict=True):
        assert_equal(got.values[name], theirs)


def test_stated_areas_change_figures_by_size_and_no_other(random_pairs) -> None:
    moved = 0
    for seed in range(8):
        pairs, classes = random_pairs(seed)
        plain, stated = coco(pairs, classes).values, coco(with_areas(pairs, seed), classes).values
        by_size = {name for name in NAMES if name.endswith(("small", "medium", "large"))}
        moved += sum(plain[name] != stated[name] for name in by_size)
        assert all(plain[name] == stated[name] for name in set(NAMES) - by_size)
        unstated = [replace(p, areas=np.full(len(p.target.boxes), np.nan)) for p in pairs]
        assert coco(unstated, classes).values == plain, "to the last digit"
    assert moved > 8


def test_cocos_own_file_is_judged_as_its_own_code_judges_it(shared) -> None:
    """The file's areas, those of the outlines, decide what is small, medium and large."""
    root = shared / "data" / "coco_tiny"
    if not root.is_dir():
        pytest.skip("no coco_tiny in the shared data")
    split = Dataset.open(root, bad_data="report").splits["val"]
    rng, pairs, rows = np.random.default_rng(3), [], []
    for record in split.records:
        boxes = record.target.boxes + torch.from_numpy(
            rng.normal(0, 4, (len(record.target.boxes), 4))
        )
        boxes[:, 2:] = torch.maximum(boxes[:, 2:], boxes[:, :2] + 1)
        found = Detections(
            boxes=boxes.float(),
            scores=torch.from_numpy(rng.random(len(boxes))).float(),
            labels=record.target.labels,
        )
        areas = record.notes and record.notes.areas
        pairs.append(Judged(name=record.name, detections=found, target=record.target, areas=areas))
        new = rows_of(pairs[-1], int(record.file_id), found=True)
        rows += [{**row, "category_id": split.category_ids[row["category_id"] - 1]} for row in new]
    (file,) = (root / "annotations").glob("*val*.json")
    with contextlib.redirect_stdout(io.StringIO()):
        true = COCO(str(file))
        judge = COCOeval(true, true.loadRes(rows), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    got = coco(pairs, split.classes).values
    assert list(got.values()) == pytest.approx(list(judge.stats), abs=1e-6)
    boxes_alone = coco([replace(pair, areas=None) for pair in pairs], split.classes).values
    assert abs(boxes_alone["AP_medium"] - got["AP_medium"]) > 1e-3, "the areas matter"
