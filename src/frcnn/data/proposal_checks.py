"""Checks of stored proposals: of these pictures, and each a box in its picture.

Everything is looked at before it is used, in parts: a file of 120,000 pictures is larger than many
a memory. N rows of (x1, y1, x2, y2, score).
"""

from collections.abc import Sequence

import numpy as np

from frcnn.data.records import Split
from frcnn.errors import DataError

_ROWS_AT_ONCE = 1 << 18
"""About 5 MB of rows, and as much again for what is computed of them."""


def require_sound(
    rows: np.ndarray, first: np.ndarray, sizes: np.ndarray, names: Sequence[str], place: str
) -> None:
    """Refuse rows that are no boxes in their picture.

    Args:
        rows: [N, 5] float32, pixels of the original picture, and scores; may be mapped.
        first: [K + 1] int64, rising from 0 to N: copy k has the rows first[k] ... first[k + 1].
        sizes: [pictures, 2] int32, height and width; K is a multiple of their number.
        names: of the pictures.
        place: the file, for messages.

    Raises:
        DataError: a corner is not finite, outside the picture, or on the wrong side of its
            opposite one, or a score is not finite (RC254).
    """
    copies = (len(first) - 1) // max(1, len(sizes))
    edges = np.repeat(sizes.astype(np.float32), copies, axis=0)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE]
        bounds = first.clip(start, start + len(part))  # of each copy, within the part
        sound = are_sound(part, np.repeat(edges, np.diff(bounds), axis=0))
        if not sound.all():
            row = int(sound.argmin())
            copy = int(np.searchsorted(first, start + row, side="right")) - 1
            number = start + row - int(first[copy])
            picture = copy // copies
            raise _unsound(place, f"{names[picture]}, row {number}", part[row], sizes[picture])


def are_sound(rows: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Tell for each row whether it is a box in its picture with a score; NaN makes none.

    Args:
        rows: [N, 5] float32, as `require_sound` has them.
        sizes: [N, 2] float32, height and width of the picture of each; or [1, 2], of all.

    Returns:
        [N] bool.
    """
    x1, y1, x2, y2, scores = rows.T
    heights, widths = sizes.T
    with np.errstate(invalid="ignore"):
        ordered = (x1 >= 0) & (x2 >= x1) & (y1 >= 0) & (y2 >= y1)
        sound: np.ndarray = ordered & (x2 <= widths) & (y2 <= heights) & np.isfinite(scores)
    return sound


def require_pictures(names: Sequence[str], sizes: np.ndarray, split: Split, place: str) -> None:
    """Say in what the pictures of a file differ from those of a split with another fingerprint.

    Args:
        names: of the file's pictures, in order.
        sizes: [pictures, 2] int32, their heights and widths.
        split: whose pictures are wanted.
        place: the file, for messages.

    Raises:
        DataError: always (RC253), with the first picture that tells the difference.
    """
    wanted = [record.name for record in split.records]
    missing, more = set(wanted) - set(names), set(names) - set(wanted)
    if missing or more or len(wanted) != len(names):
        got = f"{len(names)} pictures" + _sample("without", missing) + _sample("with", more)
        want = f"the {len(wanted)} of split {split.name}"
    else:
        got, want = _first_difference(names, sizes, split)
    raise other_pictures(place, got, want)


def other_pictures(place: str, got: str, want: str) -> DataError:
    """Say that proposals and pictures do not belong together.

    Args:
        place: the file.
        got: what it has.
        want: what the split has.

    Returns:
        The error RC253.
    """
    return DataError(
        "RC253",
        place,
        "the proposals are of other pictures",
        got=got,
        want=want,
        fix="make them of these pictures: frcnn propose RUN --data DIR --split NAME --out FILE",
    )


def no_box(place: str, got: str, want: str, fix: str) -> DataError:
    """Say that a proposal is outside its picture, inverted, or not finite.

    Args:
        place: the file.
        got: picture, row and box, in the numbers of the file.
        want: of a box in this picture, in the same.
        fix: what to do about this kind of file.

    Returns:
        The error RC254.
    """
    what = "a stored proposal is no box in its picture"
    return DataError("RC254", place, what, got=got, want=want, fix=fix)


def _unsound(place: str, where: str, row: np.ndarray, size: np.ndarray) -> DataError:
    height, width = size.tolist()
    *corners, score = row.tolist()
    box = ", ".join(f"{corner:g}" for corner in corners)
    want = f"0 <= x1 <= x2 <= {width}, 0 <= y1 <= y2 <= {height}, all finite"
    got = f"{where}: ({box}), score {score:g}"
    return no_box(place, got, want, "make the file again with `frcnn propose`")


def _first_difference(names: Sequence[str], sizes: np.ndarray, split: Split) -> tuple[str, str]:
    """Find the first picture that is another one, or of another size."""
    pairs = zip(names, sizes.tolist(), split.records, strict=True)
    for number, (name, (height, width), record) in enumerate(pairs):
        if name != record.name:
            return f"{name} as picture {number}", f"{record.name}, in the split's order"
        if (height, width) != record.size:
            size = record.size
            return f"{name} of {width} x {height} pixels", f"{size.width} x {size.height}"
    return "pictures of the same names, but other files", "the files of the split"


def _sample(word: str, names: set[str]) -> str:
    if not names:
        return ""
    rest = f" and {len(names) - 1} others" if len(names) > 1 else ""
    return f", {word} {min(names)}{rest}"
