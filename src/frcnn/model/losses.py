"""The four terms of the two losses. Faster R-CNN Eq. (1), Fast R-CNN Eq. (1)-(3).

Shapes: M anchors of one picture, S of them sampled; R regions, C classes.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from frcnn.errors import ConfigError
from frcnn.model.anchor_labels import AnchorLabels


@dataclass(frozen=True, kw_only=True)
class RPNLossConfig:
    """Eq. (1)'s open choices: what the box term is divided by, and how it is weighed.

    The paper (sigma 1, weight 10, locations) and the authors' code (sigma 3, weight 1, sampled)
    give a positive anchor nearly the same weight: 10/2400 and 1/256.
    """

    sigma: float = 3.0
    """Smooth L1 is quadratic for |x| < 1/sigma^2: 1 in the paper, 3 in the authors' code and
    (as beta = 1/9) in torchvision."""
    box_weight: float = 1.0
    """Lambda: 10 in the paper, 1 in the authors' code."""
    divide_by: Literal["sampled", "locations", "anchors", "positives"] = "sampled"
    """N_reg: the anchors sampled (authors' code, torchvision), cells of the feature map (the
    paper), all anchors (a later reading of Eq. (1)), or the positives in the sum."""
    boxes_of: Literal["sampled", "all_positives"] = "sampled"
    """Which positives the box term sums over: those sampled (the paper), or all (a later reading
    of Eq. (1))."""

    def __post_init__(self) -> None:
        _require_weights("rpn_loss", self.sigma, self.box_weight)


@dataclass(frozen=True, kw_only=True)
class HeadLossConfig:
    """Fast R-CNN Eq. (1): weight and corner of the box term."""

    sigma: float = 1.0
    """Smooth L1 is quadratic for |x| < 1/sigma^2; Fast R-CNN Eq. (3): 1; torchvision: 3."""
    box_weight: float = 1.0
    """Lambda; Fast R-CNN §2.3: 1."""

    def __post_init__(self) -> None:
        _require_weights("head_loss", self.sigma, self.box_weight)


def smooth_l1(difference: Tensor, sigma: float) -> Tensor:
    """Fast R-CNN Eq. (3) with the authors' sigma: quadratic for |x| < 1/sigma^2, then linear.

    Args:
        difference: any shape.
        sigma: > 0.

    Returns:
        The same shape: 0.5 (sigma x)^2 or |x| - 0.5 / sigma^2.
    """
    corner = 1 / sigma**2
    zero = torch.zeros_like(difference)
    return functional.smooth_l1_loss(difference, zero, reduction="none", beta=corner)


def rpn_objectness_loss(objectness: Tensor, labels: AnchorLabels) -> Tensor:
    """Log loss of the sampled anchors of one picture, their mean.

    Args:
        objectness: [M] float32 logits.
        labels: what the anchors are, and which were drawn.

    Returns:
        Scalar; 0 with a gradient where nothing was drawn.
    """
    rows = labels.sampled
    wanted = (labels.labels[rows] == 1).to(objectness.dtype)
    loss = functional.binary_cross_entropy_with_logits(objectness[rows], wanted, reduction="sum")
    return loss / max(len(rows), 1)


def anchors_with_boxes(labels: AnchorLabels, config: RPNLossConfig) -> Tensor:
    """Give the rows of the anchors whose boxes are learnt, [N] int64: the sum of the box term."""
    if config.boxes_of == "all_positives":
        return (labels.labels == 1).nonzero()[:, 0]
    return labels.positives


def rpn_box_loss(
    errors: Tensor, labels: AnchorLabels, config: RPNLossConfig, per_cell: int
) -> Tensor:
    """Smooth L1 of the positive anchors of one picture, summed over the four deltas.

    Args:
        errors: [N, 4] float32, predicted deltas minus wanted ones of `anchors_with_boxes`.
        labels: what the M anchors are, and which were drawn.
        config: divisor and weight.
        per_cell: A, to count the cells of the feature map.

    Returns:
        Scalar; 0 with a gradient where there is no positive anchor.
    """
    loss = smooth_l1(errors, config.sigma).sum()
    divisors = {
        "sampled": len(labels.sampled),
        "locations": len(labels.labels) // per_cell,
        "anchors": len(labels.labels),
        "positives": len(errors),
    }
    return loss * (config.box_weight / max(divisors[config.divide_by], 1))


def head_class_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Log loss of the true class, the mean over regions. Fast R-CNN Eq. (1), first term.

    Args:
        logits: [R, C + 1] float32, background first.
        labels: [R] int64, 0 background, 1 + class id for objects.

    Returns:
        Scalar; 0 with a gradient where R is 0.
    """
    return functional.cross_entropy(logits, labels, reduction="sum") / max(len(labels), 1)


def head_box_loss(deltas: Tensor, labels: Tensor, wanted: Tensor, config: HeadLossConfig) -> Tensor:
    """Smooth L1 of the objects' own class slot, summed, over the number of regions.

    Args:
        deltas: [R, C, 4] float32, normalised.
        labels: [R] int64, 0 background, 1 + class id for objects.
        wanted: [N, 4] float32, normalised deltas from each of the N objects among the regions to
            its true box, in their order.
        config: corner and weight.

    Returns:
        Scalar; 0 with a gradient where no region is an object.
    """
    rows = (labels > 0).nonzero()[:, 0]
    own = deltas[rows, labels[rows] - 1]
    loss = smooth_l1(own - wanted, config.sigma).sum()
    return loss * (config.box_weight / max(len(labels), 1))


def _require_weights(place: str, sigma: float, weight: float) -> None:
    if sigma <= 0 or weight < 0:
        raise ConfigError(
            "RC350",
            place,
            "the loss would have no meaning",
            got=f"sigma {sigma}, box_weight {weight}",
            want="sigma > 0 and box_weight >= 0",
            fix="the paper's are 1 and 10 in the RPN, 1 and 1 in the head",
        )
