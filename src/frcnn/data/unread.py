"""Annotation files beside a data set that its layout does not read: said once, never opened here.

A table whose columns have other names, a second export in another layout: who put it there may
believe that it counts.
"""

from collections.abc import Callable, Collection
from pathlib import Path

from frcnn.data.coco import find_coco
from frcnn.data.csv_layout import CLASS_LIST, find_csv
from frcnn.data.cvat import find_cvat
from frcnn.data.label_studio import find_label_studio
from frcnn.data.labelme import find_labelme
from frcnn.data.problems import Problem
from frcnn.ops.picture_header import place_of

_ENDINGS = (".csv", ".json", ".xml")


def _none(_root: Path) -> Collection[Path]:
    return ()


def _all_xml(root: Path) -> Collection[Path]:
    return tuple(root.glob("*.xml"))


def _of_coco(root: Path) -> Collection[Path]:
    return tuple(find_coco(root).values())


def _of_csv(root: Path) -> Collection[Path]:
    return (*find_csv(root).values(), root / CLASS_LIST)


def _of_label_studio(root: Path) -> Collection[Path]:
    return tuple(find_label_studio(root).values())


def _of_cvat(root: Path) -> Collection[Path]:
    found = find_cvat(root)
    return () if found is None else (found,)


def _of_labelme(root: Path) -> Collection[Path]:
    return [path for files in find_labelme(root).values() for path in files]


_READ: dict[str, Callable[[Path], Collection[Path]]] = {
    "voc": _all_xml,
    "coco": _of_coco,
    "yolo": _none,
    "csv": _of_csv,
    "label-studio": _of_label_studio,
    "cvat": _of_cvat,
    "labelme": _of_labelme,
}


def find_unread(root: Path, layout: str) -> list[Problem]:
    """List files in the data set's folder, not below it, that look like annotations.

    Args:
        root: of the data set; a file stands for itself, and nothing beside it is looked at.
        layout: as which it is read.

    Returns:
        A warning, or nothing.
    """
    if not root.is_dir():
        return []
    read = set(_READ[layout](root))
    others = sorted(
        path.name
        for path in root.iterdir()
        if path.suffix.lower() in _ENDINGS and not path.name.startswith(".") and path not in read
    )
    if not others:
        return []
    return [
        Problem(
            code="RC268",
            place=place_of(root),
            what="files beside the data that look like annotations and are not read",
            got=place_of(Path(", ".join(others)[:200])),
            want=f"nothing but what {layout} layout has",
            fix="take them out, or name the one that counts in the place of the folder",
            severity="warning",
        )
    ]
