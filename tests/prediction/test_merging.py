"""merge: of all that the views found, each object once, by NMS or by a box around the pieces."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from frcnn.prediction import merging
from frcnn.prediction.merging import best_of_each, merge
from frcnn.types import Detections


def detections(*rows: tuple[float, float, float, float, float, int]) -> Detections:
    """Rows of x1, y1, x2, y2, score, label."""
    values = torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)
    return Detections(
        boxes=values[:, :4].contiguous(),
        scores=values[:, 4].contiguous(),
        labels=values[:, 5].long(),
        probabilities=values[:, 4:5] * torch.tensor([[0.5, 0.25]]),
    )


def rows_of(found: Detections) -> list[tuple[float, ...]]:
    columns = (*found.boxes.unbind(1), found.scores, found.labels.float())
    return [tuple(round(v, 4) for v in row) for row in torch.stack(columns, 1).tolist()]


# An object of 20 x 10 pixels at (90, 50). A seam cuts it: the left tile ends at 100.
WHOLE = (90.0, 50, 110, 60, 0.9, 0)
PIECE = (90.0, 49, 100, 60, 0.6, 0)
SAME = (91.0, 50, 111, 60, 0.8, 0)


# --- golden by hand


def test_golden_a_piece_goes_into_the_whole_by_ios_but_not_by_iou() -> None:
    """Common 100, smaller 110, union 210: IoS 0.91, IoU 0.48."""
    found = detections(PIECE, WHOLE)
    assert rows_of(merge(found, "nms", "ios", 0.5)) == [WHOLE]
    assert rows_of(merge(found, "nms", "iou", 0.5)) == [WHOLE, PIECE]
    assert rows_of(merge(found, "greedy", "ios", 0.5)) == [(90.0, 49, 110, 60, 0.9, 0)]


def test_golden_two_pieces_become_one_box_around_both() -> None:
    """No view has the whole: pieces of 12 x 10 and 14 x 10 that share 6 x 10."""
    left, right = (90.0, 50, 102, 60, 0.7, 1), (96.0, 50, 110, 60, 0.8, 1)
    found = detections(left, right)
    assert rows_of(merge(found, "greedy", "ios", 0.5)) == [(90.0, 50, 110, 60, 0.8, 1)]
    assert rows_of(merge(found, "nms", "ios", 0.5)) == [right]
    assert len(merge(found, "greedy", "ios", 0.51).scores) == 2


def test_golden_found_twice() -> None:
    """19 of 21 pixels across are common: IoU 190/210."""
    found = detections(SAME, WHOLE)
    for rule, box in (("nms", (90.0, 50, 110, 60)), ("greedy", (90.0, 50, 111, 60))):
        assert rows_of(merge(found, rule, "iou", 0.5)) == [(*box, 0.9, 0)]


def test_golden_a_match_of_a_match_is_not_taken() -> None:
    """b matches a, c matches b and not a: c stays."""
    a, b, c = (0.0, 0, 10, 10, 0.9, 0), (4.0, 0, 14, 10, 0.8, 0), (8.0, 0, 18, 10, 0.7, 0)
    found = detections(c, b, a)
    assert rows_of(merge(found, "nms", "ios", 0.6)) == [a, c]
    assert rows_of(merge(found, "greedy", "ios", 0.6)) == [(0.0, 0, 14, 10, 0.9, 0), c]


def test_golden_classes_are_kept_apart() -> None:
    other = (*WHOLE[:4], 0.95, 1)
    assert rows_of(merge(detections(WHOLE, other), "greedy", "ios", 0.5)) == [other, WHOLE]


def test_the_best_gives_score_and_probabilities() -> None:
    merged = merge(detections(PIECE, WHOLE), "greedy", "ios", 0.5)
    assert merged.probabilities is not None
    torch.testing.assert_close(merged.probabilities, torch.tensor([[0.45, 0.225]]))
    assert merged.proposals is None


def test_of_equal_scores_the_earlier_is_first() -> None:
    a, b = (0.0, 0, 9, 9, 0.5, 0), (50.0, 0, 59, 9, 0.5, 0)
    assert rows_of(merge(detections(b, a), "nms", "iou", 0.5)) == [b, a]


def test_boxes_that_only_touch_do_not_match() -> None:
    a, b = (0.0, 0, 10, 10, 0.9, 0), (10.0, 0, 20, 10, 0.8, 0)
    assert len(merge(detections(a, b), "greedy", "ios", 0.01).scores) == 2


# --- what always holds


def oracle(boxes: np.ndarray, labels: np.ndarray, match: str, threshold: float) -> list[int]:
    """The rule as it is said, pair by pair in float64."""
    best = [-1] * len(boxes)
    for i, (x1, y1, x2, y2) in enumerate(boxes):
        if best[i] >= 0:
            continue
        best[i] = i
        for j, (u1, v1, u2, v2) in enumerate(boxes):
            common = max(min(x2, u2) - max(x1, u1), 0) * max(min(y2, v2) - max(y1, v1), 0)
            areas = (x2 - x1) * (y2 - y1), (u2 - u1) * (v2 - v1)
            whole = min(areas) if match == "ios" else sum(areas) - common
            if best[j] < 0 and labels[i] == labels[j] and common / whole >= threshold:
                best[j] = i
    return best


@pytest.mark.parametrize("match", ["ios", "iou"])
@pytest.mark.parametrize("at_once", [1, 7, 1 << 20])
def test_oracle(match: str, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "_PAIRS_AT_ONCE", at_once)
    chance = np.random.default_rng(0)
    for count in (1, 2, 3, 40, 120):
        corner = chance.uniform(0, 60, (count, 2))
        boxes = np.concatenate((corner, corner + chance.uniform(1, 30, (count, 2))), axis=1)
        boxes = np.round(boxes)
        boxes[:, 2:] += 1
        labels = chance.integers(0, 2, count)
        for threshold in (0.1, 0.5, 1.0):
            found = best_of_each(
                torch.tensor(boxes, dtype=torch.float32), torch.tensor(labels), match, threshold
            )
            assert found.tolist() == oracle(boxes, labels, match, threshold)


@given(st.lists(st.tuples(*[st.integers(0, 30)] * 4, st.integers(1, 9)), max_size=12))
def test_merging_again_by_nms_changes_nothing(rows: list[tuple[int, ...]]) -> None:
    found = detections(*[(x, y, x + w + 1, y + h + 1, s / 10, 0) for x, y, w, h, s in rows])
    once = merge(found, "nms", "iou", 0.5)
    assert rows_of(merge(once, "nms", "iou", 0.5)) == rows_of(once)


@given(st.lists(st.tuples(*[st.integers(0, 30)] * 4, st.integers(1, 9)), max_size=12))
def test_every_box_is_inside_one_that_greedy_keeps(rows: list[tuple[int, ...]]) -> None:
    found = detections(*[(x, y, x + w + 1, y + h + 1, s / 10, 0) for x, y, w, h, s in rows])
    merged = merge(found, "greedy", "ios", 0.5)
    for box in found.boxes:
        low = (merged.boxes[:, :2] <= box[:2]).all(1)
        assert bool((low & (merged.boxes[:, 2:] >= box[2:]).all(1)).any())
    assert len(merged.scores) == len(merge(found, "nms", "ios", 0.5).scores)
    assert merged.scores.tolist() == sorted(merged.scores.tolist(), reverse=True)


def test_many_boxes_take_little_time_and_memory() -> None:
    """10,000 objects, each found by four tiles, in a picture of 30,000 x 30,000."""
    chance = torch.Generator().manual_seed(0)
    corner = torch.rand(10_000, 2, generator=chance) * 29_900
    boxes = torch.cat((corner, corner + 60), dim=1).repeat(4, 1)
    scores = torch.rand(40_000, generator=chance)
    found = Detections(boxes=boxes, scores=scores, labels=torch.zeros(40_000).long())
    assert 9_500 < len(merge(found, "greedy", "iou", 0.5).scores) <= 10_000


# --- nothing in


@pytest.mark.parametrize("rule", ["greedy", "nms"])
def test_nothing_in(rule: str) -> None:
    assert rows_of(merge(Detections.empty(), rule, "ios", 0.5)) == []
