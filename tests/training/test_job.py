"""How long a job is, and what its checkpoints stand on."""

from collections.abc import Callable

import pytest
import torch

from frcnn import settings
from frcnn.errors import ConfigError
from frcnn.training.job import Job, Length, TrainingConfig, length_for, length_of
from frcnn.training.precision import Precision

Make = Callable[..., Job]
TWELVE_EPOCHS = ("training.schedule.steps=null", "training.schedule.epochs=12")


@pytest.mark.parametrize(
    ("changes", "batches", "total", "every"),
    [
        (("training.batches.size=1",), 10, 6, 6),  # 0.6 epochs of 10 batches
        (("training.batches.size=2",), 5, 6, 3),
        (("training.batches.size=8",), 2, 6, 1),
        (("training.batches.flip=double",), 10, 6, 6),
        (("training.optimizer.accumulate=2",), 5, 6, 2),  # 0.6 epochs of 2.5 steps
        (("training.optimizer.accumulate=2", *TWELVE_EPOCHS), 5, 30, 2),
        (("training.optimizer.accumulate=9", *TWELVE_EPOCHS), 5, 7, 1),
        (("training.optimizer.accumulate=9",), 5, 6, 1),
        (("training.schedule.steps=null", "training.schedule.epochs=3"), 5, 15, 3),
        (("training.schedule.steps=null", "training.schedule.epochs=0.01"), 5, 1, 3),
        (("training.evaluation.every_epochs=0.01",), 5, 6, 1),
    ],
)
def test_golden_lengths(
    make_job: Make, changes: tuple[str, ...], batches: int, total: int, every: int
) -> None:
    job = make_job(*changes)
    length = length_of(job)
    assert length_for(job.config, job.train) == length
    assert (length.batches_per_epoch, length.total, length.evaluate_every) == (
        batches,
        total,
        every,
    )


def test_the_last_step_is_always_evaluated_and_the_start_never() -> None:
    length = Length(batches_per_epoch=5, total=7, evaluate_every=3, accumulate=2)
    assert [step for step in range(8) if length.is_evaluated_after(step)] == [3, 6, 7]
    assert length.epochs_at(5) == 2.0


def test_circumstances_name_all_that_changes_bits(make_job: Make) -> None:
    numbers = Precision(device=torch.device("cpu"), dtype=torch.bfloat16)
    job = make_job("training.seed=4", precision=numbers)
    around = job.circumstances
    assert around.classes == ("blue", "red")
    assert around.training["seed"] == 4
    assert around.model == settings.to_mapping(job.model.config)
    assert around.data == job.train.fingerprint
    assert around.machine["threads"] == 1
    assert around.machine["torch"] == torch.__version__
    assert around.machine["device"] == "cpu"
    assert around.machine["precision"] == "bfloat16"
    assert around.machine["processor"]


@pytest.mark.parametrize("decay", [0.0, 1.0, -0.5])
def test_an_average_that_is_none_is_refused(decay: float) -> None:
    with pytest.raises(ConfigError, match="RC350") as caught:
        TrainingConfig(average_decay=decay)
    assert caught.value.place == "average_decay"


def test_training_settings_round_trip() -> None:
    config = TrainingConfig(seed=3, average_decay=0.9)
    assert settings.from_mapping(TrainingConfig, settings.to_mapping(config)) == config
