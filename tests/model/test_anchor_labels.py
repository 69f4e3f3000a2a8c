"""label_anchors: the rules of §3.1.2 one by one, then the draw of §3.1.3, then an oracle."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.model.anchor_labels import AnchorLabelConfig, AnchorLabels, label_anchors
from frcnn.types import Size, Target

PICTURE = Size(height=100, width=100)
ANYWHERE = AnchorLabelConfig(inside="anywhere")


def target(boxes: list[list[float]], difficult: list[bool] | None = None) -> Target:
    rows = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    hard = torch.tensor(difficult or [False] * len(rows), dtype=torch.bool)
    return Target(boxes=rows, labels=torch.zeros(len(rows), dtype=torch.int64), difficult=hard)


def label(
    anchors: list[list[float]], true: Target, config: AnchorLabelConfig = ANYWHERE, seed: int = 0
) -> AnchorLabels:
    rows = torch.tensor(anchors, dtype=torch.float32).reshape(-1, 4)
    return label_anchors(rows, true, PICTURE, config, torch.Generator().manual_seed(seed))


def test_overlap_decides_object_ignored_background() -> None:
    anchors = [[0, 0, 40, 40], [0, 0, 40, 30], [0, 0, 40, 20], [60, 60, 100, 100]]  # 1, .75, .5, 0
    assert label(anchors, target([[0, 0, 40, 40]])).labels.tolist() == [1, 1, -1, 0]


def test_seventy_percent_is_enough_and_thirty_is_too_much_for_background() -> None:
    anchors = [[0, 0, 100, 100], [0, 0, 100, 70], [0, 0, 100, 30]]
    assert label(anchors, target([[0, 0, 100, 100]])).labels.tolist() == [1, 1, -1]


def test_an_objects_best_anchor_is_object_even_under_the_background_limit() -> None:
    anchors = [[0, 0, 50, 50], [60, 60, 100, 100]]
    found = label(anchors, target([[0, 0, 20, 20]]))  # IoU 0.16
    assert found.labels.tolist() == [1, 0]


def test_negatives_may_overwrite_it_as_the_authors_option_does() -> None:
    config = replace(ANYWHERE, low_overlap="negative_wins")
    anchors = [[0, 0, 50, 50], [60, 60, 100, 100]]
    assert label(anchors, target([[0, 0, 20, 20]]), config).labels.tolist() == [0, 0]


def test_all_anchors_that_tie_for_an_object_are_objects() -> None:
    anchors = [[0, 0, 20, 40], [20, 0, 40, 40], [60, 60, 100, 100]]
    true = target([[0, 0, 40, 40]])
    assert label(anchors, true).labels.tolist() == [1, 1, 0]
    first = replace(ANYWHERE, best_of_object="first")
    assert label(anchors, true, first).labels.tolist() == [1, -1, 0]
    none = replace(ANYWHERE, best_of_object="none")
    assert label(anchors, true, none).labels.tolist() == [-1, -1, 0]


def test_an_object_that_no_anchor_touches_turns_none_into_an_object() -> None:
    anchors = [[0, 0, 20, 20], [30, 0, 50, 20]]
    for config in (ANYWHERE, replace(ANYWHERE, best_of_object="first")):
        assert label(anchors, target([[80, 80, 90, 90]]), config).labels.tolist() == [0, 0]


def test_anchors_that_cross_the_border_are_ignored_in_the_papers_way() -> None:
    anchors = [[-1, 0, 39, 40], [0, 0, 40, 40], [61, 61, 101, 101], [60, 60, 100, 100]]
    found = label(anchors, target([[0, 0, 40, 40]]), AnchorLabelConfig())
    assert found.labels.tolist() == [-1, 1, -1, 0]
    near = replace(AnchorLabelConfig(), border=1.0)
    assert label(anchors, target([[0, 0, 40, 40]]), near).labels.tolist() == [1, 1, 0, 0]


def test_an_anchor_belongs_to_the_object_it_overlaps_most() -> None:
    # the second object's best anchor overlaps the first object more, and stays its own
    anchors = [[0, 0, 40, 40], [60, 60, 100, 100]]
    found = label(anchors, target([[0, 0, 40, 38], [0, 0, 40, 20]]))
    assert found.matched[0] == 0
    assert found.labels.tolist() == [1, 0]


def test_difficult_objects_are_neither_object_nor_background() -> None:
    anchors = [[0, 0, 40, 40], [60, 60, 100, 100], [0, 60, 40, 100]]
    found = label(anchors, target([[0, 0, 40, 40], [60, 60, 100, 100]], [True, False]))
    assert found.labels.tolist() == [-1, 1, 0]
    assert found.matched[1] == 1, "rows count the whole target, difficult boxes too"


def test_a_certain_object_beside_a_difficult_one_is_still_learnt() -> None:
    found = label([[0, 0, 40, 40]], target([[0, 0, 40, 40], [0, 0, 40, 39]], [False, True]))
    assert found.labels.tolist() == [1]


def test_half_are_objects_at_the_most_and_background_fills_up() -> None:
    anchors = [[0, 0, 40, 40]] * 300 + [[60, 60, 100, 100]] * 500
    found = label(anchors, target([[0, 0, 40, 40]]))
    assert (len(found.positives), len(found.negatives)) == (128, 128)
    few = label(anchors[290:], target([[0, 0, 40, 40]]))
    assert (len(few.positives), len(few.negatives)) == (10, 246)
    assert len(few.sampled) == 256


def test_the_draw_is_without_replacement_and_within_the_labels() -> None:
    anchors = [[0, 0, 40, 40]] * 300 + [[60, 60, 100, 100]] * 500
    found = label(anchors, target([[0, 0, 40, 40]]))
    assert len(set(found.sampled.tolist())) == 256
    assert (found.labels[found.positives] == 1).all()
    assert (found.labels[found.negatives] == 0).all()


def test_the_draw_depends_on_the_generator_alone() -> None:
    anchors = [[0, 0, 40, 40]] * 300 + [[60, 60, 100, 100]] * 500
    true = target([[0, 0, 40, 40]])
    assert label(anchors, true).sampled.tolist() == label(anchors, true).sampled.tolist()
    assert label(anchors, true).sampled.tolist() != label(anchors, true, seed=1).sampled.tolist()


def test_a_picture_without_objects_is_all_background() -> None:
    found = label([[0, 0, 40, 40], [60, 60, 100, 100]], target([]))
    assert found.labels.tolist() == [0, 0]
    assert len(found.positives) == 0


def test_no_anchor_inside_nothing_is_learnt() -> None:
    found = label([[-50, -50, 150, 150]], target([[0, 0, 40, 40]]), AnchorLabelConfig())
    assert found.labels.tolist() == [-1]
    assert len(found.sampled) == 0


def oracle(anchors: np.ndarray, true: np.ndarray) -> np.ndarray:
    """The authors' rules in plain float64 loops: background, best of each object, 0.7."""
    labels = np.full(len(anchors), -1)
    ious = np.zeros((len(anchors), len(true)))
    for i, a in enumerate(anchors):
        for j, t in enumerate(true):
            w = min(a[2], t[2]) - max(a[0], t[0])
            h = min(a[3], t[3]) - max(a[1], t[1])
            common = max(w, 0.0) * max(h, 0.0)
            both = (a[2] - a[0]) * (a[3] - a[1]) + (t[2] - t[0]) * (t[3] - t[1])
            ious[i, j] = common / (both - common)
    labels[ious.max(axis=1) < 0.3] = 0
    for j in range(len(true)):
        if ious[:, j].max() > 0:
            labels[ious[:, j] == ious[:, j].max()] = 1
    labels[ious.max(axis=1) >= 0.7] = 1
    return labels


