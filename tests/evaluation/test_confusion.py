"""The confusion matrix: what each object was taken for, cell by cell."""

import numpy as np
import pytest

from frcnn.errors import ConfigError
from frcnn.evaluation.confusion import confusion_matrix
from frcnn.evaluation.verdicts import give_verdicts, overlaps

ONE = (0.0, 0.0, 10.0, 10.0)
MOST = (0.0, 0.0, 10.0, 8.0)
HALF = (0.0, 0.0, 10.0, 5.0)
TWO = (20.0, 0.0, 30.0, 10.0)
AWAY = (50.0, 50.0, 60.0, 60.0)


def cells(judged, found, true, **thresholds) -> dict[tuple[int, int], int]:
    """The cells that are not 0 of classes x, y: 2 is background."""
    matrix = confusion_matrix([judged("a", found, true)], ["x", "y"], **thresholds)
    assert matrix.shape == (3, 3)
    assert matrix.dtype == np.int64
    return {(r, c): int(matrix[r, c]) for r, c in np.argwhere(matrix).tolist()}


def test_right(judged) -> None:
    assert cells(judged, [(ONE, 0.9, 1)], [(ONE, 1)]) == {(1, 1): 1}


def test_taken_for_another_class(judged) -> None:
    assert cells(judged, [(ONE, 0.9, 1)], [(ONE, 0)]) == {(0, 1): 1}


def test_missed(judged) -> None:
    assert cells(judged, [], [(ONE, 0)]) == {(0, 2): 1}


def test_nothing_there(judged) -> None:
    assert cells(judged, [(AWAY, 0.9, 0)], []) == {(2, 0): 1}


def test_beside_the_object_is_both_missed_and_nothing_there(judged) -> None:
    assert cells(judged, [(AWAY, 0.9, 0)], [(ONE, 0)]) == {(0, 2): 1, (2, 0): 1}
    assert cells(judged, [(HALF, 0.9, 1)], [(ONE, 0)]) == {(0, 2): 1, (2, 1): 1}


def test_the_right_class_goes_before_the_higher_score(judged) -> None:
    """The object is found; the wrong class on top of it found nothing that was still free."""
    found = [(ONE, 0.9, 1), (MOST, 0.6, 0)]
    assert cells(judged, found, [(ONE, 0)]) == {(0, 0): 1, (2, 1): 1}


def test_among_wrong_classes_the_higher_score_goes_first(judged) -> None:
    found = [(ONE, 0.6, 1), (ONE, 0.9, 2)]
    pair = judged("a", found, [(ONE, 0)])
    matrix = confusion_matrix([pair], ["x", "y", "z"])
    assert matrix[0].tolist() == [0, 0, 1, 0]
    assert matrix[3].tolist() == [0, 1, 0, 0]


def test_a_confusion_takes_the_box_it_overlaps_most(judged) -> None:
    found = [(ONE, 0.9, 1)]
    true = [(MOST, 0), (ONE, 0)]
    assert cells(judged, found, true) == {(0, 1): 1, (0, 2): 1}


def test_a_second_on_one_object_found_nothing(judged) -> None:
    found = [(ONE, 0.9, 0), (ONE, 0.8, 0)]
    assert cells(judged, found, [(ONE, 0)]) == {(0, 0): 1, (2, 0): 1}


def test_a_second_on_one_object_does_not_move_on_to_its_neighbour(judged) -> None:
    """Right or wrong of a class is decided by VOC's rules alone; step 3 is for other classes."""
    near = (0.0, 0.0, 10.0, 9.0)
    found = [(ONE, 0.9, 0), (ONE, 0.8, 0)]
    assert cells(judged, found, [(ONE, 0), (near, 0)]) == {(0, 0): 1, (0, 2): 1, (2, 0): 1}


def test_detections_need_not_come_sorted(judged) -> None:
    pair = judged("a", [(AWAY, 0.6, 2), (ONE, 0.9, 1)], [(ONE, 0)])
    matrix = confusion_matrix([pair], ["x", "y", "z"])
    assert np.argwhere(matrix).tolist() == [[0, 1], [3, 2]]


def test_scores_from_the_threshold_on(judged) -> None:
    found = [(ONE, 0.5, 0), (TWO, 0.25, 0)]
    true = [(ONE, 0), (TWO, 0)]
    assert cells(judged, found, true) == {(0, 0): 1, (0, 2): 1}
    assert cells(judged, found, true, score=0.25) == {(0, 0): 2}


