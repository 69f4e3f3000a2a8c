"""sample_regions: the rules of Fast R-CNN §2.3, the draw, and what a difficult object does."""

from dataclasses import replace

import pytest
import torch

from frcnn.errors import ConfigError
from frcnn.model.roi_sampling import (
    RegionSamplingConfig,
    SampledRegions,
    object_regions,
    sample_regions,
)
from frcnn.types import Target

PROPOSALS_ONLY = RegionSamplingConfig(candidates="proposals")


def target(
    boxes: list[list[float]], labels: list[int] | None = None, difficult: list[bool] | None = None
) -> Target:
    rows = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    return Target(
        boxes=rows,
        labels=torch.tensor(labels or [0] * len(rows), dtype=torch.int64),
        difficult=torch.tensor(difficult or [False] * len(rows), dtype=torch.bool),
    )


def sample(
    proposals: list[list[float]],
    true: Target,
    config: RegionSamplingConfig = PROPOSALS_ONLY,
    seed: int = 0,
) -> SampledRegions:
    rows = torch.tensor(proposals, dtype=torch.float32).reshape(-1, 4)
    return sample_regions(rows, true, config, torch.Generator().manual_seed(seed))


def test_half_overlap_is_an_object_of_the_boxs_class_less_is_background() -> None:
    found = sample([[0, 0, 40, 20], [0, 0, 40, 19]], target([[0, 0, 40, 40]], [2]))
    assert found.labels.tolist() == [3, 0]
    assert found.kept.tolist() == [0, 1]


def test_an_object_is_to_become_its_true_box() -> None:
    true = target([[0, 0, 40, 40], [50, 50, 90, 90]], [0, 1])
    found = sample([[50, 50, 90, 88]], true)
    torch.testing.assert_close(found.targets, true.boxes[1:])
    assert found.labels.tolist() == [2]


def test_background_is_to_become_itself() -> None:
    found = sample([[60, 60, 90, 90]], target([[0, 0, 40, 40]]))
    torch.testing.assert_close(found.targets, found.boxes)


def test_true_boxes_are_candidates_too() -> None:
    found = sample([[60, 60, 90, 90]], target([[0, 0, 40, 40]], [1]), RegionSamplingConfig())
    assert found.labels.tolist() == [2, 0]
    assert found.kept.tolist() == [1, 0], "proposals first, then the true boxes"


def test_background_below_the_lower_limit_is_left_out() -> None:
    true = target([[0, 0, 40, 40]])
    lower = replace(PROPOSALS_ONLY, negative_iou=(0.1, 0.5))
    found = sample([[0, 0, 40, 4], [0, 0, 40, 3], [60, 60, 90, 90]], true, lower)
    assert found.kept.tolist() == [0]


def test_a_quarter_are_objects_at_the_most_and_background_fills_the_rest() -> None:
    true = target([[0, 0, 40, 40]])
    proposals = [[0, 0, 40, 40]] * 200 + [[60, 60, 90, 90]] * 300
    labels = sample(proposals, true).labels
    assert ((labels > 0).sum(), len(labels)) == (32, 128)
    few = sample(proposals[190:], true).labels  # 10 objects: 118 background, not 96
    assert ((few > 0).sum(), len(few)) == (10, 128)


def test_fewer_regions_where_there_are_not_enough() -> None:
    found = sample([[0, 0, 40, 40]] * 3 + [[60, 60, 90, 90]] * 4, target([[0, 0, 40, 40]]))
    assert len(found.labels) == 7


def test_the_draw_is_without_replacement_and_from_the_generator_alone() -> None:
    true = target([[0, 0, 40, 40]])
    proposals = [[0, 0, 40, 40]] * 200 + [[60, 60, 90, 90]] * 300
    first, again, other = (sample(proposals, true, seed=s).kept.tolist() for s in (0, 0, 1))
    assert len(set(first)) == 128
    assert first == again != other


