"""Writing COCO layout: `images/`, and `annotations/instances_SPLIT.json` for each split.

A file's own ids of categories, pictures and boxes are written back, and its areas; where the data
had none, ids run from 1, and an area is that of the box.
A difficult box is written as a crowd, COCO's only kind that is neither found nor missed.
"""

import json
import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frcnn.data.dataset import Dataset
from frcnn.data.moving import Moved, all_boxes
from frcnn.data.problems import Problem
from frcnn.data.records import Split
from frcnn.types import Size


def write_coco(folder: Path, data: Dataset, moved: Moved, lost: list[Problem]) -> dict[str, int]:
    """Write the annotations of all splits.

    Args:
        folder: the new one; pictures are in it.
        data: the data set.
        moved: where its pictures are.
        lost: gets nothing: this layout holds everything that a data set has.

    Returns:
        How many boxes were written, by split: all.
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
    return all_boxes(data)


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
    numbers = iter(_box_ids(split))
    for own, record in zip(_picture_ids(split), split.records, strict=True):
        target, size = record.target, record.size
        areas = record.notes.areas.tolist() if record.notes else [math.nan] * len(target.boxes)
        for box, label, difficult, area in zip(
            target.boxes.numpy(),
            target.labels.tolist(),
            target.difficult.tolist(),
            areas,
            strict=True,
        ):
            yield {
                "id": next(numbers),
                "image_id": own,
                "category_id": ids[label],
                "bbox": corner_and_sides(box, size),
                "area": area_of(box) if math.isnan(area) else area,
                "iscrowd": int(difficult),
            }


def _box_ids(split: Split) -> list[Any]:
    """Keep the file's own ids where every box has one, and no two the same."""
    own = [
        number
        for record in split.records
        for number in (
            record.notes.ids.tolist() if record.notes else [None] * len(record.target.boxes)
        )
    ]
    is_whole = None not in own and len(set(map(str, own))) == len(own)
    return own if is_whole else list(range(1, len(own) + 1))


def corner_and_sides(box: NDArray[np.float32], size: Size) -> list[float]:
    """Give x, y, width and height in as few digits as bring the same corners back.

    Args:
        box: [4] corners, pixels, inside the picture.
        size: of the picture.

    Returns:
        The numbers: differences of the shortest decimals that are the same float32.
    """
    x1, y1, x2, y2 = (Decimal(str(value)) for value in box)
    x, y, w, h = (float(value) for value in (x1, y1, x2 - x1, y2 - y1))
    is_inside = x + w <= size.width and y + h <= size.height
    if is_inside and np.array_equal(np.array((x, y, x + w, y + h), np.float32), box):
        return [x, y, w, h]
    x, y, right, low = box.tolist()
    return [x, y, right - x, low - y]


def area_of(box: NDArray[np.float32]) -> float:
    """Give a box's area as its shortest decimals have it.

    Args:
        box: [4] corners, pixels.

    Returns:
        Square pixels.
    """
    x1, y1, x2, y2 = (Decimal(str(value)) for value in box)
    return float((x2 - x1) * (y2 - y1))
