"""What becomes of every detection by the rules of PASCAL VOC (Everingham et al. 2010, §3.4).

Detections of a class, over all pictures, by falling score: each is held against the true box of
its class that it overlaps most. Above the threshold it is right if that box is still free, and
wrong if it is taken: a second detection of one object is a mistake. Boxes marked difficult are
neutral: what hits them counts neither as right nor as wrong, and nobody misses them.

The devkit's overlap counts whole pixels, with `+ 1`; the same overlap comes out of our continuous
corners without it, because `data/` turned VOC's corners into ours.

Letters: N detections over all pictures, C classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from frcnn.evaluation.judged import Judged, in_order, require_share
from frcnn.ops import boxes as box_ops

Numbers = NDArray[np.float64]
Ids = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Verdicts:
    """One row for each detection, highest score first; ties by picture name, then as given."""

    scores: Numbers
    """[N] falling."""
    labels: Ids
    """[N] class ids."""
    pictures: Ids
    """[N] places in the list of pictures sorted by name."""
    right: Flags
    """[N] found a true box that was still free."""
    neutral: Flags
    """[N] found a difficult box: counts for nothing."""
    objects: Ids
    """[C] true boxes of each class, without the difficult ones."""
    rows: Ids
    """[N] rows in the picture's own detections."""
    targets: Ids
    """[N] rows in the picture's true boxes: the one overlapped most, above the threshold; -1 if
    there is none."""


def give_verdicts(pairs: Sequence[Judged], classes: Sequence[str], *, iou: float = 0.5) -> Verdicts:
    """Say of every detection whether it is right, wrong or neutral.

    1. hold each against the true boxes of its class in its picture; remember the best (the first
       one of several that are equal)
    2. sort all by falling score
    3. those above the threshold whose best box is difficult are neutral
    4. of those above the threshold with one best box, the first is right

    Args:
        pairs: pictures with detections and true boxes, pixels of the original picture.
        classes: names of the class ids 0 ... C-1.
        iou: overlap that has to be passed, not only reached, as in the authors' Python code.

    Returns:
        The verdicts; the same for any order of the pictures.

    Raises:
        ConfigError: values that cannot be judged (RC334, RC335), no such threshold (RC336).
    """
    require_share("iou", iou)
    ordered = in_order(pairs, classes)
    best = [_best_targets(pair, iou) for pair in ordered]
    counts = [len(rows) for rows in best]
    scores = _joined([pair.detections.scores.double().numpy() for pair in ordered], np.float64)
    order = np.argsort(-scores, kind="stable")
    targets = _joined(best, np.int64)[order]
    pictures = np.repeat(np.arange(len(ordered)), counts)[order]
    labels = _joined([pair.detections.labels.numpy() for pair in ordered], np.int64)
    right, neutral = _mark(targets, pictures, ordered)
    return Verdicts(
        scores=scores[order],
        labels=labels[order],
        pictures=pictures,
        right=right,
        neutral=neutral,
        objects=_objects(ordered, len(classes)),
        rows=_joined([np.arange(count) for count in counts], np.int64)[order],
        targets=targets,
    )


def overlaps(pair: Judged) -> Numbers:
    """Compute the overlap of every detection with every true box of its picture, in float64.

    Args:
        pair: the picture, on the CPU.

    Returns:
        [N, G] IoU, whatever the classes.
    """
    found, true = pair.detections.boxes.double(), pair.target.boxes.double()
    values: Numbers = box_ops.iou(found, true).numpy()
    return values


def _best_targets(pair: Judged, iou: float) -> Ids:
    """Find for each detection the row of the true box of its class it overlaps most, or -1."""
    if not len(pair.target.boxes):
        return np.full(len(pair.detections.boxes), -1)
    others = pair.detections.labels.numpy()[:, None] != pair.target.labels.numpy()
    shares = np.where(others, -1.0, overlaps(pair))
    best: Ids = shares.argmax(axis=1)
    best[shares.max(axis=1) <= iou] = -1
    return best


def _mark(targets: Ids, pictures: Ids, ordered: Sequence[Judged]) -> tuple[Flags, Flags]:
    """Tell right and neutral detections, given each one's best true box, best score first."""
    starts = np.cumsum([0, *(len(pair.target.boxes) for pair in ordered)])
    difficult = _joined([pair.target.difficult.numpy() for pair in ordered], np.bool_)
    hits = np.flatnonzero(targets >= 0)
    boxes = starts[pictures[hits]] + targets[hits]  # numbered over all pictures
    right, neutral = np.zeros(len(targets), dtype=bool), np.zeros(len(targets), dtype=bool)
    neutral[hits] = difficult[boxes]
    first = np.unique(boxes, return_index=True)[1]
    right[hits[first]] = True
    return right & ~neutral, neutral


def _objects(ordered: Sequence[Judged], classes: int) -> Ids:
    labels = [pair.target.labels[~pair.target.difficult] for pair in ordered]
    every = torch.cat([*labels, torch.zeros(0, dtype=torch.int64)])
    counts: Ids = torch.bincount(every, minlength=classes).numpy()
    return counts


def _joined(parts: Sequence[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    """Put arrays one after the other; there may be none."""
    return np.concatenate([*parts, np.zeros(0, dtype=kind)])
