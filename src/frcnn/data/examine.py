"""A data set looked over, however much is wrong with it: nothing is raised but that there is none.

What ends an opening, such as a file that is no JSON, is here the last problem of the report.
"""

from dataclasses import dataclass
from pathlib import Path

from frcnn.data.class_list import leave_out_unknown
from frcnn.data.dataset import Dataset, training_split
from frcnn.data.evidence import search
from frcnn.data.layouts import read_any
from frcnn.data.looking import Looking, opened
from frcnn.data.problems import Problem, Report
from frcnn.data.seen import Folder
from frcnn.errors import DataError


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
        report = Report((*folder.problems, _end(error)))
        return Examined(root=root, layout=layout, folder=folder, dataset=None, report=report)
    return Examined(root=root, layout=layout, folder=folder, dataset=dataset, report=dataset.report)


def _end(error: DataError) -> Problem:
    return Problem.of(error, effect="data unusable")
