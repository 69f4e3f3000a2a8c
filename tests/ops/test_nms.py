"""nms: boxes in a row that overlap by known shares, and greedy suppression written out."""

import numpy as np
import pytest
import torch
from torch import Tensor

from frcnn.errors import ConfigError, ShapeError
from frcnn.ops import nms as nms_file
from frcnn.ops.nms import nms, nms_by_group

SETS = [1_000, pytest.param(10_000, marks=pytest.mark.slow)]
THRESHOLDS = (0.0, 0.3, 0.5, 0.7, 1.0)


def boxes_of(*rows: tuple[float, float, float, float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 4)


def random_set(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draw up to 40 crowded boxes; half of the sets on whole pixels, so that overlaps tie."""
    n = rng.integers(0, 41)
    corner, side = rng.uniform(0, 30, (n, 2)), rng.uniform(0, 20, (n, 2))
    boxes = np.concatenate((corner, corner + side), 1).astype(np.float32)
    if rng.random() < 0.5:
        boxes = boxes.round()
    scores = rng.integers(-10, 10, n) / 10 if rng.random() < 0.5 else rng.normal(size=n)
    return torch.from_numpy(boxes), torch.from_numpy(scores.astype(np.float32))


def greedy(boxes: Tensor, scores: Tensor, iou_threshold: float) -> list[int]:
    """Suppress as the paper says, all pairs, in the kernel's own float32 arithmetic."""
    x1, y1, x2, y2 = boxes.numpy().T
    area = (x2 - x1) * (y2 - y1)
    across = (np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1)).clip(min=0)
    down = (np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)).clip(min=0)
    common = across * down
    with np.errstate(invalid="ignore"):
        overlap = (common / (area[:, None] + area - common)).astype(np.float64)
    kept: list[int] = []
    for row in np.argsort(-scores.numpy(), kind="stable").tolist():
        if not any(overlap[other, row] > iou_threshold for other in kept):
            kept.append(row)
    return kept


# --- golden by hand


def test_the_highest_score_drops_its_near_copies() -> None:
    boxes = boxes_of((0, 0, 50, 50), (0, 0, 50, 49), (100, 0, 150, 50))
    assert nms(boxes, torch.tensor([0.2, 0.9, 0.5]), 0.7).tolist() == [1, 2]


def test_an_overlap_equal_to_the_threshold_stays() -> None:
    boxes = boxes_of((0, 0, 10, 10), (0, 0, 10, 5))  # IoU exactly one half
    scores = torch.tensor([0.9, 0.8])
    assert nms(boxes, scores, 0.5).tolist() == [0, 1]
    assert nms(boxes, scores, 0.49).tolist() == [0]


def test_a_dropped_box_drops_nobody() -> None:
    boxes = boxes_of((0, 0, 10, 10), (4, 0, 14, 10), (8, 0, 18, 10))  # neighbours: IoU 6/14
    assert nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.4).tolist() == [0, 2]


def test_of_equal_scores_the_lower_row_wins() -> None:
    boxes = boxes_of((0, 0, 10, 10)).repeat(5, 1)
    assert nms(boxes, torch.full((5,), 0.5), 0.5).tolist() == [0]
    apart = boxes + torch.arange(5)[:, None] * 20
    assert nms(apart, torch.full((5,), 0.5), 0.5).tolist() == [0, 1, 2, 3, 4]


def test_boxes_without_area_stay() -> None:
    assert nms(boxes_of((3, 3, 3, 3), (3, 3, 3, 3)), torch.tensor([0.1, 0.2]), 0.5).tolist() == [
        1,
        0,
    ]


def test_groups_do_not_see_each_other() -> None:
    boxes = boxes_of((0, 0, 10, 10)).repeat(4, 1)
    scores = torch.tensor([0.1, 0.9, 0.5, 0.3])
    kept = nms_by_group(boxes, scores, torch.tensor([7, 7, -2, -2]), 0.5)
    assert kept.tolist() == [1, 2]


def test_large_coordinates_do_not_blur_groups() -> None:
    # torchvision's offset trick moves these by multiples of 1e6, where float32 has steps of 1/16
    boxes = boxes_of((1e6 - 1, 0, 1e6, 1), (1e6 - 1, 0, 1e6, 0.52), (0, 0, 1, 1), (0, 0, 1, 0.48))
    kept = nms_by_group(boxes, torch.tensor([0.9, 0.8, 0.7, 0.6]), torch.tensor([5, 5, 9, 9]), 0.5)
    assert kept.tolist() == [0, 2, 3]


# --- what always holds


