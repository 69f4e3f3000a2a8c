"""What the files of a data set say beside boxes and classes, counted when it is written anew.

frcnn reads none of it, and no layout's writer writes it: the pose and the parts of PASCAL VOC's
objects, COCO's key points and addresses, more columns of a table. Files are read once more for it,
which only a conversion waits for. What the exports of labelling tools say more is counted as they
are read (`shapes.Tally`).
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from frcnn.data.coco import find_coco
from frcnn.data.coco_text import read_raw
from frcnn.data.csv_layout import find_csv
from frcnn.data.csv_rows import count_others
from frcnn.data.dataset import Dataset
from frcnn.data.moving import unwritten
from frcnn.data.problems import Problem
from frcnn.data.records import Record
from frcnn.data.voc_layout import find_layout
from frcnn.data.xml_tree import Element, read_xml
from frcnn.data.yolo_labels import read_lines
from frcnn.data.yolo_layout import find_yolo
from frcnn.errors import DataError
from frcnn.ops.picture_header import place_of

_READ = {
    "images": {"id", "file_name", "height", "width"},
    "annotations": {
        *("id", "image_id", "category_id", "bbox", "iscrowd", "ignore", "area"),
        "segmentation",  # RC291 counts it
    },
    "categories": {"id", "name"},
}
"""What is read of COCO's lists."""
_OF = {"images": "pictures", "annotations": "boxes", "categories": "classes"}
_NOTHING = {b"null", b"false", b"0", b"0.0", b'""', b"[]", b"{}"}
_OBJECT = {"name", "bndbox", "difficult"}
_PICTURE = {"filename", "path", "folder", "size", "object"}
"""`path` and `folder` name places on another machine."""
_SAYS_NOTHING = {"", "0", "false", "unspecified", "unknown"}
_ROUNDING = 1e-3
"""Of an area: files have two decimals of a side."""


def unkept(data: Dataset, to: str) -> list[Problem]:
    """Count what a writer leaves out beside what it reports itself.

    Args:
        data: the data set, whose files are still there.
        to: the new layout.

    Returns:
        A warning with all counts, or nothing.
    """
    count = _COUNTERS.get(data.layout)
    counts = Counter[str]() if count is None else count(data.root)
    if to != "coco":
        counts += sum((_of_notes(split.records) for split in data.splits.values()), Counter[str]())
    if not counts:
        return []
    got = ", ".join(f"{name} ({number})" for name, number in sorted(counts.items()))
    return [unwritten("RC299", place_of(data.root), got, to)]


def _of_notes(records: Sequence[Record]) -> Counter[str]:
    """Count areas that are not those of the boxes, and ids that do not simply count."""
    notes = [(record, record.notes) for record in records if record.notes is not None]
    areas = 0
    for record, own in notes:
        boxes = record.target.boxes.double().numpy()
        whole = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        areas += int((np.abs(own.areas - whole) > _ROUNDING * whole).sum())
    boxes_ids = [number for _, own in notes for number in own.ids.tolist() if number is not None]
    counts = Counter({"areas of boxes": areas})
    for name, ids in (("boxes", boxes_ids), ("pictures", [r.file_id for r in records])):
        known = [number for number in ids if number != ""]
        counts[f"ids of {name}"] = 0 if known == [*range(1, len(known) + 1)] else len(known)
    return +counts


def _of_coco(root: Path) -> Counter[str]:
    counts = Counter[str]()
    for path in find_coco(root).values():
        for name, raw in read_raw(path).items():
            if name in _READ:
                counts.update(f"{key} of {_OF[name]}" for key in _keys(raw, _READ[name]))
            else:
                counts[name] += bytes(raw) not in _NOTHING
    return +counts


def _keys(entries: msgspec.Raw, read: Container[str]) -> Iterator[str]:
    """List what the entries of a list say beside what is read; what is no entry is reported there.

    Yields:
        A key, as often as it says something.
    """
    decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
    for entry in msgspec.json.decode(entries, type=list[msgspec.Raw]):
        with contextlib.suppress(msgspec.MsgspecError):
            values = decoder.decode(entry)
            yield from (k for k, v in values.items() if k not in read and bytes(v) not in _NOTHING)


def _of_voc(root: Path) -> Counter[str]:
    counts = Counter[str]()
    entries = {e.annotation for split in find_layout(root).splits.values() for e in split}
    for path in sorted(each for each in entries if each is not None):
        try:
            top = read_xml(path)
        except DataError:  # reported when it was read
            continue
        counts.update(f"{tag} of pictures" for tag in _others(top, _PICTURE))
        objects = (child for child in top.children if child.tag == "object")
        counts.update(f"{tag} of boxes" for each in objects for tag in _others(each, _OBJECT))
    return counts


def _others(element: Element, read: set[str]) -> Iterator[str]:
    return (c.tag for c in element.children if c.tag not in read and _says(c))


def _says(element: Element) -> bool:
    """Tell whether an element says more than that nobody filled it in."""
    return element.text.lower() not in _SAYS_NOTHING or any(map(_says, element.children))


def _of_yolo(root: Path) -> Counter[str]:
    layout = find_yolo(root)
    if layout is None or not layout.key_points:
        return Counter()
    labels = {pair.label for pairs in layout.splits.values() for pair in pairs if pair.label}
    words = [len(line.split()) for label in sorted(labels) for line in _lines(label)]
    return +Counter({"key points of boxes": words.count(5 + layout.key_points)})


def _lines(label: Path) -> list[str]:
    try:
        return read_lines(label)
    except DataError:  # reported when it was read
        return []


def _of_csv(root: Path) -> Counter[str]:
    counts = Counter[str]()
    for path in find_csv(root).values():
        counts += count_others(path)
    return counts


_COUNTERS: dict[str, Callable[[Path], Counter[str]]] = {
    "coco": _of_coco,
    "voc": _of_voc,
    "yolo": _of_yolo,
    "csv": _of_csv,
}
