"""Checks of stored proposals: the first bad row is found wherever it stands, in small parts."""

import numpy as np
import pytest

from frcnn.data import proposal_checks
from frcnn.data.proposal_checks import require_sound
from frcnn.errors import DataError

SIZES = np.array([[40, 60], [30, 20]], np.int32)
GOOD = [0, 0, 20, 30, 1]


def check(rows: list[list[float]], first: list[int]) -> None:
    array = np.array(rows, np.float32).reshape(-1, 5)
    require_sound(array, np.array(first), SIZES, ("a", "b"), "p")


def is_good(row: list[float]) -> bool:
    """What plain numbers say of a row in the picture b."""
    x1, y1, x2, y2, score = row
    return 0 <= x1 <= x2 <= 20 and 0 <= y1 <= y2 <= 30 and abs(score) < np.inf


def test_golden_a_box_as_large_as_its_picture_and_one_of_a_point() -> None:
    check([[0, 0, 60, 40, 1], [60, 40, 60, 40, -3], [0, 0, 20, 30, 0]], [0, 2, 3])


def test_what_fits_one_picture_does_not_fit_the_other() -> None:
    check([[0, 0, 60, 40, 1]], [0, 1, 1])
    with pytest.raises(
        DataError, match=r"b, row 0: \(0, 0, 60, 40\), score 1, want .* <= 20, .*30"
    ):
        check([[0, 0, 60, 40, 1]], [0, 0, 1])


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
@pytest.mark.parametrize("bad", range(6))
def test_the_row_is_counted_within_its_picture(
    monkeypatch: pytest.MonkeyPatch, at_once: int, bad: int
) -> None:
    monkeypatch.setattr(proposal_checks, "_ROWS_AT_ONCE", at_once)
    rows: list[list[float]] = [list(GOOD) for _ in range(6)]
    check(rows, [0, 4, 6])
    rows[bad][2] = -1
    where = f"a, row {bad}" if bad < 4 else f"b, row {bad - 4}"
    with pytest.raises(DataError, match=f"RC254.*got {where}: "):
        check(rows, [0, 4, 6])


def test_two_copies_of_each_picture() -> None:
    rows = [[0, 0, 60, 40, 1], [0, 0, 60, 40, 1], GOOD, GOOD]
    check(rows, [0, 1, 2, 3, 4])
    with pytest.raises(DataError, match="b, row 0"):
        check([*rows[:3], rows[0]], [0, 1, 2, 3, 4])


def test_oracle_no_bad_row_passes_and_no_good_one_is_refused() -> None:
    chance = np.random.default_rng(0)
    values = np.array([-np.inf, -1, -0.0, 0, 1, 19.5, 20, 20.5, 30, 31, np.inf, np.nan])
    bad = 0
    for row in chance.choice(values, (500, 5)).tolist():
        if is_good(row):
            check([row], [0, 0, 1])
            continue
        bad += 1
        with pytest.raises(DataError, match="RC254"):
            check([row], [0, 0, 1])
    assert 300 < bad < 500


def test_nothing_in() -> None:
    check([], [0, 0, 0])
    require_sound(np.zeros((0, 5), np.float32), np.array([0]), SIZES[:0], (), "p")
