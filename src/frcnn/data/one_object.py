"""Two boxes on one object: same class, same picture, nearly the same place.

A detector is punished for finding the object once, and learns to find it twice. N boxes.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from frcnn.data.problems import Problem
from frcnn.data.seen import Seen
from frcnn.data.written import Numbers, Written

SAME = 0.8
"""IoU from which two boxes are taken for one object."""


def find_one_object(written: Written, split: Sequence[Seen]) -> Iterator[Problem]:
    """Look for pairs that overlap almost wholly; exact repetitions are RC219.

    Args:
        written: the boxes of a split.
        split: its pictures.

    Yields:
        A warning for each pair, at its second box.
    """
    rows = written.is_object & np.all(written.corners[:, 2:] > written.corners[:, :2], axis=1)
    first_of = np.searchsorted(written.picture, np.arange(len(split)))
    for one, other, overlap in close_pairs(written, np.flatnonzero(rows)):
        seen = split[int(written.picture[other])]
        number = int(seen.written.numbers[other - first_of[written.picture[other]]])
        x1, y1, x2, y2 = written.corners[one]
        yield Problem(
            code="RC264",
            place=seen.places.of(number),
            what="two boxes on one object",
            got=f"IoU {overlap:.2f} with ({x1:g}, {y1:g}, {x2:g}, {y2:g}), also "
            f"{seen.written.names[other - first_of[written.picture[other]]]}",
            want=f"boxes of one class below {SAME:g}",
            fix="delete one of the two, unless there are two objects",
            severity="warning",
        )


def close_pairs(written: Written, rows: NDArray[np.int64]) -> Iterator[tuple[int, int, float]]:
    """Compare every two boxes of a picture: with the next one, the one after that, and so on.

    Args:
        written: the boxes of a split.
        rows: which of them, rising.

    Yields:
        Two rows, the lower first, and their IoU: `SAME` or more, below 1.
    """
    picture, label = written.picture[rows], written.label[rows]
    found: list[tuple[int, int, float]] = []
    at = np.arange(len(rows))
    step = 0
    while len(at):
        step += 1
        at = at[at + step < len(rows)]
        at = at[picture[at] == picture[at + step]]
        near = at[label[at] == label[at + step]]
        one, other = rows[near], rows[near + step]
        overlap = _iou(written.corners[one], written.corners[other])
        close = np.flatnonzero((overlap >= SAME) & (overlap < 1))
        found += zip(
            one[close].tolist(), other[close].tolist(), overlap[close].tolist(), strict=True
        )
    yield from sorted(found)


def _iou(one: Numbers, other: Numbers) -> Numbers:
    """Give [N] IoU of [N, 4] and [N, 4], row by row."""
    low = np.maximum(one[:, :2], other[:, :2])
    high = np.minimum(one[:, 2:], other[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(one[:, 2:] - one[:, :2], axis=1) + np.prod(other[:, 2:] - other[:, :2], axis=1)
    result: Numbers = shared / (areas - shared)
    return result
