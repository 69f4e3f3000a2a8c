"""What the network stands on: evaluation behaviour in a prediction, numbers that are finite."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from frcnn.errors import ModelFileError


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Give every layer its evaluation behaviour inside; outside each is as it was.

    Args:
        module: a network, each of whose layers may be in training state or not. One that is in
            evaluation state already is not written to, so that threads may share it.
    """
    training = [layer for layer in module.modules() if layer.training]
    for layer in training:
        layer.training = False
    try:
        yield
    finally:
        for layer in training:
            layer.training = True


def are_finite(*tensors: Tensor) -> bool:
    """Whether no number is NaN or infinite; tensors of any shape, empty ones too."""
    return all(bool(tensor.isfinite().all()) for tensor in tensors)


def nowhere(output: Tensor) -> Tensor:
    """Give the loss of a network whose numbers are not finite: a scalar NaN.

    Args:
        output: of any shape; what led to it is led to from the loss, too.
    """
    return output.sum() * float("nan")


def require_finite(stage: str, *tensors: Tensor) -> None:
    """Refuse numbers that nothing can be detected from; a threshold would drop them silently.

    Args:
        stage: whose output they are, for the message.
        tensors: of any shape.

    Raises:
        ModelFileError: one of them is not finite (RC520).
    """
    if not are_finite(*tensors):
        raise ModelFileError(
            "RC520",
            "the network",
            "its numbers are not finite, nothing can be detected",
            got=f"NaN or infinity after the {stage}",
            want="finite activations",
            fix="try --precision float32; if that is no better, use another checkpoint",
        )
