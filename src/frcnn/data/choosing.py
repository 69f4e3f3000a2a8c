"""Which pictures of a data set are worth looking at: every class, then the faulty, then any."""

from collections.abc import Collection, Sequence
from pathlib import Path

from frcnn.data.records import Record
from frcnn.data.split_off import turn

USUAL = 24
"""Pictures, where no number is named and they are enough to see every class."""
MOST = 96
"""Pictures, where it takes more to see every class."""


def choose(
    records: Sequence[Record], faulty: Collection[Path], *, count: int | None, seed: int
) -> tuple[Record, ...]:
    """Choose pictures.

    1. those that together have every class, each with as many as possible that are still unseen
    2. of the others, those with a fault, up to a quarter of all
    3. others by chance

    Args:
        records: pictures, each once.
        faulty: paths of those with a fault.
        count: how many; None: `USUAL`, or as many as it takes to see every class, up to `MOST`.
        seed: another one gives another choice. The order of the pictures changes nothing.

    Returns:
        The pictures, those of the first step first.
    """
    by_chance = sorted(records, key=lambda r: turn(seed, r.path.name))
    most = MOST if count is None else count
    chosen = _with_every_class(by_chance, most)
    wanted = max(USUAL, len(chosen)) if count is None else count
    taken = {record.path for record in chosen}
    others = [record for record in by_chance if record.path not in taken]
    bad = [record for record in others if record.path in faulty][: -(-wanted // 4)]
    rest = [record for record in others if record not in bad]
    return (*chosen, *bad, *rest)[:wanted]


def classes_in(records: Sequence[Record]) -> set[int]:
    """Give the class ids that pictures have."""
    return {label for record in records for label in record.target.labels.tolist()}


def _with_every_class(records: Sequence[Record], most: int) -> list[Record]:
    """Cover all classes with few pictures, each time by the one with most unseen classes."""
    classes = [set(record.target.labels.tolist()) for record in records]
    unseen = set().union(*classes)
    chosen: list[Record] = []
    while unseen and len(chosen) < most:
        best = max(range(len(records)), key=lambda i: len(classes[i] & unseen))
        chosen.append(records[best])
        unseen -= classes[best]
    return chosen
