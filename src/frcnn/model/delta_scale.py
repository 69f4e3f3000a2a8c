"""The scale of box targets: mean and deviation, measured on the targets that will be learnt.

Fast R-CNN §2.3 learns targets of zero mean and unit variance. The authors' alternating training
measures both for each class over all stored proposals that are objects, their MATLAB code for the
RPN too, over all anchors that are objects. Joint training has no stored proposals to measure, and
takes fixed numbers.

Shapes: C classes, N regions of one batch.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from frcnn.errors import ConfigError, ShapeError
from frcnn.ops.boxes import describe
from frcnn.ops.deltas import encode

_LEAST_STD = 1e-4
"""A class whose targets differ less than that has nothing to measure."""


@dataclass(frozen=True, eq=False, kw_only=True)
class DeltaScale:
    """What is subtracted from the targets of each class, and what they are then divided by."""

    mean: Tensor
    """[C, 4] float32, without unit, as deltas are."""
    std: Tensor
    """[C, 4] float32, > 0."""

    def __post_init__(self) -> None:
        for name, tensor in (("mean", self.mean), ("std", self.std)):
            if tensor.ndim != 2 or tensor.shape[1] != 4 or self.mean.shape != self.std.shape:
                raise ShapeError(
                    f"DeltaScale.{name}", got=describe(tensor), want="a [C, 4] tensor, both alike"
                )


def unmeasured(place: str) -> ConfigError:
    """Say that a network was given a scale which its settings leave no place for (RC368).

    Args:
        place: the setting.

    Returns:
        The error to raise.
    """
    return ConfigError(
        "RC368",
        place,
        "these layers keep no measured scale of their box targets",
        got="a fixed scale",
        want="one that is measured",
        fix=f"add --set model.{place}=measured",
    )


def measure_scale(
    batches: Iterable[tuple[Tensor, Tensor, Tensor]], otherwise: DeltaScale
) -> DeltaScale:
    """Measure mean and standard deviation of each class's targets.

    Args:
        batches: of any sizes, each three tensors: regions [N, 4] that are objects, the true box of
            each [N, 4], both in the same pixels, and the class id of each [N] int64, 0 ... C-1.
            They are gone through once; sums are kept, so any number of batches will do. For one
            scale of all classes together give class 0 for all.
        otherwise: what stands in for numbers that cannot be measured: of a class with fewer than
            two targets, or whose targets do not differ. Its C is that of the result.

    Returns:
        The scale, [C, 4]; the deviation is that of the whole population, as the authors' code has
        it.
    """
    classes = len(otherwise.mean)
    counts = torch.zeros(classes, 1, dtype=torch.float64)
    sums = torch.zeros(classes, 4, dtype=torch.float64)
    squares = torch.zeros_like(sums)
    for regions, boxes, labels in batches:
        targets = encode(boxes.double(), regions.double()).cpu()
        rows = labels.cpu()
        counts.index_add_(0, rows, torch.ones(len(rows), 1, dtype=torch.float64))
        sums.index_add_(0, rows, targets)
        squares.index_add_(0, rows, targets.square())
    means = sums / counts.clamp(min=1)
    stds = (squares / counts.clamp(min=1) - means.square()).clamp(min=0).sqrt()
    known = (counts >= 2) & (stds >= _LEAST_STD)
    return DeltaScale(
        mean=torch.where(known, means.float(), otherwise.mean.cpu().float()),
        std=torch.where(known, stds.float(), otherwise.std.cpu().float()),
    )
