"""One CSV file: a row for each box, under the column names that people use.

With a heading, columns are known by name and may stand in any order; without one, the six columns
are path, x1, y1, x2, y2, class (RetinaNet's form). Corners are pixels from 0, continuous, as ours.
A row whose corners and class are empty says that its picture has no objects.
"""

import csv
import io
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from frcnn.data.box_checks import MOST, NUMBER
from frcnn.data.problems import Problem, Spot, odd_flag
from frcnn.errors import AnnotationError, PictureError
from frcnn.ops.picture_header import open_regular, place_of
from frcnn.types import Corners, Size

COLUMNS = {
    "path": ("filename", "file_name", "image_path", "path", "image", "image_name", "file", "img"),
    "class": ("class", "class_name", "label", "label_name", "name", "category"),
    "x1": ("xmin", "x1", "x_min", "left"),
    "y1": ("ymin", "y1", "y_min", "top"),
    "x2": ("xmax", "x2", "x_max", "right"),
    "y2": ("ymax", "y2", "y_max", "bottom"),
    "width": ("width", "image_width", "img_width"),
    "height": ("height", "image_height", "img_height"),
    "difficult": ("difficult", "iscrowd", "is_crowd"),
}
"""What a column is called, in small letters; the first of each is what we write."""
NEEDED = ("path", "class", "x1", "y1", "x2", "y2")
"""Columns without which there are no boxes; RetinaNet's, but for their order."""
_WITHOUT_HEADING = ("path", "x1", "y1", "x2", "y2", "class")
_EDGES = ("x1", "y1", "x2", "y2")
_START = 1 << 16


class CSVBox(NamedTuple):
    """One row."""

    name: str
    """Of the class."""
    box: Corners
    difficult: bool
    line: int

    @property
    def has_area(self) -> bool:
        """Whether its second corner is the lower right one."""
        x1, y1, x2, y2 = self.box
        return x2 > x1 and y2 > y1


@dataclass
class CSVPicture:
    """All rows of one picture."""

    written: str
    """Its path, as the file has it."""
    line: int
    """Of its first row."""
    size: Size | None = None
    """Where the file says it."""
    boxes: list[CSVBox] = field(default_factory=list)
    inverted: list[CSVBox] = field(default_factory=list)
    """Rows of four numbers that are no corners, reported and not used."""


class _Table(NamedTuple):
    """How a file's rows are to be read."""

    delimiter: str
    columns: Mapping[str, int]
    has_heading: bool
    twice: str = ""
    """A column that is there twice."""


def is_boxes(path: Path) -> bool:
    """Say whether a file has a row for each box, as far as its first row tells.

    Args:
        path: of a CSV file.

    Returns:
        Whether `read_csv` reads it.
    """
    try:
        with open_regular(path) as file:
            return _table(file.read(_START).decode("utf-8-sig", "replace")) is not None
    except PictureError:
        return False


def read_csv(path: Path, problems: list[Problem]) -> list[CSVPicture]:
    """Read a file; rows that are no boxes are left out and reported.

    Args:
        path: of the file.
        problems: gets a box dropped for each row that is none.

    Returns:
        The pictures, in the order of their first rows.

    Raises:
        AnnotationError: it cannot be read, or has other columns (RC283).
    """
    text = _text(path)
    table = _table(text)
    if table is None:
        raise _unreadable(path, text.partition("\n")[0].strip()[:60], _lack(text))
    if table.twice:
        raise _unreadable(path, f"the column {table.twice} twice", "nobody knows which one counts")
    pictures: dict[str, CSVPicture] = {}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=table.delimiter)
    try:
        for number, words in enumerate(row for row in reader if any(map(str.strip, row))):
            if number or not table.has_heading:
                _read_row(words, table, f"{place_of(path)}:{reader.line_num}", pictures, problems)
    except csv.Error as error:
        raise _unreadable(path, f"{error}, line {reader.line_num}", "not a table") from error
    return list(pictures.values())


def count_others(path: Path) -> Counter[str]:
    """Count the cells of columns that are not read.

    Args:
        path: of a file that `read_csv` reads.

    Returns:
        How many of each column say something, which 0 does not.
    """
    text = _text(path)
    table = _table(text)
    if table is None or not table.has_heading:
        return Counter()
    head, *rows = filter(any, csv.reader(io.StringIO(text, newline=""), delimiter=table.delimiter))
    others = set(range(len(head))) - set(table.columns.values())
    cells = ((head[n].strip(), row[n].strip()) for row in rows for n in others if n < len(row))
    return Counter(name for name, cell in cells if cell not in ("", "0"))


def read_class_list(path: Path) -> list[str]:
    """Read RetinaNet's list of classes, `name,id` on each line.

    Args:
        path: of the file.

    Returns:
        The names in the order of their ids; none where it is something else.
    """
    try:
        rows = [row for row in csv.reader(io.StringIO(_text(path), newline="")) if any(row)]
    except csv.Error:  # a field of megabytes
        return []
    if rows and [word.strip().lower() for word in rows[0]] in (["name", "id"], ["class", "id"]):
        del rows[0]
    if not all(len(row) == 2 and row[1].strip().isdecimal() and len(row[1]) < 10 for row in rows):
        return []
    names = {int(number): name.strip() for name, number in rows}
    return [names[n] for n in sorted(names)] if sorted(names) == [*range(len(rows))] else []


