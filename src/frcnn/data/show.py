"""A data set's labels to be looked at: `frcnn data show` draws them on contact sheets.

Pictures are upright, as the network sees them; classes of one picture differ in colour. Difficult
boxes and crowds are dashed, and so are boxes that were left out, white, with their code.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from frcnn.data.choosing import choose, classes_in, nothing_to_show
from frcnn.data.dataset import Dataset
from frcnn.data.marking import Marking, label_of, marking_of
from frcnn.data.problems import Problem
from frcnn.data.records import Record, Split, decode_record
from frcnn.data.sheet import Cell, Mark
from frcnn.data.sheet_files import numbered, place_of_sheets, write_sheet
from frcnn.draw import Colour
from frcnn.errors import PictureError
from frcnn.ops.picture_header import place_of

PER_SHEET = 12
_LEFT_OUT: Colour = (255, 255, 255)
_NOTE = "dashed: difficult, or a crowd; white and dashed: left out, with its code"


@dataclass(frozen=True, kw_only=True)
class ShowPlan:
    """What is wanted; refused at birth where it cannot be meant."""

    split: str = ""
    """Which split; empty: all."""
    class_name: str = ""
    """Only pictures with this class; others' boxes are grey."""
    pictures: int | None = None
    """How many; None: 24, or as many as it takes to see every class."""
    per_sheet: int = PER_SHEET
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What was drawn."""

    sheets: tuple[Path, ...]
    pictures: int
    """On all sheets together."""
    of: int
    """There are so many."""
    unseen: tuple[str, ...]
    """Classes that the data has and the sheets do not."""
    unreadable: tuple[Problem, ...]
    """Pictures that could not be read."""

    def __str__(self) -> str:
        lines = [f"{self.pictures} of {self.of} pictures on {', '.join(map(str, self.sheets))}"]
        if self.unseen:
            lines.append(f"classes not seen there: {', '.join(self.unseen)}; show more pictures")
        lines += [f"not readable: {p.code} {p.place}: {p.what}" for p in self.unreadable]
        return "\n".join(lines)

    def to_json(self) -> Mapping[str, object]:
        """Give all of it as plain values."""
        return {
            "sheets": [str(path) for path in self.sheets],
            "pictures": self.pictures,
            "of": self.of,
            "unseen": list(self.unseen),
            "unreadable": [problem.to_json() for problem in self.unreadable],
        }


def show_folder(
    data: str | Path, out: str | Path | None, plan: ShowPlan, *, layout: str = ""
) -> Shown:
    """Draw a data set's labels.

    Args:
        data: its folder, or its annotation file.
        out: the PNG file to write, replaced if it is there; for several sheets `_1`, `_2` ... are
            put behind its name. None: NAME_labels.png in the working folder.
        plan: which pictures, and how many on a sheet.
        layout: of the data; empty: found by looking.

    Returns:
        What was drawn; pictures that could not be read are listed in it.

    Raises:
        ConfigError: no such split (RC320) or class (RC377), no place for a sheet (RC378), or no
            picture to show (RC379).
        DataError: the data cannot be read, as in `Dataset.open`.
        DiskError: a sheet could not be written.
    """
    opened = Dataset.open(data, layout=layout, bad_data="report")
    path = place_of_sheets(out, opened, "labels")
    parts = [opened.split(plan.split)] if plan.split else list(opened.splits.values())
    where = _where(parts)
    label = label_of(plan.class_name, opened.classes)
    records = [r for r, _ in where.values() if label is None or label in r.target.labels]
    faults = _faults(opened.report.problems)
    chosen = choose(records, set(faults), count=plan.pictures, seed=plan.seed)
    if not chosen:
        raise nothing_to_show(plan.split, plan.class_name, tuple(opened.splits))
    drawn = _Drawn(marking_of(chosen, opened.classes, label), faults, [])
    sheets = [chosen[n : n + plan.per_sheet] for n in range(0, len(chosen), plan.per_sheet)]
    paths: list[Path] = []
    for number, sheet in enumerate(sheets, start=1):
        cells = [drawn.cell(record, _split_word(parts, where[record.path][1])) for record in sheet]
        paths.append(numbered(path, number, len(sheets)))
        place = f"sheet {number} of {len(sheets)}, " if len(sheets) > 1 else ""
        head = f"{opened.name}: {place}{len(chosen)} of {len(records)} pictures"
        write_sheet(paths[-1], (head, _NOTE), cells)
    known = {label} if label is not None else classes_in(records)
    missing = sorted(known - classes_in(chosen))
    skipped = [p for p in opened.report.problems if p.effect == "picture skipped"]
    return Shown(
        sheets=tuple(paths),
        pictures=len(chosen),
        of=len(records),
        unseen=tuple(opened.classes[label] for label in missing),
        unreadable=(*skipped, *drawn.unreadable),
    )


@dataclass(frozen=True)
class _Drawn:
    """Makes cells, and gathers the pictures that cannot be decoded."""

    marking: Marking
    faults: Mapping[Path, Sequence[Problem]]
    unreadable: list[Problem]

    def cell(self, record: Record, split: str) -> Cell:
        title = f"{place_of(Path(record.path.name))}  {record.size.width} x {record.size.height}"
        try:
            pixels = decode_record(record).pixels
        except PictureError as error:
            self.unreadable.append(Problem.of(error, effect="none"))
            return Cell(pixels=None, title=title + split, faults=f"{error.code}: {error.what}")
        faults = self.faults.get(record.path, ())
        return Cell(
            pixels=pixels,
            title=title + split,
            marks=[*_left_out(faults), *self.marking.marks(record.target)],
            counts=self.marking.counts(record.target),
            faults=_said(faults),
        )


def _left_out(faults: Sequence[Problem]) -> Iterator[Mark]:
    for problem in faults:
        if problem.effect == "box dropped" and problem.spot.box is not None:
            yield Mark(box=problem.spot.box, caption=problem.code, colour=_LEFT_OUT, is_dashed=True)


def _said(faults: Sequence[Problem]) -> str:
    counts = Counter((p.effect, p.code) for p in faults if p.effect != "none")
    return ", ".join(f"{effect}: {code} x {n}" for (effect, code), n in counts.items())


def _faults(problems: Sequence[Problem]) -> dict[Path, list[Problem]]:
    """Sort the problems of boxes by picture."""
    faults: dict[Path, list[Problem]] = defaultdict(list)
    for problem in problems:
        if problem.effect in ("box dropped", "box clipped") and problem.spot.picture:
            faults[Path(problem.spot.picture)].append(problem)
    return dict(faults)


def _where(parts: Sequence[Split]) -> dict[Path, tuple[Record, str]]:
    """Give each picture once, with the first split that has it."""
    found: dict[Path, tuple[Record, str]] = {}
    for split in parts:
        for record in split.records:
            found.setdefault(record.path, (record, split.name))
    return found


def _split_word(parts: Sequence[Split], name: str) -> str:
    return f"  {name}" if len(parts) > 1 else ""
