"""Where the time of our training step goes: a clock that knows which stage is being computed.

Forward, each stage's function is wrapped. Backward, autograd runs the operations in the reverse
order of their making, so a stage's backward begins when a gradient reaches its output: there
stands an operation that does nothing but switch the clock.
"""

import itertools
import time
from collections.abc import Callable
from typing import TypeVar

import detectors
import rivals
import torch
from torch import Tensor, nn

from frcnn.model import faster_rcnn, stage_losses
from frcnn.model.batch import prepare, to_batch
from frcnn.training.optimizer import make_optimizer

OF_MODULE = {  # layers of the network, by the attribute and its method
    ("backbone", "forward"): "backbone",
    ("rpn", "forward"): "RPN head",
    ("box_head", "forward_dropping"): "box head",
}
OF_FUNCTION = {  # stages without weights, as the map of the model calls them
    "anchor_grid": "anchors",
    "label_anchors": "anchor labels",
    "propose": "proposals and NMS",
    "sample_regions": "region sampling",
    "pool_regions": "RoI pooling",
    "encode": "losses",
    "rpn_objectness_loss": "losses",
    "rpn_box_loss": "losses",
    "head_class_loss": "losses",
    "head_box_loss": "losses",
}
BETWEEN = "normalising, batching and between the stages"
OPTIMIZER = "optimizer and clipping"
CLIP_NORM = 10.0
Key = tuple[str, str]
Value = TypeVar("Value")


class Clock:
    """Adds up seconds by stage and direction; one stage runs at a time."""

    def __init__(self) -> None:
        """Start with empty sums, nothing running."""
        self.seconds: dict[Key, float] = {}
        self.running: Key | None = None
        self._since = 0.0

    def switch(self, key: Key | None) -> Key | None:
        """Let another stage run from now on.

        Args:
            key: the stage and `forward` or `backward`; None for none.

        Returns:
            What ran until now.
        """
        now = time.perf_counter()
        before = self.running
        if before is not None:
            self.seconds[before] = self.seconds.get(before, 0.0) + now - self._since
        self.running, self._since = key, now
        return before

    def wrap(self, function: Callable[..., Value], stage: str) -> Callable[..., Value]:
        """Make a function that is counted as a stage, in both directions.

        Args:
            function: of the stage.
            stage: its name.

        Returns:
            The function with the clock around it.
        """

        def counted(*arguments: object, **named: object) -> Value:
            before = self.switch((stage, "forward"))
            found = function(*arguments, **named)
            self.switch(before)
            return self._marked(found, stage)

        return counted

    def _marked(self, found: Value, stage: str) -> Value:
        if isinstance(found, Tensor):
            return _Mark.apply(found, self, stage) if found.requires_grad else found
        if isinstance(found, tuple) and hasattr(found, "_fields"):  # the answers of RPN and head
            return type(found)(*(self._marked(part, stage) for part in found))
        return found


class _Mark(torch.autograd.Function):
    """Hands its input through; backward, it switches the clock."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, x: Tensor, clock: Clock, stage: str
    ) -> Tensor:
        ctx.clock, ctx.stage = clock, stage
        return x.view_as(x)

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, gradient: Tensor
    ) -> tuple[Tensor, None, None]:
        ctx.clock.switch((ctx.stage, "backward"))
        return gradient, None, None


def clocked_step(
    size: tuple[int, int], head_width: int, variant: str
) -> Callable[[], dict[Key, float]]:
    """Make a training step that says where its time went.

    Args:
        size: height and width of the picture, pixels.
        head_width: of fc6 and fc7.
        variant: a precision of ours.

    Returns:
        One step; it gives seconds by stage and direction. This process's modules `faster_rcnn` and
        `stage_losses` are changed for good.
    """
    model, seen = detectors.ours(size, head_width).train(), detectors.scene(size)
    precision = rivals.precision_of(variant)
    optimizer = make_optimizer(model, rivals.OPTIMIZER)
    trained = [p for group in optimizer.param_groups for p in group["params"]]
    generator = torch.Generator().manual_seed(0)
    clock = Clock()
    for (part, method), stage in OF_MODULE.items():
        layer = getattr(model, part)
        setattr(layer, method, clock.wrap(getattr(layer, method), stage))
    for home, (name, stage) in itertools.product((faster_rcnn, stage_losses), OF_FUNCTION.items()):
        if hasattr(home, name):
            setattr(home, name, clock.wrap(getattr(home, name), stage))

    def take_one() -> dict[Key, float]:
        clock.seconds = {}
        clock.switch((BETWEEN, "forward"))
        optimizer.zero_grad(set_to_none=True)
        pictures = model.config.pictures
        batch = to_batch([prepare(seen.picture, pictures)], pictures)
        with precision.autocast():
            losses = model.losses(batch, [seen.target], [generator])
        clock.switch((BETWEEN, "backward"))
        losses.total.backward()
        clock.switch((OPTIMIZER, "forward"))
        nn.utils.clip_grad_norm_(trained, CLIP_NORM, foreach=True)
        optimizer.step()
        clock.switch(None)
        return dict(clock.seconds)

    return take_one
