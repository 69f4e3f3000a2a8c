"""Groups of pictures into splits, each with its share of every class."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from frcnn.data.stratify import Groups, stratify

SHARES = (0.7, 0.2, 0.1)


def groups_of(boxes: np.ndarray, sizes: np.ndarray | None = None, seed: int = 0) -> Groups:
    """Groups of one picture each, if nothing else is said."""
    count = len(boxes)
    return Groups(
        boxes=boxes,
        pictures=(boxes > 0).astype(np.int64),
        sizes=np.ones(count, np.int64) if sizes is None else sizes,
        turns=np.random.default_rng(seed).permutation(count),
    )


def in_each(values: np.ndarray, splits: np.ndarray, count: int = 3) -> list:
    return [values[splits == split].sum(axis=0).tolist() for split in range(count)]


def test_golden_ten_pictures() -> None:
    boxes = np.zeros((10, 2), np.int64)
    boxes[:, 0] = 1
    boxes[:5, 1] = 2
    found = stratify(groups_of(boxes), (0.6, 0.4))
    assert in_each(boxes, found, 2) == [[6, 6], [4, 4]]


@pytest.mark.parametrize("seed", range(5))
def test_shares_of_common_and_rare_classes(seed: int) -> None:
    dice = np.random.default_rng(seed)
    boxes = dice.poisson((3.0, 0.5, 0.05), (400, 3))
    found = stratify(groups_of(boxes, seed=seed), SHARES)
    assert np.bincount(found).tolist() == [280, 80, 40]
    shares = np.array(in_each(boxes, found)) / boxes.sum(axis=0)
    assert np.abs(shares - np.array(SHARES)[:, None])[:, :2].max() < 0.02
    assert np.abs(shares - np.array(SHARES)[:, None])[:, 2].max() < 0.1
    assert (shares > 0).all()


def test_by_chance_the_rare_class_would_be_missing() -> None:
    """What stratification is for: three pictures of a class, and each split has one."""
    boxes = np.ones((60, 2), np.int64)
    boxes[3:, 1] = 0
    for seed in range(5):
        found = stratify(groups_of(boxes, seed=seed), SHARES)
        assert in_each(boxes[:, 1], found) == [1, 1, 1]


def test_a_class_in_too_few_groups_is_learnt_first() -> None:
    boxes = np.ones((20, 3), np.int64)
    boxes[1:, 1] = 0
    boxes[2:, 2] = 0
    found = stratify(groups_of(boxes), SHARES)
    assert in_each(boxes[:, 1], found) == [1, 0, 0]
    assert in_each(boxes[:, 2], found) == [1, 1, 0]


def test_large_groups_come_first() -> None:
    sizes = np.array([1] * 40 + [30, 20, 10])
    boxes = sizes[:, None].copy()
    found = stratify(groups_of(boxes, sizes), SHARES)
    assert in_each(sizes, found) == [70, 20, 10]


def test_pictures_without_objects_fill_what_is_left() -> None:
    boxes = np.zeros((10, 1), np.int64)
    boxes[0] = 1
    assert np.bincount(stratify(groups_of(boxes), SHARES)).tolist() == [7, 2, 1]
    assert np.bincount(stratify(groups_of(boxes[1:]), (0.5, 0.5))).tolist() == [5, 4]


def test_another_seed_is_another_choice() -> None:
    boxes = np.ones((50, 1), np.int64)
    first, again, other = (stratify(groups_of(boxes, seed=s), SHARES) for s in (0, 0, 1))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


many = hnp.arrays(
    np.int64, st.tuples(st.integers(3, 30), st.integers(1, 5)), elements=st.integers(0, 3)
)


@given(many, st.integers(0, 9))
def test_every_class_is_in_the_first_split_and_the_order_of_groups_changes_nothing(
    boxes: np.ndarray, seed: int
) -> None:
    groups = groups_of(boxes, seed=seed)
    found = stratify(groups, SHARES)
    assert set(found.tolist()) <= {0, 1, 2}
    if (np.bincount(found, minlength=3) > 1).all():
        assert (boxes[found == 0].sum(axis=0) > 0).tolist() == (boxes.sum(axis=0) > 0).tolist()
    order = np.random.default_rng(seed + 1).permutation(len(boxes))
    moved = stratify(Groups(*(part[order] for part in groups)), SHARES)
    assert moved.tolist() == found[order].tolist()


def test_three_groups_for_three_splits() -> None:
    boxes = np.ones((3, 1), np.int64)
    assert sorted(stratify(groups_of(boxes, np.array([100, 1, 1])), SHARES).tolist()) == [0, 1, 2]
    alone = np.eye(3, dtype=np.int64)
    assert stratify(groups_of(alone), SHARES).tolist() == [0, 0, 0], "each is needed to learn from"
