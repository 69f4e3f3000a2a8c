"""The values that travel between rooms: frozen, and checked at birth.

Letters: B pictures, P proposals, G true boxes, N any boxes, C classes. Boxes are
(x1, y1, x2, y2) float32, pixels, continuous (see `ops/boxes.py`). Class ids run 0 ... C-1.
Checks look at shapes and types only: reading values would make a GPU wait.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from frcnn.errors import ShapeError

Corners = tuple[float, float, float, float]
"""One box as plain numbers: (x1, y1, x2, y2), pixels, continuous."""


def name_of(dtype: torch.dtype) -> str:
    """Give the name of a type of numbers, such as `float32`."""
    return str(dtype).removeprefix("torch.")


class Size(NamedTuple):
    """Height first, always by name: size.height, size.width."""

    height: int
    width: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Target:
    """The true boxes of one picture."""

    boxes: Tensor
    """[G, 4] float32, pixels; G may be 0."""
    labels: Tensor
    """[G] int64, class ids 0 ... C-1."""
    difficult: Tensor
    """[G] bool; a difficult object is neither object nor background in training and neutral
    in evaluation."""

    def __post_init__(self) -> None:
        _require("Target.boxes", self.boxes, (-1, 4), torch.float32)
        count = len(self.boxes)
        _require("Target.labels", self.labels, (count,), torch.int64)
        _require("Target.difficult", self.difficult, (count,), torch.bool)

    @classmethod
    def empty(cls) -> "Target":
        """Describe a picture without objects."""
        none = torch.zeros(0)
        return cls(boxes=none.reshape(0, 4), labels=none.long(), difficult=none.bool())


@dataclass(frozen=True, eq=False, kw_only=True)
class ImageBatch:
    """Resized pictures, normalised, padded at right and bottom to one size."""

    pixels: Tensor
    """[B, 3, H, W] float32."""
    sizes: tuple[Size, ...]
    """Of the resized pictures, without padding."""
    originals: tuple[Size, ...]
    """Of the original pictures, in whose pixels detections are returned."""

    def __post_init__(self) -> None:
        _require("ImageBatch.pixels", self.pixels, (len(self.sizes), 3, -1, -1), None)
        if len(self.originals) != len(self.sizes):
            raise ShapeError(
                "ImageBatch.originals",
                got=f"{len(self.originals)} sizes",
                want=f"{len(self.sizes)}, one for each picture",
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class Proposals:
    """What the RPN proposes in one picture, highest objectness first."""

    boxes: Tensor
    """[P, 4] float32, pixels of the picture that the giver names; P may be 0."""
    objectness: Tensor
    """[P] float32, the RPN's logit."""
    anchors: Tensor
    """[P] int64, the row of the anchor each proposal was decoded from."""

    def __post_init__(self) -> None:
        _require("Proposals.boxes", self.boxes, (-1, 4), None)
        count = len(self.boxes)
        _require("Proposals.objectness", self.objectness, (count,), None)
        _require("Proposals.anchors", self.anchors, (count,), torch.int64)


@dataclass(frozen=True, eq=False, kw_only=True)
class Detections:
    """What was found in one picture, highest score first."""

    boxes: Tensor
    """[N, 4] float32, pixels of the picture that the giver names; N may be 0."""
    scores: Tensor
    """[N] float32, in [0, 1]."""
    labels: Tensor
    """[N] int64, class ids 0 ... C-1."""
    proposals: Tensor | None = None
    """[N] int64, the row of the proposal behind each detection; None from other detectors."""
    probabilities: Tensor | None = None
    """[N, C] float32, every class's probability; what is missing to 1 is background."""

    def __post_init__(self) -> None:
        _require("Detections.boxes", self.boxes, (-1, 4), torch.float32)
        count = len(self.boxes)
        _require("Detections.scores", self.scores, (count,), torch.float32)
        _require("Detections.labels", self.labels, (count,), torch.int64)
        if self.proposals is not None:
            _require("Detections.proposals", self.proposals, (count,), torch.int64)
        if self.probabilities is not None:
            _require("Detections.probabilities", self.probabilities, (count, -1), torch.float32)

    def take(self, rows: Tensor) -> "Detections":
        """Choose detections.

        Args:
            rows: [K] int64, which, in the order wanted.

        Returns:
            The chosen ones.
        """
        return Detections(
            boxes=self.boxes[rows],
            scores=self.scores[rows],
            labels=self.labels[rows],
            proposals=None if self.proposals is None else self.proposals[rows],
            probabilities=None if self.probabilities is None else self.probabilities[rows],
        )

    @classmethod
    def empty(cls) -> "Detections":
        """Report that nothing was found."""
        none = torch.zeros(0)
        return cls(boxes=none.reshape(0, 4), scores=none, labels=none.long())


@dataclass(frozen=True, eq=False, kw_only=True)
class Losses:
    """The four terms of the joint loss, each a scalar; `total` is what is minimised."""

    rpn_objectness: Tensor
    rpn_boxes: Tensor
    head_classes: Tensor
    head_boxes: Tensor

    @property
    def total(self) -> Tensor:
        """The sum of the four, a scalar; each already carries its own weight."""
        return self.rpn_objectness + self.rpn_boxes + self.head_classes + self.head_boxes

    def named(self) -> dict[str, Tensor]:
        """Give the four terms by name, in the order of computation."""
        names = ("rpn_objectness", "rpn_boxes", "head_classes", "head_boxes")
        return {name: getattr(self, name) for name in names}


def _require(name: str, tensor: Tensor, shape: tuple[int, ...], dtype: torch.dtype | None) -> None:
    fits = tensor.ndim == len(shape) and all(
        want in (-1, got) for want, got in zip(shape, tensor.shape, strict=True)
    )
    if not fits or (dtype is not None and tensor.dtype != dtype):
        form = "[" + ", ".join("any" if n < 0 else str(n) for n in shape) + "]"
        raise ShapeError(
            name,
            got=f"{list(tensor.shape)} {name_of(tensor.dtype)}",
            want=f"a {form} tensor" + (f" of {name_of(dtype)}" if dtype else ""),
        )
