"""VOC's two average precisions: the published toy, the authors' rounding, difficult objects."""

import math

import numpy as np
import pytest

from frcnn.errors import ConfigError
from frcnn.evaluation.voc import (
    RECALLS,
    average_precision_11,
    average_precision_area,
    mean_of_known,
    voc,
)

ONE = (0.0, 0.0, 10.0, 10.0)
TWO = (20.0, 0.0, 30.0, 10.0)
AWAY = (50.0, 50.0, 60.0, 60.0)
RULES = (average_precision_11, average_precision_area)


def toy() -> tuple[np.ndarray, np.ndarray]:
    """Eight detections T F T F T T F T of five objects."""
    right = np.cumsum([1, 0, 1, 0, 1, 1, 0, 1])
    return right / 5, right / np.arange(1, 9)


def test_golden_toy() -> None:
    assert average_precision_11(*toy()) == pytest.approx(0.75, abs=1e-15)
    assert average_precision_area(*toy()) == pytest.approx(0.725, abs=1e-15)


def test_golden_toy_from_boxes(judged) -> None:
    """The same toy, as five objects side by side and eight boxes."""
    places = [(20.0 * k, 0.0, 20.0 * k + 10, 10.0) for k in range(5)]
    boxes = [places[0], AWAY, places[1], AWAY, places[2], places[3], AWAY, places[4]]
    found = [(box, 0.9 - 0.1 * k, 0) for k, box in enumerate(boxes)]
    got = voc([judged("a", found, [(box, 0) for box in places])], ["x"])
    assert got.ap_11point == (pytest.approx(0.75, abs=1e-15),)
    assert got.ap_area == (pytest.approx(0.725, abs=1e-15),)


def test_the_eleven_recalls_carry_the_authors_rounding() -> None:
    """3 of 10 objects do not reach the fourth recall, which is 0.30000000000000004."""
    assert len(RECALLS) == 11
    assert RECALLS[3] == 0.30000000000000004
    recall, precision = np.array([0.1, 0.2, 0.3]), np.ones(3)
    assert average_precision_11(recall, precision) == pytest.approx(3 / 11)


def test_difficult_objects_are_neutral(judged) -> None:
    found = [(ONE, 0.9, 0), (TWO, 0.8, 0)]
    got = voc([judged("a", found, [(ONE, 0, True), (TWO, 0)])], ["x"])
    assert got.ap_area == (1.0,)
    missed = voc([judged("a", [(TWO, 0.8, 0)], [(ONE, 0, True), (TWO, 0)])], ["x"])
    assert missed.ap_area == (1.0,)


def test_classes_without_objects_are_left_out_of_the_mean(judged) -> None:
    """B11: only difficult ones, or none at all."""
    pair = judged("a", [(ONE, 0.9, 0), (AWAY, 0.9, 2)], [(ONE, 0), (TWO, 1, True)])
    got = voc([pair], ["x", "y", "z"])
    assert got.ap_11point == (pytest.approx(1.0), None, None)
    assert got.ap_area == (1.0, None, None)
    assert got.map_area == 1.0


def test_objects_that_nobody_looked_for_count_as_nothing_found(judged) -> None:
    got = voc([judged("a", [], [(ONE, 0)])], ["x"])
    assert (got.ap_11point, got.ap_area) == ((0.0,), (0.0,))


def test_perfect_is_one(judged) -> None:
    pairs = [judged(str(k), [(ONE, 0.9, 0)], [(ONE, 0)]) for k in range(5)]
    assert voc(pairs, ["x"]).ap_area == (1.0,)
    assert voc(pairs, ["x"]).map_11point == pytest.approx(1.0, abs=1e-15)


def test_the_threshold_is_an_argument(judged) -> None:
    pair = judged("a", [((0, 0, 10, 8), 0.9, 0)], [(ONE, 0)])
    assert voc([pair], ["x"], iou=0.75).map_area == 1.0
    assert voc([pair], ["x"], iou=0.85).map_area == 0.0


def test_scores_of_any_scale_only_rank(judged) -> None:
    """B19: the devkit's files may hold scores above 1 or below 0."""
    shares = judged("a", [(ONE, 0.9, 0), (AWAY, 0.1, 0)], [(ONE, 0)])
    others = judged("a", [(ONE, 17.0, 0), (AWAY, -3.0, 0)], [(ONE, 0)])
    assert voc([shares], ["x"]).ap_area == voc([others], ["x"]).ap_area == (1.0,)


@pytest.mark.parametrize("rule", RULES)
def test_nothing_in(rule) -> None:
    assert rule(np.zeros(0), np.zeros(0)) == 0.0


def test_nothing_in_at_all() -> None:
    got = voc([], ["x"])
    assert (got.ap_11point, got.map_11point, got.map_area) == ((None,), None, None)
    assert voc([], []).ap_area == ()


def test_mean_of_known() -> None:
    assert mean_of_known([0.5, None, 0.25]) == 0.375
    assert mean_of_known([None]) is None
    assert mean_of_known([]) is None


def test_wrong_in(judged) -> None:
    with pytest.raises(ConfigError, match="RC336"):
        voc([], ["x"], iou=math.nan)
    with pytest.raises(ConfigError, match="RC334"):
        voc([judged("a", [(ONE, math.nan, 0)], [])], ["x"])