def test_the_threshold_of_the_overlap(judged) -> None:
    assert cells(judged, [(HALF, 0.9, 1)], [(ONE, 0)], iou=0.4) == {(0, 1): 1}


def test_difficult_objects_are_neutral(judged) -> None:
    assert cells(judged, [(ONE, 0.9, 0), (ONE, 0.8, 0)], [(ONE, 0, True)]) == {}
    assert cells(judged, [], [(ONE, 0, True)]) == {}


def test_another_class_on_a_difficult_object_found_nothing(judged) -> None:
    """As for VOC, where it is a mistake of its class."""
    assert cells(judged, [(ONE, 0.9, 1)], [(ONE, 0, True)]) == {(2, 1): 1}


def test_pictures_add_up(judged) -> None:
    pairs = [judged(str(k), [(ONE, 0.9, 0)], [(ONE, 0)]) for k in range(3)]
    assert confusion_matrix(pairs, ["x"]).tolist() == [[3, 0], [0, 0]]


@pytest.mark.parametrize("seed", range(40))
def test_what_always_holds(random_pairs, seed: int) -> None:
    pairs, classes = random_pairs(seed)
    score = (0.5, 0.0, 0.8)[seed % 3]
    matrix = confusion_matrix(pairs, classes, score=score)
    verdicts = give_verdicts(pairs, classes)
    counted = (verdicts.scores >= score) & ~verdicts.neutral
    size = len(classes)
    found = np.bincount(verdicts.labels[counted], minlength=size)
    right = np.bincount(verdicts.labels[counted & verdicts.right], minlength=size)
    assert matrix[:-1].sum(axis=1).tolist() == verdicts.objects.tolist(), "rows are objects"
    assert matrix[:, :-1].sum(axis=0).tolist() == found.tolist(), "columns are detections"
    assert np.diag(matrix)[:-1].tolist() == right.tolist(), "the diagonal is what VOC calls right"
    assert matrix[-1, -1] == 0


def plain(pairs, classes, score: float) -> np.ndarray:
    """The four steps, detection by detection, on top of the verdicts."""
    verdicts, size = give_verdicts(pairs, classes), len(classes)
    matrix = np.zeros((size + 1, size + 1), dtype=np.int64)
    for number, pair in enumerate(sorted(pairs, key=lambda pair: pair.name)):
        labels = pair.target.labels.tolist()
        free = {row for row, hard in enumerate(pair.target.difficult.tolist()) if not hard}
        left = []
        for place in np.flatnonzero(verdicts.pictures == number).tolist():
            if verdicts.scores[place] < score or verdicts.neutral[place]:
                continue
            if verdicts.right[place]:
                row = int(verdicts.targets[place])
                matrix[labels[row], verdicts.labels[place]] += 1
                free.remove(row)
            else:
                left.append(place)
        shares = overlaps(pair)
        for place in left:
            found = int(verdicts.labels[place])
            near = [
                (shares[verdicts.rows[place], row], -row) for row in free if labels[row] != found
            ]
            share, row = max(near, default=(0.0, 0))
            if share > 0.5:
                free.remove(-row)
            matrix[labels[-row] if share > 0.5 else size, found] += 1
        for row in free:
            matrix[labels[row], size] += 1
    return matrix


@pytest.mark.parametrize("seed", range(60))
def test_against_the_steps_written_down_plainly(random_pairs, seed: int) -> None:
    pairs, classes = random_pairs(seed)
    score = (0.5, 0.0)[seed % 2]
    np.testing.assert_array_equal(
        confusion_matrix(pairs, classes, score=score), plain(pairs, classes, score)
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_pictures_does_not_matter(random_pairs, seed: int) -> None:
    pairs, classes = random_pairs(seed)
    one, two = confusion_matrix(pairs, classes), confusion_matrix(pairs[::-1], classes)
    np.testing.assert_array_equal(one, two)


def test_nothing_in(judged) -> None:
    assert confusion_matrix([], ["x"]).tolist() == [[0, 0], [0, 0]]
    assert confusion_matrix([], []).tolist() == [[0]]
    assert confusion_matrix([judged("a", [], [])], ["x"]).sum() == 0


@pytest.mark.parametrize("name", ["iou", "score"])
def test_wrong_in(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}: no such threshold") as e:
        confusion_matrix([], ["x"], **{name: 2.0})
    assert e.value.code == "RC336"
