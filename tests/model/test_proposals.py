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


def test_no_limit_before_nms_lets_all_enter() -> None:
    apart = [[30.0 * i, 0.0, 30.0 * i + 20, 20.0] for i in range(6)]
    found = run(apart, [0.5] * 6, replace(SMALL, before_nms=None))
    assert len(found.boxes) == 6


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


# --- the rows of Table 2


def many(count: int = 40) -> tuple[list[list[float]], list[float]]:
    """Boxes that overlap their neighbours by 0.8, the first with the highest score."""
    return [[2.0 * i, 0.0, 2.0 * i + 18, 20.0] for i in range(count)], [
        float(count - i) for i in range(count)
    ]


def test_without_nms_all_boxes_stay_up_to_the_limit() -> None:
    boxes, scores = many()
    without = replace(SMALL, nms_iou=None)
    assert len(run(boxes, scores).boxes) < 40
    assert run(boxes, scores, without).anchors.tolist() == list(range(40))
    assert run(boxes, scores, replace(without, before_nms=30)).anchors.tolist() == list(range(30))
    assert run(boxes, scores, replace(without, after_nms=7)).anchors.tolist() == list(range(7))


def test_without_regression_the_anchors_are_the_proposals() -> None:
    deltas = torch.tensor([[0.5, 0.0, 0.0, 0.0], [0.0, 0.3, 0.1, 0.0]])
    anchors = torch.tensor([[-10.0, 10.0, 30.0, 30.0], [50.0, 50.0, 90.0, 90.0]])
    config = replace(SMALL, boxes="anchors")
    found = propose(torch.tensor([1.0, 2.0]), deltas, anchors, PICTURE, config)
    want = torch.tensor([[50.0, 50.0, 90.0, 90.0], [0.0, 10.0, 30.0, 30.0]])
    torch.testing.assert_close(found.boxes, want)


def test_without_objectness_a_draw_ranks_that_repeats() -> None:
    boxes, scores = many()
    chance = replace(SMALL, nms_iou=None, rank_by="chance", after_nms=10)
    first, again = (run(boxes, scores, chance) for _ in range(2))
    other = run(boxes, scores, replace(chance, chance_seed=1))
    assert first.anchors.tolist() == again.anchors.tolist() != other.anchors.tolist()
    assert run(boxes, scores[::-1], chance).anchors.tolist() == first.anchors.tolist()
    assert (first.objectness[1:] < first.objectness[:-1]).all(), "highest first, no ties"
    assert first.anchors.tolist() != sorted(first.anchors.tolist())


def test_a_draw_has_no_favourites() -> None:
    """Each of 40 anchors is the first of 400 shuffles about ten times."""
    boxes, scores = many()
    config = replace(SMALL, nms_iou=None, rank_by="chance", after_nms=1)
    firsts = [
        int(run(boxes, scores, replace(config, chance_seed=seed)).anchors) for seed in range(400)
    ]
    counts = torch.bincount(torch.tensor(firsts), minlength=40)
    assert int(counts.min()) >= 2
    assert int(counts.max()) <= 22


def test_a_draw_may_be_thinned_by_nms() -> None:
    boxes, scores = many()
    found = run(boxes, scores, replace(SMALL, rank_by="chance"))
    assert 0 < len(found.boxes) < 40
    assert found.objectness.tolist() == sorted(found.objectness.tolist(), reverse=True)
    assert len(run([], [], replace(SMALL, rank_by="chance")).boxes) == 0


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
    "change",
    [{"min_side": -1.0}, {"before_nms": 0}, {"after_nms": 0}, {"nms_iou": 0.0}, {"nms_iou": 1.1}],
)
def test_unusable_settings_are_refused(change: dict) -> None:
    with pytest.raises(ConfigError, match=r"RC350") as caught:
        ProposalConfig(**change)
    assert caught.value.place.startswith("proposals")
    assert caught.value.fix
