"""in_batches: pictures of one resized size together, at most so many, answers in order."""

import pytest
import torch

from frcnn.errors import ShapeError
from frcnn.model.batch import PictureConfig
from frcnn.prediction.batching import in_batches
from frcnn.types import Detections, ImageBatch

CONFIG = PictureConfig(shorter_side=32, longer_side=64)


def picture(height: int, width: int) -> torch.Tensor:
    return torch.zeros(3, height, width, dtype=torch.uint8)


@pytest.mark.parametrize(("most", "batches"), [(1, [1, 1, 1, 1]), (2, [2, 1, 1]), (9, [3, 1])])
def test_golden_sizes_are_not_mixed_and_answers_come_in_order(
    most: int, batches: list[int]
) -> None:
    seen: list[int] = []

    def compute(batch: ImageBatch) -> list[Detections]:
        assert not torch.is_grad_enabled()
        assert len({tuple(size) for size in batch.sizes}) == 1
        seen.append(len(batch.sizes))
        boxes = torch.tensor([[0.0, 0, s.width, s.height] for s in batch.originals])
        return [
            Detections(boxes=box[None], scores=torch.ones(1), labels=torch.zeros(1).long())
            for box in boxes
        ]

    sizes = [(40, 40), (20, 40), (64, 64), (32, 32)]
    found = in_batches([picture(*size) for size in sizes], CONFIG, most, compute)
    assert [tuple(each.boxes[0, 2:].tolist()) for each in found] == [(w, h) for h, w in sizes]
    assert sorted(seen, reverse=True) == batches


def test_nothing_in() -> None:
    assert in_batches([], CONFIG, 4, pytest.fail) == []


def test_a_picture_of_another_form() -> None:
    with pytest.raises(ShapeError, match="uint8"):
        in_batches([picture(9, 9).float()], CONFIG, 4, pytest.fail)
