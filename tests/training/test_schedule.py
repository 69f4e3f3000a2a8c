"""The learning rate is a function of the step alone: its shapes, by hand and by property."""

import itertools

import pytest

from frcnn.errors import ConfigError
from frcnn.training.schedule import ScheduleConfig, factor, mostly_warmup, total_steps

STEP = ScheduleConfig(milestones=(0.5, 0.75))


def test_golden_the_authors_schedule() -> None:
    authors = ScheduleConfig(steps=70_000, epochs=None, milestones=(50_000,))
    assert factor(0, 70_000, authors) == 1.0
    assert factor(49_999, 70_000, authors) == 1.0
    assert factor(50_000, 70_000, authors) == pytest.approx(0.1)


def test_milestones_are_steps_above_one_and_shares_below() -> None:
    assert [factor(s, 8, STEP) for s in (3, 4, 6)] == pytest.approx([1.0, 0.1, 0.01])
    by_step = ScheduleConfig(milestones=(4.0, 6.0))
    assert [factor(s, 8, by_step) for s in range(8)] == [factor(s, 8, STEP) for s in range(8)]


def test_warm_up_climbs_in_a_line_and_reaches_the_height() -> None:
    config = ScheduleConfig(milestones=(), warmup_steps=4, warmup_factor=0.0)
    assert [factor(s, 100, config) for s in range(6)] == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])


def test_cosine_falls_from_one_to_nearly_nothing() -> None:
    config = ScheduleConfig(shape="cosine")
    values = [factor(s, 50, config) for s in range(50)]
    assert values[0] == 1.0
    assert values[25] == pytest.approx(0.5)
    assert all(a > b > 0 for a, b in itertools.pairwise(values))
    assert values[-1] < 0.01


def test_length_comes_from_steps_or_else_from_epochs() -> None:
    assert total_steps(ScheduleConfig(steps=7), 100) == 7
    assert total_steps(ScheduleConfig(epochs=2.5), 100) == 250
    assert total_steps(ScheduleConfig(epochs=0.001), 100) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"steps": None, "epochs": None},
        {"steps": 0},
        {"epochs": -1.0},
        {"milestones": (0.0,)},
        {"milestones": (0.8, 0.5)},
        {"gamma": 0.0},
        {"warmup_steps": -1},
        {"warmup_factor": 2.0},
    ],
)
def test_unusable_settings_are_refused(change: dict) -> None:
    with pytest.raises(ConfigError, match=r"RC350") as caught:
        ScheduleConfig(**change)
    assert caught.value.place.startswith("schedule")
    assert caught.value.fix


@pytest.mark.parametrize(
    ("total", "warmup", "words"),
    [
        (100, 50, ""),
        (100, 51, "the rate climbs for 51 steps, of 100 in all"),
        (30, 100, "the rate climbs for 100 steps, of 30 in all"),
        (1, 0, ""),
    ],
)
def test_a_training_that_is_mostly_warm_up(total: int, warmup: int, words: str) -> None:
    note = mostly_warmup(total, ScheduleConfig(steps=total, warmup_steps=warmup))
    assert note.startswith(words)
    assert bool(note) == bool(words)
    if note:
        assert note.endswith(f"training.schedule.warmup_steps={total // 10}")