def _text(path: Path) -> str:
    try:
        with open_regular(path) as file:
            return file.read().decode("utf-8-sig")
    except (PictureError, UnicodeDecodeError) as error:
        got = error.got if isinstance(error, PictureError) else "bytes that are no UTF-8"
        raise _unreadable(path, got, "not a text") from error


def _table(text: str) -> _Table | None:
    """Find the separator and the columns by the first row."""
    first = _first_row(text)
    for delimiter in (",", ";", "\t"):
        try:
            words = next(csv.reader([first], delimiter=delimiter), [])
        except csv.Error:  # a field of megabytes
            return None
        columns = _columns(words)
        if all(name in columns for name in NEEDED):
            heads = [words[place].strip().lower() for place in columns.values()]
            plain = [word.strip().lower() for word in words]
            twice = next((head for head in heads if plain.count(head) > 1), "")
            return _Table(delimiter, columns, has_heading=True, twice=twice)
        edges = [word.strip() for word in words[1:5]]
        fits = all(NUMBER.fullmatch(edge) for edge in edges) or not any(edges)
        if len(words) == 6 and fits and words[0].strip():
            columns = {name: place for place, name in enumerate(_WITHOUT_HEADING)}
            return _Table(delimiter, columns, has_heading=False)
    return None


def _first_row(text: str) -> str:
    return re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0]


def _lack(text: str) -> str:
    """Say which columns are missing in a heading, where it is one."""
    found = max((_columns(_first_row(text).split(mark)) for mark in ",;\t"), key=len)
    lacking = [COLUMNS[name][0] for name in NEEDED if name not in found]
    return f"it has no {', '.join(lacking)}" if found else "other columns"


def _columns(words: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    plain = [word.strip().lower() for word in words]
    for name, called in COLUMNS.items():
        known = [word for word in called if word in plain]
        if known:
            found[name] = plain.index(known[0])
    return found


def _read_row(
    words: Sequence[str],
    table: _Table,
    place: str,
    pictures: dict[str, CSVPicture],
    problems: list[Problem],
) -> None:
    cells: dict[str, str] = defaultdict(str)
    for name, number in table.columns.items():
        cells[name] = words[number].strip() if number < len(words) else ""
    written, line = cells["path"], int(place.rpartition(":")[2])
    if not written:
        problems.append(_dropped("RC278", place, "a row without picture", ",".join(words)))
        return
    picture = pictures.setdefault(written, CSVPicture(written, line))
    sides = [cells[side] for side in ("height", "width")]
    if picture.size is None and all(s.isdecimal() and len(s) < 10 and int(s) for s in sides):
        picture.size = Size(*map(int, sides))
    edges = [cells[edge] for edge in _EDGES]
    if not any(edges) and not cells["class"]:
        return  # a picture without objects
    before = len(problems)
    box = _box(edges, cells["class"], place, problems)
    problems[before:] = [problem.on(written) for problem in problems[before:]]
    if box is not None:
        row = CSVBox(cells["class"], box, _difficult(cells, place, problems), line)
        (picture.boxes if row.has_area else picture.inverted).append(row)


def _difficult(cells: Mapping[str, str], place: str, problems: list[Problem]) -> bool:
    flag = cells["difficult"]
    if flag.lower() not in ("", "0", "0.0", "false", "1", "1.0", "true"):
        problems.append(odd_flag(place, flag))
    return flag.lower() in ("1", "1.0", "true")


def _box(edges: list[str], name: str, place: str, problems: list[Problem]) -> Corners | None:
    values = [float(e) if NUMBER.fullmatch(e) else math.nan for e in edges]
    shown = ", ".join(f"{n} {e[:20] or 'missing'}" for n, e in zip(_EDGES, edges, strict=True))
    x1, y1, x2, y2 = values
    if not name:
        problems.append(_dropped("RC215", place, "an object without a name", shown))
    elif not all(abs(value) < MOST for value in values):  # NaN is not below anything
        problems.append(_dropped("RC208", place, "a box that is not four numbers", shown))
    else:
        if x2 <= x1 or y2 <= y1:
            problem = _dropped("RC207", place, "a box without area", shown)
            problems.append(replace(problem, spot=Spot(box=(x1, y1, x2, y2))))
        return x1, y1, x2, y2
    return None


def _dropped(code: str, place: str, what: str, got: str) -> Problem:
    wants = {
        "RC207": "x1 < x2 and y1 < y2",
        "RC208": "finite x1, y1, x2, y2",
        "RC215": "the class in its column",
        "RC278": "the picture's path in its column",
    }
    return Problem(
        code=code,
        place=place,
        what=what,
        got=got[:80],
        want=wants[code],
        fix="mend or delete the row; its box is left out",
        effect="box dropped",
    )


def _unreadable(path: Path, got: str, what: str) -> AnnotationError:
    return AnnotationError(
        "RC283",
        place_of(path),
        f"the table of boxes cannot be read: {what}",
        got=got,
        want=", ".join(COLUMNS[name][0] for name in NEEDED) + ", UTF-8",
        fix="name the columns so, or export the table again",
    )
