"""How well proposals cover the objects of a data set, whatever their class (§4.1, recall to IoU).

Recall at an overlap is the share of the objects that have a proposal with that IoU or more. AR,
the average recall, is its mean over the ten overlaps (Hosang et al. 2015; Lin et al. 2014).

A proposal counts for one object only. Who gets whom is the authors' `evaluate_recall`: of all
objects and proposals that are free, those two that overlap most belong together, and so on. Of
equal overlaps the object that comes first in its picture, then the better proposal.

Objects of one size are matched by themselves, as if there were no others. Difficult objects are
left out: nobody misses them, and they take no proposal.

Letters: P proposals and G objects of a picture, K pairs of them; T overlaps; L numbers of
proposals; S sizes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from frcnn.evaluation.judged import require_boxes
from frcnn.evaluation.table import aligned, number
from frcnn.evaluation.verdicts import Flags, Ids, Numbers
from frcnn.ops import boxes as box_ops
from frcnn.types import Target

LIMITS = (10, 50, 100, 300, 1000, 2000)
"""[L] How many proposals of a picture are looked at, the best ones."""
OVERLAPS = tuple(twentieths / 20 for twentieths in range(10, 20))
"""[T] IoU 0.50, 0.55, ... 0.95, to be reached. Each is the float64 next to its decimal, so that an
overlap of exactly 3/5 reaches 0.6, which the usual sum of 0.5 and 0.05s would deny."""
SIZES = ("all", "small", "medium", "large")
"""[S] COCO's: small is an area under 32 x 32 pixels of the original picture, medium one under
96 x 96; every object has one of the three."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Proposed:
    """One picture, proposed for and labelled. Boxes in pixels of the original picture."""

    name: str
    """Of the picture, for messages."""
    boxes: Tensor
    """[P, 4] float32, best first; P may be 0."""
    target: Target

    def __post_init__(self) -> None:
        box_ops.require_rows("Proposed.boxes", self.boxes)


@dataclass(frozen=True, kw_only=True)
class ProposalFigures:
    """How many objects proposals cover. A recall is None where there is no object of the size."""

    pictures: int
    proposals: Mapping[int, int]
    """By number of proposals: those that were looked at, over all pictures; pictures have fewer
    where no more were proposed."""
    objects: Mapping[str, int]
    """By size: objects that are not difficult."""
    found: Mapping[tuple[str, int], tuple[int, ...]]
    """By size and number of proposals: [T] objects covered at each of `OVERLAPS`."""

    def recall(self, limit: int, size: str = "all") -> tuple[float, ...] | None:
        """Give the recall at every overlap.

        Args:
            limit: number of proposals, one of `LIMITS`.
            size: of the objects, one of `SIZES`.

        Returns:
            [T] in [0, 1], falling.
        """
        objects = self.objects[size]
        return tuple(count / objects for count in self.found[size, limit]) if objects else None

    def average_recall(self, limit: int, size: str = "all") -> float | None:
        """Give AR, the mean recall over the overlaps.

        Args:
            limit: number of proposals, one of `LIMITS`.
            size: of the objects, one of `SIZES`.

        Returns:
            In [0, 1].
        """
        objects = self.objects[size]
        return sum(self.found[size, limit]) / (len(OVERLAPS) * objects) if objects else None

    def named(self) -> dict[str, float | None]:
        """Give the main figures by name.

        Returns:
            For every number n of proposals `AR_n`, `AR_small_n`, `AR_medium_n`, `AR_large_n`, and
            `recall50_n`, the recall at IoU 0.5.
        """
        values: dict[str, float | None] = {}
        for limit in LIMITS:
            for size in SIZES:
                name = f"AR_{limit}" if size == "all" else f"AR_{size}_{limit}"
                values[name] = self.average_recall(limit, size)
            values[f"recall50_{limit}"] = self._recall_at(limit, 0.5)
        return values

    def to_json(self) -> dict[str, Any]:
        """Give all figures as values of strict JSON: None for what is not defined, never NaN."""
        return {
            "pictures": self.pictures,
            "proposals": {str(limit): count for limit, count in self.proposals.items()},
            "objects": dict(self.objects),
            "figures": self.named(),
            "iou": list(OVERLAPS),
            "recall": {size: self._curves(size) for size in SIZES},
        }

    def table(self) -> str:
        """Write the figures for people; `-` where one is not defined.

        Above AR and the recall at two overlaps, below the recall at all of them.
        """
        heads = ["proposals", "a picture", "recall50", "recall75", "AR"]
        sizes = [f"AR_{size}" for size in SIZES[1:]]
        rows = [self._row(limit) for limit in LIMITS]
        objects = ["objects", "", "", "", *(str(self.objects[size]) for size in SIZES)]
        curves = [self.recall(limit) or [None] * len(OVERLAPS) for limit in LIMITS]
        below = [
            [_right(limit), *map(number, curve)]
            for limit, curve in zip(LIMITS, curves, strict=True)
        ]
        overlaps = [f"{overlap:.2f}" for overlap in OVERLAPS]
        return "\n".join(
            [
                *aligned([[*heads, *sizes], *rows, objects]),
                "",
                *aligned([["recall at", *overlaps], *below]),
            ]
        )

    def _curves(self, size: str) -> dict[str, list[float]] | None:
        curves = {str(limit): self.recall(limit, size) for limit in LIMITS}
        return {limit: list(curve) for limit, curve in curves.items() if curve} or None

    def _row(self, limit: int) -> list[str]:
        mean = f"{self.proposals[limit] / self.pictures:.1f}" if self.pictures else "-"
        recalls = (self._recall_at(limit, 0.5), self._recall_at(limit, 0.75))
        averages = (self.average_recall(limit, size) for size in SIZES)
        return [_right(limit), mean, *map(number, (*recalls, *averages))]

    def _recall_at(self, limit: int, overlap: float) -> float | None:
        curve = self.recall(limit)
        return None if curve is None else curve[OVERLAPS.index(overlap)]


