"""Pictures of one resized size are computed together, so that none is padded.

So a picture's result does not depend on its neighbours, beyond rounding.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from frcnn.model.batch import PictureConfig, Prepared, prepare, to_batch
from frcnn.types import Detections, ImageBatch, Proposals, Size

Found = TypeVar("Found", Detections, Proposals)


def in_batches(
    pictures: Sequence[Tensor],
    config: PictureConfig,
    most: int,
    compute: Callable[[ImageBatch], list[Found]],
    sizes: Sequence[Size] | None = None,
) -> list[Found]:
    """Compute pictures in batches, without gradients, and give the answers in order.

    Args:
        pictures: each [3, H, W] uint8, RGB.
        config: how they are resized.
        most: pictures in a batch.
        compute: gives an answer for each picture of a batch.
        sizes: of the whole pictures, where some were decoded in part; None: they are whole.

    Returns:
        An answer for each picture.
    """
    wholes: Sequence[Size | None] = sizes or [None] * len(pictures)
    prepared = [
        prepare(picture, config, size) for picture, size in zip(pictures, wholes, strict=True)
    ]
    answers: dict[int, Found] = {}
    for rows in _batches(prepared, most):
        batch = to_batch([prepared[row] for row in rows], config)
        with torch.inference_mode():
            answers.update(zip(rows, compute(batch), strict=True))
    return [answers[row] for row in range(len(prepared))]


def to_cpu(found: Proposals) -> Proposals:
    """Bring proposals to the CPU, as tensors that anything may be done with.

    Args:
        found: as the network gives them, in inference mode.

    Returns:
        The same values in tensors of their own, boxes and objectness as float32.
    """
    return Proposals(
        boxes=found.boxes.float().cpu().clone(),
        objectness=found.objectness.float().cpu().clone(),
        anchors=found.anchors.cpu().clone(),
    )


def _batches(prepared: Sequence[Prepared], most: int) -> list[list[int]]:
    """Put pictures of one resized size together, at most so many."""
    rows_of: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for row, picture in enumerate(prepared):
        rows_of[tuple(picture.pixels.shape)].append(row)
    return [
        rows[start : start + most]
        for rows in rows_of.values()
        for start in range(0, len(rows), most)
    ]
