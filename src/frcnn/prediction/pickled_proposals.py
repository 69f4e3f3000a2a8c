"""Proposals in the form of the authors' code: a pickle with one array of boxes for each picture.

Its boxes hold their last pixels, so they are (x1, y1, x2 - 1, y2 - 1) of ours. It has neither names
nor scores: pictures are told apart by their order, and boxes stand best first. Detectron's form, a
mapping of `boxes`, `scores` and `ids`, is read as well.
"""

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import torch
from torch import Tensor

from frcnn import files
from frcnn.data.box_checks import TOLERANCE
from frcnn.data.proposal_checks import are_sound, no_box, other_pictures
from frcnn.data.proposals import PictureProposals, StoredProposals, open_regular
from frcnn.data.proposals_writer import write_proposals
from frcnn.data.records import Record, Split
from frcnn.errors import DataError
from frcnn.ops.boxes import clip
from frcnn.types import Size
from frcnn.weights.array_pickle import write_arrays
from frcnn.weights.array_rehearsal import ArrayPlace
from frcnn.weights.unpickle import find_arrays, read_array


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What was taken over from a pickle."""

    path: Path
    pictures: int
    boxes: int
    clipped: int
    """Boxes that left their picture by up to a pixel: rounding of a resized picture's border."""

    def __str__(self) -> str:
        return (
            f"{self.boxes} boxes in {self.pictures} pictures, {self.clipped} of them clipped by up "
            f"to a pixel\nsaved in {self.path}"
        )


class _Pair(NamedTuple):
    """One picture's arrays, still in the file."""

    boxes: ArrayPlace
    scores: ArrayPlace | None


def write_pickled(path: Path, found: Iterable[PictureProposals]) -> int:
    """Write what the authors' `rpn_generate` leaves, array by array.

    Args:
        path: the file; replaced when it is there.
        found: the proposals of each picture, in the split's order; their scores are lost.

    Returns:
        How many boxes there are.

    Raises:
        DiskError: the disk is full, read-only, or otherwise in the way.
    """
    counts: list[int] = []

    def arrays() -> Iterator[np.ndarray]:
        for boxes, _ in found:
            counts.append(len(boxes))
            yield (boxes - boxes.new_tensor([0, 0, 1, 1])).numpy()

    files.write_atomically(path, lambda stream: write_arrays(stream, arrays()))
    return sum(counts)


def store_pickled(pickled: Path, split: Split, out: Path) -> Taken:
    """Turn such a pickle into a file of ours, a picture at a time.

    Args:
        pickled: the file, of Python 2 or 3; nothing in it is executed.
        split: its pictures, in its order; Detectron's form names them by the number at the end of
            their names.
        out: the file to write; replaced when it is there.

    Returns:
        What was taken over. Where the pickle has no scores, a box's score is minus its row, and
        the file's `maker` says so.

    Raises:
        DataError: the pickle cannot be read (RC250), holds more than arrays (RC255), or arrays of
            another form (RC256), is of other pictures (RC253), or has a box that is none in its
            picture (RC254).
        DiskError: the disk is full, read-only, or otherwise in the way.
    """
    place = str(pickled)
    with open_regular(pickled) as stream:
        pairs = _pairs(find_arrays(stream, place), split, stream, place)
        reading = _Reading(stream, place)
        both = zip(pairs, split.records, strict=True)
        found = (reading.read(pair, record) for pair, record in both)
        scored = any(pair.scores is not None for pair in pairs)
        maker = {"pickle": pickled.name, "scores": "of the pickle" if scored else "minus the row"}
        boxes = write_proposals(out, split, found, maker=maker)
    return Taken(path=out, pictures=len(split), boxes=boxes, clipped=reading.clipped)


def require_pickled_of(pickled: Path, split: Split, missing: float) -> None:
    """Refuse what `store_pickled` will refuse, as far as it can be told without reading an array.

    Args:
        pickled: the file.
        split: the pictures that it is wanted for.
        missing: how many of them may be without proposals, because it may turn out that they
            cannot be read.

    Raises:
        DataError: as `store_pickled` has it (RC250, RC253, RC255, RC256).
    """
    place = str(pickled)
    with open_regular(pickled) as stream:
        content = find_arrays(stream, place)
    boxes = _arrays(content.get("boxes") if isinstance(content, dict) else content, 2, place)
    if not len(split) - missing <= len(boxes) <= len(split):
        raise _as_many(place, f"{len(boxes)} arrays of boxes", split)


def holds_proposals(path: Path) -> bool:
    """Tell whether a file holds stored proposals, ours or a pickle of arrays.

    Args:
        path: any file.

    Returns:
        False for whatever else it holds.
    """
    try:
        StoredProposals.open(path)
    except DataError:
        pass
    else:
        return True
    try:
        with open_regular(path) as stream:
            find_arrays(stream, str(path))
    except DataError:
        return False
    return True


