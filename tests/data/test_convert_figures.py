"""One set of predictions, judged against a data set and against what it became in other layouts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from frcnn.data.convert import convert
from frcnn.data.dataset import Dataset
from frcnn.data.records import Record
from frcnn.evaluation.coco import coco
from frcnn.evaluation.judged import Judged
from frcnn.evaluation.voc import voc
from frcnn.types import Detections, Target


def found_near(record: Record, rng: np.random.Generator) -> Detections:
    """Nine tenths of the true boxes, moved and scored by chance, and one that is none."""
    target = record.target
    sides = np.array([record.size.width, record.size.height] * 2)
    boxes = target.boxes.numpy() + rng.normal(0, 5, (len(target.boxes), 4))
    kept = rng.random(len(boxes)) < 0.9
    boxes = np.concatenate((boxes[kept], [[5.3, 5.1, 90.7, 80.9]])).clip(0, sides)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    return Detections(
        boxes=torch.from_numpy(boxes).float(),
        scores=torch.from_numpy(rng.random(len(boxes))).float(),
        labels=torch.cat((target.labels[torch.from_numpy(kept)], torch.zeros(1).long())),
    )


def figures(
    found: Mapping[str, Detections], data: Dataset, classes: Sequence[str]
) -> dict[str, float | None]:
    """COCO's figures and both of VOC's, of every class, against a data set's own boxes."""
    pairs = []
    records = {r.name: r for split in data.splits.values() for r in split.records}
    for record in (records[name] for name in found):
        names = [data.classes[label] for label in record.target.labels.tolist()]
        labels = torch.tensor([classes.index(name) for name in names], dtype=torch.int64)
        target: Target = replace(record.target, labels=labels)
        areas = record.notes and record.notes.areas
        pairs.append(
            Judged(name=record.name, detections=found[record.name], target=target, areas=areas)
        )
    of_coco, of_voc = coco(pairs, classes), voc(pairs, classes)
    by_class = (*of_coco.per_class_ap, *of_voc.ap_11point, *of_voc.ap_area)
    return dict(of_coco.values) | {f"{number}": value for number, value in enumerate(by_class)}


def is_on_a_border(record: Record) -> bool:
    """Whether an object has COCO's 32² or 96² square pixels: what moves it changes its size."""
    boxes = record.target.boxes
    areas = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).tolist()
    return not {32.0**2, 96.0**2}.isdisjoint(areas)


def test_bccd_evaluates_to_the_same_figures_after_every_layout(bccd: Path, tmp_path: Path) -> None:
    whole_set = Dataset.open(bccd)
    some = {name: whole_set.splits[name].subset(range(60)) for name in ("train", "test")}
    data = first = replace(whole_set, splits=some)
    rng, classes = np.random.default_rng(7), first.classes
    records = [record for split in some.values() for record in split.records]
    found = {record.name: found_near(record, rng) for record in records}
    plain = {record.name for record in records if not is_on_a_border(record)}
    assert 0 < len(found) - len(plain) < 10
    want = figures(found, first, classes), figures({n: found[n] for n in plain}, first, classes)
    assert want[0]["AP"] is not None
    assert 0.2 < want[0]["AP"] < 0.9, "worth comparing"
    for number, to in enumerate(("coco", "yolo", "csv", "voc")):
        done = convert(data, tmp_path / to, to, pictures="hardlink" if number else "copy")
        data = Dataset.open(done.path)
        got = figures(found, data, classes), figures({n: found[n] for n in plain}, data, classes)
        whole = {name for name in got[0] if not name.endswith(("small", "medium", "large"))}
        assert {n: got[0][n] for n in whole} == pytest.approx(
            {n: want[0][n] for n in whole}, abs=1e-6
        ), to
        assert got[1] == pytest.approx(want[1], abs=1e-6), f"{to}, sizes, too"
    assert data.layout == first.layout == "voc"
