"""COCO's twelve figures by hand; against pycocotools they are in `test_coco_oracle.py`."""

import json
import math
import warnings

import pytest

from frcnn.errors import ConfigError
from frcnn.evaluation.coco import NAMES, coco

SMALL = (0.0, 0.0, 10.0, 10.0)
MEDIUM = (100.0, 100.0, 150.0, 150.0)
LARGE = (200.0, 200.0, 300.0, 300.0)
AWAY = (500.0, 500.0, 560.0, 560.0)


def test_perfect_is_exactly_one_b10(judged) -> None:
    """The first box, of the first class, in the first picture: COCO's ids would all be 0."""
    pairs = [
        judged(f"{k}", [(box, 0.9, label)], [(box, label)])
        for k, (box, label) in enumerate([(SMALL, 0), (MEDIUM, 1), (LARGE, 0)])
    ]
    got = coco(pairs, ["x", "y"])
    assert set(got.values.values()) == {1.0}
    assert got.per_class_ap == got.per_class_ap50 == (1.0, 1.0)


def test_the_names_are_cocos_twelve(judged) -> None:
    got = coco([judged("a", [(SMALL, 0.9, 0)], [(SMALL, 0)])], ["x"])
    assert tuple(got.values) == NAMES
    assert len(NAMES) == 12


def test_sizes_are_square_pixels_of_the_original_picture(judged) -> None:
    pair = judged("a", [(SMALL, 0.9, 0)], [(SMALL, 0), (MEDIUM, 0)])
    values = coco([pair], ["x"]).values
    assert values["AR_small"] == 1.0
    assert values["AR_medium"] == 0.0
    assert values["AR_large"] is None, "no large object"
    assert values["AP_large"] is None


def test_stricter_overlaps(judged) -> None:
    """IoU 0.8: right at the seven thresholds from 0.5 to 0.8, wrong at three."""
    pair = judged("a", [((0, 0, 10, 8), 0.9, 0)], [(SMALL, 0)])
    values = coco([pair], ["x"]).values
    assert values["AP"] == pytest.approx(0.7)
    assert (values["AP50"], values["AP75"]) == (1.0, 1.0)
    assert values["AR_1"] == pytest.approx(0.7)


def test_only_the_best_hundred_of_a_class_count(judged) -> None:
    many = [(AWAY, 0.9, 0)] * 100
    buried = judged("a", [*many, (SMALL, 0.1, 0)], [(SMALL, 0)])
    seen = judged("a", [*many[:99], (SMALL, 0.1, 0)], [(SMALL, 0)])
    assert coco([buried], ["x"]).values["AR_100"] == 0.0
    assert coco([seen], ["x"]).values["AR_100"] == 1.0


def test_recall_of_the_best_and_the_best_ten(judged) -> None:
    pair = judged("a", [(AWAY, 0.9, 0), (SMALL, 0.8, 0)], [(SMALL, 0)])
    values = coco([pair], ["x"]).values
    assert (values["AR_1"], values["AR_10"]) == (0.0, 1.0)


def test_difficult_objects_are_neutral_b11(judged) -> None:
    """Neither missed, nor found, nor what makes a detection wrong."""
    true = [(SMALL, 0), (LARGE, 0, True)]
    hit = judged("a", [(LARGE, 0.9, 0), (SMALL, 0.8, 0)], true)
    unhit = judged("a", [(SMALL, 0.8, 0)], true)
    for pair in (hit, unhit):
        values = coco([pair], ["x"]).values
        assert (values["AP"], values["AR_100"]) == (1.0, 1.0)
        assert values["AP_large"] is None


def test_a_difficult_box_takes_several_that_lie_in_it(judged) -> None:
    """COCO's rule for crowds: the share of the detection's own area counts."""
    parts = [((200, 200, 230, 230), 0.9, 0), ((240, 240, 270, 270), 0.9, 0)]
    pair = judged("a", [*parts, (SMALL, 0.8, 0)], [(SMALL, 0), (LARGE, 0, True)])
    assert coco([pair], ["x"]).values["AP"] == 1.0


def test_a_class_of_difficult_objects_alone_has_no_figure_b11(judged) -> None:
    true = [(SMALL, 0), (LARGE, 1, True)]
    got = coco([judged("a", [(SMALL, 0.9, 0), (LARGE, 0.9, 1)], true)], ["x", "y", "z"])
    assert got.per_class_ap == got.per_class_ap50 == (1.0, None, None)
    assert got.values["AP"] == 1.0


def test_a_wrong_detection_of_an_absent_class_costs_nothing(judged) -> None:
    pair = judged("a", [(SMALL, 0.9, 0), (AWAY, 0.9, 1)], [(SMALL, 0)])
    assert coco([pair], ["x", "y"]).values["AP"] == 1.0


def test_objects_that_nobody_looked_for(judged) -> None:
    values = coco([judged("a", [], [(SMALL, 0)])], ["x"]).values
    assert (values["AP"], values["AR_100"]) == (0.0, 0.0)


def test_unsorted_and_any_scale_of_scores_b19(judged) -> None:
    shares = judged("a", [(SMALL, 0.9, 0), (AWAY, 0.1, 0)], [(SMALL, 0)])
    others = judged("a", [(AWAY, -3.0, 0), (SMALL, 17.0, 0)], [(SMALL, 0)])
    assert coco([shares], ["x"]) == coco([others], ["x"])


@pytest.mark.parametrize("classes", [[], ["x"], ["x", "y"]])
def test_nothing_in(judged, classes: list[str]) -> None:
    for pairs in ([], [judged("a", [], [])]):
        got = coco(pairs, classes)
        assert got.values == dict.fromkeys(NAMES)
        assert got.per_class_ap == got.per_class_ap50 == (None,) * len(classes)


def test_nothing_but_detections(judged) -> None:
    assert coco([judged("a", [(SMALL, 0.9, 0)], [])], ["x"]).values["AP"] is None


def test_nothing_is_printed_and_nothing_warned(judged, capsys) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        coco([judged("a", [(SMALL, 0.9, 0)], [(SMALL, 0)])], ["x"])
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_figures_are_plain_numbers(random_pairs) -> None:
    got = coco(*random_pairs(1))
    json.dumps([dict(got.values), got.per_class_ap, got.per_class_ap50], allow_nan=False)


def test_wrong_in(judged) -> None:
    with pytest.raises(ConfigError, match="RC335"):
        coco([judged("a", [(SMALL, 0.9, 1)], [])], ["x"])
    with pytest.raises(ConfigError, match="RC334"):
        coco([judged("a", [(SMALL, math.nan, 0)], [])], ["x"])
