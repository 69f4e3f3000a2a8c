"""One step of the optimizer: losses, gradients, update. It knows nothing about detection.

A loss that is not finite stops the step before any weight is touched.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from frcnn.errors import ModelFileError, TrainingError

Part = TypeVar("Part")


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """What one step saw."""

    step: int
    """From 1."""
    learning_rate: float
    losses: Mapping[str, float]
    """Each term's mean over the accumulated batches."""
    gradient_norm: float | None
    """Of all parameters together, before clipping; None where nothing is clipped, and where a
    float16 gradient overflowed, so that the step was left out."""
    pictures: tuple[str, ...]
    """Names of the pictures of the step, in order."""

    @property
    def total(self) -> float:
        """The loss that was minimised."""
        return sum(self.losses.values())


def take_step(
    losses_of: Callable[[Part], Mapping[str, Tensor]],
    parts: Sequence[Part],
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    clip_norm: float | None,
) -> tuple[dict[str, float], float | None]:
    """Move the weights once, downhill on the mean loss of the parts.

    Args:
        losses_of: gives the named scalar terms of one part; their sum is minimised.
        parts: accumulated batches, one or more.
        optimizer: its learning rates are already set.
        scaler: keeps float16 gradients in range; disabled for the other precisions.
        clip_norm: longest gradient, or None.

    Returns:
        The mean of each term, and the gradient's norm before clipping (None without clipping, and
        where a float16 gradient overflowed: then no weight was changed).

    Raises:
        NotFiniteError: a term or the norm is NaN or infinite; no weight was changed.
    """
    optimizer.zero_grad(set_to_none=True)
    means: dict[str, float] = {}
    for row, part in enumerate(parts):
        terms = losses_of(part)
        values = {name: float(term.detach()) for name, term in terms.items()}
        if not all(map(math.isfinite, values.values())):
            raise NotFiniteError(row, values)
        for name, value in values.items():
            means[name] = means.get(name, 0.0) + value / len(parts)
        total = torch.stack(list(terms.values())).sum() / len(parts)
        scaler.scale(total).backward()  # type: ignore[no-untyped-call]
    norm = None
    if clip_norm is not None:
        scaler.unscale_(optimizer)
        length = float(nn.utils.clip_grad_norm_(_trained(optimizer), clip_norm, foreach=True))
        if math.isfinite(length):
            norm = length
        elif not scaler.is_enabled():  # else it leaves this step out and scales less
            raise NotFiniteError(None, {**means, "gradient_norm": length})
    scaler.step(optimizer)
    scaler.update()
    return means, norm


class NotFiniteError(ArithmeticError):
    """A loss term is NaN or infinite; the weights are as they were before the step."""

    def __init__(self, part: int | None, values: Mapping[str, float]) -> None:
        """Keep which part of the step it was, and every term.

        Args:
            part: its place among the accumulated batches; None: all of them together.
            values: each term's number.
        """
        super().__init__(part, values)
        self.part, self.values = part, dict(values)

    @property
    def terms(self) -> list[str]:
        """Names of the terms that are not finite."""
        return [name for name, value in self.values.items() if not math.isfinite(value)]


def diverged(
    error: NotFiniteError, step: int, learning_rate: float, pictures: Sequence[str], saved: str
) -> TrainingError:
    """Say which step, term and pictures a loss that is not finite came from.

    Args:
        error: what `take_step` raised.
        step: from 1.
        learning_rate: of the step.
        pictures: names of the part's pictures.
        saved: a remark on where the batch was written for a closer look.

    Returns:
        The error to raise; its message holds all of it.
    """
    values = ", ".join(f"{name} {value:.4g}" for name, value in error.values.items())
    return TrainingError(
        "RC401",
        f"step {step}",
        f"{' and '.join(error.terms)} is not finite; the weights were not touched",
        got=f"{values}; pictures {', '.join(pictures)}",
        want="finite numbers",
        fix=f"lower the learning rate ({learning_rate:g} now), lengthen the warm-up, or look at "
        f"these pictures; {saved}",
    )


def exploded(error: ModelFileError, step: int, learning_rate: float) -> TrainingError:
    """Say that weights which are finite themselves lead to numbers that are not.

    Args:
        error: what the evaluation raised: which numbers they are.
        step: the last one taken, from 1.
        learning_rate: of that step.

    Returns:
        The error to raise.
    """
    return TrainingError(
        "RC403",
        f"step {step}",
        "the evaluation gave numbers that are not finite",
        got=f"{error.got} with a learning rate of {learning_rate:g}",
        want="finite numbers",
        fix="go on from the checkpoint before with --resume and a lower rate, "
        "--set training.optimizer.learning_rate=X, or a gradient that is clipped, "
        "--set training.optimizer.clip_norm=10",
    )


def _trained(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"]]
