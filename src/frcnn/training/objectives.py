"""What is minimised: the losses of a batch, for each way of training. Faster R-CNN §3.2.

objective            minimises
joint_losses         both stages; the proposals of the moment are taken as fixed (§3.2, ii)
exact_joint_losses   both stages; the head's loss also moves the proposals (§3.2, iii)
first_stage_losses   the RPN alone
second_stage_losses  Fast R-CNN alone, on proposals that were stored before

Each is made for one network and run, and is then a function from a batch of examples to named
terms, whose sum is minimised. Every draw depends on the seed, the epoch and the picture.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from frcnn.model.batch import to_batch
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.training.batches import Example, generator_of
from frcnn.training.precision import Precision
from frcnn.types import ImageBatch, Target

LossesOf = Callable[[Sequence[Example]], Mapping[str, Tensor]]
"""A batch of examples -> the named scalar terms."""
Objective = Callable[[FasterRCNN, int, Precision], LossesOf]
"""A network, the run's seed and the precision -> the losses of its batches."""


def joint_losses(model: FasterRCNN, seed: int, precision: Precision) -> LossesOf:
    """Give the approximate joint loss of a batch as a function (§3.2, ii).

    Args:
        model: both stages.
        seed: of the run.
        precision: of the convolutions and matrix products.

    Returns:
        A function from a batch of examples to the four named terms.
    """

    def losses(examples: Sequence[Example]) -> Mapping[str, Tensor]:
        with precision.autocast():
            return model.losses(*_material(model, seed, precision, examples)).named()

    return losses


def exact_joint_losses(model: FasterRCNN, seed: int, precision: Precision) -> LossesOf:
    """Give the joint loss whose gradient also flows into the proposals' boxes (§3.2, iii).

    Args:
        model: both stages, with a pooling that is differentiable in the box.
        seed: of the run.
        precision: of the convolutions and matrix products.

    Returns:
        A function from a batch of examples to the four named terms.
    """

    def losses(examples: Sequence[Example]) -> Mapping[str, Tensor]:
        with precision.autocast():
            return model.exact_losses(*_material(model, seed, precision, examples)).named()

    return losses


def first_stage_losses(model: FasterRCNN, seed: int, precision: Precision) -> LossesOf:
    """Give the RPN's loss of a batch as a function. Eq. (1).

    Args:
        model: its first stage is computed, nothing else.
        seed: of the run.
        precision: of the convolutions and matrix products.

    Returns:
        A function from a batch of examples to `rpn_objectness` and `rpn_boxes`.
    """

    def losses(examples: Sequence[Example]) -> Mapping[str, Tensor]:
        with precision.autocast():
            terms = model.first_stage_losses(*_material(model, seed, precision, examples))
        return dict(zip(("rpn_objectness", "rpn_boxes"), terms, strict=True))

    return losses


def second_stage_losses(model: FasterRCNN, seed: int, precision: Precision) -> LossesOf:
    """Give Fast R-CNN's loss of a batch as a function. Fast R-CNN Eq. (1).

    Args:
        model: its second stage is computed, nothing else.
        seed: of the run.
        precision: of the convolutions and matrix products.

    Returns:
        A function from a batch of examples, which carry their proposals, to `head_classes` and
        `head_boxes`.
    """

    def losses(examples: Sequence[Example]) -> Mapping[str, Tensor]:
        batch, targets, generators = _material(model, seed, precision, examples)
        proposals = [_proposals_of(e).to(precision.device) for e in examples]
        with precision.autocast():
            terms = model.second_stage_losses(batch, proposals, targets, generators)
        return dict(zip(("head_classes", "head_boxes"), terms, strict=True))

    return losses


def _material(
    model: FasterRCNN, seed: int, precision: Precision, examples: Sequence[Example]
) -> tuple[ImageBatch, list[Target], list[torch.Generator]]:
    """Put a batch together: pictures, true boxes, and where each picture's draws come from."""
    batch = to_batch([e.prepared for e in examples], model.config.pictures)
    targets = [_to(e.target, precision.device) for e in examples]
    return batch, targets, [generator_of("draws", seed, *e.visit) for e in examples]


def _proposals_of(example: Example) -> Tensor:
    if example.proposals is None:
        raise AssertionError(f"{example.name} came without stored proposals")
    return example.proposals


def _to(target: Target, device: torch.device) -> Target:
    return Target(
        boxes=target.boxes.to(device),
        labels=target.labels.to(device),
        difficult=target.difficult.to(device),
    )
