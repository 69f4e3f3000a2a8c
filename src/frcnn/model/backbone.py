"""Backbones: the convolutions both stages share, and which of them stay as they are. §3.1.3, §4.1.

Networks come from torchvision and keep its parameter names, so that everyone's weights fit; ZF is
our own (`zf.py`). A stage ends where the stride doubles; ZF's are its convolutions. Shapes: B
pictures, D channels, an H x W picture.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import mobilenet_v2, resnet18, vgg
from torchvision.ops.misc import FrozenBatchNorm2d

from frcnn.errors import ConfigError
from frcnn.model import zf
from frcnn.types import Size

Name = Literal["vgg16", "zf", "mobilenet_v2", "resnet18"]
_CHANNELS = {
    ("vgg16", 16): 512,
    ("zf", 16): zf.CHANNELS,
    ("mobilenet_v2", 16): 320,
    ("resnet18", 8): 128,
    ("resnet18", 16): 256,
}
"""D of each backbone at each stride that it has."""


@dataclass(frozen=True, kw_only=True)
class BackboneConfig:
    """Which network, how coarse its features, and how much of it is trained."""

    name: Name = "vgg16"
    """`vgg16` and the smaller `zf` are the paper's (§3.1.1, §4.1); the other two are light ones
    for plain CPUs."""
    stride: int = 16
    """Pixels of the resized picture per feature cell; `resnet18` can also give 8 (one stage
    less)."""
    frozen_stages: int = 2
    """First stages that keep their weights; the paper trains VGG-16 from conv3_1 up and
    all of ZF (§3.1.3)."""
    pooling: Literal["floor", "ceil"] = "floor"
    """What the pooling of VGG-16 and ZF does with half a cell: PyTorch drops it, Caffe (and the
    paper's 38 x 63 feature map of VGG-16) keeps it."""
    batch_norm: Literal["frozen", "live"] = "frozen"
    """Keep the statistics of the weights file, or learn them from each batch (from scratch);
    frozen stages keep theirs in any case."""

    def __post_init__(self) -> None:
        strides = [str(stride) for name, stride in _CHANNELS if name == self.name]
        if str(self.stride) not in strides:
            raise ConfigError(
                "RC350",
                "backbone.stride",
                f"{self.name} has no such stride",
                got=str(self.stride),
                want=" or ".join(strides),
                fix="choose another stride, or the backbone resnet18",
            )
        if not 0 <= self.frozen_stages <= 5:
            raise ConfigError(
                "RC350",
                "backbone.frozen_stages",
                "there are five stages at the most",
                got=str(self.frozen_stages),
                want="0 ... 5",
                fix="the paper freezes 2 of VGG-16's",
            )


class Backbone(nn.Module):
    """A network cut before its last pooling; `body` holds it, by the names of its weights files."""

    def __init__(self, config: BackboneConfig) -> None:
        """Build the network with random weights.

        Args:
            config: which, and what of it is trained.
        """
        super().__init__()
        self._name, self.stride = config.name, config.stride
        self.body = _BUILDERS[config.name](config)
        self.out_channels = _CHANNELS[config.name, config.stride]
        whole = self._views()
        self._frozen = min(config.frozen_stages, len(whole))
        still = whole if config.batch_norm == "frozen" else whole[: self._frozen]
        _freeze_batch_norm(self.body, {layer for stage in still for layer in stage.modules()})
        self._stages = self._views()
        for stage in self._stages[: self._frozen]:
            stage.requires_grad_(requires_grad=False)

    @property
    def is_partly_frozen(self) -> bool:
        """Whether weights or statistics stay what they are, whatever is learnt."""
        return self._frozen > 0 or any(
            isinstance(layer, FrozenBatchNorm2d) for layer in self.body.modules()
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """Compute the feature map; no gradient is kept for frozen stages.

        Args:
            pixels: [B, 3, H, W], normalised.

        Returns:
            [B, D, H / stride, W / stride], rounded as the pooling rounds, at least 1 x 2 cells.
        """
        with torch.no_grad():
            features = _at_least(self.stride, pixels)
            for stage in self._stages[: self._frozen]:
                features = stage(features)
        for stage in self._stages[self._frozen :]:
            features = stage(features)
        return features

    def _views(self) -> tuple[nn.Sequential, ...]:
        """Cut `body` into stages; a plain tuple, because `body` alone owns the parameters."""
        return tuple(nn.Sequential(*stage) for stage in _STAGES[self._name](self.body))


def _zf(config: BackboneConfig) -> nn.Module:
    return zf.zf(config.pooling)


def _vgg16(config: BackboneConfig) -> nn.Module:
    layers = vgg.make_layers(vgg.cfgs["D"])[:30]  # up to conv5_3 and its ReLU; pool5 is not used
    for row, layer in enumerate(layers):
        if isinstance(layer, nn.MaxPool2d):
            layers[row] = _Pool(2, 2, ceil_mode=config.pooling == "ceil")
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # VGG's convolutions have one
    return nn.ModuleDict({"features": layers})


class _Pool(nn.MaxPool2d):
    """Max pooling of 2 x 2 cells that keeps no indices where no gradient will ask for them.

    The same numbers from two passes of `maximum`; PyTorch's kernel writes an eight-byte index for
    every cell, which costs several times the pooling itself on large maps.
    """

    def forward(self, features: Tensor) -> Tensor:
        if self.ceil_mode or (features.requires_grad and torch.is_grad_enabled()):
            return nn.functional.max_pool2d(features, 2, ceil_mode=self.ceil_mode)
        height, width = (side // 2 * 2 for side in features.shape[2:])
        rows = torch.maximum(features[:, :, 0:height:2], features[:, :, 1:height:2])
        return torch.maximum(rows[..., 0:width:2], rows[..., 1:width:2])


def _vgg16_stages(body: nn.Module) -> Iterator[list[nn.Module]]:
    layers = list(body.get_submodule("features").children())
    for start, end in ((0, 5), (5, 10), (10, 17), (17, 24), (24, 30)):
        yield layers[start:end]


def _mobilenet_v2(config: BackboneConfig) -> nn.Module:
    features = mobilenet_v2(weights=None).features[:18]
    _keep_resolution(features[14])  # the last stage stays at stride 16
    return nn.ModuleDict({"features": features})


def _mobilenet_v2_stages(body: nn.Module) -> Iterator[list[nn.Module]]:
    blocks = list(body.get_submodule("features").children())
    for start, end in ((0, 2), (2, 4), (4, 7), (7, 14), (14, 18)):
        yield blocks[start:end]


def _resnet18(config: BackboneConfig) -> nn.Module:
    network = resnet18(weights=None)
    names = ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3"]
    return nn.ModuleDict(
        {name: getattr(network, name) for name in names[: 6 if config.stride == 8 else 7]}
    )


def _resnet18_stages(body: nn.Module) -> Iterator[list[nn.Module]]:
    for names in (("conv1", "bn1", "relu"), ("maxpool", "layer1"), ("layer2",), ("layer3",)):
        if names[0] in dict(body.named_children()):
            yield [body.get_submodule(name) for name in names]


def _keep_resolution(stage: nn.Module) -> None:
    """Undo a stage's step.

    It is not traded for a dilation, as DeepLab does: on CPUs the bfloat16 gradient of dilated
    depthwise convolutions is wrong (torch 2.15, oneDNN).
    """
    for layer in stage.modules():
        if isinstance(layer, nn.Conv2d):
            layer.stride = (1, 1)


@functools.lru_cache(maxsize=1024)  # a data set has few sizes, and building a network takes long
def feature_grid(config: BackboneConfig, size: Size) -> Size:
    """Give the size of the feature map, without computing one.

    Args:
        config: which network.
        size: of the resized picture.

    Returns:
        Its height and width, in cells.
    """
    with torch.device("meta"):  # shapes alone
        features = Backbone(config)(torch.zeros(1, 3, *size))
    return Size(features.shape[2], features.shape[3])


def _at_least(side: int, pixels: Tensor) -> Tensor:
    """Pad a picture that is lower than one cell or narrower than two; zero is the mean colour.

    A feature map one cell wide is not safe: on CPUs with AMX the bfloat16 convolutions of such maps
    read memory that nobody wrote, and now and then give NaN (torch 2.14, oneDNN).
    """
    height, width = pixels.shape[2:]
    bottom, right = max(0, side - height), max(0, 2 * side - width)
    return functional.pad(pixels, (0, right, 0, bottom)) if bottom or right else pixels


def _freeze_batch_norm(module: nn.Module, among: set[nn.Module]) -> None:
    """Exchange the batch normalisations that are `among` these for such that never change."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d) and child in among:
            setattr(module, name, FrozenBatchNorm2d(child.num_features, eps=child.eps))
        else:
            _freeze_batch_norm(child, among)


_BUILDERS: dict[str, Callable[[BackboneConfig], nn.Module]] = {
    "vgg16": _vgg16,
    "zf": _zf,
    "mobilenet_v2": _mobilenet_v2,
    "resnet18": _resnet18,
}
_STAGES: dict[str, Callable[[nn.Module], Iterator[list[nn.Module]]]] = {
    "vgg16": _vgg16_stages,
    "zf": zf.zf_stages,
    "mobilenet_v2": _mobilenet_v2_stages,
    "resnet18": _resnet18_stages,
}
