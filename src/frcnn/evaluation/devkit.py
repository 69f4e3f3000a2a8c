"""The results files of the PASCAL VOC devkit: one text file for each class, one line a detection.

`comp4_det_<split>_<class>.txt` in the devkit's folder `results/.../Main`:

    000012 0.998 157.2 98.0 350.9 268.4

The picture's name, the score, then xmin, ymin, xmax, ymax in VOC's way of counting
(`ops.boxes.to_voc`). Scores have three decimals and corners one, as the authors of Faster R-CNN
write them (`lib/datasets/pascal_voc.py`): what is read back is off by up to 0.0005 and 0.05 pixels,
scores that were close may be equal, and AP may differ in its fourth digit. comp4: outside data (the
published backbone weights) were allowed in training.

Letters: N detections of a picture.
"""

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from frcnn import files
from frcnn.errors import AnnotationError, ConfigError
from frcnn.ops import boxes as box_ops
from frcnn.types import Detections

_FORM = "NAME SCORE XMIN YMIN XMAX YMAX"
_LONGEST = 255  # bytes of a file's name on the usual file systems


class _Row(NamedTuple):
    """One line of a results file, in our convention."""

    score: float
    box: tuple[float, float, float, float]
    label: int


def write_results(
    folder: Path, found: Mapping[str, Detections], classes: Sequence[str], *, split: str = "test"
) -> list[Path]:
    """Write detections as the devkit wants them.

    Args:
        folder: gets one file for each class, also for one without detections; others stay.
        found: detections of each picture by its name, pixels of the original picture.
        classes: names of the class ids 0 ... C-1.
        split: name of the pictures' list, part of the file names.

    Returns:
        The files, in the order of the classes. Pictures are sorted by name, their detections by
        falling score.

    Raises:
        ConfigError: a class or picture name cannot be written (RC337).
        DiskError: a file could not be written.
    """
    paths = [folder / _file_name(split, name) for name in classes]
    for name in found:
        _require_writable_name(name)
    files.require_writable(folder)
    for label, path in enumerate(paths):
        _write(path, "".join(_lines(found, label)).encode("utf-8", "surrogateescape"))
    return paths


def read_results(
    folder: Path, names: Sequence[str], classes: Sequence[str], *, split: str = "test"
) -> dict[str, Detections]:
    """Read detections that any detector wrote for the devkit.

    Args:
        folder: has one file for each class.
        names: of all pictures of the split.
        classes: names of the class ids 0 ... C-1.
        split: name of the pictures' list, part of the file names.

    Returns:
        Detections of every picture, in the order of `names`, each highest score first; ties by
        class id, then by line. Scores are any finite numbers: the devkit only ranks them. Boxes
        are in pixels of the original picture and may leave it, as there.

    Raises:
        AnnotationError: a class has no file (RC240), a file belongs to no class (RC241), a line
            does not have the six parts (RC242), a number is not finite (RC243), a picture is not
            in the split (RC244), a box is inverted (RC245); each with file and line.
        DiskError: a file could not be read.
    """
    _require_no_others(folder, classes, split)
    rows: dict[str, list[_Row]] = {name: [] for name in names}
    for label, class_name in enumerate(classes):
        path = folder / _file_name(split, class_name)
        for place, line in _numbered_lines(path, class_name):
            name, row = _parse(place, line, label)
            if name not in rows:
                raise _unknown_picture(place, name, names)
            rows[name].append(row)
    return {name: _detections(rows[name]) for name in rows}


def _file_name(split: str, class_name: str) -> str:
    name = f"comp4_det_{split}_{class_name}.txt"
    unfit = set("/\\\0\n\r") & set(name) or len(name.encode("utf-8", "replace")) > _LONGEST
    if unfit:
        raise ConfigError(
            "RC337",
            f"class {class_name!r} of split {split!r}",
            "no file can have this name",
            want=f"no slash, backslash or line end, and at most {_LONGEST} bytes",
            fix="rename the class in a copy of the annotations",
        )
    return name