def evaluate_proposals(pictures: Iterable[Proposed]) -> ProposalFigures:
    """Judge proposals against the true boxes, whatever their classes.

    Args:
        pictures: looked at one after the other and not kept; any order gives the same, to the bit.

    Returns:
        The figures; without pictures or objects no recall is defined.

    Raises:
        ConfigError: a box is not finite or inverted (RC334).
    """
    count = 0
    proposals, objects = np.zeros(len(LIMITS), np.int64), np.zeros(len(SIZES), np.int64)
    found = np.zeros((len(SIZES), len(LIMITS), len(OVERLAPS)), np.int64)
    for picture in pictures:
        here = _checked(picture)
        of_size = _of_size(here.target)
        count += 1
        proposals += np.minimum(len(here.boxes), LIMITS)
        objects += of_size.sum(axis=1)
        found += _found(_pairs(here), of_size)
    return ProposalFigures(
        pictures=count,
        proposals=dict(zip(LIMITS, proposals.tolist(), strict=True)),
        objects=dict(zip(SIZES, objects.tolist(), strict=True)),
        found={
            (size, limit): tuple(found[s, n].tolist())
            for s, size in enumerate(SIZES)
            for n, limit in enumerate(LIMITS)
        },
    )


def added(figures: Sequence[ProposalFigures]) -> ProposalFigures:
    """Put the figures of parts of a split together; all of them are counts.

    Args:
        figures: of parts that share no picture, one or more.

    Returns:
        Those of the whole, as `evaluate_proposals` gives them for all pictures at once.
    """
    return ProposalFigures(
        pictures=sum(each.pictures for each in figures),
        proposals={n: sum(each.proposals[n] for each in figures) for n in LIMITS},
        objects={size: sum(each.objects[size] for each in figures) for size in SIZES},
        found={
            key: tuple(map(sum, zip(*(each.found[key] for each in figures), strict=True)))
            for key in figures[0].found
        },
    )


class _Pairs(NamedTuple):
    """Objects and proposals that overlap by at least the first of `OVERLAPS`, most first."""

    overlaps: Numbers
    """[K] IoU, falling."""
    objects: Ids
    """[K] rows of the objects, rising where overlaps are equal."""
    ranks: Ids
    """[K] rows of the proposals, rising where overlap and object are equal."""

    def only(self, chosen: Flags) -> "_Pairs":
        return _Pairs(self.overlaps[chosen], self.objects[chosen], self.ranks[chosen])


def _checked(picture: Proposed) -> Proposed:
    """Leave out difficult objects and proposals that are never looked at, and check the rest."""
    boxes, target = picture.boxes[: LIMITS[-1]].detach().cpu(), picture.target
    place, chosen = f"picture {picture.name}", ~target.difficult
    true = Target(
        boxes=target.boxes[chosen].detach().cpu(),
        labels=target.labels[chosen].cpu(),
        difficult=target.difficult[chosen].cpu(),
    )
    require_boxes(place, "proposal", boxes)
    require_boxes(place, "true box", true.boxes)
    return Proposed(name=picture.name, boxes=boxes, target=true)


def _of_size(target: Target) -> Flags:
    """Tell which objects have which size, [S, G]."""
    area = box_ops.area(target.boxes.double()).numpy()
    small, large = area < 32**2, area >= 96**2
    return np.stack((np.ones_like(small), small, ~small & ~large, large))


def _pairs(picture: Proposed) -> _Pairs:
    """Find the pairs that count at any overlap; those that overlap less come last in any case."""
    shares = box_ops.iou(picture.target.boxes.double(), picture.boxes.double()).numpy()
    objects, ranks = np.nonzero(shares >= OVERLAPS[0])  # row by row: ties are in order already
    overlaps = shares[objects, ranks]
    order = np.argsort(-overlaps, kind="stable")
    return _Pairs(overlaps[order], objects[order], ranks[order])


def _found(pairs: _Pairs, of_size: Flags) -> Ids:
    """Count the objects that are covered, [S, L, T]."""
    counts = np.zeros((len(SIZES), len(LIMITS), len(OVERLAPS)), np.int64)
    for size, members in enumerate(of_size):
        of_these = pairs.only(members[pairs.objects])
        for place, limit in enumerate(LIMITS):
            reached = _match(of_these.only(of_these.ranks < limit))
            counts[size, place] = (reached[:, None] >= OVERLAPS).sum(axis=0)
    return counts


def _match(pairs: _Pairs) -> Numbers:
    """Give every object and every proposal to one pair at most; the overlaps, falling."""
    reached: list[float] = []
    while len(pairs.overlaps):
        reached.append(pairs.overlaps[0])
        pairs = pairs.only((pairs.objects != pairs.objects[0]) & (pairs.ranks != pairs.ranks[0]))
    return np.array(reached, dtype=np.float64)


def _right(limit: int) -> str:
    return f"{limit:>9}"  # as wide as the heading
