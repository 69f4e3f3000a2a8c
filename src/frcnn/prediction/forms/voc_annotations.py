"""`voc/Annotations/`: an XML for each picture, as PASCAL VOC and labelImg write them.

Each object has a `<score>` behind its box, which readers of VOC pass over. Corners keep their
fractions. A box with a side of a pixel or less has no place in VOC, whose corners would meet.
"""

from pathlib import Path

from frcnn.data.problems import Problem
from frcnn.data.voc_annotation import VOCObject, write_annotation
from frcnn.data.voc_writer import has_room
from frcnn.prediction.forms.results import Results, write_bytes
from frcnn.types import Size


def write_voc(path: Path, results: Results) -> list[Problem]:
    """Write an annotation for each picture.

    Args:
        path: of the folder.
        results: the pictures are read.

    Returns:
        The boxes that are too small (RC293). DiskError as `files.write_atomically`.
    """
    lost: list[Problem] = []
    for picture in results.pictures():
        found = [
            VOCObject(item["name"], tuple(item["box"]), difficult=False, score=item["score"])
            for item in picture.objects
        ]
        objects = [thing for thing in found if has_room(thing, picture.row["path"], lost)]
        size = Size(picture.row["height"], picture.row["width"])
        xml = write_annotation(Path(picture.inside).name, size, objects)
        write_bytes(path / "Annotations" / f"{picture.stem}.xml", xml)
    return lost
