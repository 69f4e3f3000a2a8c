"""The plans of the four steps: what they do not name stays as the run's settings have it."""

import pytest

from frcnn import settings
from frcnn.errors import ConfigError
from frcnn.training.batches import BatchConfig
from frcnn.training.job import TrainingConfig
from frcnn.training.optimizer import OptimizerConfig
from frcnn.training.plans import AlternatingConfig, PlanConfig
from frcnn.training.schedule import ScheduleConfig

BATCHES = BatchConfig(size=3, flip="none")
OPTIMIZER = OptimizerConfig(learning_rate=0.5, momentum=0.8)
SCHEDULE = ScheduleConfig(epochs=7.0, milestones=(0.75,))


def test_a_plan_that_names_nothing_changes_nothing() -> None:
    plan = PlanConfig()
    assert plan.batches(BATCHES) == BATCHES
    assert plan.optimizer(OPTIMIZER) == OPTIMIZER
    assert plan.schedule(SCHEDULE) == SCHEDULE


def test_what_a_plan_names_counts_and_the_rest_stays() -> None:
    plan = PlanConfig(batch=2, learning_rate=0.001, steps=80_000)
    assert plan.batches(BATCHES) == BatchConfig(size=2, flip="none")
    assert plan.optimizer(OPTIMIZER) == OptimizerConfig(learning_rate=0.001, momentum=0.8)
    assert plan.schedule(SCHEDULE) == ScheduleConfig(steps=80_000, epochs=7.0, milestones=(0.75,))


def test_epochs_of_a_plan_take_the_place_of_the_runs_steps() -> None:
    run = ScheduleConfig(steps=100, shape="cosine")
    found = PlanConfig(epochs=2.5).schedule(run)
    assert (found.steps, found.epochs, found.shape) == (None, 2.5, "cosine")


def test_steps_of_a_plan_come_before_its_epochs() -> None:
    found = PlanConfig(steps=5, epochs=2.5).schedule(SCHEDULE)
    assert found.steps == 5


def test_the_steps_of_alternating_training_are_counted_from_one() -> None:
    config = AlternatingConfig(
        rpn=PlanConfig(steps=1),
        detector=PlanConfig(steps=2),
        rpn_layers=PlanConfig(steps=3),
        detector_layers=PlanConfig(steps=4),
    )
    assert [config.plan(step).steps for step in (1, 2, 3, 4)] == [1, 2, 3, 4]


def test_plans_are_settings_like_any_other() -> None:
    pairs = ["alternating.detector.batch=2", "alternating.last_layers=kept", "scheme=alternating"]
    config = settings.apply_overrides(TrainingConfig(), pairs)
    assert config.alternating.detector.batch == 2
    assert config.alternating.last_layers == "kept"
    assert settings.from_mapping(TrainingConfig, settings.to_mapping(config)) == config


@pytest.mark.parametrize(
    "change", [{"batch": 0}, {"regions": -1}, {"learning_rate": 0.0}, {"steps": 0}, {"epochs": 0.0}]
)
def test_a_step_in_which_nothing_is_learnt_is_refused(change: dict) -> None:
    with pytest.raises(ConfigError) as caught:
        PlanConfig(**change)
    assert caught.value.code == "RC350"
    ((name, value),) = change.items()
    assert f"{name} {value}" in caught.value.got
