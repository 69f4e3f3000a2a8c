"""The Fast R-CNN head: the class of each region, and where its box really is.

Fast R-CNN §2. Shapes: R regions, D channels, C classes, F features after the hidden layers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from frcnn.errors import ConfigError
from frcnn.model.delta_scale import DeltaScale, unmeasured


@dataclass(frozen=True, kw_only=True)
class BoxHeadConfig:
    """The hidden layers and the scale of the deltas."""

    layers: Literal["fc", "conv"] = "fc"
    """`fc`: fc6 and fc7 (Fast R-CNN §2.2); `conv`: two 3 x 3 convolutions and their mean over
    the region, a light head for light backbones."""
    width: int = 4096
    """F: outputs of fc6 and fc7 (VGG-16: 4096), or channels of the convolutions."""
    dropout: float = 0.5
    """Share of fc6 and fc7 outputs set to zero in training; authors' VOC models: 0.5."""
    delta_mean: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Subtracted from the box targets; authors' joint training: 0."""
    delta_std: tuple[float, float, float, float] = (0.1, 0.1, 0.2, 0.2)
    """The box targets are divided by it; authors' joint training. torchvision writes its
    inverse, the weights (10, 10, 5, 5)."""
    normalisation: Literal["fixed", "measured"] = "fixed"
    """Where mean and deviation come from: `delta_mean` and `delta_std`, or each class's own,
    measured over the stored proposals (authors' alternating training, MATLAB code; Fast R-CNN
    §2.3), which `delta_mean` and `delta_std` stand in for until then."""

    def __post_init__(self) -> None:
        if self.width < 1 or not 0 <= self.dropout < 1:
            raise ConfigError(
                "RC350",
                "box_head",
                "no usable hidden layers",
                got=f"width {self.width}, dropout {self.dropout}",
                want="width >= 1 and dropout in [0, 1)",
                fix="VGG-16 has 4096 and 0.5",
            )
        if min(self.delta_std) <= 0:
            raise ConfigError(
                "RC350",
                "box_head.delta_std",
                "targets cannot be divided by it",
                got=str(self.delta_std),
                want="four numbers > 0",
                fix="the authors' are 0.1, 0.1, 0.2, 0.2",
            )


class HeadOutput(NamedTuple):
    """The head's answer for each region."""

    logits: Tensor
    """[R, C + 1] float32, background first."""
    deltas: Tensor
    """[R, C, 4] float32, one box for each class, normalised by mean and std."""

    def split(self, counts: Sequence[int]) -> "list[HeadOutput]":
        """Share it out among pictures, each of which has so many regions, one after the other."""
        parts = (torch.split(part, list(counts)) for part in self)
        return [HeadOutput(*part) for part in zip(*parts, strict=True)]


