"""`crops/`: each object as a picture of its own, in a folder of its class.

    crops/nut/a-1.jpg    the first object of a.jpg, by score, which is a nut

They are cut while their picture is at hand, from tiles where it is larger than memory. A crop has
all pixels that the box touches. Whoever trains a classifier on them has the folders it needs.
"""

import math
import re
from collections.abc import Sequence
from pathlib import Path

from frcnn.ops.tiles import Window
from frcnn.prediction.forms.results import make_folder
from frcnn.prediction.picture_files import write_picture
from frcnn.prediction.result import Result
from frcnn.prediction.windows import Windows, shrunk

LARGEST = 16_000_000
"""Pixels; the crop of a larger box is made smaller by a whole factor."""
_UNFIT = re.compile(r"[^\w.+ -]")


def write_crops(folder: Path, result: Result, windows: Windows, stem: str) -> list[str]:
    """Write each object of a picture.

    Args:
        folder: of all crops.
        result: the objects.
        windows: the picture.
        stem: what the crops are named by; no other picture has it.

    Returns:
        The crops' paths inside the folder, with forward slashes, in the order of the objects.
        DiskError as `files.write_atomically`.
    """
    folders = class_folders(result.classes)
    names = []
    rows = zip(result.boxes.tolist(), result.labels.tolist(), strict=True)
    for number, (box, label) in enumerate(rows, 1):
        name = f"{folders[label]}/{stem}-{number}.jpg"
        make_folder((folder / name).parent)
        window = _touched(box, windows)
        pixels = window.size.height * window.size.width
        factor = math.ceil(math.sqrt(pixels / LARGEST))
        write_picture(folder / name, shrunk(windows, window, factor))
        names.append(name)
    return names


def class_folders(classes: Sequence[str]) -> list[str]:
    """Name a folder for each class: its name where that can be one, and no two alike.

    Args:
        classes: their names.

    Returns:
        The folders' names, in the same order.
    """
    plain = [_UNFIT.sub("_", name).strip(". ") or "_" for name in classes]
    if len({name.casefold() for name in plain}) < len(plain):
        return [f"{label}_{name}" for label, name in enumerate(plain)]
    return plain


def _touched(box: Sequence[float], windows: Windows) -> Window:
    """Give the pixels that a box touches; a box has an area, so there is at least one."""
    x1, y1, x2, y2 = box
    size = windows.size
    left, top = min(math.floor(x1), size.width - 1), min(math.floor(y1), size.height - 1)
    right, bottom = min(math.ceil(x2), size.width), min(math.ceil(y2), size.height)
    return Window(left, top, max(right, left + 1), max(bottom, top + 1))
