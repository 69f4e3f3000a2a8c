"""Pictures that show nearly the same: saved again, made smaller, the next frame of a film.

A picture's hash has a bit for each of 144 comparisons of neighbours in its 9 x 9 thumbnail: is one
clearly brighter than the other. Pictures that differ in at most `MOST_BITS` of them share at least
two of eight words, so only those in one bucket of two words are compared; then the thumbnails
themselves decide. In a bucket each picture is compared with the few before it, which keeps a
thousand frames of one film as quick as a thousand strangers.

Limits: a picture that was cropped by more than a sliver, mirrored or turned is another one; plain
surfaces have too few bits to be told apart and are passed over.
"""

from collections.abc import Container, Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frcnn.data.problems import Problem
from frcnn.ops.picture_header import place_of

CELLS = 9
"""Of a thumbnail's side."""
MOST_BITS = 6
"""Bits in which two hashes may differ."""
MOST_GREY = 5.0
"""Mean difference of two thumbnails, of 255."""
_SAMPLES = 8  # pixels of a cell, in each direction
_CLEARLY = 2.0  # grey levels between neighbours
_FEWEST_BITS = 12
_WORDS = 8
_WORD_BITS = 2 * CELLS * (CELLS - 1) // _WORDS
_NEIGHBOURS = 20  # of a bucket, that one picture is compared with


class LookAlikes:
    """Gathers pictures as they are decoded, and finds those that show nearly the same."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[Path, tuple[str, NDArray[np.float32]]] = {}

    def add(self, path: Path, split: str, pixels: NDArray[np.uint8]) -> None:
        """Remember a picture's thumbnail; one that is known already is passed over.

        Args:
            path: of the picture.
            split: that it is in.
            pixels: [H, W, 3] uint8.
        """
        if path not in self._known:
            self._known[path] = (split, thumbnail(pixels))

    def find(self, copies: Container[str] = ()) -> Iterator[Problem]:
        """Compare all pictures.

        Args:
            copies: places of pictures that are known to be copies, byte for byte.

        Yields:
            A warning for each picture that looks like an earlier one, the most alike.
        """
        paths = list(self._known)
        if not paths:
            return
        thumbnails = np.stack([each for _, each in self._known.values()])
        for later, (earlier, difference) in sorted(alike(thumbnails).items()):
            one, other = paths[earlier], paths[later]
            if place_of(other) in copies:
                continue
            splits = self._known[one][0], self._known[other][0]
            yield Problem(
                code="RC265",
                place=place_of(other),
                what="a picture that shows nearly the same as another",
                got=f"like {place_of(one)}, thumbnails differ by {difference:.1f} of 255; "
                + (
                    f"in {splits[0]} and in {splits[1]}"
                    if splits[0] != splits[1]
                    else f"both in {splits[0]}"
                ),
                want="pictures of their own in each split",
                fix="keep the two in one split, or one of them only"
                if splits[0] != splits[1]
                else "nothing need be done, if both are wanted",
                severity="warning",
            )

    def groups(self) -> list[list[Path]]:
        """Put together what shows nearly the same, and what shows the same as these.

        Returns:
            The pictures of each group, two or more.
        """
        if not self._known:
            return []
        first = together(np.stack([each for _, each in self._known.values()]))
        found: dict[int, list[Path]] = {}
        for path, group in zip(self._known, first.tolist(), strict=True):
            found.setdefault(group, []).append(path)
        return [paths for paths in found.values() if len(paths) > 1]


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Make a picture small and grey.

    Args:
        pixels: [H, W, 3] uint8.

    Returns:
        [9, 9] grey levels, each the mean of 8 x 8 pixels spread over its cell.
    """
    height, width = pixels.shape[:2]
    count = CELLS * _SAMPLES
    rows, columns = (
        ((np.arange(count) + 0.5) * side / count).astype(int) for side in (height, width)
    )
    grey = pixels[rows[:, None], columns].astype(np.float32).mean(axis=2)
    cells: NDArray[np.float32] = grey.reshape(CELLS, _SAMPLES, CELLS, _SAMPLES).mean(axis=(1, 3))
    return cells


def hashes(thumbnails: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Compare neighbours.

    Args:
        thumbnails: [P, 9, 9] grey levels.

    Returns:
        [P, 144] whether the right one, or the lower one, is clearly brighter.
    """
    count = len(thumbnails)
    across = np.diff(thumbnails, axis=2).reshape(count, -1)
    down = np.diff(thumbnails, axis=1).reshape(count, -1)
    bits: NDArray[np.bool_] = np.concatenate((across, down), axis=1) > _CLEARLY
    return bits


def alike(thumbnails: NDArray[np.float32]) -> dict[int, tuple[int, float]]:
    """Find thumbnails that show the same.

    Args:
        thumbnails: [P, 9, 9] grey levels.

    Returns:
        For each picture that looks like an earlier one, that one and their mean difference.
    """
    found: dict[int, tuple[int, float]] = {}
    for earlier, later, distance in _pairs(thumbnails):
        for a, b, d in zip(earlier.tolist(), later.tolist(), distance.tolist(), strict=True):
            if b not in found or d < found[b][1]:
                found[b] = (a, d)
    return found


def together(thumbnails: NDArray[np.float32]) -> NDArray[np.int64]:
    """Join thumbnails that show the same, from one to the next: of a film, say.

    Args:
        thumbnails: [P, 9, 9] grey levels.

    Returns:
        [P] the first picture of each one's group.
    """
    first = np.arange(len(thumbnails))
    for one, other, _ in _pairs(thumbnails):
        apart = first[one] != first[other]
        for a, b in zip(one[apart].tolist(), other[apart].tolist(), strict=True):
            low, high = sorted((first[a], first[b]))
            first[first == high] = low
    return first


def _pairs(
    thumbnails: NDArray[np.float32],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]:
    """Pair thumbnails that show the same, many at a time; a pair may come again.

    Yields:
        Earlier and later ones, and their mean differences.
    """
    bits = hashes(thumbnails)
    told_apart = np.flatnonzero(bits.sum(axis=1) >= _FEWEST_BITS)
    for earlier, later in _candidates(bits, told_apart):
        alike_bits = (bits[earlier] != bits[later]).sum(axis=1) <= MOST_BITS
        one, other = earlier[alike_bits], later[alike_bits]
        distance = np.abs(thumbnails[one] - thumbnails[other]).mean(axis=(1, 2))
        near = distance <= MOST_GREY
        yield one[near], other[near], distance[near]


def _candidates(
    bits: NDArray[np.bool_], rows: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pair pictures that share two words of their hashes: near neighbours in a bucket.

    Yields:
        Earlier and later pictures, many at a time.
    """
    weights = 1 << np.arange(_WORD_BITS, dtype=np.int64)
    words = bits[rows].reshape(len(rows), _WORDS, _WORD_BITS) @ weights
    for one, other in combinations(range(_WORDS), 2):
        key = (words[:, one] << _WORD_BITS) | words[:, other]
        order = np.argsort(key, kind="stable")
        key, members = key[order], rows[order]
        for step in range(1, min(_NEIGHBOURS, len(rows) - 1) + 1):
            same = key[:-step] == key[step:]
            if not same.any():
                break
            yield members[:-step][same], members[step:][same]