class BoxHead(nn.Module):
    """Hidden layers, then two siblings: class logits and class-specific deltas."""

    delta_mean: Tensor | None
    """[C, 4] float32 of each class's box targets; None where the scale is fixed."""
    delta_std: Tensor | None
    """[C, 4] float32, likewise."""

    def __init__(self, in_channels: int, cells: int, classes: int, config: BoxHeadConfig) -> None:
        """Make the layers: logits N(0, 0.01), deltas N(0, 0.001), biases 0 (Fast R-CNN §2.3).

        Args:
            in_channels: D of the pooled features.
            cells: per side of the pooled features.
            classes: C, without background.
            config: which hidden layers.
        """
        super().__init__()
        self.classes, self.config = classes, config
        self.hidden = (
            _FullyConnected(in_channels * cells**2, config.width)
            if config.layers == "fc"
            else _Convolutions(in_channels, config.width)
        )
        self.logits = nn.Linear(config.width, classes + 1)
        self.deltas = nn.Linear(config.width, 4 * classes)
        nn.init.normal_(self.logits.weight, std=0.01)
        nn.init.normal_(self.deltas.weight, std=0.001)
        nn.init.zeros_(self.logits.bias)
        nn.init.zeros_(self.deltas.bias)
        measured = config.normalisation == "measured"
        for name in ("delta_mean", "delta_std"):
            fixed = torch.tensor([getattr(config, name)] * classes)
            self.register_buffer(name, fixed if measured else None)

    def forward(self, regions: Tensor) -> HeadOutput:
        """Judge every region, nothing dropped.

        Args:
            regions: [R, D, cells, cells].

        Returns:
            Logits [R, C + 1] and normalised deltas [R, C, 4].
        """
        return self._answer(self.hidden(regions, []))

    def forward_dropping(
        self, regions: Tensor, generators: Sequence[tuple[int, torch.Generator]]
    ) -> HeadOutput:
        """Judge every region, with dropout while the module is in training state.

        Args:
            regions: [R, D, cells, cells].
            generators: for each picture how many of the regions are its own, and where its
                draws come from; so a picture's draws do not depend on its neighbours.

        Returns:
            Logits [R, C + 1] and normalised deltas [R, C, 4].
        """
        masks = [
            torch.cat([self._mask(count, generator) for count, generator in generators])
            for _ in range(self.hidden.drops if self.config.dropout and self.training else 0)
        ]
        return self._answer(self.hidden(regions, [m.to(regions.device) for m in masks]))

    def normalise(self, deltas: Tensor, labels: Tensor) -> Tensor:
        """Scale box targets to zero mean and unit size.

        Args:
            deltas: [N, 4] float32, of regions that are objects.
            labels: [N] int64, their class ids 0 ... C-1.

        Returns:
            [N, 4] float32.
        """
        scale = self.scale
        mean, std = scale.mean.to(deltas), scale.std.to(deltas)
        return (deltas - mean[labels]) / std[labels]

    def denormalise(self, deltas: Tensor) -> Tensor:
        """Undo `normalise`, for every class: [R, C, 4] -> [R, C, 4]."""
        scale = self.scale
        return deltas * scale.std.to(deltas) + scale.mean.to(deltas)

    @property
    def scale(self) -> DeltaScale:
        """In which the deltas of each class are learnt."""
        if self.delta_mean is not None and self.delta_std is not None:
            return DeltaScale(mean=self.delta_mean, std=self.delta_std)
        fixed = (self.config.delta_mean, self.config.delta_std)
        mean, std = (torch.tensor(four).expand(self.classes, 4) for four in fixed)
        return DeltaScale(mean=mean, std=std)

    def take_scale(self, scale: DeltaScale) -> None:
        """Learn deltas in a measured scale from now on; for a last layer that starts anew.

        Args:
            scale: of the C classes.
        """
        if self.delta_mean is None or self.delta_std is None:
            raise unmeasured("box_head.normalisation")
        self.delta_mean.copy_(scale.mean)
        self.delta_std.copy_(scale.std)

    def change_scale(self, scale: DeltaScale) -> None:
        """Learn deltas in a measured scale from now on; the answers stay what they are.

        Args:
            scale: of the C classes.
        """
        before = self.scale
        std = scale.std.to(before.std)
        factor = (before.std / std).reshape(-1)
        shift = ((before.mean - scale.mean.to(std)) / std).reshape(-1)
        self.take_scale(scale)
        with torch.no_grad():
            self.deltas.weight.mul_(factor[:, None])
            self.deltas.bias.mul_(factor).add_(shift)

    def _answer(self, hidden: Tensor) -> HeadOutput:
        wide = torch.promote_types(hidden.dtype, torch.float32)  # 16 bits are too few from here on
        deltas = self.deltas(hidden).to(wide)
        return HeadOutput(
            logits=self.logits(hidden).to(wide), deltas=deltas.reshape(-1, self.classes, 4)
        )

    def _mask(self, count: int, generator: torch.Generator) -> Tensor:
        drawn = torch.rand(count, self.logits.in_features, generator=generator)
        return (drawn >= self.config.dropout) / (1 - self.config.dropout)


class _FullyConnected(nn.Module):
    """fc6 and fc7, each with ReLU and dropout. Fast R-CNN §2.2."""

    drops = 2

    def __init__(self, in_features: int, width: int) -> None:
        super().__init__()
        self.fc6 = nn.Linear(in_features, width)
        self.fc7 = nn.Linear(width, width)
        for layer in (self.fc6, self.fc7):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def forward(self, regions: Tensor, masks: Sequence[Tensor]) -> Tensor:
        hidden = self.fc6(regions.flatten(1)).relu_()
        hidden = _dropped(hidden, masks[:1])
        hidden = self.fc7(hidden).relu_()
        return _dropped(hidden, masks[1:])


class _Convolutions(nn.Module):
    """Two 3 x 3 convolutions with group normalisation, then the mean over the region."""

    drops = 1

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        groups = 32 if width % 32 == 0 else 1
        self.conv1 = nn.Conv2d(in_channels, width, kernel_size=3, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(groups, width)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(groups, width)
        for layer in (self.conv1, self.conv2):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    def forward(self, regions: Tensor, masks: Sequence[Tensor]) -> Tensor:
        hidden = self.norm1(self.conv1(regions)).relu()
        hidden = self.norm2(self.conv2(hidden)).relu()
        return _dropped(hidden.mean(dim=(2, 3)), masks)


def _dropped(hidden: Tensor, masks: Sequence[Tensor]) -> Tensor:
    return hidden * masks[0].to(hidden.dtype) if masks else hidden
