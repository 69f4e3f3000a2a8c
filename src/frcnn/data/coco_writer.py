"""Writing COCO layout: `images/`, and `annotations/instances_SPLIT.json` for each split.

A file's own category and picture ids are written back; where the data had none, they run from 1.
A difficult box is written as a crowd, COCO's only kind that is neither found nor missed.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from frcnn.data.dataset import Dataset
from frcnn.data.moving import Moved
from frcnn.data.problems import Problem
from frcnn.data.records import Record, Split


def write_coco(folder: Path, data: Dataset, moved: Moved) -> list[Problem]:
    """Write the annotations of all splits.

    Args:
        folder: the new one; pictures are in it.
        data: the data set.
        moved: where its pictures are.

    Returns:
        Nothing: this layout holds everything that a data set has.
    """
    own = data.class_list.ids
    ids = own if data.layout == "coco" else tuple(range(1, len(own) + 1))
    categories = [{"id": i, "name": name} for i, name in zip(ids, data.classes, strict=True)]
    (folder / "annotations").mkdir()
    for name, split in data.splits.items():
        text = {
            "images": list(_images(split, moved)),
            "annotations": list(_annotations(split, [c["id"] for c in categories])),
            "categories": categories,
        }
        path = folder / "annotations" / f"instances_{name}.json"
        with path.open("w", encoding="utf-8") as file:
            json.dump(text, file, allow_nan=False, ensure_ascii=False)
    return []


def _picture_ids(split: Split) -> list[int | str]:
    """Keep the file's own ids where every picture has one, and no two the same."""
    own = [record.file_id for record in split.records]
    is_whole = "" not in own and len(set(map(str, own))) == len(own)
    return own if is_whole else list(range(1, len(own) + 1))


def _images(split: Split, moved: Moved) -> Iterator[dict[str, Any]]:
    for own, record in zip(_picture_ids(split), split.records, strict=True):
        yield {
            "id": own,
            "file_name": moved.file(record.path).removeprefix("images/"),
            "width": record.size.width,
            "height": record.size.height,
        }


def _annotations(split: Split, ids: list[Any]) -> Iterator[dict[str, Any]]:
    number = 0
    for own, record in zip(_picture_ids(split), split.records, strict=True):
        for label, difficult, (x, y, w, h) in _boxes(record):
            number += 1
            yield {
                "id": number,
                "image_id": own,
                "category_id": ids[label],
                "bbox": [x, y, w, h],
                "area": w * h,
                "iscrowd": int(difficult),
            }


def _boxes(record: Record) -> Iterator[tuple[int, bool, list[float]]]:
    target = record.target
    wide = target.boxes.numpy().astype(np.float64)
    wide[:, 2:] -= wide[:, :2]
    yield from zip(target.labels.tolist(), target.difficult.tolist(), wide.tolist(), strict=True)