def test_difficult_objects_are_neither_object_nor_background() -> None:
    true = target([[0, 0, 40, 40], [60, 60, 90, 90]], [0, 1], [True, False])
    proposals = [[0, 0, 40, 40], [60, 60, 90, 90], [0, 60, 30, 90]]
    found = sample(proposals, true, RegionSamplingConfig())
    assert sorted(found.kept.tolist()) == [1, 2, 3], "the certain true box joins, alone"
    assert found.labels.tolist() == [2, 2, 0]


def test_without_objects_all_is_background() -> None:
    found = sample([[0, 0, 40, 40], [60, 60, 90, 90]], target([]))
    assert found.labels.tolist() == [0, 0]
    assert found.targets.shape == (2, 4)


def test_nothing_in_nothing_out() -> None:
    found = sample([], target([]))
    assert found.boxes.shape == (0, 4)
    assert found.labels.shape == (0,)


@pytest.mark.parametrize("cases", [200, pytest.param(10_000, marks=pytest.mark.slow)])
def test_counts_and_labels_agree_with_plain_loops(cases: int) -> None:
    for seed in range(cases):
        generator = torch.Generator().manual_seed(seed)
        corners = torch.randint(0, 9, (60, 2), generator=generator) * 8
        sides = torch.randint(1, 5, (60, 2), generator=generator) * 8
        boxes = torch.cat((corners, corners + sides), dim=1).float()
        proposals, true = boxes[5:], boxes[: 1 + seed % 5]
        config = RegionSamplingConfig(count=24, candidates="proposals")
        found = sample_regions(proposals, target(true.tolist()), config, generator)
        best = [max(overlap(p, t) for t in true.tolist()) for p in proposals.tolist()]
        positives = sum(value >= 0.5 for value in best)
        want = min(positives, 6)
        assert int((found.labels > 0).sum()) == want
        assert len(found.labels) == want + min(len(best) - positives, 24 - want)
        assert all(
            (best[k] >= 0.5) == bool(v) for k, v in zip(found.kept, found.labels, strict=True)
        )


def test_all_objects_are_given_before_any_is_drawn() -> None:
    true = [[0.0, 0.0, 10.0, 10.0], [50.0, 50.0, 60.0, 60.0]]
    proposals = torch.tensor([[0.0, 0, 10, 9], [0, 0, 10, 4], [50, 51, 60, 60], [80, 80, 90, 90]])
    config = RegionSamplingConfig(count=1, candidates="proposals")
    regions, boxes, labels = object_regions(proposals, target(true), config)
    assert torch.equal(regions, proposals[[0, 2]])
    assert boxes.tolist() == true
    assert torch.equal(labels, target(true).labels)
    joined = object_regions(proposals, target(true), RegionSamplingConfig())[0]
    assert joined.tolist() == [*proposals[[0, 2]].tolist(), *true]


def test_no_true_boxes_no_objects() -> None:
    proposals = torch.tensor([[0.0, 0, 10, 9], [0, 0, 10, 4]])
    regions, boxes, labels = object_regions(proposals, Target.empty(), RegionSamplingConfig())
    assert regions.shape == boxes.shape == (0, 4)
    assert labels.shape == (0,)


def test_objects_are_named_and_their_boxes_hand_gradients_on() -> None:
    proposals = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [50, 50, 60, 60]]).requires_grad_()
    found = sample_regions(
        proposals,
        target([[0.0, 0.0, 10.0, 10.0]]),
        RegionSamplingConfig(count=3, positive_share=1.0, candidates="proposals"),
        torch.Generator().manual_seed(0),
    )
    assert found.objects.tolist() == [0, 1]
    found.boxes.sum().backward()
    assert proposals.grad is not None
    assert (proposals.grad == 1).all()


def overlap(a: list[float], b: list[float]) -> float:
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    common = max(w, 0.0) * max(h, 0.0)
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


@pytest.mark.parametrize(
    "change",
    [
        {"negative_iou": (0.5, 0.1)},
        {"negative_iou": (0.0, 0.6)},
        {"count": 0},
        {"positive_share": 1.5},
    ],
)
def test_unusable_settings_are_refused(change: dict) -> None:
    with pytest.raises(ConfigError, match=r"RC350") as caught:
        RegionSamplingConfig(**change)
    assert caught.value.place.startswith("roi_sampling")
