"""`voc/Annotations/`: an XML for each picture, as PASCAL VOC and labelImg write them.

Each object has a `<score>` behind its box, which readers of VOC pass over. Corners keep their
fractions. A box with a side of a pixel or less has no place in VOC, whose corners would meet.
"""

from pathlib import Path

from frcnn.data.moving import unwritten
from frcnn.data.problems import Problem
from frcnn.data.voc_annotation import VOCObject, write_annotation
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
        objects = []
        for item in picture.objects:
            x1, y1, x2, y2 = item["box"]
            if x2 - x1 > 1 and y2 - y1 > 1:
                box = (x1, y1, x2, y2)
                objects.append(VOCObject(item["name"], box, difficult=False, score=item["score"]))
            else:
                got = f"{item['name']} ({x1:g}, {y1:g}, {x2:g}, {y2:g})"
                lost.append(unwritten("RC293", picture.row["path"], got, "voc", "box dropped"))
        size = Size(picture.row["height"], picture.row["width"])
        xml = write_annotation(Path(picture.inside).name, size, objects)
        write_bytes(path / "Annotations" / f"{picture.stem}.xml", xml)
    return lost
