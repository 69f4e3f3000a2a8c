"""True boxes that resizing makes thinner than a pixel: nothing of them is left to be learnt.

They stay in validation and evaluation, where missing them counts.
"""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from frcnn.data.problems import Problem, Report, Spot
from frcnn.data.records import Record, Split
from frcnn.model.batch import PictureConfig, resized
from frcnn.ops import boxes as box_ops
from frcnn.ops.picture_header import place_of
from frcnn.types import Target

SMALLEST = 1.0
"""Pixels of the resized picture that a side must have."""
SMALL = 16.0
"""Pixels of the resized picture: one cell of the usual feature map."""
MANY = 0.25
"""Share of the boxes from which that is worth a word."""


def drop_small_boxes(train: Split, config: PictureConfig) -> tuple[Split, Report]:
    """Leave out the boxes that cannot be seen any more in the resized pictures.

    Args:
        train: pictures to learn from; boxes in pixels of the original pictures.
        config: how pictures are resized.

    Returns:
        The split with every picture, those that lose all their boxes too, and an error for each
        box that is left out.
    """
    problems: list[Problem] = []
    records = tuple(_kept(record, config, problems) for record in train.records)
    if not problems:
        return train, Report()
    return replace(train, records=records), Report(tuple(problems))


def many_small(train: Split, config: PictureConfig) -> Report:
    """Ask whether many boxes are small once pictures are resized: little is left to tell them by.

    Args:
        train: pictures to learn from; boxes in pixels of the original pictures.
        config: how pictures are resized.

    Returns:
        A warning where `MANY` of them or more are smaller than `SMALL`; else nothing.
    """
    sides = [_sides(record, config) for record in train.records]
    small = sum(int((torch.sqrt(w * h) < SMALL).sum()) for w, h in sides)
    count = sum(len(w) for w, _ in sides)
    if not count or small < MANY * count:
        return Report()
    return Report(
        (
            Problem(
                code="RC266",
                place=f"{place_of(train.records[0].path.parent)}: {train.name}",
                what="many boxes are small after resizing",
                got=f"{100 * small / count:.0f} % of {count} boxes have less than {SMALL:g} x "
                f"{SMALL:g} pixels at {config.shorter_side}/{config.longer_side}",
                want=f"less than {100 * MANY:.0f} %",
                fix="raise model.pictures.shorter_side and longer_side, or cut the pictures into "
                "parts",
                severity="warning",
            ),
        )
    )


def _sides(record: Record, config: PictureConfig) -> tuple[Tensor, Tensor]:
    boxes = box_ops.scale(record.target.boxes, record.size, resized(record.size, config))
    return box_ops.sides(boxes)


def _kept(record: Record, config: PictureConfig, problems: list[Problem]) -> Record:
    size = resized(record.size, config)
    boxes = box_ops.scale(record.target.boxes, record.size, size)
    w, h = box_ops.sides(boxes)
    seen = (w >= SMALLEST) & (h >= SMALLEST)
    if seen.all():
        return record
    target = record.target
    problems += _problems(record, target.boxes[~seen], boxes[~seen])
    kept = Target(
        boxes=target.boxes[seen], labels=target.labels[seen], difficult=target.difficult[seen]
    )
    return replace(record, target=kept, notes=record.notes and record.notes.chosen(seen.numpy()))


def _problems(record: Record, originals: Tensor, boxes: Tensor) -> Iterator[Problem]:
    for original, box in zip(originals.tolist(), boxes.tolist(), strict=True):
        x1, y1, x2, y2 = box
        left, top, right, bottom = original
        yield Problem(
            code="RC231",
            place=place_of(record.path),
            what="a box under a pixel after resizing",
            got=f"({left:g}, {top:g}, {right:g}, {bottom:g}), resized {x2 - x1:.2g} x "
            f"{y2 - y1:.2g} pixels",
            want=f"sides of {SMALLEST:g} pixel or more",
            fix="raise model.pictures.shorter_side and longer_side, or cut the picture into parts",
            effect="box dropped",
            spot=Spot(str(record.path), (left, top, right, bottom)),
        )
