"""Weights for a backbone, from a file: torchvision's names, and what they expect of pixel values.

torchvision has no ZF: its names are conv1 ... conv5, each with `weight` and `bias`, and for fc6 and
fc7 those of VGG-16.

A file is safetensors, or PyTorch's own through `weights/unpickle.py`; its first bytes tell which.
Safetensors may say how pictures are prepared, in the metadata's entry `preprocessing`, a JSON text:

channels     "RGB" or "BGR", the network's order
range        [0, 255] or [0, 1], the values before the mean is subtracted
mean, std    three numbers each, in the same order and range

A file that says nothing is read all the same, with `preprocessing` None: the caller asks for a name
(`--preprocessing caffe|torchvision`) before anything is trained on a guess.
"""

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torchvision import models

from frcnn.errors import ModelFileError
from frcnn.files import sha256_of_file
from frcnn.model.backbone import Backbone, BackboneConfig, Name
from frcnn.model.batch import CAFFE, TORCHVISION, Normalisation
from frcnn.types import name_of
from frcnn.weights import container, unpickle
from frcnn.weights.fit import Shape, require_fit

Architecture = Name
ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)

PREPROCESSING: Mapping[str, Normalisation] = {"caffe": CAFFE, "torchvision": TORCHVISION}
"""What `--preprocessing` may name."""

FC6_FC7 = ("classifier.0.weight", "classifier.0.bias", "classifier.3.weight", "classifier.3.bias")
"""Fully connected layers of VGG-16 and ZF, which the paper's head starts from; all or none."""
_ZF_FC: dict[str, Shape] = dict(
    zip(FC6_FC7, ((4096, 256 * 6 * 6), (4096,), (4096, 4096), (4096,)), strict=True)
)


class _FormError(ValueError):
    """A description of the preprocessing is not in our form."""


@dataclass(frozen=True, eq=False, kw_only=True)
class BackboneWeights:
    """What was read, and where it came from."""

    tensors: dict[str, Tensor]
    """By torchvision's names; float32, but for counters (int64). What the backbone needs is all
    there; `FC6_FC7` and the layers behind may be."""
    preprocessing: Normalisation | None
    """What the weights expect of pixel values; None where the file does not say."""
    origin: str
    """The file's name and SHA-256."""
    notes: tuple[str, ...] = ()
    """What was changed while reading, for the reader to see."""


def read_backbone(source: str | Path, architecture: Architecture) -> BackboneWeights:
    """Read a backbone's weights from a file.

    Args:
        source: a safetensors or PyTorch file.
        architecture: the network they are for.

    Returns:
        The weights, whole and finite.

    Raises:
        ModelFileError: the file cannot be read (RC501 ... RC514), is one of our own detectors
            (RC515), is of another network (RC516), does not fit (RC510), holds numbers that are
            not finite (RC517), or describes its preprocessing in another form (RC518).
    """
    path = Path(source)
    if unpickle.is_pickle(path):
        found, preprocessing = unpickle.read_tensors(path), None
    else:
        contents = container.read(path)
        _require_no_detector(path, contents.metadata)
        found, preprocessing = contents.tensors, _preprocessing(path, contents.metadata)
    tensors, notes = _without_empty_head(found)
    _require_architecture(path, tensors, architecture)
    _require_finite(path, tensors)
    return BackboneWeights(
        tensors={name: _widened(tensor) for name, tensor in tensors.items()},
        preprocessing=preprocessing,
        origin=f"{path.name}, SHA-256 {sha256_of_file(path)}",
        notes=notes + _note_of_types(tensors),
    )


def _require_architecture(
    path: Path, tensors: Mapping[str, Tensor], architecture: Architecture
) -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    likeliest = max(ARCHITECTURES, key=lambda name: _share_found(shapes, name))
    if likeliest != architecture and _share_found(shapes, likeliest) > 0.9:
        raise ModelFileError(
            "RC516",
            str(path),
            "weights of another network",
            got=likeliest,
            want=architecture,
            fix=f"name a preset of {likeliest} with --model (`frcnn presets list` has them), or "
            "take other weights",
        )
    wanted, whole = _shapes(architecture)
    if any(name in shapes for name in FC6_FC7) and set(FC6_FC7) <= set(whole):
        wanted = {**wanted, **{name: whole[name] for name in FC6_FC7}}
    require_fit(shapes, wanted, str(path), optional=whole)


