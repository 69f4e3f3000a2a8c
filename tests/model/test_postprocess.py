"""postprocess: each of its four steps, on boxes small enough to see."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.model.postprocess import PostprocessConfig, postprocess
from frcnn.types import Detections, Proposals, Size

PICTURE = Size(height=100, width=200)
DEFAULT = PostprocessConfig()
APART = [[0.0, 0.0, 20.0, 20.0], [50.0, 0.0, 70.0, 20.0], [100.0, 0.0, 120.0, 20.0]]


def run(
    boxes: list[list[float]],
    probabilities: list[list[float]],
    config: PostprocessConfig = DEFAULT,
    deltas: Tensor | None = None,
) -> Detections:
    rows = torch.tensor(boxes).reshape(-1, 4)
    scores = torch.tensor(probabilities).reshape(len(rows), -1) if boxes else torch.zeros(0, 3)
    proposals = Proposals(
        boxes=rows, objectness=torch.zeros(len(rows)), anchors=torch.arange(len(rows))
    )
    shifts = torch.zeros(len(rows), scores.shape[1] - 1, 4) if deltas is None else deltas
    return postprocess(scores, shifts, proposals, PICTURE, config)


def test_every_class_above_the_threshold_is_reported() -> None:
    found = run(APART[:1], [[0.1, 0.6, 0.3]])
    assert found.labels.tolist() == [0, 1]
    torch.testing.assert_close(found.scores, torch.tensor([0.6, 0.3]))
    assert found.proposals is not None
    assert found.proposals.tolist() == [0, 0]


def test_a_score_must_pass_the_threshold_not_just_reach_it() -> None:
    config = replace(DEFAULT, score_threshold=0.5)
    assert len(run(APART[:2], [[0.5, 0.5], [0.4, 0.6]], config).scores) == 1


def test_each_class_has_its_own_box() -> None:
    deltas = torch.zeros(1, 2, 4)
    deltas[0, 1, 0] = 1.0  # the second class sits one width to the right
    found = run(APART[:1], [[0.1, 0.6, 0.3]], deltas=deltas)
    want = torch.tensor([[0.0, 0.0, 20.0, 20.0], [20.0, 0.0, 40.0, 20.0]])
    torch.testing.assert_close(found.boxes, want)


def test_boxes_end_at_the_picture_and_empty_ones_are_no_detections() -> None:
    deltas = torch.zeros(2, 1, 4)
    deltas[0, 0, 0], deltas[1, 0, 0] = -0.75, -9.0  # half out, wholly out
    found = run([[0.0, 0.0, 20.0, 20.0]] * 2, [[0.1, 0.9], [0.1, 0.8]], deltas=deltas)
    torch.testing.assert_close(found.boxes, torch.tensor([[0.0, 0.0, 5.0, 20.0]]))


def test_boxes_under_the_smallest_side_are_left_out() -> None:
    config = replace(DEFAULT, min_side=10.0)
    found = run([[0, 0, 9.0, 30.0], [50.0, 0, 60.0, 30.0]], [[0.1, 0.9], [0.1, 0.8]], config)
    torch.testing.assert_close(found.scores, torch.tensor([0.8]))


def test_near_copies_go_within_a_class_and_stay_between_classes() -> None:
    twice = [[0.0, 0.0, 20.0, 20.0], [1.0, 0.0, 21.0, 20.0]]
    assert len(run(twice, [[0.1, 0.9, 0.0], [0.2, 0.8, 0.0]]).scores) == 1
    assert len(run(twice, [[0.1, 0.9, 0.0], [0.2, 0.0, 0.8]]).scores) == 2


def test_the_best_of_all_classes_are_kept() -> None:
    config = replace(DEFAULT, max_detections=2)
    found = run(APART, [[0.2, 0.8, 0.0], [0.3, 0.0, 0.7], [0.1, 0.9, 0.0]], config)
    torch.testing.assert_close(found.scores, torch.tensor([0.9, 0.8]))
    assert found.labels.tolist() == [0, 0]


def test_class_probabilities_come_along() -> None:
    found = run(APART[:1], [[0.1, 0.6, 0.3]])
    torch.testing.assert_close(found.probabilities, torch.tensor([[0.6, 0.3]] * 2))


def test_a_higher_threshold_reports_a_part_of_a_lower_ones() -> None:
    generator = torch.Generator().manual_seed(0)
    corners = torch.rand(80, 2, generator=generator) * 80
    boxes = torch.cat((corners, corners + 15), dim=1).tolist()
    scores = torch.rand(80, 3, generator=generator).softmax(dim=1).tolist()
    low = run(boxes, scores, replace(DEFAULT, max_detections=1000))
    high = run(boxes, scores, replace(DEFAULT, max_detections=1000, score_threshold=0.4))
    assert 0 < len(high.scores) < len(low.scores)
    torch.testing.assert_close(high.boxes, low.boxes[: len(high.boxes)])


def test_nothing_in_nothing_out() -> None:
    found = run([], [])
    assert found.boxes.shape == (0, 4)
    assert found.scores.dtype == torch.float32
    assert found.labels.dtype == torch.int64


@pytest.mark.parametrize(
    "change", [{"score_threshold": 1.0}, {"nms_iou": 0.0}, {"max_detections": 0}]
)
def test_unusable_settings_are_refused(change: dict) -> None:
    with pytest.raises(ConfigError, match=r"RC350"):
        PostprocessConfig(**change)