class _Reading:
    """Reads arrays and makes our boxes of them; counts what it clips, refuses what are none."""

    def __init__(self, stream: BinaryIO, place: str) -> None:
        self._stream, self._place = stream, place
        self.clipped = 0

    def read(self, pair: _Pair, record: Record) -> PictureProposals:
        pickled = self._numbers(pair.boxes)
        boxes = pickled + torch.tensor([0.0, 0, 1, 1])
        inside = clip(boxes, record.size)
        beyond = (boxes - inside).abs().amax(dim=1)
        is_small = (beyond > 0) & (beyond <= TOLERANCE)  # what leaves it further is refused later
        self.clipped += int(is_small.sum())
        boxes = torch.where(is_small[:, None], inside, boxes)
        scores = -torch.arange(len(boxes), dtype=torch.float32)
        if pair.scores is not None:
            scores = self._numbers(pair.scores)
        rows = torch.cat((boxes, scores[:, None]), dim=1).numpy()
        sound = are_sound(rows, np.array([record.size], np.float32))
        if not sound.all():
            row = int(sound.argmin())
            score = "" if pair.scores is None else f", score {scores[row]:g}"
            got = f"({', '.join(f'{corner:g}' for corner in pickled[row].tolist())}){score}"
            raise _no_box(self._place, f"{record.name}, row {row}: {got}", record.size)
        return PictureProposals(boxes, scores)

    def _numbers(self, array: ArrayPlace) -> Tensor:
        return torch.from_numpy(read_array(self._stream, array, self._place)).float()


def _pairs(content: object, split: Split, stream: BinaryIO, place: str) -> list[_Pair]:
    """Find each picture's arrays, in the order of the split."""
    if isinstance(content, dict):
        boxes = _arrays(content.get("boxes"), 2, place)
        scores: list[ArrayPlace] | list[None] = _arrays(content.get("scores"), 1, place)
        ids = content.get("ids", content.get("indexes"))
    else:
        boxes, ids = _arrays(content, 2, place), None
        scores = [None] * len(boxes)
    if not len(boxes) == len(scores) == len(split):
        got = f"{len(boxes)} arrays of boxes" + f", {len(scores)} of scores" * any(scores)
        raise _as_many(place, got, split)
    pairs = [_Pair(*pair) for pair in zip(boxes, scores, strict=True)]
    for row, pair in enumerate(pairs):
        if pair.scores is not None and pair.scores.shape != pair.boxes.shape[:1]:
            raise _other_form(place, f"{pair.boxes.shape} boxes, {pair.scores.shape} scores: {row}")
    _require_own_bytes(pairs, stream, place)
    if ids is None:
        return pairs
    numbers = read_array(stream, ids, place).tolist() if isinstance(ids, ArrayPlace) else ids
    return [pairs[row] for row in _rows(numbers, split, place)]


def _arrays(values: object, dimensions: int, place: str) -> list[ArrayPlace]:
    """Require a list of arrays: of boxes, or of scores."""
    if not isinstance(values, list):
        raise _other_form(place, f"a {type(values).__name__}")
    for row, array in enumerate(values):
        if not isinstance(array, ArrayPlace):
            raise _other_form(place, f"a {type(array).__name__} for picture {row}")
        fits = len(array.shape) == dimensions and array.shape[1:] == (4,) * (dimensions - 1)
        if not fits or array.dtype.kind != "f":
            raise _other_form(place, f"{list(array.shape)} {array.dtype.name} for picture {row}")
    return values


def _require_own_bytes(pairs: list[_Pair], stream: BinaryIO, place: str) -> None:
    """Refuse an array that stands for many pictures: it would unfold to more than the file."""
    total = sum(pair.boxes.size + (pair.scores.size if pair.scores else 0) for pair in pairs)
    if total > (size := stream.seek(0, io.SEEK_END)):
        raise _other_form(place, f"arrays of {total} bytes in a file of {size}")


def _rows(ids: object, split: Split, place: str) -> list[int]:
    """Find the row of each picture by the number at the end of its name."""
    named = [re.search(r"[0-9]{1,18}$", record.name) for record in split.records]
    wanted = [int(digits.group()) if digits else None for digits in named]
    numbers = ids if isinstance(ids, list) else []
    row_of = {
        int(n): row for row, n in enumerate(numbers) if isinstance(n, int) or str(n).isdecimal()
    }
    if len(row_of) != len(numbers) or len(set(wanted)) != len(wanted) or set(wanted) != set(row_of):
        shown = (str(n)[:20] if isinstance(n, int | str) else type(n).__name__ for n in numbers[:3])
        got = f"{len(numbers)} ids such as {', '.join(shown)}"
        names = ", ".join(record.name for record in split.records[:3])
        raise other_pictures(place, got, f"the numbers at the end of {names}")
    return [row_of[number] for number in wanted if number is not None]


def _as_many(place: str, got: str, split: Split) -> DataError:
    return other_pictures(place, got, f"{len(split)}, one for each picture of {split.name}")


def _no_box(place: str, got: str, size: Size) -> DataError:
    """Say it in the pickle's own numbers, in which a whole picture ends at its last pixel."""
    right, below = size.width - 1, size.height - 1
    want = f"0 <= x1, x1 - 1 <= x2 <= {right}, 0 <= y1, y1 - 1 <= y2 <= {below}, all finite"
    fix = "pickle boxes in pixels of the original pictures, in the order of the split"
    return no_box(place, got, want, fix)


def _other_form(place: str, got: str) -> DataError:
    return DataError(
        "RC256",
        place,
        "the arrays in this pickle are no proposals",
        got=got,
        want="a list with one [P, 4] array of floating point for each picture, or a mapping of "
        "`boxes`, `scores` and `ids`",
        fix="pickle what the authors' rpn_generate or Detectron leaves",
    )
