"""Where every picture of a data set goes when it is written anew, and what cannot be written."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from frcnn.data.dataset import Dataset
from frcnn.data.picture_paths import Names
from frcnn.data.problems import Effect, Problem

WORDS = {"voc": "PASCAL VOC", "coco": "COCO", "yolo": "YOLO", "csv": "CSV"}
"""How people call the layouts."""
_WHATS = {
    "RC290": "cannot mark a box as difficult or a crowd; it is left out",
    "RC291": "is written without outlines of objects; their boxes are kept",
    "RC292": "has no ids of classes of its own; they become 0 ... C-1",
    "RC293": "cannot hold a box with a side of a pixel or less",
    "RC294": "has no list of classes; ids will follow the sorted names of the training split",
}


@dataclass(frozen=True)
class Moved:
    """The pictures of all splits; one that is in several is there once."""

    files: Mapping[Path, str]
    """The new path within the new folder, by the old one; no two have one name but for the ending
    in one folder."""

    def file(self, path: Path) -> str:
        """Give a picture's new path within the new folder, with forward slashes."""
        return self.files[path]

    def stem(self, path: Path) -> str:
        """Give the name of a picture's new file without its ending."""
        return self.files[path].rpartition("/")[2].rpartition(".")[0]


def move(data: Dataset, folder: str) -> Moved:
    """Give every picture its new place.

    Args:
        data: the data set.
        folder: where pictures go; `{split}` in it becomes the first split that has the picture.

    Returns:
        The places.
    """
    files: dict[Path, str] = {}
    names = Names()
    for name, split in data.splits.items():
        for record in split.records:
            if record.path not in files:
                stem = names.of(record.path).replace("/", "_").replace("\\", "_")
                ending = record.path.suffix or ".jpg"
                files[record.path] = f"{folder.format(split=name)}/{stem}{ending}"
    return Moved(files)


def unwritten(code: str, place: str, got: str, to: str, effect: Effect = "none") -> Problem:
    """Report what a layout cannot hold.

    Args:
        code: RC290 ... RC294.
        place: of the picture or data set.
        got: which, or how many.
        to: the layout.
        effect: what was left out.

    Returns:
        A warning.
    """
    return Problem(
        code=code,
        place=place,
        what=f"{WORDS[to]} layout {_WHATS[code]}",
        got=got,
        fix="keep the old data, or choose a layout that has room for it",
        severity="warning",
        effect=effect,
    )
