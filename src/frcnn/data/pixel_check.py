"""Every picture of a split decoded once: what opening alone cannot see.

Opening a data set reads headers. A picture that is cut short behind its header, or damaged, is
found here, before training, instead of in the middle of it.
"""

from collections.abc import Callable

from frcnn.data.dataset import Dataset
from frcnn.data.problems import Problem, Report, remark
from frcnn.data.records import Split, decode_record
from frcnn.errors import PictureError


def check_all(dataset: Dataset) -> Report:
    """Decode every picture of a data set, whatever its splits, each once.

    Args:
        dataset: its files are read, none is kept in memory or changed.

    Returns:
        The data set's report, with what decoding adds to it.
    """
    splits = dataset.splits.values()
    every = {record.path: record for split in splits for record in split.records}
    whole = Split(name="all", classes=dataset.classes, records=tuple(every.values()))
    return dataset.report.plus(check_pixels(whole)[1].problems)


def check_pixels(
    split: Split, *, on_picture: Callable[[int], None] | None = None
) -> tuple[Split, Report]:
    """Decode every picture.

    Args:
        split: its files are read, none is kept in memory or changed.
        on_picture: told how many pictures are done.

    Returns:
        The split without the pictures that cannot be read, and a report: an error for each of
        these, a warning for each remark about the others.
    """
    usable: list[int] = []
    problems: list[Problem] = []
    for index, record in enumerate(split.records):
        try:
            notes = decode_record(record).notes
        except PictureError as error:
            problems.append(Problem.of(error, effect="picture skipped"))
        else:
            usable.append(index)
            problems.extend(remark(record.path, note) for note in notes)
        if on_picture is not None:
            on_picture(index + 1)
    return split.subset(usable), Report(tuple(problems))
