"""One step of the optimizer: losses, gradients, update. It knows nothing about detection.

A loss that is not finite stops the step before any weight is touched.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from frcnn.errors import ModelFileError, TrainingError
from frcnn.training.distributed import ALONE, World

Part = TypeVar("Part")
_EXPLODED = 1e4
"""So many times the gradient's length of the step before are worth a warning."""


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
    world: World = ALONE,
) -> tuple[dict[str, float], float | None]:
    """Move the weights once, downhill on the mean loss of the parts.

    Args:
        losses_of: gives the named scalar terms of one part; their sum is minimised. With several
            processes it gives this one's part of them, as `parallel.shared_losses` does.
        parts: accumulated batches, one or more.
        optimizer: its learning rates are already set.
        scaler: keeps float16 gradients in range; disabled for the other precisions.
        clip_norm: longest gradient, or None.
        world: the processes that take this step together.

    Returns:
        The mean of each term, and the gradient's norm before clipping (None without clipping, and
        where a float16 gradient overflowed: then no weight was changed).

    Raises:
        NotFiniteError: a term or the norm is NaN or infinite; no weight was changed.
    """
    optimizer.zero_grad(set_to_none=True)
    means: dict[str, float] = {}
    for row, part in enumerate(parts):
        with _adding_later(losses_of) if row < len(parts) - 1 else nullcontext():
            terms = losses_of(part)
            for name, value in _summed(terms, world, row).items():
                means[name] = means.get(name, 0.0) + value / len(parts)
            total = torch.stack(list(terms.values())).sum() / len(parts)
            # processes are left with the mean of their gradients, and what is wanted is the sum
            scaler.scale(total * world.size).backward()  # type: ignore[no-untyped-call]
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

    def __init__(
        self, part: int | None, values: Mapping[str, float], ranks: Sequence[int] = ()
    ) -> None:
        """Keep which part of the step it was, and every term.

        Args:
            part: its place among the accumulated batches; None: all of them together.
            values: each term's number.
            ranks: in which processes it is not finite; empty: in all.
        """
        super().__init__(part, values)
        self.part, self.values, self.ranks = part, dict(values), tuple(ranks)

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
    where = " and ".join(map(str, error.ranks))
    return TrainingError(
        "RC401",
        f"step {step}" + f", process {where}" * bool(where),
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


def lengthened(report: StepReport, before: float | None) -> str | None:
    """Say that the gradient has exploded, though it was clipped.

    Args:
        report: of a step.
        before: the gradient's length in the step before, or None.

    Returns:
        What to warn of; None where there is nothing, or it is not known.
    """
    norm = report.gradient_norm
    if norm is None or before is None or norm <= _EXPLODED * before:
        return None
    return (
        f"step {report.step}: the gradient is {norm / before:.0f} times as long as in the step "
        f"before ({norm:.3g}); it was clipped"
    )


def out_of_memory(what: str, got: str) -> TrainingError:
    """Say that memory ran out, and that nothing is lost.

    Args:
        what: what there was not enough for.
        got: what it was asked to do at once.

    Returns:
        The error to raise.
    """
    return TrainingError(
        "RC412",
        "memory",
        f"there is not enough of it for {what}",
        got=got,
        want="what fits",
        fix="go on with --resume RUN and a lower --batch: the last checkpoint is whole; or start a "
        "new run with a lower model.pictures.shorter_side",
    )


def _summed(terms: Mapping[str, Tensor], world: World, row: int) -> dict[str, float]:
    """Add each term up over the processes; refuse in all of them what is not finite in one."""
    mine = {name: float(term.detach()) for name, term in terms.items()}
    shares = world.gathered(lambda: mine)
    # the leader has a picture of every batch, so it has every name
    values = {name: sum(share.get(name, 0.0) for share in shares) for name in shares[0]}
    bad = [rank for rank, share in enumerate(shares) if not all(map(math.isfinite, share.values()))]
    if bad:
        raise NotFiniteError(row, values, bad if world.size > 1 else ())
    return values


def _adding_later(losses_of: object) -> AbstractContextManager[None]:
    """Let processes keep their gradients to themselves until the last part of a step."""
    keeping: Callable[[], AbstractContextManager[None]] = getattr(losses_of, "no_sync", nullcontext)
    return keeping()


def _trained(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"]]
