"""A phase of training: which parts of the network learn, from which loss, and how it is judged.

Joint training is one phase; the paper's alternating training is four (`training/schemes.py`).
"""

from dataclasses import dataclass
from typing import Literal

from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.training.objectives import (
    Objective,
    exact_joint_losses,
    first_stage_losses,
    joint_losses,
    second_stage_losses,
)

Part = Literal["backbone", "rpn_backbone", "rpn", "box_head"]


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What one uninterrupted stretch of training is about."""

    title: str
    """For the person who watches."""
    parts: tuple[Part, ...]
    """Of the network, those that learn; layers that its settings freeze stay frozen in any case."""
    objective: Objective
    """What is minimised."""
    judged_by: Literal["detections", "proposals"] = "detections"
    """What the validation figures are of."""

    def prepare(self, model: FasterRCNN) -> None:
        """Let these parts of a new network learn, and hold the others still.

        What is held still behaves as in evaluation: no gradient, no dropout, no new statistics.

        Args:
            model: as `start.new_model` gives it, changed in place.
        """
        for name, part in model.named_children():
            learns = name in self.parts
            part.train(learns)
            if not learns:
                part.requires_grad_(requires_grad=False)


JOINT = Phase(
    title="both stages",
    parts=("backbone", "rpn_backbone", "rpn", "box_head"),
    objective=joint_losses,
)
EXACT_JOINT = Phase(
    title="both stages, exactly",
    parts=("backbone", "rpn_backbone", "rpn", "box_head"),
    objective=exact_joint_losses,
)
RPN = Phase(
    title="an RPN",
    parts=("backbone", "rpn"),
    objective=first_stage_losses,
    judged_by="proposals",
)
RPN_APART = Phase(
    title="an RPN on a backbone of its own",
    parts=("rpn_backbone", "rpn"),
    objective=first_stage_losses,
    judged_by="proposals",
)
DETECTOR = Phase(
    title="Fast R-CNN on stored proposals",
    parts=("backbone", "box_head"),
    objective=second_stage_losses,
)
RPN_LAYERS = Phase(
    title="the RPN's layers on the detector's backbone",
    parts=("rpn",),
    objective=first_stage_losses,
    judged_by="proposals",
)
DETECTOR_LAYERS = Phase(
    title="Fast R-CNN's layers on the new proposals",
    parts=("box_head",),
    objective=second_stage_losses,
)