def _share_found(found: Mapping[str, Shape], architecture: Architecture) -> float:
    wanted, _ = _shapes(architecture)
    return sum(found.get(name) == shape for name, shape in wanted.items()) / len(wanted)


@functools.cache
def _shapes(architecture: Architecture) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Give the shapes that our backbone needs and those of the whole network."""
    with torch.device("meta"):  # shapes alone, no memory
        wanted = _shapes_of(Backbone(BackboneConfig(name=architecture)).body)
        if architecture == "zf":
            return wanted, {**wanted, **_ZF_FC}
        return wanted, _shapes_of(models.get_model(architecture, weights=None))


def _shapes_of(network: nn.Module) -> dict[str, Shape]:
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def _without_empty_head(found: dict[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Drop a classifier without values; torchvision's VGG16 features-only file has one of NaN."""
    head = {name for name in found if name.startswith("classifier.")}
    if not head or not all(bool(found[name].isnan().all()) for name in head):
        return found, ()
    rest = {name: tensor for name, tensor in found.items() if name not in head}
    return rest, (f"{len(head)} classifier tensors without values were left out",)


def _require_finite(path: Path, tensors: Mapping[str, Tensor]) -> None:
    bad = [name for name, tensor in tensors.items() if not bool(tensor.isfinite().all())]
    if bad:
        raise ModelFileError(
            "RC517",
            str(path),
            "weights that are not finite",
            got=f"NaN or infinity in {', '.join(bad[:10])}",
            want="finite numbers",
            fix="copy or download the file again; the network it is from may have diverged",
        )


def _widened(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _note_of_types(tensors: Mapping[str, Tensor]) -> tuple[str, ...]:
    types = {t.dtype for t in tensors.values() if t.is_floating_point()} - {torch.float32}
    names = ", ".join(sorted(name_of(dtype) for dtype in types))
    return (f"{names} weights became float32",) if names else ()


def _require_no_detector(path: Path, metadata: Mapping[str, str]) -> None:
    if "frcnn" in metadata:
        raise ModelFileError(
            "RC515",
            str(path),
            "a whole detector, not a backbone's weights",
            got="a weights file of frcnn",
            want="a backbone's weights with torchvision's names",
            fix=f"go on from it with --init {path}",
        )


def _preprocessing(path: Path, metadata: Mapping[str, str]) -> Normalisation | None:
    text = metadata.get("preprocessing")
    if text is None:
        return None
    try:
        return _normalisation(json.loads(text))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelFileError(
            "RC518",
            str(path),
            "its `preprocessing` is not in the form we read",
            got=f"{text[:120]} ({type(error).__name__}: {str(error)[:80]})",
            want='{"channels":"RGB"|"BGR","range":[0,255]|[0,1],"mean":[3],"std":[3]}',
            fix="correct the file's metadata, or remove it and name one with --preprocessing",
        ) from error


def _normalisation(said: Mapping[str, Any]) -> Normalisation:
    orders: dict[str, Literal["rgb", "bgr"]] = {"RGB": "rgb", "BGR": "bgr"}
    scales = {(0, 255): 1.0, (0, 1): 1 / 255}
    if set(said) != {"channels", "range", "mean", "std"}:
        raise _FormError(f"the keys {', '.join(sorted(said))}")
    return Normalisation(
        order=orders[said["channels"]],
        scale=scales[tuple(said["range"])],
        mean=_three(said["mean"]),
        std=_three(said["std"]),
    )


def _three(values: object) -> tuple[float, float, float]:
    match values:
        case [float() | int() as a, float() | int() as b, float() | int() as c]:
            if all(math.isfinite(value) for value in (a, b, c)):
                return float(a), float(b), float(c)
    raise _FormError(f"{values} is not three numbers")
