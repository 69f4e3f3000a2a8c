"""Every picture of a split decoded once: what opening alone cannot see.

Opening a data set reads headers. A picture that is cut short behind its header, or damaged, is
found here, before training, instead of in the middle of it; and pictures that show the same.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from frcnn.data.dataset import Dataset
from frcnn.data.look_alikes import LookAlikes
from frcnn.data.problems import Problem, Report, remark
from frcnn.data.records import Record, Split, decode_record
from frcnn.data.split_checks import copies_in
from frcnn.errors import PictureError

Tell = Callable[[int], None]
"""Told how many pictures are done."""


def check_all(dataset: Dataset, *, on_picture: Tell | None = None) -> Dataset:
    """Decode every picture of a data set, whatever its splits, each once.

    Args:
        dataset: its files are read, none is kept in memory or changed.
        on_picture: told how many pictures are done.

    Returns:
        The data set without the pictures that cannot be read; what decoding finds is at the end
        of its report.
    """
    look_alikes = LookAlikes()
    problems: list[Problem] = []
    usable: dict[Path, bool] = {}
    every = [(name, r) for name, split in dataset.splits.items() for r in split.records]
    for split_name, record in every:
        if record.path in usable:
            continue
        usable[record.path] = _decodes(record, split_name, problems, look_alikes)
        if on_picture is not None:
            on_picture(len(usable))
    problems += look_alikes.find(copies_in(dataset.report))
    splits = {
        name: split.subset(i for i, r in enumerate(split.records) if usable[r.path])
        for name, split in dataset.splits.items()
    }
    return replace(dataset, splits=splits, report=dataset.report.plus(problems))


def check_pixels(
    split: Split, *, on_picture: Tell | None = None, look_alikes: LookAlikes | None = None
) -> tuple[Split, Report]:
    """Decode every picture.

    Args:
        split: its files are read, none is kept in memory or changed.
        on_picture: told how many pictures are done.
        look_alikes: gets every picture.

    Returns:
        The split without the pictures that cannot be read, and a report: an error for each of
        these, a warning for each remark about the others.
    """
    usable: list[int] = []
    problems: list[Problem] = []
    for index, record in enumerate(split.records):
        if _decodes(record, split.name, problems, look_alikes):
            usable.append(index)
        if on_picture is not None:
            on_picture(index + 1)
    return split.subset(usable), Report(tuple(problems))


def _decodes(
    record: Record, split: str, problems: list[Problem], look_alikes: LookAlikes | None
) -> bool:
    try:
        decoded = decode_record(record)
    except PictureError as error:
        problems.append(Problem.of(error, effect="picture skipped").on(record.path))
        return False
    problems.extend(remark(record.path, note).on(record.path) for note in decoded.notes)
    if look_alikes is not None:
        look_alikes.add(record.path, split, decoded.pixels)
    return True
