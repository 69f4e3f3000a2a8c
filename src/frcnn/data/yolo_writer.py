"""Writing YOLO layout: `images/SPLIT`, `labels/SPLIT` and data.yaml.

Six decimals, as everybody writes them: a corner comes back within a millionth of the picture's
side. A picture that is in several splits stands in the first one's folder, and the others have
lists of their pictures.
"""

from pathlib import Path

import yaml

from frcnn.data.dataset import Dataset
from frcnn.data.moving import Moved, boxes_by_split, each_once, ids_unwritten, unwritten
from frcnn.data.problems import Problem
from frcnn.data.records import Record
from frcnn.ops.picture_header import place_of


def write_yolo(folder: Path, data: Dataset, moved: Moved, lost: list[Problem]) -> dict[str, int]:
    """Write the label files and lists of all splits.

    Args:
        folder: the new one; pictures are in it.
        data: the data set.
        moved: where its pictures are.
        lost: gets what could not be written: difficult boxes, which this layout cannot mark and
            which would otherwise become objects like any other; what a second split says of a
            picture; ids of classes that are not 0 ... C-1.

    Returns:
        How many boxes were written, by split.
    """
    lost += ids_unwritten(data, "yolo")
    written: dict[Path, int] = {}
    for record in each_once(data, "yolo", lost):
        picture = moved.file(record.path).removeprefix("images/")
        label = (folder / "labels" / picture).with_suffix(".txt")
        label.parent.mkdir(parents=True, exist_ok=True)
        lines = _lines(record, data.classes, lost)
        label.write_text("".join(lines), encoding="utf-8")
        written[record.path] = len(lines)
    about: dict[str, object] = {"path": "."}
    for name, split in data.splits.items():
        files = [moved.file(record.path) for record in split.records]
        there = {file for file in moved.files.values() if file.startswith(f"images/{name}/")}
        about[name] = f"images/{name}" if there == set(files) else f"{name}.txt"
        if about[name] != f"images/{name}":
            text = "".join(f"./{file}\n" for file in files)
            (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    about["names"] = dict(enumerate(data.classes))
    text = yaml.safe_dump(about, sort_keys=False, allow_unicode=True)
    (folder / "data.yaml").write_text(text, encoding="utf-8")
    return boxes_by_split(data, written)


def _lines(record: Record, classes: tuple[str, ...], lost: list[Problem]) -> list[str]:
    width, height = record.size.width, record.size.height
    target = record.target
    lines: list[str] = []
    for (x1, y1, x2, y2), label, difficult in zip(
        target.boxes.tolist(), target.labels.tolist(), target.difficult.tolist(), strict=True
    ):
        if difficult:
            got = f"{classes[label]} ({x1:g}, {y1:g}, {x2:g}, {y2:g})"
            lost.append(unwritten("RC290", place_of(record.path), got, "yolo", "box dropped"))
            continue
        x, y = (x1 + x2) / 2 / width, (y1 + y2) / 2 / height
        w, h = (x2 - x1) / width, (y2 - y1) / height
        lines.append(f"{label} {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n")
    return lines
