"""A validation split out of the training pictures: by hash, by seed, tiles together."""

from collections import Counter
from pathlib import Path

import pytest

from frcnn.data.dataset import Dataset
from frcnn.data.records import Split
from frcnn.data.split_off import split_off, turn
from frcnn.errors import AnnotationError, ConfigError


def names(split: Split) -> list[str]:
    return [record.name for record in split.records]


def test_a_fifth_is_split_off(standard) -> None:
    whole = Dataset.open(standard.root).split("train")
    train, val = split_off(whole, 0.25)
    assert (train.name, val.name) == ("train", "val")
    assert len(val) == 3
    assert sorted(names(train) + names(val)) == names(whole)
    assert names(val) == sorted(names(val)), "the order of the list is kept"


def test_splitting_off_is_by_picture_and_by_seed(standard) -> None:
    whole = Dataset.open(standard.root).split("train")
    _, val = split_off(whole, 0.25)
    _, again = split_off(whole.subset(reversed(range(12))), 0.25)
    assert set(names(again)) == set(names(val))
    others = {tuple(names(split_off(whole, 0.25, seed=seed)[1])) for seed in range(10)}
    assert len(others) > 5


def test_the_last_picture_of_a_class_stays_in_training(standard) -> None:
    standard.xml("t04", [("owl", 1, 1, 9, 9)])
    whole = Dataset.open(standard.root).split("train")
    for seed in range(20):
        train, val = split_off(whole, 0.9, seed=seed)
        assert train.boxes_per_class["owl"] == 1
        assert min(train.boxes_per_class.values()) > 0
        assert len(train) >= 1
        assert len(val) >= 1


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, float("nan")])
def test_shares_that_are_none(standard, share: float) -> None:
    with pytest.raises(ConfigError, match="RC324"):
        split_off(Dataset.open(standard.root).split("train"), share)


def test_too_few_pictures_to_split(voc) -> None:
    voc.add("a")
    with pytest.raises(AnnotationError, match="RC223"):
        split_off(Dataset.open(voc.root).split("train"))
    voc.xml("b", [])
    voc.picture("b")
    train, val = split_off(Dataset.open(voc.root).split("train"))
    assert (names(train), names(val)) == (["a"], ["b"])


def old_choice(split: Split, share: float, seed: int) -> set[str]:
    """The rule for pictures that stand alone, one by one: no run may get another choice."""
    wanted = max(round(share * len(split)), 1)
    left = Counter(label for r in split.records for label in set(r.target.labels.tolist()))
    taken: set[str] = set()
    for record in sorted(split.records, key=lambda r: turn(seed, r.name)):
        labels = set(record.target.labels.tolist())
        if len(taken) < min(wanted, len(split) - 1) and all(left[label] > 1 for label in labels):
            taken.add(record.name)
            left.subtract(labels)
    return taken


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.99])
def test_pictures_alone_are_chosen_one_by_one(standard, share: float) -> None:
    standard.xml("t04", [("owl", 1, 1, 9, 9)])
    whole = Dataset.open(standard.root).split("train")
    for seed in range(20):
        _, val = split_off(whole, share, seed=seed)
        assert set(names(val)) == old_choice(whole, share, seed)


def by_three(split: Split) -> dict[Path, str]:
    return {r.path: f"p{number // 3}" for number, r in enumerate(split.records)}


def test_tiles_of_one_picture_stay_together(standard) -> None:
    whole = Dataset.open(standard.root).split("train")
    larger = by_three(whole)
    for seed in range(10):
        train, val = split_off(whole, 0.25, seed=seed, together=larger)
        sides = [{larger[r.path] for r in part.records} for part in (train, val)]
        assert not sides[0] & sides[1]
        assert len(val) == 3


def test_a_picture_of_more_tiles_than_the_share_is_taken_up_to_half(standard) -> None:
    whole = Dataset.open(standard.root).split("train")
    larger = dict(zip((r.path for r in whole.records), "aaaabccccccc", strict=True))
    for seed in range(10):
        _, val = split_off(whole, 0.1, seed=seed, together=larger)
        assert len(val) == 1, "b fits the share"
        _, val = split_off(
            whole.subset([*range(4), *range(5, 12)]), 0.1, seed=seed, together=larger
        )
        assert len(val) == 4, "a, never the greater part"


def test_tiles_of_the_only_picture_are_parted(standard) -> None:
    whole = Dataset.open(standard.root).split("train")
    train, val = split_off(whole, 0.25, together={r.path: "one" for r in whole.records})
    assert (len(train), len(val)) == (9, 3)
