"""The confusion matrix: what each object was taken for, with background as one more class.

Letters: C classes; background stands behind them, at C.
"""

from collections.abc import Sequence

import numpy as np

from frcnn.evaluation.judged import Judged, in_order, require_share
from frcnn.evaluation.verdicts import Flags, Ids, Numbers, Verdicts, give_verdicts, overlaps


def confusion_matrix(
    pairs: Sequence[Judged], classes: Sequence[str], *, iou: float = 0.5, score: float = 0.5
) -> Ids:
    """Count which class each object was taken for.

    1. leave out detections below the score, and those that hit a difficult box of their class
    2. right ones, by the rules of `verdicts`, are on the diagonal
    3. every other detection, best score first, takes the box that it overlaps most of those of
       another class that nobody has; above the threshold they are a confusion
    4. objects that are left were taken for background, detections that are left are background
       taken for an object

    So the diagonal is the number of right detections behind precision and recall at this score,
    the rows of the classes add up to their objects, the columns to their detections.

    Args:
        pairs: pictures with detections and true boxes, pixels of the original picture.
        classes: names of the class ids 0 ... C-1.
        iou: overlap that has to be passed.
        score: the lowest that counts, in [0, 1].

    Returns:
        [C+1, C+1] counts: row is the true class, column the class found, the last of both
        background. The last cell of all is 0: background found as background is not counted.

    Raises:
        ConfigError: values that cannot be judged (RC334, RC335), no such threshold (RC336).
    """
    require_share("score", score)
    verdicts = give_verdicts(pairs, classes, iou=iou)
    background = len(classes)
    matrix = np.zeros((background + 1, background + 1), dtype=np.int64)
    counted = np.flatnonzero((verdicts.scores >= score) & ~verdicts.neutral)
    counted = counted[np.argsort(verdicts.pictures[counted], kind="stable")]
    ordered = in_order(pairs, classes)
    bounds = np.searchsorted(verdicts.pictures[counted], np.arange(len(ordered) + 1))
    for pair, start, end in zip(ordered, bounds[:-1], bounds[1:], strict=True):
        mine = counted[start:end]
        labels = np.append(pair.target.labels.numpy(), background)
        takes, missed = _pair_up(pair, verdicts, mine, iou)
        np.add.at(matrix, (labels[takes], verdicts.labels[mine]), 1)
        np.add.at(matrix[:, background], labels[missed], 1)
    return matrix


def _pair_up(pair: Judged, verdicts: Verdicts, mine: Ids, iou: float) -> tuple[Ids, Ids]:
    """Give each counted detection of a picture its true box.

    Args:
        pair: the picture.
        verdicts: of all detections.
        mine: rows of the verdicts: the picture's counted detections, best score first.
        iou: overlap that has to be passed.

    Returns:
        For each of `mine` the row of its true box, or -1; and the rows of those nobody took.
    """
    right = verdicts.right[mine]
    takes = np.where(right, verdicts.targets[mine], -1)
    free = ~pair.target.difficult.numpy()
    free[takes[right]] = False
    if free.any():
        others = pair.target.labels.numpy() != verdicts.labels[mine][:, None]
        shares = np.where(others, overlaps(pair)[verdicts.rows[mine]], 0.0)
        for place in np.flatnonzero(~right):
            takes[place] = _take(np.where(free, shares[place], -1.0), free, iou)
    return takes, np.flatnonzero(free)


def _take(shares: Numbers, free: Flags, iou: float) -> int:
    """Take the box with the greatest share if that passes the threshold, or none: -1."""
    best = int(shares.argmax())
    if shares[best] <= iou:
        return -1
    free[best] = False
    return best