def _require_writable_name(name: str) -> None:
    if not name or name != name.strip() or set("\n\r") & set(name):
        raise ConfigError(
            "RC337",
            f"picture {name!r}",
            "its name would not come back from a results file",
            want="a name without line ends, and without spaces around it",
            fix="rename the picture's file",
        )


def _write(path: Path, content: bytes) -> None:
    files.write_atomically(path, lambda stream: stream.write(content))


def _lines(found: Mapping[str, Detections], label: int) -> Iterator[str]:
    for name in sorted(found):
        mine = found[name].labels == label
        scores, boxes = found[name].scores[mine].double(), found[name].boxes[mine].double()
        for row in scores.argsort(descending=True, stable=True).tolist():
            x1, y1, x2, y2 = boxes[row].tolist()
            edges = box_ops.to_voc((x1, y1, x2, y2))
            corners = " ".join(f"{edge:.1f}" for edge in edges)
            yield f"{name} {float(scores[row]):.3f} {corners}\n"


def _require_no_others(folder: Path, classes: Sequence[str], split: str) -> None:
    """Refuse results of a class that is not judged: its detections would silently be lost."""
    known = {_file_name(split, name) for name in classes}
    start = f"comp4_det_{split}_"
    for path in sorted(folder.glob("*.txt")):
        if path.name.startswith(start) and path.name not in known:
            name = path.name[len(start) : -len(".txt")]
            near = difflib.get_close_matches(name, classes, n=1)
            raise AnnotationError(
                "RC241",
                str(path),
                "results of an unknown class",
                got=name,
                want=", ".join(classes),
                fix=f"is it {near[0]}? Rename the file" if near else "move the file elsewhere",
            )


def _numbered_lines(path: Path, class_name: str) -> list[tuple[str, str]]:
    """Read the lines that are not blank, each with its place, `file:number`."""
    if not path.is_file():
        raise AnnotationError(
            "RC240",
            str(path),
            f"no results of class {class_name}",
            want="one file for each class; an empty one where nothing was found",
            fix="write the file, or name the split that the results are of",
        )
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise files.disk_error(error, path) from error
    return [
        (f"{path}:{number}", line.decode("utf-8", "surrogateescape"))
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def _parse(place: str, line: str, label: int) -> tuple[str, _Row]:
    parts = line.rsplit(maxsplit=5)  # a picture's name may have spaces
    try:
        score, xmin, ymin, xmax, ymax = (float(part) for part in parts[1:])
    except ValueError:
        raise AnnotationError(
            "RC242",
            place,
            "not a line of results",
            got=repr(line.strip()[:80]),
            want=_FORM,
            fix="write six parts with spaces between them, or delete the line",
        ) from None
    if not all(map(math.isfinite, (score, xmin, ymin, xmax, ymax))):
        raise AnnotationError(
            "RC243",
            place,
            "a number that is not finite",
            got=" ".join(parts[1:]),
            want="five finite numbers",
            fix="look into the detector that wrote it: its network may have diverged",
        )
    if xmax < xmin - 1 or ymax < ymin - 1:
        raise AnnotationError(
            "RC245",
            place,
            "inverted box",
            got=" ".join(parts[2:]),
            want="xmin <= xmax and ymin <= ymax",
            fix="write corners, not a corner with width and height",
        )
    return parts[0].strip(), _Row(score, box_ops.from_voc((xmin, ymin, xmax, ymax)), label)


def _unknown_picture(place: str, name: str, names: Sequence[str]) -> AnnotationError:
    near = difflib.get_close_matches(name, names, n=1)
    return AnnotationError(
        "RC244",
        place,
        "a picture that is not in the split",
        got=repr(name),
        want=f"one of {len(names)} pictures" + (f", such as {near[0]!r}" if near else ""),
        fix="name the split that the results are of, or delete the line",
    )


def _detections(rows: list[_Row]) -> Detections:
    if not rows:
        return Detections.empty()
    rows = sorted(rows, key=lambda row: -row.score)
    return Detections(
        boxes=torch.tensor([row.box for row in rows], dtype=torch.float32),
        scores=torch.tensor([row.score for row in rows], dtype=torch.float32),
        labels=torch.tensor([row.label for row in rows], dtype=torch.int64),
    )
