"""in_order: what is judged is checked, and no order of reading shows in it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from frcnn.errors import ConfigError, ShapeError
from frcnn.evaluation.judged import in_order, require_share
from frcnn.types import Detections, Target

BOX = (0.0, 0.0, 10.0, 10.0)
NAN, INF = float("nan"), float("inf")


def test_sorted_by_name(judged) -> None:
    pairs = [judged(name, [], []) for name in ("b", "10", "a", "9")]
    assert [pair.name for pair in in_order(pairs, ["x"])] == ["10", "9", "a", "b"]


def test_pictures_of_one_name_are_told_apart_by_their_content(judged) -> None:
    one, two = judged("a", [(BOX, 0.5, 0)], []), judged("a", [(BOX, 0.25, 0)], [])
    scores = [
        [float(pair.detections.scores[0]) for pair in in_order(pairs, ["x"])]
        for pairs in ([one, two], [two, one])
    ]
    assert scores[0] == scores[1]


def test_areas_go_along_and_tell_pictures_apart(judged) -> None:
    one, two = (
        replace(judged("a", [], [(BOX, 0)]), areas=np.array([area])) for area in (50.0, 70.0)
    )
    areas = [[pair.areas[0] for pair in in_order(p, ["x"])] for p in ([one, two], [two, one])]
    assert areas[0] == areas[1]
    assert sorted(areas[0]) == [50, 70]


def test_wrong_in_areas(judged) -> None:
    with pytest.raises(ShapeError, match=r"Judged.areas.*\[2\].*\[1\]"):
        replace(judged("a", [], [(BOX, 0)]), areas=np.zeros(2))


def test_what_comes_out_is_what_went_in_and_that_stays_as_it_was(random_pairs) -> None:
    pairs, classes = random_pairs(3)
    before = [pair.detections.boxes.clone() for pair in pairs]
    for pair, same, boxes in zip(pairs, in_order(pairs, classes), before, strict=True):
        assert same.name == pair.name
        torch.testing.assert_close(pair.detections.boxes, boxes, rtol=0, atol=0)
        torch.testing.assert_close(same.detections.boxes, boxes, rtol=0, atol=0)
        assert same.target.labels.tolist() == pair.target.labels.tolist()


def test_detections_that_carry_gradients_can_be_judged(judged) -> None:
    pair = judged("a", [(BOX, 0.5, 0)], [])
    learning = replace(pair.detections, scores=pair.detections.scores.requires_grad_())
    (same,) = in_order([replace(pair, detections=learning)], ["x"])
    assert not same.detections.scores.requires_grad


def test_nothing_in() -> None:
    assert in_order([], []) == []


def test_a_picture_without_boxes_needs_no_classes(judged) -> None:
    assert len(in_order([judged("a", [], [])], [])) == 1


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_scores_that_are_not_finite(judged, bad: float) -> None:
    pair = judged("p7", [(BOX, 0.5, 0), (BOX, bad, 0)], [])
    with pytest.raises(ConfigError, match=r"picture p7: score of detection 1: not finite") as e:
        in_order([pair], ["x"])
    assert e.value.code == "RC334"
    assert e.value.got == f"{bad:g}"


@pytest.mark.parametrize("bad", [NAN, INF])
@pytest.mark.parametrize("corner", range(4))
def test_boxes_that_are_not_finite(judged, bad: float, corner: int) -> None:
    box = tuple(bad if k == corner else side for k, side in enumerate(BOX))
    with pytest.raises(ConfigError, match="picture a: box of detection 0: not finite"):
        in_order([judged("a", [(box, 0.5, 0)], [])], ["x"])
    with pytest.raises(ConfigError, match="picture a: box of true box 0: not finite"):
        in_order([judged("a", [], [(box, 0)])], ["x"])


@pytest.mark.parametrize("box", [(5.0, 0.0, 4.0, 9.0), (0.0, 5.0, 9.0, 4.0)])
def test_inverted_boxes(judged, box: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="a: detection 0: inverted box") as e:
        in_order([judged("a", [(box, 0.5, 0)], [])], ["x"])
    assert e.value.code == "RC334"
    with pytest.raises(ConfigError, match="a: true box 0: inverted box"):
        in_order([judged("a", [], [(box, 0)])], ["x"])


def test_a_box_without_area_is_no_error(judged) -> None:
    assert in_order([judged("a", [((3, 3, 3, 3), 0.5, 0)], [])], ["x"])


@pytest.mark.parametrize("label", [-1, 2, 99])
def test_class_ids_outside_the_list(judged, label: int) -> None:
    with pytest.raises(ConfigError, match="class id without a name") as e:
        in_order([judged("a", [(BOX, 0.5, label)], [])], ["x", "y"])
    assert e.value.code == "RC335"
    assert (e.value.got, e.value.want) == (str(label), "0 ... 1")
    with pytest.raises(ConfigError, match="true box 0"):
        in_order([judged("a", [], [(BOX, label)])], ["x", "y"])


def test_boxes_without_any_class(judged) -> None:
    with pytest.raises(ConfigError, match="there are no classes"):
        in_order([judged("a", [(BOX, 0.5, 0)], [])], [])


@pytest.mark.parametrize("value", [-0.1, 1.1, NAN, INF])
def test_thresholds_are_shares(value: float) -> None:
    with pytest.raises(ConfigError, match="no such threshold") as e:
        require_share("iou", value)
    assert (e.value.code, e.value.place) == ("RC336", "iou")


@pytest.mark.parametrize("value", [0, 0.5, 1])
def test_the_ends_are_thresholds_too(value: float) -> None:
    require_share("iou", value)


def test_shapes_are_checked_at_birth_already() -> None:
    with pytest.raises(ConfigError, match=r"want a \[1\] tensor of float32"):
        Detections(boxes=torch.zeros(1, 4), scores=torch.zeros(2), labels=torch.zeros(1).long())
    assert len(Target.empty().boxes) == 0
