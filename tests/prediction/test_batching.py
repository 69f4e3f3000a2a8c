"""in_batches: pictures of one resized size together, at most so many, answers in order."""

import pytest
import torch

from frcnn.errors import ShapeError
from frcnn.model.batch import PictureConfig
from frcnn.prediction.batching import in_batches, to_cpu
from frcnn.types import Detections, ImageBatch, Proposals, Size

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


def test_a_part_is_answered_in_pixels_of_the_whole() -> None:
    def compute(batch: ImageBatch) -> list[Detections]:
        assert batch.sizes == (Size(32, 48),)
        return [Detections.empty() for _ in batch.sizes if batch.originals == (Size(128, 192),)]

    found = in_batches([picture(64, 96)], CONFIG, 1, compute, [Size(128, 192)])
    assert len(found) == 1


def test_proposals_leave_inference_mode() -> None:
    with torch.inference_mode():
        found = Proposals(
            boxes=torch.zeros(2, 4), objectness=torch.zeros(2), anchors=torch.arange(2)
        )
    ours = to_cpu(found)
    assert not any(t.is_inference() for t in (ours.boxes, ours.objectness, ours.anchors))
    assert torch.equal(ours.boxes, found.boxes)


def test_nothing_in() -> None:
    assert in_batches([], CONFIG, 4, pytest.fail) == []


def test_a_picture_of_another_form() -> None:
    with pytest.raises(ShapeError, match="uint8"):
        in_batches([picture(9, 9).float()], CONFIG, 4, pytest.fail)
