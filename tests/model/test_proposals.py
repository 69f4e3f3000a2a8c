"""propose: the six steps of §3.3, one test each, on boxes small enough to see."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.model.proposals import TEST, TRAIN, ProposalConfig, propose
from frcnn.types import Proposals, Size

PICTURE = Size(height=100, width=200)
SMALL = replace(TEST, min_side=4.0)


def run(
    anchors: list[list[float]], scores: list[float], config: ProposalConfig = SMALL
) -> Proposals:
    boxes = torch.tensor(anchors, dtype=torch.float32).reshape(-1, 4)
    return propose(torch.tensor(scores), torch.zeros(len(boxes), 4), boxes, PICTURE, config)


def test_boxes_are_decoded_from_their_anchors() -> None:
    deltas = torch.tensor([[0.5, 0.0, 0.0, 0.0]])
    anchors = torch.tensor([[10.0, 10.0, 30.0, 30.0]])
    found = propose(torch.tensor([1.0]), deltas, anchors, PICTURE, SMALL)
    torch.testing.assert_close(found.boxes, torch.tensor([[20.0, 10.0, 40.0, 30.0]]))


def test_boxes_are_clipped_to_the_picture() -> None:
    found = run([[-10.0, -10.0, 500.0, 50.0]], [0.9])
    torch.testing.assert_close(found.boxes, torch.tensor([[0.0, 0.0, 200.0, 50.0]]))


def test_a_box_that_clipping_made_too_thin_is_dropped() -> None:
    found = run([[197.0, 0.0, 260.0, 50.0]], [0.9])
    assert found.boxes.shape == (0, 4)
    assert found.objectness.shape == (0,)
    assert found.anchors.shape == (0,)


def test_a_box_of_just_the_smallest_side_stays() -> None:
    assert len(run([[0.0, 0.0, 4.0, 4.0]], [0.9]).boxes) == 1


def test_highest_objectness_first_and_near_copies_go() -> None:
    found = run([[0, 0, 50, 50], [0, 0, 50, 49], [100, 0, 150, 50]], [0.2, 0.9, 0.5])
    torch.testing.assert_close(found.objectness, torch.tensor([0.9, 0.5]))
    torch.testing.assert_close(found.boxes[0], torch.tensor([0.0, 0.0, 50.0, 49.0]))


def test_half_overlapping_boxes_both_stay() -> None:  # IoU 0.6 < 0.7
    assert len(run([[0, 0, 40, 40], [10, 0, 50, 40]], [0.9, 0.8]).boxes) == 2


def test_limits_before_and_after_nms() -> None:
    apart = [[30.0 * i, 0.0, 30.0 * i + 20, 20.0] for i in range(6)]
    scores = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    before = run(apart, scores, replace(SMALL, before_nms=4)).objectness
    torch.testing.assert_close(before, torch.tensor([0.6, 0.5, 0.4, 0.3]))
    assert len(run(apart, scores, replace(SMALL, after_nms=2)).boxes) == 2


def test_small_boxes_do_not_use_up_the_limit_before_nms() -> None:
    found = run([[0, 0, 2, 2], [50, 0, 90, 40]], [0.9, 0.1], replace(SMALL, before_nms=1))
    torch.testing.assert_close(found.boxes, torch.tensor([[50.0, 0.0, 90.0, 40.0]]))


def test_a_low_score_alone_never_drops_a_box() -> None:
    assert len(run([[0.0, 0.0, 50.0, 50.0]], [-1e6]).boxes) == 1


def test_each_proposal_names_its_anchor() -> None:
    generator = torch.Generator().manual_seed(3)
    corners = torch.rand(200, 2, generator=generator) * 80
    anchors = torch.cat(
        (corners, corners + 5 + torch.rand(200, 2, generator=generator) * 40), dim=1
    )
    scores = torch.rand(200, generator=generator)
    found = propose(scores, torch.zeros(200, 4), anchors, PICTURE, SMALL)
    torch.testing.assert_close(found.objectness, scores[found.anchors])
    torch.testing.assert_close(found.boxes, clipped(anchors[found.anchors]))
    assert found.objectness.tolist() == sorted(found.objectness.tolist(), reverse=True)


def clipped(boxes: Tensor) -> Tensor:
    limits = torch.tensor([PICTURE.width, PICTURE.height] * 2)
    return torch.minimum(boxes.clamp(min=0), limits)


def test_equal_scores_keep_the_order_of_the_anchors() -> None:
    apart = [[30.0 * i, 0.0, 30.0 * i + 20, 20.0] for i in range(5)]
    assert run(apart, [0.5] * 5).anchors.tolist() == [0, 1, 2, 3, 4]


def test_gradients_flow_into_the_deltas_of_the_kept() -> None:
    deltas = torch.zeros(2, 4, requires_grad=True)
    anchors = torch.tensor([[10.0, 10.0, 30.0, 30.0], [10.0, 10.0, 30.0, 31.0]])
    found = propose(torch.tensor([0.9, 0.1]), deltas, anchors, PICTURE, SMALL)
    found.boxes.sum().backward()
    assert deltas.grad is not None
    torch.testing.assert_close(deltas.grad[0], torch.tensor([40.0, 40.0, 0.0, 0.0]))
    torch.testing.assert_close(deltas.grad[1], torch.zeros(4))


def test_nothing_in_nothing_out() -> None:
    assert len(run([], []).boxes) == 0


def test_the_smallest_side_in_pixels_of_the_resized_picture() -> None:
    config = TEST.in_resized_pixels(Size(height=600, width=800), Size(height=375, width=500))
    assert config == replace(TEST, min_side=16.0 * 1.6)


def test_the_papers_and_the_authors_numbers() -> None:
    assert (TRAIN.before_nms, TRAIN.after_nms) == (12_000, 2_000)
    assert (TEST.before_nms, TEST.after_nms, TEST.nms_iou, TEST.min_side) == (6_000, 300, 0.7, 16.0)


@pytest.mark.parametrize(
    "change", [{"min_side": -1.0}, {"before_nms": 0}, {"after_nms": 0}, {"nms_iou": 0.0}]
)
def test_unusable_settings_are_refused(change: dict) -> None:
    with pytest.raises(ConfigError, match=r"RC350") as caught:
        ProposalConfig(**change)
    assert caught.value.place.startswith("proposals")
    assert caught.value.fix
