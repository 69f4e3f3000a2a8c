"""A run that was stopped and goes on is, to the bit, the run that was never stopped.

Here the process does not die (`tests/slow/test_kills.py` kills real ones): an exception that
nobody catches ends the run at a chosen instant, at any step and at any point of any file written.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from frcnn import files
from frcnn.errors import ModelFileError
from frcnn.prediction.predictor import Detector
from frcnn.training import checkpoint, judge
from frcnn.training import fit as fit_module
from frcnn.training.fit import fit
from frcnn.training.job import Job
from frcnn.training.log import Diary
from frcnn.training.precision import Precision
from frcnn.training.progress import Quiet
from frcnn.training.step import StepReport

Make = Callable[..., Job]
CPU = torch.device("cpu")


class Killed(BaseException):
    """The end of the process, as far as a test can play it."""


class DiesAt(Quiet):
    """Ends the run after a step's line is in the diary, before anything is saved."""

    def __init__(self, step: int) -> None:
        self.at = step

    def step(self, report: StepReport, total: int) -> None:
        if report.step == self.at:
            raise Killed


@pytest.fixture
def at_point(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[str]]:
    """Ends the run at the n-th fault point that is reached; the list tells the points' names."""

    def arm(number: int) -> list[str]:
        names: list[str] = []

        def hook(point: str) -> None:
            names.append(point)
            if len(names) == number:
                raise Killed

        monkeypatch.setattr(files, "hooks", [hook])
        return names

    return arm


MATRIX = [
    ("sgd", "null", 1, "float32", 2),
    ("sgd", "0.9", 2, "bfloat16", 1),
    ("adamw", "0.9", 1, "float32", 5),
    ("adamw", "null", 2, "bfloat16", 3),
    ("adamw", "0.9", 1, "float16", 4),
    ("sgd", "0.9", 1, "float16", 3),
]


@pytest.mark.parametrize(("method", "average", "accumulate", "precision", "at"), MATRIX)
def test_whatever_the_optimizer_average_and_precision(
    make_job: Make,
    assert_same_run: Callable,
    method: str,
    average: str,
    accumulate: int,
    precision: str,
    at: int,
) -> None:
    changes = (
        f"training.optimizer.method={method}",
        f"training.optimizer.accumulate={accumulate}",
        f"training.average_decay={average}",
        "training.checkpoint.minutes=0",
    )
    numbers = Precision(device=CPU, dtype=getattr(torch, precision))
    whole = make_job(*changes, name="whole", precision=numbers)
    fit(whole, Quiet())
    with pytest.raises(Killed):
        fit(make_job(*changes, name="stopped", precision=numbers), DiesAt(at))
    stopped = make_job(*changes, name="stopped", precision=numbers)
    assert stopped.precision.scaler().is_enabled() == (precision == "float16")
    fit(stopped, Quiet())
    assert_same_run(whole.run, stopped.run)


def test_dropout_and_doubled_flips(make_job: Make, assert_same_run: Callable) -> None:
    changes = (
        "model.box_head.dropout=0.5",
        "training.batches.flip=double",
        "training.batches.flip_vertical=random",
        "training.schedule.shape=step",
        "training.schedule.milestones=[0.5]",
    )
    whole = make_job(*changes, name="whole")
    fit(whole, Quiet())
    with pytest.raises(Killed):
        fit(make_job(*changes, name="stopped"), DiesAt(5))
    stopped = make_job(*changes, name="stopped")
    fit(stopped, Quiet())
    assert_same_run(whole.run, stopped.run)


def test_stopped_after_every_step_again_and_again(
    make_job: Make, assert_same_run: Callable
) -> None:
    whole = make_job("training.checkpoint.minutes=0", name="whole")
    fit(whole, Quiet())
    for step in range(1, 7):
        with pytest.raises(Killed):
            fit(make_job("training.checkpoint.minutes=0", name="stopped"), DiesAt(step))
    stopped = make_job("training.checkpoint.minutes=0", name="stopped")
    fit(stopped, Quiet())
    assert_same_run(whole.run, stopped.run)


def test_stopped_before_the_first_checkpoint_of_its_own(
    make_job: Make, assert_same_run: Callable
) -> None:
    whole = make_job(name="whole")
    fit(whole, Quiet())
    with pytest.raises(Killed):
        fit(make_job(name="stopped"), DiesAt(2))
    other_start = make_job(name="stopped")
    with torch.no_grad():  # what it began with is in the run, whatever the network has now
        other_start.model.rpn.conv.weight.zero_()
    fit(other_start, Quiet())
    assert_same_run(whole.run, other_start.run)


