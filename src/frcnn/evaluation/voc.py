"""Average precision by the rules of PASCAL VOC (Everingham et al. 2010, §3.4, and its devkits).

VOC 2007 reads the curve of precision over recall at eleven recalls, VOC 2010 and later take the
area under it. Which detections are right is decided in `verdicts`.

Letters: N detections of one class that are not neutral, C classes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from frcnn.evaluation.curves import ClassCurve, class_curves
from frcnn.evaluation.judged import Judged
from frcnn.evaluation.verdicts import Numbers

RECALLS = np.arange(0.0, 1.1, 0.1)
"""The eleven, with the authors' rounding: the fourth is 0.30000000000000004."""


@dataclass(frozen=True, eq=False, kw_only=True)
class VOCFigures:
    """Both average precisions by class, and the curves behind them; None without objects."""

    ap_11point: tuple[float | None, ...]
    """[C] VOC 2007's: mean of the best precision at or beyond recall 0, 0.1, ... 1."""
    ap_area: tuple[float | None, ...]
    """[C] VOC 2010's and later: area under the curve, its precision made falling."""
    curves: tuple[ClassCurve, ...]
    """[C] precision and recall."""

    @property
    def map_11point(self) -> float | None:
        """Mean over the classes that have objects; None without any."""
        return mean_of_known(self.ap_11point)

    @property
    def map_area(self) -> float | None:
        """Mean over the classes that have objects; None without any."""
        return mean_of_known(self.ap_area)


def voc(pairs: Sequence[Judged], classes: Sequence[str], *, iou: float = 0.5) -> VOCFigures:
    """Judge detections as VOC does.

    Args:
        pairs: pictures with detections and true boxes, pixels of the original picture.
        classes: names of the class ids 0 ... C-1.
        iou: overlap that a right detection must pass, not only reach.

    Returns:
        Both average precisions of every class; difficult objects are neutral.

    Raises:
        ConfigError: values that cannot be judged (RC334, RC335), no such threshold (RC336).
    """
    curves = class_curves(pairs, classes, iou=iou)
    return VOCFigures(
        ap_11point=tuple(_known(average_precision_11, curve) for curve in curves),
        ap_area=tuple(_known(average_precision_area, curve) for curve in curves),
        curves=curves,
    )


def average_precision_11(recall: Numbers, precision: Numbers) -> float:
    """VOC 2007: the mean of the best precision at or beyond each of eleven recalls.

    Args:
        recall: [N] rising; N may be 0.
        precision: [N].

    Returns:
        In [0, 1].
    """
    total = 0.0
    for level in RECALLS:  # summed in the authors' order
        total += float(precision[recall >= level].max(initial=0.0)) / 11.0
    return total


def average_precision_area(recall: Numbers, precision: Numbers) -> float:
    """VOC 2010 and later: the area under the curve once precision is made falling.

    Args:
        recall: [N] rising; N may be 0.
        precision: [N].

    Returns:
        In [0, 1].
    """
    at = np.concatenate(([0.0], recall, [1.0]))
    height = np.concatenate(([0.0], precision, [0.0]))
    height = np.maximum.accumulate(height[::-1])[::-1]
    steps = np.flatnonzero(at[1:] != at[:-1])
    return float(np.sum((at[steps + 1] - at[steps]) * height[steps + 1]))


def _known(rule: Callable[[Numbers, Numbers], float], curve: ClassCurve) -> float | None:
    return rule(curve.recall, curve.precision) if curve.objects else None


def mean_of_known(values: Sequence[float | None]) -> float | None:
    """Average what is defined; None when nothing is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
