"""Writing PASCAL VOC layout: JPEGImages/, Annotations/, ImageSets/Main/SPLIT.txt.

Corners keep their fractions, which our reader takes and the devkit's does, too; boxes of whole
pixels are written as whole numbers.
"""

from pathlib import Path

from frcnn.data.dataset import Dataset, training_split
from frcnn.data.moving import Moved, boxes_by_split, each_once, ids_unwritten, unwritten
from frcnn.data.problems import Problem
from frcnn.data.records import Record
from frcnn.data.voc_annotation import VOCObject, write_annotation
from frcnn.ops.picture_header import place_of


def write_voc(folder: Path, data: Dataset, moved: Moved, lost: list[Problem]) -> dict[str, int]:
    """Write the annotations and lists of all splits.

    Args:
        folder: the new one; pictures are in it.
        data: the data set.
        moved: where its pictures are.
        lost: gets what could not be written: boxes with a side of a pixel or less, whose corners
            would meet; classes without boxes, or in another order than by name, because there is
            no list of them; what a second split says of a picture; ids of classes that are not
            0 ... C-1.

    Returns:
        How many boxes were written, by split.
    """
    lost += [*ids_unwritten(data, "voc"), *_class_list(data)]
    written: dict[Path, int] = {}
    for part in ("Annotations", "ImageSets/Main"):
        (folder / part).mkdir(parents=True)
    for record in each_once(data, "voc", lost):
        objects = [
            o for o in _objects(record, data.classes) if has_room(o, place_of(record.path), lost)
        ]
        written[record.path] = len(objects)
        filename = moved.file(record.path).rpartition("/")[2]
        xml = folder / "Annotations" / f"{moved.stem(record.path)}.xml"
        xml.write_bytes(write_annotation(filename, record.size, objects))
    for name, split in data.splits.items():
        text = "".join(f"{moved.stem(record.path)}\n" for record in split.records)
        (folder / "ImageSets" / "Main" / f"{name}.txt").write_text(text, encoding="utf-8")
    return boxes_by_split(data, written)


def _objects(record: Record, classes: tuple[str, ...]) -> list[VOCObject]:
    target = record.target
    rows = zip(
        target.boxes.tolist(), target.labels.tolist(), target.difficult.tolist(), strict=True
    )
    return [VOCObject(classes[label], tuple(box), difficult) for box, label, difficult in rows]


def has_room(thing: VOCObject, place: str, lost: list[Problem]) -> bool:
    """Tell whether an object's corners do not meet, and report it when they do.

    Args:
        thing: the object.
        place: of the picture.
        lost: gets the object when it has no place in VOC.

    Returns:
        Whether it can be written.
    """
    x1, y1, x2, y2 = thing.box
    if x2 - x1 > 1 and y2 - y1 > 1:
        return True
    got = f"{thing.name} ({x1:g}, {y1:g}, {x2:g}, {y2:g})"
    lost.append(unwritten("RC293", place, got, "voc", "box dropped"))
    return False


def _class_list(data: Dataset) -> list[Problem]:
    split = data.splits.get(training_split(data.splits) or "")
    used = {n for n, count in split.boxes_per_class.items() if count} if split else set()
    if split is None or tuple(sorted(used)) == data.classes:
        return []
    unused = [name for name in data.classes if name not in used]
    got = f"without boxes there: {', '.join(unused)[:200]}" if unused else "another order"
    return [unwritten("RC294", place_of(data.root), got, "voc")]
