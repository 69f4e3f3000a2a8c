"""Precision and recall of each class as detections are taken by falling score, and the best score.

precision: share of the detections taken that are right; recall: share of the objects found;
F1: their harmonic mean, 2 right / (detections + objects).

Letters: N detections of one class that are not neutral, C classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from frcnn.evaluation.judged import Judged
from frcnn.evaluation.verdicts import Flags, Numbers, Verdicts, give_verdicts


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """What a class's detections are worth from one score upwards; all in [0, 1]."""

    score: float
    """The lowest that is taken."""
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassCurve:
    """Precision and recall of one class after each of its detections."""

    scores: Numbers
    """[N] falling."""
    right: Flags
    """[N] whether each found a true box that was still free."""
    objects: int
    """True boxes of the class, without the difficult ones."""

    @property
    def recall(self) -> Numbers:
        """[N] share of the objects found so far, rising; NaN without objects."""
        found: Numbers = np.cumsum(self.right) / (self.objects or np.nan)
        return found

    @property
    def precision(self) -> Numbers:
        """[N] share of the detections that were right so far."""
        share: Numbers = np.cumsum(self.right) / np.arange(1, len(self.right) + 1)
        return share

    def best_f1(self) -> OperatingPoint | None:
        """Find the score from which detections are worth most.

        Returns:
            The point of the highest F1, the highest score of several that are equal. Detections
            of one score are taken together. None where no detection is right.
        """
        if not self.right.any():
            return None
        ends = np.flatnonzero(np.append(self.scores[1:] != self.scores[:-1], True))
        right = np.cumsum(self.right)[ends]
        f1 = 2 * right / (ends + 1 + self.objects)
        best = int(f1.argmax())
        return OperatingPoint(
            score=float(self.scores[ends[best]]),
            precision=float(right[best] / (ends[best] + 1)),
            recall=float(right[best] / self.objects),
            f1=float(f1[best]),
        )


def class_curves(
    pairs: Sequence[Judged], classes: Sequence[str], *, iou: float = 0.5
) -> tuple[ClassCurve, ...]:
    """Draw up the curve of every class, by the rules of PASCAL VOC (see `verdicts`).

    Args:
        pairs: pictures with detections and true boxes, pixels of the original picture.
        classes: names of the class ids 0 ... C-1.
        iou: overlap that a right detection must pass.

    Returns:
        C curves, in the order of the class ids.

    Raises:
        ConfigError: values that cannot be judged (RC334, RC335), no such threshold (RC336).
    """
    verdicts = give_verdicts(pairs, classes, iou=iou)
    return tuple(_curve(verdicts, label) for label in range(len(classes)))


def _curve(verdicts: Verdicts, label: int) -> ClassCurve:
    mine = (verdicts.labels == label) & ~verdicts.neutral
    return ClassCurve(
        scores=verdicts.scores[mine],
        right=verdicts.right[mine],
        objects=int(verdicts.objects[label]),
    )
