"""Writing CSV layout: `images/`, a table SPLIT.csv for each split, and classes.csv.

The columns are TensorFlow's and Roboflow's, with `difficult` behind them where a box is so; a row
without corners is a picture without objects. Corners are pixels from 0.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from frcnn.data.csv_layout import CLASS_LIST
from frcnn.data.csv_rows import COLUMNS
from frcnn.data.dataset import Dataset
from frcnn.data.moving import Moved, all_boxes, ids_unwritten
from frcnn.data.problems import Problem
from frcnn.data.records import Split

_ORDER = ("path", "width", "height", "class", "x1", "y1", "x2", "y2")


def write_csv(folder: Path, data: Dataset, moved: Moved, lost: list[Problem]) -> dict[str, int]:
    """Write the tables of all splits.

    Args:
        folder: the new one; pictures are in it.
        data: the data set.
        moved: where its pictures are.
        lost: gets what could not be written: ids of classes that are not 0 ... C-1.

    Returns:
        How many boxes were written, by split: all.
    """
    for name, split in data.splits.items():
        has_difficult = any(bool(r.target.difficult.any()) for r in split.records)
        columns = (*_ORDER, "difficult") if has_difficult else _ORDER
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([COLUMNS[column][0] for column in columns])
            writer.writerows(row[: len(columns)] for row in _rows(split, moved))
    with (folder / CLASS_LIST).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows((name, number) for number, name in enumerate(data.classes))
    lost += ids_unwritten(data, "csv")
    return all_boxes(data)


def _rows(split: Split, moved: Moved) -> Iterator[list[object]]:
    for record in split.records:
        target = record.target
        head: list[object] = [moved.file(record.path), record.size.width, record.size.height]
        if not len(target.boxes):
            yield [*head, "", "", "", "", "", ""]
        for box, label, difficult in zip(
            target.boxes.tolist(), target.labels.tolist(), target.difficult.tolist(), strict=True
        ):
            corners = [f"{value:.10g}" for value in box]
            yield [*head, split.classes[label], *corners, int(difficult)]
