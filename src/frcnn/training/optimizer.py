"""The optimizer and its parameter groups. Faster R-CNN §3.1.3, Fast R-CNN §2.3.

The authors' solvers: SGD with momentum 0.9 and weight decay 0.0005 on everything that is trained,
biases at twice the learning rate.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from frcnn.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """How one step changes the weights."""

    method: Literal["sgd", "adamw"] = "sgd"
    """SGD is the paper's; AdamW learns faster from scratch."""
    learning_rate: float = 0.001
    """At the height of the schedule, for one step; §3.1.3: 0.001 with one or two pictures."""
    momentum: float = 0.9
    """Of SGD; §3.1.3. AdamW has its own (0.9, 0.999)."""
    weight_decay: float = 0.0005
    """§3.1.3: 0.0005; torchvision, detectron2: 0.0001."""
    bias_learning_rate: float = 2.0
    """Factor for biases; authors' code: 2, torchvision and detectron2: 1."""
    bias_weight_decay: float = 1.0
    """Factor for biases; authors' code: 1, some later code: 0."""
    norm_weight_decay: float = 0.0
    """Factor for scales and shifts of batch and group normalisation; the paper has none."""
    clip_norm: float | None = None
    """Longest gradient, all parameters together; longer ones are shortened. Authors' code: none."""
    accumulate: int = 1
    """Batches whose mean gradient makes one step: Caffe's iter_size; authors' joint training: 2."""

    def __post_init__(self) -> None:
        if self.learning_rate <= 0 or not 0 <= self.momentum < 1 or self.weight_decay < 0:
            raise ConfigError(
                "RC350",
                "optimizer",
                "a step would not go downhill",
                got=f"learning_rate {self.learning_rate}, momentum {self.momentum}, "
                f"weight_decay {self.weight_decay}",
                want="learning_rate > 0, momentum in [0, 1), weight_decay >= 0",
                fix="the paper's are 0.001, 0.9 and 0.0005",
            )
        factors = (self.bias_learning_rate, self.bias_weight_decay, self.norm_weight_decay)
        if min(factors) < 0:
            raise ConfigError(
                "RC350",
                "optimizer",
                "a factor is negative",
                got=f"bias_learning_rate {factors[0]}, bias_weight_decay {factors[1]}, "
                f"norm_weight_decay {factors[2]}",
                want="numbers >= 0",
                fix="the authors' are 2, 1 and 0",
            )
        if self.accumulate < 1 or (self.clip_norm is not None and self.clip_norm <= 0):
            raise ConfigError(
                "RC350",
                "optimizer",
                "accumulate and clip_norm out of range",
                got=f"accumulate {self.accumulate}, clip_norm {self.clip_norm}",
                want="accumulate >= 1; clip_norm > 0 or none",
                fix="use accumulate 1 and no clip_norm",
            )


def make_optimizer(module: nn.Module, config: OptimizerConfig) -> torch.optim.Optimizer:
    """Sort the trained parameters into groups and hand them to the optimizer.

    Args:
        module: frozen parameters (no gradient asked for) are left out.
        config: rates and factors.

    Returns:
        The optimizer; each group carries its own `scale`, the factor on the learning rate.

    Raises:
        ConfigError: nothing is left to train.
    """
    groups = [group for group in _groups(module, config) if group["params"]]
    if not groups:
        raise ConfigError(
            "RC352",
            "backbone.frozen_stages",
            "nothing is left to train",
            got="no parameter asks for a gradient",
            want="at least one trained layer",
            fix="freeze fewer stages",
        )
    rate = config.learning_rate
    if config.method == "adamw":
        return torch.optim.AdamW(groups, lr=rate, fused=True)
    return torch.optim.SGD(groups, lr=rate, momentum=config.momentum, fused=True)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give every group the rate times its own factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"]


def _groups(module: nn.Module, config: OptimizerConfig) -> Iterable[dict[str, object]]:
    kinds: dict[str, list[nn.Parameter]] = {"weights": [], "biases": [], "norms": []}
    for layer in module.modules():
        is_norm = isinstance(layer, nn.BatchNorm2d | nn.GroupNorm)
        for name, parameter in layer.named_parameters(recurse=False):
            if parameter.requires_grad:
                kind = "norms" if is_norm else "biases" if name == "bias" else "weights"
                kinds[kind].append(parameter)
    decay = config.weight_decay
    yield {"params": kinds["weights"], "weight_decay": decay, "scale": 1.0}
    yield {
        "params": kinds["biases"],
        "weight_decay": decay * config.bias_weight_decay,
        "scale": config.bias_learning_rate,
    }
    yield {
        "params": kinds["norms"],
        "weight_decay": decay * config.norm_weight_decay,
        "scale": 1.0,
    }
