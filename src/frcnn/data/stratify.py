"""Groups of pictures into splits, so that each split gets its share of every class.

Iterative stratification (Sechidis et al. 2011), for groups and boxes:

1. take the class that is in the fewest groups, of those that still have one to be placed
2. place its groups, the largest first, others by chance
3. each goes to a split with room for its pictures: to one that lacks the class and is not half
   full, else to the one that lacks most of its share of the class; among equals to where what else
   is in the group is rarest
4. groups without objects go where there is most room
5. a class that the first split, the one to learn from, did not get is brought there

Letters: G groups, C classes, S splits.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Groups(NamedTuple):
    """What is in each group."""

    boxes: NDArray[np.int64]
    """[G, C] boxes of each class."""
    pictures: NDArray[np.int64]
    """[G, C] pictures with the class."""
    sizes: NDArray[np.int64]
    """[G] pictures; 1 or more."""
    turns: NDArray[np.int64]
    """[G] an order by chance, that of equals: 0 ... G-1, each once."""


def stratify(groups: Groups, shares: Sequence[float]) -> NDArray[np.int64]:
    """Place every group.

    Args:
        groups: as many as splits, or more.
        shares: S of the pictures and boxes, above 0; their sum is 1. The first is that of the
            split to learn from.

    Returns:
        [G] int64, the split of each group. A split is empty only where every other group is the
        only one of a class, and needed by the first.
    """
    placing = _Placing(groups, shares)
    holders = (groups.boxes > 0).sum(axis=0)
    is_left = np.ones(len(groups.sizes), np.bool_)
    while (left := (groups.boxes[is_left] > 0).sum(axis=0)).any():
        rarest = int(np.where(left > 0, left, left.max() + 1).argmin())
        for group in placing.in_turn(is_left & (groups.boxes[:, rarest] > 0)):
            placing.place(group, placing.best(group, rarest, int(holders[rarest])))
            is_left[group] = False
    for group in placing.in_turn(is_left):
        placing.place(group, placing.roomiest())
    for label in np.flatnonzero(holders):
        placing.bring_to_first(int(label))
    return placing.splits


class _Placing:
    """Splits that are being filled."""

    def __init__(self, groups: Groups, shares: Sequence[float]) -> None:
        self._groups, self._shares = groups, np.array(shares)
        parts = np.hstack([groups.boxes, groups.pictures, groups.sizes[:, None]])
        self._parts = parts / np.maximum(parts.sum(axis=0), 1)  # of all that there is
        self._has = np.zeros((len(shares), parts.shape[1]))
        self._holders = np.zeros((len(shares), groups.boxes.shape[1]), np.int64)
        self._count = np.zeros(len(shares), np.int64)
        self._quota = _rounded(self._shares * groups.sizes.sum())
        self._room = self._quota.copy()
        self.splits = np.full(len(groups.sizes), -1)

    def in_turn(self, chosen: NDArray[np.bool_]) -> list[int]:
        """Order groups: the largest first, others by chance."""
        numbers = np.flatnonzero(chosen)
        order = np.lexsort((self._groups.turns[numbers], -self._groups.sizes[numbers]))
        return [int(number) for number in numbers[order]]

    def place(self, group: int, split: int) -> None:
        """Put a group into a split, out of the one that it was in."""
        old = int(self.splits[group])
        for changed, sign in ((old, -1), (split, 1)):
            if changed >= 0:
                self._has[changed] += sign * self._parts[group]
                self._holders[changed] += sign * (self._groups.boxes[group] > 0)
                self._room[changed] -= sign * self._groups.sizes[group]
                self._count[changed] += sign
        self.splits[group] = split

    def best(self, group: int, label: int, holders: int) -> int:
        """Choose the split of a group that is placed for a class."""
        lacks = [s for s, held in enumerate(self._holders[:holders, label]) if not held]
        if holders < len(self._shares) and lacks:
            return lacks[0]  # too few for all: the split to learn from comes first
        fits = self._empty_ones() or self._with_room(group)
        early = [s for s in fits if s in lacks and 2 * self._room[s] > self._quota[s]]

        def order(split: int) -> tuple[float, float]:
            """Round what is equal but for the order of its sum."""
            excess = self._has[split, label] - self._shares[split]
            fullness = self._has[split] @ self._parts[group] / self._shares[split]
            return round(float(excess), 12), round(float(fullness), 12)

        return min(early or fits, key=order)

    def roomiest(self) -> int:
        """Choose the split with most room."""
        fits = self._empty_ones() or range(len(self._shares))
        return max(fits, key=lambda s: self._room[s])

    def bring_to_first(self, label: int) -> None:
        """Move the smallest group with a class to the first split, if that has none."""
        holders = np.flatnonzero(self._groups.boxes[:, label] > 0)
        free = holders[self._count[self.splits[holders]] > 1]  # nothing is emptied
        if not self._holders[0, label] and len(free):
            self.place(int(free[np.argmin(self._groups.sizes[free])]), 0)

    def _empty_ones(self) -> list[int]:
        """List splits without pictures, once each of the groups left is needed for one."""
        empty = [s for s, count in enumerate(self._count) if not count]
        return empty if len(self.splits) - self._count.sum() <= len(empty) else []

    def _with_room(self, group: int) -> list[int]:
        """List the splits into which a group fits at least by half; else the roomiest."""
        half = self._groups.sizes[group] / 2
        fits = [s for s in range(len(self._shares)) if self._room[s] >= half]
        return fits or [int(np.argmax(self._room))]


def _rounded(wanted: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round numbers so that their sum, which is whole, stays: the largest remainders go up."""
    whole = np.floor(wanted + 1e-9).astype(np.int64)
    missing = round(float(wanted.sum())) - int(whole.sum())
    order = np.argsort(-np.round(wanted - whole, 9), kind="stable")
    whole[order[:missing]] += 1
    return whole