def whole_boxes(generator: torch.Generator, count: int) -> Tensor:
    """Boxes on a coarse lattice: ties happen, and no overlap is near a threshold by rounding."""
    corners = torch.randint(0, 12, (count, 2), generator=generator) * 8
    sides = torch.randint(1, 5, (count, 2), generator=generator) * 8
    return torch.cat((corners, corners + sides), dim=1).float()


def check_against_oracle(cases: int) -> None:
    for seed in range(cases):
        generator = torch.Generator().manual_seed(seed)
        anchors, true = whole_boxes(generator, 30), whole_boxes(generator, 1 + seed % 5)
        found = label(anchors.tolist(), target(true.tolist()), seed=seed)
        want = oracle(anchors.double().numpy(), true.double().numpy())
        assert found.labels.tolist() == want.tolist(), seed


def test_labels_equal_the_oracle() -> None:
    check_against_oracle(150)


@pytest.mark.slow
def test_labels_equal_the_oracle_ten_thousand_times() -> None:
    check_against_oracle(10_000)


@pytest.mark.parametrize(
    "change",
    [
        {"positive_iou": 0.0, "negative_iou": 0.0},
        {"positive_iou": 0.2},
        {"negative_iou": -0.1},
        {"count": 0},
        {"positive_share": 0.0},
    ],
)
def test_unusable_settings_are_refused(change: dict) -> None:
    with pytest.raises(ConfigError, match=r"RC350") as caught:
        AnchorLabelConfig(**change)
    assert caught.value.place.startswith("anchor_labels")
