"""Looks as cells: pixels and boxes are what the feed gives."""

from pathlib import Path

import numpy as np
import pytest
import torch

from frcnn.data.dataset import Dataset
from frcnn.data.marking import marking_of
from frcnn.data.records import Split, decode_record
from frcnn.launch.look_cells import cells_of, rows_of
from frcnn.model.batch import CAFFE, TORCHVISION, Normalisation, PictureConfig
from frcnn.training.augmentation import Augmentation, AugmentationConfig
from frcnn.training.batches import BatchConfig, Examples, Visit
from frcnn.training.looks import Look

LOOKS = {4: [Look(1, Visit(0, 4, 0)), Look(9, Visit(3, 4, 1))], 0: [Look(2, Visit(0, 0, 0))]}


@pytest.fixture
def split(rectangles: Path) -> Split:
    return Dataset.open(rectangles).split("train")


def examples(
    split: Split, norm: Normalisation = TORCHVISION, augmentation: Augmentation | None = None
) -> Examples:
    pictures = PictureConfig(
        shorter_side=40, longer_side=80, order="resize_then_subtract", normalisation=norm
    )
    return Examples(split, 0, pictures, BatchConfig(), augmentation=augmentation)


@pytest.mark.parametrize("norm", [TORCHVISION, CAFFE])
def test_golden_a_picture_as_it_is_and_as_it_is_fed(split: Split, norm: Normalisation) -> None:
    record = split.records[0]
    sides = record.size
    same = PictureConfig(shorter_side=min(sides), longer_side=max(sides), normalisation=norm)
    plain = Examples(split, 0, same, BatchConfig(flip="none"))
    row = next(rows_of(plain, {0: [Look(1, Visit(0, 0, 0))]}))
    left, right = cells_of(row, marking_of([record], split.classes), plain, 2)
    assert left.title == f"{record.path.name}  {sides.width} x {sides.height}"
    assert right.title == f"step 1, epoch 1  {sides.width} x {sides.height}"
    for cell in (left, right):  # neither resized nor mirrored: to the bit
        np.testing.assert_array_equal(cell.pixels, decode_record(record).pixels)
    assert left.marks == right.marks
    assert left.counts == right.counts
    assert right.room == sides


def test_rows_hold_what_each_visit_gives(split: Split) -> None:
    varied = Augmentation(config=AugmentationConfig(scale=(0.5, 2), crop=1, photometric=1))
    own = examples(split, augmentation=varied)
    rows = list(rows_of(own, LOOKS))
    assert [row.record.name for row in rows] == [split.records[n].name for n in (4, 0)]
    for row, looks in zip(rows, LOOKS.values(), strict=True):
        assert [example.visit for example in row.examples] == [look.visit for look in looks]
        for example, look in zip(row.examples, looks, strict=True):
            want = own[look.visit]
            assert torch.equal(example.prepared.pixels, want.prepared.pixels)
            assert torch.equal(example.target.boxes, want.target.boxes)


def test_rows_are_filled_with_empty_cells(split: Split) -> None:
    own = examples(split)
    marking = marking_of(split.records, split.classes)
    widths = [cells_of(row, marking, own, 3) for row in rows_of(own, LOOKS)]
    assert [[cell.pixels is None for cell in cells] for cells in widths] == [
        [False, False, False],
        [False, False, True],
    ]


def test_looks_without_boxes_are_told(split: Split) -> None:
    def nothing_left(picture, target):
        return picture, {name: value[:0] for name, value in target.items()}

    own = examples(split, augmentation=Augmentation(transform=nothing_left))
    row = next(rows_of(own, LOOKS))
    cells = cells_of(row, marking_of(split.records, split.classes), own, 3)
    assert row.emptied == 2
    assert [cell.faults for cell in cells] == ["", *["no box of the picture is left"] * 2]


def test_nothing_in(split: Split) -> None:
    assert list(rows_of(examples(split), {})) == []
