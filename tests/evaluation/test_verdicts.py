"""give_verdicts: the rules of VOC, one test each, on boxes that can be drawn by hand."""

import numpy as np
import pytest

from frcnn.errors import ConfigError
from frcnn.evaluation.verdicts import Verdicts, give_verdicts, overlaps

ONE = (0.0, 0.0, 10.0, 10.0)
MOST = (0.0, 0.0, 10.0, 8.0)  # IoU 0.8 with ONE
HALF = (0.0, 0.0, 10.0, 5.0)  # IoU exactly 0.5 with ONE
AWAY = (50.0, 50.0, 60.0, 60.0)


def verdicts(judged, found, true, classes=("x", "y"), iou=0.5) -> Verdicts:
    return give_verdicts([judged("a", found, true)], classes, iou=iou)


def test_a_box_on_an_object_is_right(judged) -> None:
    got = verdicts(judged, [(MOST, 0.9, 0)], [(ONE, 0)])
    assert got.right.tolist() == [True]
    assert got.targets.tolist() == [0]
    assert got.objects.tolist() == [1, 0]


def test_the_threshold_has_to_be_passed(judged) -> None:
    assert verdicts(judged, [(HALF, 0.9, 0)], [(ONE, 0)]).right.tolist() == [False]
    assert verdicts(judged, [(HALF, 0.9, 0)], [(ONE, 0)], iou=0.49).right.tolist() == [True]


def test_another_class_does_not_count(judged) -> None:
    got = verdicts(judged, [(ONE, 0.9, 1)], [(ONE, 0)])
    assert got.right.tolist() == [False]
    assert got.targets.tolist() == [-1]


def test_another_picture_does_not_count(judged) -> None:
    pairs = [judged("a", [(ONE, 0.9, 0)], []), judged("b", [], [(ONE, 0)])]
    assert give_verdicts(pairs, ["x"]).right.tolist() == [False]


def test_the_second_on_one_object_is_wrong(judged) -> None:
    got = verdicts(judged, [(MOST, 0.6, 0), (ONE, 0.5, 0)], [(ONE, 0)])
    assert got.right.tolist() == [True, False]
    assert got.targets.tolist() == [0, 0]


def test_only_the_best_box_is_tried(judged) -> None:
    """A second detection does not move on to the next object, though it overlaps that one too."""
    near = (0.0, 0.0, 10.0, 9.0)
    got = verdicts(judged, [(ONE, 0.9, 0), (ONE, 0.8, 0)], [(ONE, 0), (near, 0)])
    assert got.right.tolist() == [True, False]


def test_the_first_of_equally_good_boxes(judged) -> None:
    got = verdicts(judged, [(ONE, 0.9, 0)], [(ONE, 0), (ONE, 0)])
    assert got.targets.tolist() == [0]


def test_difficult_is_neutral_however_often_it_is_hit(judged) -> None:
    found = [(ONE, 0.9, 0), (MOST, 0.8, 0), (AWAY, 0.7, 0)]
    got = verdicts(judged, found, [(ONE, 0, True)])
    assert got.neutral.tolist() == [True, True, False]
    assert not got.right.any()
    assert got.objects.tolist() == [0, 0]


def test_highest_score_first_and_ties_by_name_then_as_given(judged) -> None:
    pairs = [
        judged("b", [(ONE, 0.5, 0), (AWAY, 0.9, 0)], [(ONE, 0)]),
        judged("a", [(AWAY, 0.5, 0), (ONE, 0.5, 0)], [(ONE, 0)]),
    ]
    got = give_verdicts(pairs, ["x"])
    assert got.scores.tolist() == pytest.approx([0.9, 0.5, 0.5, 0.5])
    assert got.pictures.tolist() == [1, 0, 0, 1]
    assert got.rows.tolist() == [1, 0, 1, 0]
    assert got.right.tolist() == [False, False, True, True]


@pytest.mark.parametrize("seed", range(20))
def test_what_always_holds(random_pairs, seed: int) -> None:
    pairs, classes = random_pairs(seed)
    got = give_verdicts(pairs, classes)
    assert (np.diff(got.scores) <= 0).all()
    assert not (got.right & got.neutral).any()
    assert (got.targets[got.right | got.neutral] >= 0).all()
    rights = np.bincount(got.labels[got.right], minlength=len(classes))
    assert (rights <= got.objects).all()
    taken = list(zip(got.pictures[got.right], got.targets[got.right], strict=True))
    assert len(set(taken)) == len(taken), "no object is found twice"
    assert len(got.scores) == sum(len(pair.detections.boxes) for pair in pairs)
    rows = set(zip(got.pictures.tolist(), got.rows.tolist(), strict=True))
    assert len(rows) == len(got.rows), "every detection has its verdict"


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_pictures_does_not_matter(random_pairs, seed: int) -> None:
    pairs, classes = random_pairs(seed)
    one, two = give_verdicts(pairs, classes), give_verdicts(pairs[::-1], classes)
    for name, values in vars(one).items():
        np.testing.assert_array_equal(values, getattr(two, name))


def test_overlaps_are_of_all_classes_and_in_float64(judged) -> None:
    pair = judged("a", [(MOST, 0.9, 1), (AWAY, 0.9, 0)], [(ONE, 0), (AWAY, 1)])
    got = overlaps(pair)
    assert got.dtype == np.float64
    assert got.tolist() == [[0.8, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize("classes", [[], ["x"]])
def test_nothing_in(judged, classes: list[str]) -> None:
    for pairs in ([], [judged("a", [], [])]):
        got = give_verdicts(pairs, classes)
        assert len(got.scores) == len(got.right) == len(got.targets) == 0
        assert got.objects.tolist() == [0] * len(classes)


def test_no_detection_at_all(judged) -> None:
    assert verdicts(judged, [], [(ONE, 1)]).objects.tolist() == [0, 1]


def test_wrong_in(judged) -> None:
    with pytest.raises(ConfigError, match="RC336"):
        verdicts(judged, [], [], iou=1.5)
    with pytest.raises(ConfigError, match="RC335"):
        verdicts(judged, [(ONE, 0.9, 2)], [])
