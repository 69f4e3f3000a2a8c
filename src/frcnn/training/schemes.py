"""The order in which things are learnt. Faster R-CNN §3.2.

Approximate joint training: one network, one step of SGD. In each step the RPN's proposals of the
moment are taken as fixed, like stored ones, when the head is trained; the losses of both stages
are added, and the shared backbone learns from both. The gradient with respect to the proposals'
coordinates is ignored, hence approximate.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from frcnn.model.batch import to_batch
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.training.batches import Example, generator_of
from frcnn.types import Target


@dataclass(frozen=True, kw_only=True)
class Precision:
    """In which numbers convolutions and matrix products are computed."""

    device: torch.device
    dtype: torch.dtype = torch.float32
    """float32, bfloat16 or float16; weights and losses stay float32."""

    def autocast(self) -> AbstractContextManager[object]:
        """Compute in `dtype` inside; nothing changes for float32."""
        if self.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.dtype)

    def scaler(self) -> torch.amp.GradScaler:
        """Make what keeps float16 gradients in range; disabled for the others."""
        return torch.amp.GradScaler(self.device.type, enabled=self.dtype == torch.float16)


def joint_losses(
    model: FasterRCNN, seed: int, precision: Precision
) -> Callable[[Sequence[Example]], Mapping[str, Tensor]]:
    """Give the approximate joint loss of a batch as a function (§3.2, ii).

    Args:
        model: both stages.
        seed: of the run; every draw depends on it, the epoch and the picture.
        precision: of the convolutions and matrix products.

    Returns:
        A function from a batch of examples to the four named terms.
    """

    def losses(examples: Sequence[Example]) -> Mapping[str, Tensor]:
        batch = to_batch([e.prepared for e in examples], model.config.pictures)
        generators = [generator_of("draws", seed, *e.visit) for e in examples]
        targets = [_to(e.target, precision.device) for e in examples]
        with precision.autocast():
            return model.losses(batch, targets, generators).named()

    return losses


def _to(target: Target, device: torch.device) -> Target:
    return Target(
        boxes=target.boxes.to(device),
        labels=target.labels.to(device),
        difficult=target.difficult.to(device),
    )
