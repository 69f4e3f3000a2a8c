"""The learning rate of every step, and how many steps there are.

A pure function of the step's number: nothing is remembered, so a resumed run needs no state.
Faster R-CNN §3.1.3: 0.001 for 60,000 steps, then a tenth of it for 20,000.
"""

import math
from dataclasses import dataclass
from typing import Literal

from frcnn.errors import ConfigError, counted


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """Length and shape of the training."""

    steps: int | None = None
    """Optimizer steps in all (§3.1.3: 80,000 for the RPN); none: `epochs` says how long."""
    epochs: float | None = 14.0
    """Passes over the training pictures; 14 passes are the authors' 70,000 steps of two on
    VOC 2007. Not used where `steps` is given."""
    shape: Literal["step", "cosine"] = "step"
    """`step`: times `gamma` at each milestone (the paper); `cosine`: down to zero smoothly."""
    milestones: tuple[float, ...] = (5 / 7,)
    """Where the rate falls: steps where a number is above 1, else shares of the whole length;
    §3.1.3: 60,000 of 80,000, authors' joint training: 50,000 of 70,000."""
    gamma: float = 0.1
    """Factor on the rate at each milestone; §3.1.3."""
    warmup_steps: int = 0
    """Steps in which the rate climbs linearly from `warmup_factor` of its height; authors'
    code: none, torchvision: 1000."""
    warmup_factor: float = 0.001
    """Where the climb starts; torchvision: 0.001."""

    def __post_init__(self) -> None:
        if self.steps is None and self.epochs is None:
            raise _wrong("schedule.steps", "no length", "none", "steps or epochs", "set epochs")
        for name, length in (("steps", self.steps), ("epochs", self.epochs)):
            if length is not None and length <= 0:
                fix = "count at least one"
                raise _wrong(f"schedule.{name}", "no length", str(length), "more than 0", fix)
        if any(m <= 0 for m in self.milestones) or list(self.milestones) != sorted(self.milestones):
            raise _wrong(
                "schedule.milestones",
                "out of order",
                str(self.milestones),
                "positive numbers in rising order",
                "sort them",
            )
        if self.gamma <= 0 or self.warmup_steps < 0 or not 0 <= self.warmup_factor <= 1:
            raise _wrong(
                "schedule",
                "factors out of range",
                f"gamma {self.gamma}, warmup_steps {self.warmup_steps}, "
                f"warmup_factor {self.warmup_factor}",
                "gamma > 0, warmup_steps >= 0, warmup_factor in [0, 1]",
                "the authors' gamma is 0.1, without warm-up",
            )


def total_steps(config: ScheduleConfig, steps_per_epoch: float) -> int:
    """Count the optimizer steps of the whole training.

    Args:
        config: its `steps`, or else its `epochs`, are read.
        steps_per_epoch: optimizer steps in one pass over the pictures; not whole where the
            batches of a pass are no multiple of those of a step.

    Returns:
        At least 1.
    """
    if config.steps is not None:
        return config.steps
    return max(1, round((config.epochs or 0) * steps_per_epoch))


def factor(step: int, total: int, config: ScheduleConfig) -> float:
    """Give the learning rate of one step as a share of its height.

    Args:
        step: 0 ... total - 1.
        total: steps in all.
        config: the shape.

    Returns:
        A number in (0, 1].
    """
    climb = 1.0
    if step < config.warmup_steps:
        start = config.warmup_factor
        climb = start + (1 - start) * (step + 1) / config.warmup_steps
    if config.shape == "cosine":
        return climb * 0.5 * (1 + math.cos(math.pi * step / total))
    passed = sum(step >= (m if m > 1 else m * total) for m in config.milestones)
    return climb * config.gamma**passed


def mostly_warmup(total: int, config: ScheduleConfig) -> str:
    """Say so where the rate climbs for more than half of the training.

    Args:
        total: steps in all.
        config: its warm-up is read.

    Returns:
        A sentence; empty where the warm-up is shorter.
    """
    if 2 * config.warmup_steps <= total:
        return ""
    return (
        f"the rate climbs for {counted(config.warmup_steps, 'step')}, of {total} in all; learn "
        f"longer, or --set training.schedule.warmup_steps={total // 10}"
    )


def _wrong(place: str, what: str, got: str, want: str, fix: str) -> ConfigError:
    return ConfigError("RC350", place, what, got=got, want=want, fix=fix)