@pytest.mark.parametrize("count", SETS)
def test_nms_agrees_with_all_pairs(count: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(count):
        boxes, scores = random_set(rng)
        threshold = float(rng.choice(THRESHOLDS))
        assert nms(boxes, scores, threshold).tolist() == greedy(boxes, scores, threshold)


@pytest.mark.parametrize("count", SETS)
def test_a_limit_only_cuts_the_result(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nms_file, "_PORTION", 3)
    rng = np.random.default_rng(2)
    for _ in range(count):
        boxes, scores = random_set(rng)
        limit, threshold = int(rng.integers(0, 12)), float(rng.choice(THRESHOLDS))
        want = greedy(boxes, scores, threshold)[:limit]
        assert nms(boxes, scores, threshold, limit=limit).tolist() == want


@pytest.mark.parametrize("count", SETS)
def test_groups_agree_with_one_group_at_a_time(count: int) -> None:
    rng = np.random.default_rng(3)
    for _ in range(count):
        boxes, scores = random_set(rng)
        groups = torch.from_numpy(rng.integers(0, 4, len(boxes)))
        threshold = float(rng.choice(THRESHOLDS))
        want = []
        for group in range(4):
            rows = (groups == group).nonzero()[:, 0]
            want += rows[greedy(boxes[rows], scores[rows], threshold)].tolist()
        want.sort(key=lambda row: (-scores[row].item(), row))
        assert nms_by_group(boxes, scores, groups, threshold).tolist() == want


def test_many_boxes_in_real_portions() -> None:
    rng = np.random.default_rng(4)
    corner, side = rng.uniform(0, 500, (5000, 2)), rng.uniform(16, 300, (5000, 2))
    boxes = torch.from_numpy(np.concatenate((corner, corner + side), 1).astype(np.float32))
    scores = torch.from_numpy(rng.random(5000).astype(np.float32))
    whole = nms(boxes, scores, 0.7)
    for limit in (1, 300, 1500, len(whole), 5000):
        assert torch.equal(nms(boxes, scores, 0.7, limit=limit), whole[:limit])


def test_adding_to_all_scores_changes_nothing() -> None:
    boxes, scores = random_set(np.random.default_rng(5))
    assert torch.equal(nms(boxes, scores, 0.5), nms(boxes, scores * 2 + 8, 0.5))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_types_are_computed_too(dtype: torch.dtype) -> None:
    boxes = boxes_of((0, 0, 48, 48), (0, 0, 48, 40), (96, 0, 144, 48))
    assert nms(boxes.to(dtype), torch.tensor([0.25, 1.0, 0.5]), 0.7).tolist() == [1, 2]
    assert nms(boxes, torch.tensor([0.25, 1.0, 0.5]).to(dtype), 0.7).tolist() == [1, 2]


# --- nothing in


def test_no_boxes() -> None:
    none = torch.zeros(0, 4)
    for kept in (
        nms(none, torch.zeros(0), 0.5),
        nms(none, torch.zeros(0), 0.5, limit=5),
        nms(boxes_of((0, 0, 1, 1)), torch.zeros(1), 0.5, limit=0),
        nms_by_group(none, torch.zeros(0), torch.zeros(0, dtype=torch.int64), 0.5),
    ):
        assert kept.shape == (0,)
        assert kept.dtype == torch.int64


# --- wrong in


def test_shapes_are_named() -> None:
    box, score = boxes_of((0, 0, 1, 1)), torch.zeros(1)
    with pytest.raises(ShapeError, match=r"RC390.*nms: boxes.*got \[4\] float32"):
        nms(box[0], score, 0.5)
    with pytest.raises(ShapeError, match=r"nms: scores.*got \[2\] float32, want a \[1\] float"):
        nms(box, torch.zeros(2), 0.5)
    with pytest.raises(ShapeError, match="nms: scores"):
        nms(box, torch.zeros(1, dtype=torch.int64), 0.5)
    for groups in (torch.zeros(1), torch.zeros(2, dtype=torch.int64)):
        with pytest.raises(ShapeError, match="nms_by_group: groups"):
            nms_by_group(box, score, groups, 0.5)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_not_numbers_are_refused(wrong: float) -> None:
    boxes, scores = boxes_of((0, 0, 1, 1), (0, 0, 2, 2)), torch.zeros(2)
    groups = torch.zeros(2, dtype=torch.int64)
    with pytest.raises(ConfigError, match=r"RC391\] nms: scores: values that are not numbers"):
        nms(boxes, torch.tensor([0.5, wrong]), 0.5)
    boxes[1, 2] = wrong
    with pytest.raises(ConfigError, match=r"RC391\] nms: boxes"):
        nms(boxes, scores, 0.5)
    with pytest.raises(ConfigError, match=r"RC391\] nms: boxes"):
        nms_by_group(boxes, scores, groups, 0.5)


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_a_threshold_is_an_overlap(wrong: float) -> None:
    with pytest.raises(ConfigError, match=r"RC392.*nms: iou_threshold.*want a number in \[0, 1\]"):
        nms(boxes_of((0, 0, 1, 1)), torch.zeros(1), wrong)


def test_a_limit_is_not_negative() -> None:
    with pytest.raises(ConfigError, match=r"RC392.*nms: limit.*got -1"):
        nms(boxes_of((0, 0, 1, 1)), torch.zeros(1), 0.5, limit=-1)


# --- gradient: none


def test_rows_carry_no_gradient_and_inputs_may_want_one() -> None:
    boxes = boxes_of((0, 0, 1, 1)).requires_grad_()
    scores = torch.zeros(1, requires_grad=True)
    assert not nms(boxes, scores, 0.5).requires_grad
