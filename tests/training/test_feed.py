"""The batches of all steps, in shares; one reader that dies costs nothing, two end it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from frcnn.errors import TrainingError
from frcnn.training import feed as feed_module
from frcnn.training.distributed import World
from frcnn.training.feed import feed
from frcnn.training.job import Job, length_of

Make = Callable[..., Job]


def never(died: TrainingError, step: int) -> None:
    raise AssertionError((died, step))


def pictures(job: Job, step: int = 0) -> list[list[list[int]]]:
    read = feed(job, length_of(job), step, never)
    return [[[example.visit.picture for example in part] for part in parts] for parts in read]


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets readers die: `dying(2, 0)`, first after two batches, then at once, then no more."""
    real = feed_module.load

    def arm(*lives: int, code: str = "RC411") -> None:
        left = list(lives)

        def load(*arguments: Any) -> Iterator[Any]:
            life = left.pop(0) if left else None
            for number, batch in enumerate(real(*arguments)):
                if number == life:
                    raise TrainingError(
                        code, "train06.png", "a reading process died", fix="--resume"
                    )
                yield batch

        monkeypatch.setattr(feed_module, "load", load)

    return arm


# what always holds


def test_the_shares_of_two_processes_are_the_batches_of_one(make_job: Make) -> None:
    job = make_job()
    whole = pictures(job)
    assert len(whole) == length_of(job).total
    shares = [pictures(replace(job, world=World(rank=rank, size=2))) for rank in (0, 1)]
    for step, parts in enumerate(whole):
        for row, batch in enumerate(parts):
            assert shares[0][step][row] == batch[0::2]
            assert shares[1][step][row] == batch[1::2]


def test_a_share_knows_its_whole_batch(make_job: Make) -> None:
    job = make_job()
    second = replace(job, world=World(rank=1, size=2))
    for parts, batches in zip(feed(second, length_of(job), 0, never), pictures(job), strict=True):
        assert [[visit.picture for visit in part.visits] for part in parts] == batches


@pytest.mark.parametrize("step", [0, 1, 4])
def test_it_goes_on_after_any_step(make_job: Make, step: int) -> None:
    job = make_job()
    assert pictures(job, step) == pictures(job)[step:]


@pytest.mark.parametrize("lives", [(0,), (3,), (2, 1, 1)])
def test_readers_that_die_get_one_more_try_for_a_step(
    make_job: Make, dying: Callable[..., None], lives: tuple[int, ...]
) -> None:
    job, told = make_job(), []
    whole = pictures(job)
    dying(*lives)
    read = feed(job, length_of(job), 0, lambda died, step: told.append((died.code, step)))
    assert [[[e.visit.picture for e in part] for part in parts] for parts in read] == whole
    steps = [sum(lives[: n + 1]) + 1 for n in range(len(lives))]
    assert told == [("RC411", step) for step in steps]


# nothing in


def test_nothing_is_read_after_the_last_step(make_job: Make) -> None:
    job = make_job()
    assert pictures(job, length_of(job).total) == []


# wrong in


def test_readers_that_die_twice_before_a_step_end_it(
    make_job: Make, dying: Callable[..., None]
) -> None:
    job, told = make_job(), []
    dying(2, 0)
    read = feed(job, length_of(job), 0, lambda _died, step: told.append(step))
    with pytest.raises(TrainingError, match="a reading process died"):
        list(read)
    assert told == [3]


def test_other_errors_get_no_second_try(make_job: Make, dying: Callable[..., None]) -> None:
    job = make_job()
    dying(1, code="RC410")
    with pytest.raises(TrainingError, match="a reading process died") as caught:
        list(feed(job, length_of(job), 0, never))
    assert caught.value.code == "RC410"


def test_where_it_is_not_excused_it_ends(make_job: Make, dying: Callable[..., None]) -> None:
    def stop(died: TrainingError, _step: int) -> None:
        raise died

    job = make_job()
    dying(1)
    with pytest.raises(TrainingError, match="a reading process died"):
        list(feed(job, length_of(job), 0, stop))
