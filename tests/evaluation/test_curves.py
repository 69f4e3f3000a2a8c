"""Precision, recall and best F1 of a class, on lists short enough to count."""

import numpy as np
import pytest

from frcnn.errors import ConfigError
from frcnn.evaluation.curves import ClassCurve, OperatingPoint, class_curves

ONE = (0.0, 0.0, 10.0, 10.0)
AWAY = (50.0, 50.0, 60.0, 60.0)


def curve(right: str, objects: int, scores: list[float] | None = None) -> ClassCurve:
    """From T and F, best score first."""
    values = np.array([letter == "T" for letter in right], dtype=bool)
    falling = np.linspace(0.9, 0.1, len(right)) if scores is None else np.array(scores)
    return ClassCurve(scores=falling, right=values, objects=objects)


def test_golden_precision_and_recall() -> None:
    toy = curve("TFTFTTFT", 5)
    np.testing.assert_allclose(toy.recall, [0.2, 0.2, 0.4, 0.4, 0.6, 0.8, 0.8, 1.0])
    np.testing.assert_allclose(toy.precision, [1, 1 / 2, 2 / 3, 1 / 2, 3 / 5, 4 / 6, 4 / 7, 5 / 8])


def test_golden_best_f1() -> None:
    best = curve("TFTFTTFT", 5).best_f1()  # 2 * 5 / (8 + 5) beats 2 * 4 / (6 + 5)
    assert best == OperatingPoint(score=0.1, precision=5 / 8, recall=1.0, f1=10 / 13)


def test_the_higher_score_of_two_equally_good() -> None:
    best = curve("TFFT", 2, [0.9, 0.8, 0.7, 0.6]).best_f1()
    assert best is not None
    assert best.score == 0.9  # 2 * 1 / (1 + 2) = 2 * 2 / (4 + 2)


def test_detections_of_one_score_are_taken_together() -> None:
    best = curve("TFF", 1, [0.5, 0.5, 0.5]).best_f1()
    assert best == OperatingPoint(score=0.5, precision=1 / 3, recall=1.0, f1=0.5)


@pytest.mark.parametrize("right", ["", "F", "FFF"])
def test_no_best_where_nothing_is_right(right: str) -> None:
    assert curve(right, 3).best_f1() is None


def test_perfect() -> None:
    best = curve("TTT", 3).best_f1()
    assert best is not None
    assert (best.precision, best.recall, best.f1) == (1.0, 1.0, 1.0)


def test_nothing_in() -> None:
    empty = curve("", 0)
    assert empty.recall.shape == empty.precision.shape == (0,)
    assert class_curves([], []) == ()
    (one,) = class_curves([], ["x"])
    assert one.objects == 0


def test_recall_without_objects_is_undefined() -> None:
    assert np.isnan(curve("FF", 0).recall).all()


def test_class_by_class_and_without_the_neutral(judged) -> None:
    found = [(ONE, 0.9, 0), (AWAY, 0.8, 1), (AWAY, 0.7, 0)]
    true = [(ONE, 0, True), (AWAY, 1)]
    first, second = class_curves([judged("a", found, true)], ["x", "y"])
    assert (first.right.tolist(), first.objects) == ([False], 0)
    assert (second.right.tolist(), second.objects) == ([True], 1)


@pytest.mark.parametrize("seed", range(20))
def test_best_f1_against_all_thresholds(random_pairs, seed: int) -> None:
    pairs, classes = random_pairs(seed)
    for got in class_curves(pairs, classes):
        values = []
        for score in sorted(set(got.scores.tolist()), reverse=True):
            taken = got.scores >= score
            right = int(got.right[taken].sum())
            values.append((2 * right / (int(taken.sum()) + got.objects), score, right))
        best = got.best_f1()
        if not got.right.any():
            assert best is None
            continue
        highest = max(value for value, _, _ in values)
        assert best is not None
        assert best.f1 == pytest.approx(highest, abs=1e-12)
        assert best.f1 == pytest.approx(
            2 * best.precision * best.recall / (best.precision + best.recall), abs=1e-12
        )
        assert best.score in [score for value, score, _ in values if value == best.f1]


@pytest.mark.parametrize("seed", range(20))
def test_what_always_holds(random_pairs, seed: int) -> None:
    pairs, classes = random_pairs(seed)
    for got in class_curves(pairs, classes):
        assert len(got.scores) == len(got.right)
        if got.objects:
            assert (np.diff(got.recall) >= 0).all()
            assert (got.recall <= 1).all()
        assert ((got.precision >= 0) & (got.precision <= 1)).all()


def test_wrong_in() -> None:
    with pytest.raises(ConfigError, match="RC336"):
        class_curves([], ["x"], iou=-0.5)
