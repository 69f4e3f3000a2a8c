"""Columns of a COCO file: many values of one kind into one array, whatever they are.

Values are unchecked. What is as it ought to be, nearly always all of a column, is found so at once.
P pictures, N boxes.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from frcnn.data.box_checks import MOST
from frcnn.data.coco_text import Picture
from frcnn.data.seen import FileId


def to_corners_and_sides(rows: Sequence[object]) -> NDArray[np.float64]:
    """Make [N, 4] of lists of four numbers; all of a row is NaN where it is something else.

    Args:
        rows: unchecked.

    Returns:
        The numbers.
    """
    if (
        set(map(type, rows)) <= {list}
        and set(map(len, rows)) <= {4}  # type: ignore[arg-type]
        and set(map(type, chain.from_iterable(rows))) <= {int, float}  # type: ignore[arg-type]
    ):
        try:
            flat = np.fromiter(chain.from_iterable(rows), np.float64, 4 * len(rows))  # type: ignore[arg-type]
            return flat.reshape(-1, 4)
        except OverflowError:  # a whole number of hundreds of digits
            pass
    return np.array([_four(row) for row in rows], np.float64).reshape(-1, 4)


def _four(row: object) -> Sequence[float]:
    nothing = (np.nan,) * 4
    if not isinstance(row, list) or len(row) != 4:
        return nothing
    if not all(type(value) in (int, float) and abs(value) < MOST for value in row):
        return nothing
    return row


def positions(known: Sequence[object], wanted: Sequence[object]) -> NDArray[np.int64]:
    """Look ids up. A number and its digits as text are one id.

    Args:
        known: ids, each once.
        wanted: unchecked.

    Returns:
        Their positions among those that are known; -1 where there is none.
    """
    places: dict[object, int] = {own: place for place, own in enumerate(known)}
    if not are_ids(wanted) or len({type(own) for own in chain(known, wanted)}) > 1:
        places = {str(own): place for own, place in places.items()}
        wanted = [str(own) if is_id(own) else None for own in wanted]
    return np.fromiter((places.get(own, -1) for own in wanted), np.int64, len(wanted))


def are_ids(values: Iterable[object]) -> bool:
    """Say whether all values may be ids: whole numbers or texts."""
    return set(map(type, values)) <= {int, str}


def is_id(value: object) -> TypeGuard[FileId]:
    """Say whether a value is an id: a whole number, or a text that is not empty."""
    return type(value) in (int, str) and value != ""


def to_sizes(images: Sequence[Picture]) -> NDArray[np.int32]:
    """Give the sizes that entries state.

    Args:
        images: unchecked.

    Returns:
        [P, 2] height and width; 0 where an entry has no such number.
    """

    def sides() -> Iterator[int]:
        for image in images:
            for side in (image.height, image.width):
                yield side if type(side) is int and 0 < side < 2**31 else 0

    return np.fromiter(sides(), np.int32, 2 * len(images)).reshape(-1, 2)
