"""A data set's labels to be looked at: `frcnn data show` draws them on contact sheets.

Pictures are upright, as the network sees them; a class has the colour that it has in predictions.
Difficult boxes and crowds are dashed, and so are boxes that were left out, white, with their code.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from frcnn import files
from frcnn.data.choosing import choose, classes_in
from frcnn.data.dataset import Dataset
from frcnn.data.picture_paths import home_of
from frcnn.data.problems import Problem
from frcnn.data.records import Record, Split, decode_record
from frcnn.data.sheet import Cell, Mark, draw_sheet
from frcnn.draw import Colour, colour_of
from frcnn.errors import ConfigError, PictureError
from frcnn.ops.picture_header import place_of

PER_SHEET = 12
_LEFT_OUT: Colour = (255, 255, 255)
_OTHER: Colour = (150, 150, 150)
"""Of boxes of other classes than the one that was asked for."""
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
    path = Path(f"{opened.name}_labels.png") if out is None else Path(out)
    _require_place(path, opened)
    parts = [opened.split(plan.split)] if plan.split else list(opened.splits.values())
    where = _where(parts)
    label = _label_of(plan.class_name, opened)
    records = [r for r, _ in where.values() if label is None or label in r.target.labels]
    faults = _faults(opened.report.problems)
    chosen = choose(records, set(faults), count=plan.pictures, seed=plan.seed)
    if not chosen:
        raise _nothing(opened, plan)
    drawn = _Drawn(opened.classes, label, faults, [])
    sheets = [chosen[n : n + plan.per_sheet] for n in range(0, len(chosen), plan.per_sheet)]
    paths: list[Path] = []
    for number, sheet in enumerate(sheets, start=1):
        cells = [drawn.cell(record, _split_word(parts, where[record.path][1])) for record in sheet]
        ends = f"_{number}" if len(sheets) > 1 else ""
        paths.append(path.with_name(f"{path.stem}{ends}{path.suffix}"))
        place = f"sheet {number} of {len(sheets)}, " if len(sheets) > 1 else ""
        head = f"{opened.name}: {place}{len(chosen)} of {len(records)} pictures"
        _write(paths[-1], draw_sheet((head, _NOTE), cells))
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

    classes: tuple[str, ...]
    label: int | None
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
            marks=[*_left_out(faults), *self._marks(record)],
            counts=self._counts(record),
            faults=_said(faults),
        )

    def _counts(self, record: Record) -> list[tuple[Colour, str]]:
        """Count the boxes of each class: the one that was asked for, then the most frequent."""
        counts = Counter(record.target.labels.tolist()).most_common()
        counts.sort(key=lambda pair: pair[0] != self.label)
        return [(self._colour(label), f"{self.classes[label]} {n}") for label, n in counts]

    def _colour(self, label: int) -> Colour:
        return colour_of(label) if self.label in (None, label) else _OTHER

    def _marks(self, record: Record) -> Iterator[Mark]:
        target = record.target
        rows = zip(
            target.boxes.tolist(), target.labels.tolist(), target.difficult.tolist(), strict=True
        )
        # small boxes are drawn on top, and their captions have the first choice of a place
        for box, label, difficult in sorted(rows, key=lambda row: _area(row[0])):
            x1, y1, x2, y2 = box
            yield Mark(
                box=(x1, y1, x2, y2),
                caption=self.classes[label] if self.label in (None, label) else "",
                colour=self._colour(label),
                is_dashed=difficult,
            )


def _area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


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


def _label_of(name: str, data: Dataset) -> int | None:
    if not name:
        return None
    if name in data.classes:
        return data.classes.index(name)
    raise ConfigError(
        "RC377",
        "class",
        "the data does not have this class",
        got=repr(name[:60]),
        want=", ".join(data.classes[:20]) + (", ..." if len(data.classes) > 20 else ""),
        fix="write it as the data does",
    )


def _require_place(path: Path, data: Dataset) -> None:
    is_within = path.resolve().is_relative_to(home_of(data.root).resolve())
    if path.suffix.lower() == ".png" and not is_within:
        return
    raise ConfigError(
        "RC378",
        "out",
        "a contact sheet cannot be written there",
        got=f"{path}{' within the data' if is_within else ''}",
        want="a file NAME.png outside the data, whose pictures it would join",
        fix=f"name another: --out {path.stem or 'labels'}.png, in another folder than the data's",
    )


def _nothing(data: Dataset, plan: ShowPlan) -> ConfigError:
    return ConfigError(
        "RC379",
        "split and class",
        "there is no picture to show",
        got=f"split {plan.split or 'any'}, class {plan.class_name or 'any'}",
        want="a split with pictures, and a class that is in one of them",
        fix=f"ask for less; the splits are {', '.join(data.splits)}",
    )


def _write(path: Path, sheet: Image.Image) -> None:
    def save(stream: BinaryIO) -> None:
        sheet.save(stream, "PNG")

    files.write_atomically(path, save)
