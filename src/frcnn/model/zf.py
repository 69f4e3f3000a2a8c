"""ZF: the five convolutions of Zeiler & Fergus (2014), the paper's smaller backbone. §3.1.1, §4.1.

Layers, strides and paddings are those of the authors' network for this detector. Its names are
ours, and Caffe's as well: conv1 ... conv5. Shapes: B pictures, D channels, an H x W map.
"""

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = 256
"""D of conv5."""


def zf(pooling: Literal["floor", "ceil"]) -> nn.Module:
    """Build the network up to conv5 and its ReLU, with random weights.

    Args:
        pooling: what the two poolings do with half a cell; the authors' network keeps it.

    Returns:
        The layers by name, in the order of computation; every 16 pixels give a cell.
    """
    ceil_mode = pooling == "ceil"
    layers = {
        "conv1": nn.Conv2d(3, 96, kernel_size=7, stride=2, padding=3),
        "relu1": nn.ReLU(inplace=True),
        "norm1": ResponseNorm(),
        "pool1": nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=ceil_mode),
        "conv2": nn.Conv2d(96, 256, kernel_size=5, stride=2, padding=2),
        "relu2": nn.ReLU(inplace=True),
        "norm2": ResponseNorm(),
        "pool2": nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=ceil_mode),
        "conv3": nn.Conv2d(256, 384, kernel_size=3, padding=1),
        "relu3": nn.ReLU(inplace=True),
        "conv4": nn.Conv2d(384, 384, kernel_size=3, padding=1),
        "relu4": nn.ReLU(inplace=True),
        "conv5": nn.Conv2d(384, CHANNELS, kernel_size=3, padding=1),
        "relu5": nn.ReLU(inplace=True),
    }
    for layer in layers.values():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # ZF's convolutions have one
    return nn.ModuleDict(layers)


def zf_stages(body: nn.Module) -> Iterator[list[nn.Module]]:
    """Cut the network into five stages, one for each convolution.

    Args:
        body: as `zf` gives it.

    Yields:
        The layers of each stage: a convolution and what follows it.
    """
    layers = dict(body.named_children())
    for number in "12345":
        yield [layer for name, layer in layers.items() if name.endswith(number)]


class ResponseNorm(nn.Module):
    """Local response normalisation within each channel, over 3 x 3 cells around each.

    x / (1 + alpha * mean of the nine x squared) ** beta, with alpha 5e-5 and beta 0.75: the
    authors' prototxt has `norm_region: WITHIN_CHANNEL`, where PyTorch's layer looks across
    channels. Cells outside the map count as zero.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Damp each cell by its surroundings.

        Args:
            features: [B, D, H, W]; 16-bit ones are computed in float32, their squares are large.

        Returns:
            The same shape and type.
        """
        wide = features.to(torch.promote_types(features.dtype, torch.float32))
        energy = functional.avg_pool2d(wide.square(), kernel_size=3, stride=1, padding=1)
        return (wide * (1 + 5e-5 * energy).pow(-0.75)).to(features.dtype)
