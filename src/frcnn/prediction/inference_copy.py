"""The network as it is computed: a copy in another precision and memory layout.

Convolutions on a CPU are fastest on channels-last tensors and, where the processor has the
instructions, in bfloat16. Converting once is what makes it pay: autocast would convert every
weight at every call. A batch norm in evaluation is a scale and a shift per channel, which are
folded into the convolution before it, in float32, so that rounding happens once.

What needs no change (such as a VGG-16's large linear layers in float32) is shared, not copied.
"""

import copy
import itertools
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights
from torchvision.ops.misc import FrozenBatchNorm2d

from frcnn import machine
from frcnn.errors import ModelFileError

_NORMS = (nn.BatchNorm2d, FrozenBatchNorm2d)
_SCALES = ("delta_mean", "delta_std")  # multiplied in float32 when boxes are decoded
Module = TypeVar("Module", bound=nn.Module)


def inference_copy(module: Module, device: torch.device, dtype: torch.dtype) -> Module:
    """Copy a network for prediction; the original is not changed.

    Args:
        module: any network; its weights are taken as they are now.
        device: where the copy computes.
        dtype: of its weights and of what passes between layers.

    Returns:
        The copy, in evaluation state, without gradients. ModelFileError RC525 when a weight is
        not finite.
    """
    # copy.deepcopy takes from this table instead of copying: everything by its identity
    table: dict[int, object] = {}
    for conv, norm in _pairs(module):
        table[id(conv)] = _folded(conv, norm, device, dtype)
        table[id(norm)] = nn.Identity()
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        _require_finite(name, tensor)
        wide = torch.float32 if name.endswith(_SCALES) else dtype
        table[id(tensor)] = _converted(tensor, device, wide)
    return copy.deepcopy(module, table).eval()


def _pairs(module: nn.Module) -> list[tuple[nn.Conv2d, nn.Module]]:
    """Find each convolution that is directly followed by a batch norm, in the order of children."""
    return [
        (first, second)
        for parent in module.modules()
        for first, second in itertools.pairwise(parent.children())
        if isinstance(first, nn.Conv2d) and isinstance(second, _NORMS)
    ]


def _folded(
    conv: nn.Conv2d, norm: nn.Module, device: torch.device, dtype: torch.dtype
) -> nn.Conv2d:
    names = ("running_mean", "running_var", "eps", "weight", "bias")
    weight, bias = fuse_conv_bn_weights(
        conv.weight, conv.bias, *(getattr(norm, name) for name in names)
    )
    layer = copy.deepcopy(conv)
    layer.weight = nn.Parameter(_converted(weight, device, dtype), requires_grad=False)
    layer.bias = nn.Parameter(_converted(bias, device, dtype), requires_grad=False)
    return layer


def _converted(tensor: Tensor, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Give a tensor in the wanted form; the same memory where it has it already."""
    own = tensor.detach()
    if own.is_floating_point():
        wide = machine.resolve_memory_format("auto", device)
        layout = wide if own.ndim == 4 else torch.preserve_format
        own = own.to(device, dtype, memory_format=layout)
    else:
        own = own.to(device)
    return nn.Parameter(own, requires_grad=False) if isinstance(tensor, nn.Parameter) else own


def _require_finite(name: str, tensor: Tensor) -> None:
    # a sum is not finite where a term is not; only then is it worth looking at each
    if tensor.is_floating_point() and not tensor.sum().isfinite() and not tensor.isfinite().all():
        raise ModelFileError(
            "RC525",
            f"the network: {name}",
            "a weight is not finite, nothing could be detected",
            got=f"NaN or infinity among {tensor.numel()} values",
            want="finite weights",
            fix="use another checkpoint",
        )