@pytest.mark.parametrize("stride", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_stopped_at_any_point_of_any_file(
    make_job: Make,
    assert_same_run: Callable,
    at_point: Callable[[int], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    stride: int,
) -> None:
    """Instants at which a file is being written: some of them, or in the slow run each."""
    changes = ("training.schedule.steps=2", "training.evaluation.every_epochs=0.2")
    points = at_point(-1)
    whole = make_job(*changes, name="whole")
    fit(whole, Quiet())
    assert set(points) == {*files.POINTS, "mid_write", "before_prune"}
    for number in range(1, len(points) + 1, stride):
        name = f"stopped-{number}"
        at_point(number)
        with pytest.raises(Killed):
            fit(make_job(*changes, name=name), Quiet())
        monkeypatch.setattr(files, "hooks", [])
        stopped = make_job(*changes, name=name)
        fit(stopped, Quiet())
        assert_same_run(whole.run, stopped.run)
        assert len(checkpoint.checkpoints(stopped.run)) == 2


def test_the_last_save_killed_before_the_oldest_goes(
    make_job: Make, at_point: Callable[[int], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = ("training.schedule.steps=3", "training.checkpoint.minutes=0")
    points = at_point(-1)
    fit(make_job(*changes, name="whole"), Quiet())
    last = max(number for number, point in enumerate(points, 1) if point == "before_prune")
    at_point(last)
    with pytest.raises(Killed):
        fit(make_job(*changes, name="stopped"), Quiet())
    monkeypatch.setattr(files, "hooks", [])
    stopped = make_job(*changes, name="stopped")
    assert len(checkpoint.checkpoints(stopped.run)) == 3
    fit(stopped, Quiet())
    assert len(checkpoint.checkpoints(stopped.run)) == 2


def test_d18_an_evaluation_that_fails_is_made_up_for(
    make_job: Make, assert_same_run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make_job(name="whole")
    fit(whole, Quiet())
    real = judge.figures_of

    def fails(*_: Any, **__: Any) -> None:
        raise ModelFileError("RC505", "the network", "its numbers are not finite", fix="-")

    monkeypatch.setattr(judge, "figures_of", fails)
    with pytest.raises(ModelFileError, match="RC505"):
        fit(make_job(name="stopped"), Quiet())
    stopped = make_job(name="stopped")
    assert checkpoint.checkpoints(stopped.run)[0].stem == "step-000000003"
    assert Diary(stopped.run).evaluations() == []
    monkeypatch.setattr(judge, "figures_of", real)
    fit(stopped, Quiet())
    assert_same_run(whole.run, stopped.run)


VARIED = (
    "training.augmentation.crop=0.7",
    "training.augmentation.photometric=0.7",
    "training.augmentation.scale=[0.7, 1.4]",
)


@pytest.mark.parametrize(("count", "changes"), [(1, ()), (2, VARIED)])
def test_d12_no_number_of_readers_changes_a_bit(
    make_job: Make, assert_same_run: Callable, count: int, changes: tuple[str, ...]
) -> None:
    jobs = [make_job(f"training.batches.workers={n}", *changes, name=str(n)) for n in (0, count)]
    for job in jobs:
        fit(job, Quiet())
    plain = [checkpoint.weights_file.load(checkpoint.checkpoints(j.run)[0])[1] for j in jobs]
    assert all(torch.equal(plain[0][name], plain[1][name]) for name in plain[0])
    rows = [[row["loss"] for row in Diary(job.run).steps()] for job in jobs]
    assert rows[0] == rows[1]
    with pytest.raises(Killed):
        fit(make_job("training.batches.workers=0", *changes, name="mixed"), DiesAt(4))
    mixed = make_job(f"training.batches.workers={count}", *changes, name="mixed")
    fit(mixed, Quiet())
    assert_same_run(jobs[1].run, mixed.run)


def test_the_average_is_what_is_judged_and_kept(make_job: Make) -> None:
    job = make_job("training.average_decay=0.9")
    fit(job, Quiet())
    kept = checkpoint.weights_file.load(job.run.last)[1]
    assert not torch.equal(kept["rpn.conv.weight"], job.model.rpn.conv.weight)
    _, tensors = checkpoint.weights_file.load(checkpoint.checkpoints(job.run)[0])
    for name, tensor in kept.items():
        assert torch.equal(tensor, tensors[f"average.{name}"]), name


def test_an_average_that_is_wanted_later_starts_from_the_weights(
    make_job: Make, recorder: Callable
) -> None:
    fit(make_job("training.average_decay=null"), Quiet())
    display = recorder()
    job = make_job("training.average_decay=0.9", "training.schedule.steps=8")
    fit(job, display)
    assert any("training.average_decay was None, is 0.9" in text for text in display.said)
    _, tensors = checkpoint.weights_file.load(checkpoint.checkpoints(job.run)[0])
    assert any(name.startswith("average.") for name in tensors)


def test_another_precision_is_told_and_trains_on(make_job: Make, recorder: Callable) -> None:
    half = Precision(device=CPU, dtype=torch.float16)
    fit(make_job(), Quiet())
    display = recorder()
    fit(make_job("training.schedule.steps=8", precision=half), display)
    assert any("machine.precision was float32, is float16" in text for text in display.said)
    fit(make_job("training.schedule.steps=9"), display)
    assert display.steps == [7, 8, 9]


def test_what_training_measures_the_kept_weights_give_again(make_job: Make) -> None:
    """`frcnn eval` of a run returns to the bit what training printed for that checkpoint."""
    job = make_job()
    figures = fit(job, Quiet())
    header, tensors = checkpoint.weights_file.load(job.run.last)
    again = make_job(name="again")
    again.model.load_state_dict(tensors)
    detector = Detector(again.model, header.classes)
    assert fit_module.Judge is judge.Judge
    assert judge.figures_of(detector, job.val) == figures
    assert header.extra["figures"] == figures.to_json() if figures else False


def test_a_damaged_diary_is_told_and_the_run_goes_on(
    make_job: Make, recorder: Callable[[], Any]
) -> None:
    with pytest.raises(Killed):
        fit(make_job("training.checkpoint.minutes=0"), DiesAt(5))
    job, display = make_job(), recorder()
    job.run.metrics_jsonl.write_bytes(b"\0" * 100 + b"\n")
    job.run.metrics_csv.write_bytes(b"\0\n\0\n")
    assert fit(job, display) is not None
    assert "warning: metrics.jsonl lacks steps 1-4" in display.said
    assert sum("damaged lines are left out: 1" in text for text in display.said) == 2
    assert [row["step"] for row in Diary(job.run).steps()] == [5, 6]
