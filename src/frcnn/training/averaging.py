"""A running average of the weights, smoother than the last step's (Polyak and Juditsky 1992).

Not in the paper; off in the paper's presets. The average starts short and lengthens, so that the
random start is soon forgotten: share kept = min(decay, (1 + step) / (10 + step)).
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def start_average(module: nn.Module) -> dict[str, Tensor]:
    """Copy everything that `state_dict` holds; the average of one step."""
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def update_average(
    average: Mapping[str, Tensor], module: nn.Module, step: int, decay: float
) -> None:
    """Move the average towards the module's weights, in place.

    Args:
        average: as `start_average` made it.
        module: the weights after the step.
        step: steps taken so far, from 1.
        decay: the longest average's share kept, in (0, 1).
    """
    share = min(decay, (1 + step) / (10 + step))
    current = module.state_dict()
    floating = [name for name, tensor in average.items() if tensor.is_floating_point()]
    with torch.no_grad():
        torch._foreach_lerp_(
            [average[name] for name in floating], [current[name] for name in floating], 1 - share
        )
        for name in average.keys() - set(floating):  # counters are copied, not averaged
            average[name].copy_(current[name])
