"""Batch normalisation over the whole batch, wherever its pictures are.

Ioffe and Szegedy 2015, Alg. 1, with the sums taken over all processes. PyTorch's own
synchronised layer works on CUDA alone; this one works wherever processes can add.

Letters: B pictures of this process (B may be 0), D channels, N values of a channel everywhere.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional

from frcnn.training.distributed import World


def synchronise(module: nn.Module, world: World) -> None:
    """Let every batch normalisation that learns its statistics learn them from the whole batch.

    Args:
        module: changed in place. The layers stay the same objects with the same names; only their
            class changes, because a backbone holds them in more than one place.
        world: the processes; nothing is done in a world of one.
    """
    if world.size == 1:
        return
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.__class__ = _WholeBatchNorm
            layer.world = world  # type: ignore[assignment]


class _WholeBatchNorm(nn.BatchNorm2d):
    """In evaluation the same as its parent; in training mean and variance are the whole batch's."""

    world: World

    def forward(self, features: Tensor) -> Tensor:
        if not self.training:
            return super().forward(features)
        link = self.world.link
        group = None if link is None else link.statistics
        answer: Tensor
        answer, mean, variance, count = _Normalise.apply(
            features, self.weight, self.bias, self.eps, group
        )
        self._remember(mean, variance * (count / (count - 1).clamp(min=1)))
        return answer

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None  # noqa: S101  # backbones' layers track statistics
        assert self.running_var is not None  # noqa: S101
        assert self.num_batches_tracked is not None  # noqa: S101
        self.num_batches_tracked.add_(1)
        share = self.momentum or 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


class _Normalise(torch.autograd.Function):
    """Values minus mean over deviation, scaled and shifted; both directions add up everywhere."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        features: Tensor,
        weight: Tensor,
        bias: Tensor,
        eps: float,
        group: dist.ProcessGroup | None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Normalise.

        Args:
            ctx: keeps what `backward` needs.
            features: [B, D, H, W].
            weight: [D].
            bias: [D].
            eps: added to the variance.
            group: the processes.

        Returns:
            [B, D, H, W], and of the whole batch: mean [D], variance [D] over N, and N.
        """
        values = _wide(features)
        sums = torch.cat((values.sum((0, 2, 3)), values.new_tensor([_count(values)])))
        dist.all_reduce(sums, group=group)
        count = sums[-1].clamp(min=1)
        mean = sums[:-1] / count
        squares = (values - mean[:, None, None]).square().sum((0, 2, 3))
        dist.all_reduce(squares, group=group)
        variance = squares / count
        answer = functional.batch_norm(values, mean, variance, weight, bias, eps=eps)
        ctx.save_for_backward(features, weight, mean, (variance + eps).rsqrt(), count)
        ctx.group = group
        ctx.mark_non_differentiable(mean, variance, count)
        return answer.to(features.dtype), mean, variance, count

    @staticmethod
    def backward(ctx: Any, slope: Tensor, *_: Any) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        """Take the slope back; those of weight and bias are this process's part.

        Args:
            ctx: from `forward`.
            slope: [B, D, H, W], of the loss by the answer.

        Returns:
            Slopes by features, weight and bias; None for what has none.
        """
        features, weight, mean, scale, count = ctx.saved_tensors
        slope = _wide(slope)
        normal = (_wide(features) - mean[:, None, None]) * scale[:, None, None]
        by_bias, by_weight = slope.sum((0, 2, 3)), (slope * normal).sum((0, 2, 3))
        sums = torch.stack((by_bias, by_weight))
        dist.all_reduce(sums, group=ctx.group)
        shift, tilt = sums[:, :, None, None] / count
        by_features = (slope - shift - normal * tilt) * (weight * scale)[:, None, None]
        return by_features.to(features.dtype), by_weight, by_bias, None, None


def _wide(values: Tensor) -> Tensor:
    """Give the values in float32 at least: sums in half the digits would be worth nothing."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def _count(values: Tensor) -> float:
    """Give N of this process; exact in float32 up to 16 million values of a channel."""
    return float(values.shape[0] * values.shape[2] * values.shape[3])
