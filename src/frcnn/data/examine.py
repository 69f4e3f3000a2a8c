"""A data set looked over, however much is wrong with it: nothing is raised but that there is none.

What ends an opening, such as a file that is no JSON, is here the last problem of the report.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from frcnn.data.class_list import leave_out_unknown
from frcnn.data.dataset import Dataset, training_split
from frcnn.data.evidence import search
from frcnn.data.layouts import read_any
from frcnn.data.looking import Looking, opened
from frcnn.data.problems import Problem, Report, most_frequent
from frcnn.data.seen import Folder
from frcnn.errors import DataError, counted
from frcnn.ops.picture_header import place_of


@dataclass(frozen=True, eq=False, kw_only=True)
class Examined:
    """What was found without decoding a picture."""

    root: Path
    layout: str
    """Empty where it was not found out."""
    folder: Folder
    """Pictures with boxes as read; empty where nothing could be."""
    dataset: Dataset | None
    """None where it cannot be used."""
    report: Report

    @property
    def fatal(self) -> Problem | None:
        """Why it cannot be used."""
        return None if self.dataset is not None else self.report.problems[-1]


def examine(root: Path, layout: str = "", *, look: Looking = opened) -> Examined:
    """Read a data set and search it.

    Args:
        root: its folder, or its annotation file.
        layout: one of `layouts.LAYOUTS`; empty: found by looking.
        look: tells the size of a picture.

    Returns:
        What was found.

    Raises:
        DataError: there is no data set (RC201), or more than one layout fits (RC270).
    """
    try:
        found, folder = read_any(root, layout, look)
    except DataError as error:
        if error.code in ("RC201", "RC270"):
            raise
        return Examined(
            root=root, layout=layout, folder=Folder(), dataset=None, report=Report((_end(error),))
        )
    folder.problems += search(folder, found, root)
    return settle(folder, root, found)


def settle(folder: Folder, root: Path, layout: str) -> Examined:
    """Settle the classes of what was read.

    Args:
        folder: the data set, read; its problems are added to.
        root: its place.
        layout: its name.

    Returns:
        The data set, or why there is none.
    """
    leave_out_unknown(folder, None, training_split(folder.splits))
    try:
        dataset = Dataset.of(folder, root, layout)
    except DataError as error:
        report = Report((*folder.problems, _because(_end(error), folder.problems)))
        return Examined(root=root, layout=layout, folder=folder, dataset=None, report=report)
    found: Dataset | None = dataset
    report = dataset.report
    if end := unlearnable(dataset, report.problems):
        known = [p for p in report.problems if (p.code, p.place) != (end.code, end.place)]
        found, report = None, Report((*known, end))
    return Examined(root=root, layout=layout, folder=folder, dataset=found, report=report)


def unlearnable(
    dataset: Dataset, problems: Sequence[Problem], training: str = ""
) -> Problem | None:
    """Ask whether there is a picture and an object to learn from.

    Args:
        dataset: the data set.
        problems: what was wrong with it.
        training: the split to learn from; empty: found by its name.

    Returns:
        Why there is none, with what costs most pictures or boxes; None where there is one.
    """
    name = training or training_split(dataset.splits)
    splits = [dataset.splits[name]] if name else list(dataset.splits.values())
    boxes = sum(sum(split.boxes_per_class.values()) for split in splits)
    if boxes:
        return None
    pictures = sum(map(len, splits))
    end = Problem(
        code="RC222" if pictures else "RC221",
        place=f"{place_of(dataset.root)}: {name or 'all splits'}",
        what="a split without objects" if pictures else "a split without pictures",
        got=counted(pictures, "picture"),
        want="objects to learn from",
        fix="add annotations to it" if pictures else "fill its list",
        effect="data unusable",
    )
    return _because(end, problems)


def _because(end: Problem, problems: Sequence[Problem]) -> Problem:
    """Say what emptied a split, where something did: the most frequent cause."""
    effect = {"RC221": "picture skipped", "RC222": "box dropped"}.get(end.code, "")
    lost = [problem for problem in problems if problem.effect == effect]
    if not lost:
        return end
    slips = [problem for problem in problems if problem.code == "RC260"]
    first, count = most_frequent(lost)
    got = f"{count} x {first.code} {first.what}, first: {first.place}"
    return replace(end, got=got, fix=slips[0].fix if slips else first.fix)


def _end(error: DataError) -> Problem:
    return Problem.of(error, effect="data unusable")
