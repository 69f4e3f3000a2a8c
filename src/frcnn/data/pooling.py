"""All splits of a data set in one, before it is divided anew."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from frcnn.data.problems import Problem
from frcnn.data.seen import Declared, Folder, Rows, Seen
from frcnn.errors import counted
from frcnn.ops.picture_header import place_of

POOL = "train"
"""The one split: classes are taken from it."""


def pool(folder: Folder) -> Folder:
    """Put all splits together, each picture once.

    Args:
        folder: a data set, read.

    Returns:
        The same with one split; what the first split says of a picture counts, and where another
        says something else, that is a problem.
    """
    first: dict[Path, tuple[str, Seen]] = {}
    problems = list(folder.problems)
    for split, pictures in folder.splits.items():
        for seen in pictures:
            known, kept = first.setdefault(seen.path, (split, seen))
            if not _are_alike(kept.rows, seen.rows):
                problems.append(_another(seen, split, known))
    return replace(
        folder,
        splits={POOL: tuple(seen for _, seen in first.values())},
        problems=problems,
        declared=_joined(folder.declared),
    )


def _are_alike(one: Rows, other: Rows) -> bool:
    return one.names == other.names and all(
        np.array_equal(a, b)
        for a, b in ((one.boxes, other.boxes), (one.difficult, other.difficult))
    )


def _joined(lists: dict[str, Declared]) -> dict[str, Declared]:
    """Join the class lists; a class that the first does not have gets the next free number."""
    if not lists:
        return {}
    first, *others = lists.values()
    ids = dict(zip(first.names, first.ids, strict=True))
    for each in others:
        for name, own in zip(each.names, each.ids, strict=True):
            numbers = [i for i in ids.values() if isinstance(i, int)]
            ids.setdefault(name, own if own not in ids.values() else max(numbers, default=0) + 1)
    return {POOL: Declared(tuple(ids), tuple(ids.values()), first.place)}


def _another(seen: Seen, split: str, first: str) -> Problem:
    return Problem(
        code="RC295",
        place=place_of(seen.path),
        what="two splits have this picture with different boxes; the first counts",
        got=f"{counted(len(seen.rows.names), 'box')} in {split}",
        want=f"those of {first}",
        fix="mend one of the two lists of boxes",
        severity="warning",
        effect="box dropped",
    )
