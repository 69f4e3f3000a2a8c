"""Which pictures are worth looking at."""

from pathlib import Path

import pytest
import torch

from frcnn.data.choosing import MOST, USUAL, choose, classes_in, nothing_to_show
from frcnn.data.records import Record, Stamp
from frcnn.types import Size, Target


def record(name: str, *labels: int) -> Record:
    count = len(labels)
    target = Target(
        boxes=torch.tensor([[0.0, 0.0, 1.0, 1.0]]).repeat(count, 1),
        labels=torch.tensor(labels, dtype=torch.int64),
        difficult=torch.zeros(count, dtype=torch.bool),
    )
    return Record(
        name=name, path=Path(f"{name}.png"), size=Size(4, 4), target=target, stamp=Stamp(1, 1)
    )


COMMON = [record(f"p{n}", 0) for n in range(100)]
RARE = [record("owl", 0, 1), record("fox", 2), record("both", 1, 2)]


def test_golden_every_class_is_seen_in_few_pictures() -> None:
    chosen = choose([*COMMON, *RARE], (), count=2, seed=0)
    assert [r.name for r in chosen[:1]] == ["both"]
    assert classes_in(chosen) == {0, 1, 2}


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_pictures_changes_nothing(seed: int) -> None:
    pictures = [*COMMON, *RARE]
    first = choose(pictures, (), count=10, seed=seed)
    assert choose(pictures[::-1], (), count=10, seed=seed) == first
    assert len({r.path for r in first}) == 10
    assert choose(pictures, (), count=10, seed=seed + 1) != first


def test_a_quarter_for_pictures_with_faults() -> None:
    faulty = {r.path for r in COMMON[:50]}
    chosen = choose(COMMON, faulty, count=8, seed=1)
    assert sum(r.path in faulty for r in chosen[1:3]) == 2
    assert choose(COMMON, {COMMON[7].path}, count=4, seed=1)[:2].count(COMMON[7]) == 1


def test_as_many_as_it_takes_where_no_number_is_named() -> None:
    assert len(choose(COMMON, (), count=None, seed=0)) == USUAL
    many = [record(f"c{n}", n) for n in range(40)]
    assert len(choose(many, (), count=None, seed=0)) == 40
    most = [record(f"c{n}", n) for n in range(MOST + 5)]
    assert len(choose(most, (), count=None, seed=0)) == MOST


def test_nothing_in() -> None:
    assert choose([], (), count=None, seed=0) == ()
    assert choose([record("a")], (), count=5, seed=0)[0].name == "a"
    assert classes_in([record("a")]) == set()


def test_a_choice_that_nothing_fits() -> None:
    error = nothing_to_show("", "owl", ("train", "val"))
    assert (error.code, error.got) == ("RC379", "split any, class owl")
    assert error.fix.endswith("the splits are train, val")
