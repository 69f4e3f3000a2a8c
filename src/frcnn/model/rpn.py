"""The region proposal network's head: how much of an object, and where. Faster R-CNN §3.1.

Shapes: B pictures, D channels, an H x W grid, A anchors per cell, M = H * W * A anchors.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from frcnn.errors import ConfigError
from frcnn.model.delta_scale import DeltaScale, unmeasured


@dataclass(frozen=True, kw_only=True)
class RPNConfig:
    """The size of the head and the form of its score."""

    channels: int = 512
    """Of the 3 x 3 convolution; §3.1: 512 for VGG-16, 256 for ZF."""
    scores: Literal["softmax", "sigmoid"] = "softmax"
    """2k scores, background and object (§3.1), or k logits (torchvision, detectron2). Both give
    one logit per anchor: a softmax of two is a sigmoid of their difference."""
    normalisation: Literal["none", "measured"] = "none"
    """Whether the box targets are brought to zero mean and unit variance, measured over all
    positive anchors of the training pictures (authors' MATLAB code), or learnt as they are
    (authors' Python code, torchvision)."""

    def __post_init__(self) -> None:
        if self.channels < 1:
            raise ConfigError(
                "RC350",
                "rpn.channels",
                "not a count of channels",
                got=str(self.channels),
                want="a whole number >= 1",
                fix="the paper's is 512 for VGG-16",
            )


class RPNOutput(NamedTuple):
    """One number and four deltas for each anchor, rows as `anchors.anchor_grid` has them."""

    objectness: Tensor
    """[B, M] float32 logit of "this anchor holds an object"."""
    deltas: Tensor
    """[B, M, 4] float32 (tx, ty, tw, th)."""
    unit: Tensor
    """[4] float32, in which the deltas' errors are counted when they are learnt; ones, unless
    their targets are normalised."""

    def as_it_is(self) -> "RPNOutput":
        """Leave the proposals' gradient: exact joint training follows it (§3.2, iii)."""
        return self

    def detached(self) -> "RPNOutput":
        """Hold it fixed: approximate joint training ignores the proposals' gradient (§3.2, ii)."""
        return self._replace(objectness=self.objectness.detach(), deltas=self.deltas.detach())


class RPNHead(nn.Module):
    """A 3 x 3 convolution, then two 1 x 1 ones: objectness and deltas."""

    delta_mean: Tensor | None
    """[4] float32 of the box targets; None where these are not normalised."""
    delta_std: Tensor | None
    """[4] float32, likewise."""

    def __init__(self, in_channels: int, per_cell: int, config: RPNConfig) -> None:
        """Make the three layers, weights N(0, 0.01), biases 0 (§3.1.3).

        Args:
            in_channels: D of the feature map.
            per_cell: A, anchors on each cell.
            config: size and form.
        """
        super().__init__()
        self.per_cell = per_cell
        scores = 2 * per_cell if config.scores == "softmax" else per_cell
        self.conv = nn.Conv2d(in_channels, config.channels, kernel_size=3, padding=1)
        self.objectness = nn.Conv2d(config.channels, scores, kernel_size=1)
        self.deltas = nn.Conv2d(config.channels, 4 * per_cell, kernel_size=1)
        for layer in (self.conv, self.objectness, self.deltas):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # these layers have one
        measured = config.normalisation == "measured"
        self.register_buffer("delta_mean", torch.zeros(4) if measured else None)
        self.register_buffer("delta_std", torch.ones(4) if measured else None)

    def take_scale(self, scale: DeltaScale) -> None:
        """Measure box targets in a scale from now on; for layers that are to be learnt anew.

        Args:
            scale: of one class, which all anchors share.
        """
        if self.delta_mean is None or self.delta_std is None:
            raise unmeasured("rpn.normalisation")
        self.delta_mean.copy_(scale.mean[0])
        self.delta_std.copy_(scale.std[0])

    def forward(self, features: Tensor) -> RPNOutput:
        """Score and shift every anchor.

        Args:
            features: [B, D, H, W].

        Returns:
            Objectness [B, M] and deltas [B, M, 4], float32 (float64 where the layers are). Deltas
            are real ones, whether targets are normalised or not.
        """
        hidden = self.conv(features).relu_()
        wide = torch.promote_types(hidden.dtype, torch.float32)  # 16 bits are too few from here on
        scores = self.objectness(hidden).to(wide)
        if scores.shape[1] == 2 * self.per_cell:  # Caffe's layout: k background, then k object
            scores = scores[:, self.per_cell :] - scores[:, : self.per_cell]
        deltas = self.deltas(hidden).to(wide).permute(0, 2, 3, 1).reshape(len(features), -1, 4)
        unit = deltas.new_ones(4)
        if self.delta_mean is not None and self.delta_std is not None:
            unit = self.delta_std.to(wide)
            deltas = deltas * unit + self.delta_mean.to(wide)
        return RPNOutput(
            objectness=scores.permute(0, 2, 3, 1).reshape(len(features), -1),
            deltas=deltas,
            unit=unit,
        )
