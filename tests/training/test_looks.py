"""Which steps look at a picture: the same as the feed deals."""

from collections.abc import Callable
from typing import Any

import pytest

from frcnn.errors import ConfigError
from frcnn.training.batches import Visit
from frcnn.training.feed import feed
from frcnn.training.job import Job, length_of
from frcnn.training.looks import Look, LookPlan, looks_at

Make = Callable[..., Job]


def looks(job: Job, wanted: Any = range(10), **plan: int) -> dict[int, list[Look]]:
    sizes = [record.size for record in job.train.records]
    return looks_at(sizes, wanted, job.config, length_of(job), LookPlan(**plan))


def fed(job: Job, step: int = 1) -> list[Look]:
    """All visits of the feed with their steps, from one on."""

    def never(*_: object) -> None:
        raise AssertionError

    read = feed(job, length_of(job), step - 1, never)
    return [
        Look(number, example.visit)
        for number, parts in enumerate(read, start=step)
        for part in parts
        for example in part
    ]


@pytest.mark.parametrize(
    "changes",
    [
        (),
        ("training.seed=3",),
        ("training.batches.flip=double", "training.batches.size=3"),
        ("training.optimizer.accumulate=2", "training.batches.size=1"),
    ],
)
@pytest.mark.parametrize("step", [1, 3])
def test_they_are_what_the_feed_deals(make_job: Make, changes: tuple[str, ...], step: int) -> None:
    job = make_job(*changes)
    want: dict[int, list[Look]] = {}
    for look in fed(job, step):
        want.setdefault(look.visit.picture, []).append(look)
    assert looks(job, step=step, pictures=10, looks=99) == want
    assert list(looks(job, step=step, pictures=10, looks=99)) == list(want)
    few = {picture: each[:1] for picture, each in list(want.items())[:4]}
    assert looks(job, step=step, pictures=4, looks=1) == few


def test_only_pictures_that_are_wanted(make_job: Make) -> None:
    found = looks(make_job("training.schedule.steps=40"), {2, 7}, pictures=6, looks=3)
    assert sorted(found) == [2, 7]
    assert [len(each) for each in found.values()] == [3, 3]
    for picture, each in found.items():
        assert {look.visit.picture for look in each} == {picture}
        assert [look.visit.epoch for look in each] == [0, 1, 2]


def test_golden(make_job: Make) -> None:
    first = looks(make_job(), pictures=1, looks=1)
    assert list(first.values()) == [[Look(1, Visit(0, next(iter(first)), 0))]]


def test_nothing_in(make_job: Make) -> None:
    assert looks(make_job(), ()) == {}


def test_wrong_in(make_job: Make) -> None:
    job = make_job()
    total = length_of(job).total
    with pytest.raises(ConfigError, match="RC350") as caught:
        looks(job, step=total + 1)
    assert (caught.value.got, caught.value.want) == (str(total + 1), f"1 ... {total}")
    for plan in ({"step": 0}, {"pictures": 0}, {"looks": -1}):
        with pytest.raises(ConfigError, match="RC350"):
            LookPlan(**plan)
