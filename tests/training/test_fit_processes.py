"""A whole training by two processes: as by one but for rounding, and it ends as one."""

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from frcnn.errors import ModelFileError
from frcnn.prediction.predictor import Detector
from frcnn.run_folder import RunFolder
from frcnn.training import checkpoint, judge, reading
from frcnn.training import fit as fit_module
from frcnn.training.batches import Example, epoch_batches
from frcnn.training.distributed import World
from frcnn.training.fit import fit
from frcnn.training.job import Job
from frcnn.training.log import Diary
from frcnn.training.objectives import joint_losses
from frcnn.training.progress import Quiet
from frcnn.training.validation import figures_of, proposal_figures_of, validation_loss

Make = Callable[..., Job]
CALM = ("model.backbone.batch_norm=frozen", "training.optimizer.method=sgd")
"""AdamW divides by the gradient's size, which makes much of rounding."""


def in_world(job: Job, world: World, timeout: float = 60.0) -> Job:
    """The job in a world; only the leader has a run folder."""
    ready = world.for_training(torch.device("cpu"), timeout)
    run = job.run if world.leads else RunFolder(Path("/nowhere/run"))
    return replace(job, world=ready, run=run)


@pytest.fixture
def train_in_processes(make_job: Make, in_processes: Callable) -> Callable[..., Any]:
    """Trains with processes: `train_in_processes("training.seed=1", name="run", act=...)`."""

    def train(*changes: str, name: str = "two", act: Any = None, size: int = 2) -> Any:
        job = make_job(*changes, name=name)

        def work(world: World) -> Any:
            if act is not None:
                act(world)
            figures = fit(in_world(job, world), Quiet())
            return None if figures is None else figures.to_json()

        return job, in_processes(work, size)

    return train


def losses_changed(
    monkeypatch: pytest.MonkeyPatch, step: int, change: Callable[[Mapping[str, Tensor]], Any]
) -> None:
    """Change what this process's losses of one step are."""
    real, calls = fit_module.shared_losses, [0]

    def shared_losses(losses: Callable, *arguments: Any) -> Callable:
        def changed(examples: Sequence[Example]) -> Mapping[str, Tensor]:
            calls[0] += 1
            return change(losses(examples)) if calls[0] == step else losses(examples)

        return real(changed, *arguments)

    monkeypatch.setattr(fit_module, "shared_losses", shared_losses)


def newest(job: Job) -> str:
    return checkpoint.checkpoints(job.run)[0].stem


VARIED = (
    "training.average_decay=0.9",
    "training.augmentation.crop=0.7",
    "training.augmentation.scale=[0.7, 1.4]",
)


@pytest.mark.parametrize("changes", [CALM, (*CALM, *VARIED)])
def test_two_processes_learn_what_one_learns(
    make_job: Make, train_in_processes: Callable, changes: tuple[str, ...]
) -> None:
    one = make_job(*changes, name="one")
    fit(one, Quiet())
    two, ended = train_in_processes(*changes)
    assert [each.code for each in ended] == [0, 0]
    assert ended[0].value == ended[1].value
    steps = [Diary(job.run).steps() for job in (one, two)]
    assert [row["pictures"] for row in steps[0]] == [row["pictures"] for row in steps[1]]
    for row, other in zip(*steps, strict=True):
        assert other["loss"] == pytest.approx(row["loss"], rel=1e-4)
    ours, theirs = (load_file(checkpoint.checkpoints(job.run)[0]) for job in (one, two))
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        torch.testing.assert_close(theirs[name], tensor, rtol=1e-3, atol=1e-5)
    evaluated = [[row["step"] for row in Diary(job.run).evaluations()] for job in (one, two)]
    assert evaluated == [[3, 6], [3, 6]]
    assert two.run.best.exists()
    assert two.run.last.exists()


def test_the_figures_of_weights_are_the_same_to_the_last_digit(
    make_job: Make, in_processes: Callable
) -> None:
    job = make_job()
    fit(job, Quiet())

    def work(world: World) -> Any:
        detector = Detector(job.model, job.train.classes)
        ready = world.for_training(torch.device("cpu"), 60.0)
        terms = joint_losses(job.model.eval(), 0, job.precision)
        losses = validation_loss(job.model, job.val, terms, pictures=3, world=ready)
        proposals = proposal_figures_of(detector, job.val, world=ready)
        return figures_of(detector, job.val, world=ready).to_json(), proposals.to_json(), losses

    want = work(World())
    assert [each.value for each in in_processes(work, 3)] == [want] * 3
    assert [each.value for each in in_processes(work, 2)] == [want] * 2


def test_live_statistics_and_uneven_batches_to_the_end(train_in_processes: Callable) -> None:
    """Three pictures in a batch, so that the last of an epoch's has one; two batches to a step."""
    changes = ("training.batches.size=3", "training.optimizer.accumulate=2")
    job, ended = train_in_processes(*changes)
    assert [each.code for each in ended] == [0, 0]
    assert newest(job) == "step-000000006"


@pytest.mark.parametrize("rank", [0, 1])
def test_d02_a_nan_in_one_process_stops_all_at_the_same_step(
    train_in_processes: Callable, monkeypatch: pytest.MonkeyPatch, rank: int
) -> None:
    def act(world: World) -> None:
        if world.rank == rank:
            bad = lambda terms: {**terms, "head_boxes": terms["head_boxes"] * torch.nan}  # noqa: E731
            losses_changed(monkeypatch, 4, bad)

    job, (leader, other) = train_in_processes("training.checkpoint.minutes=0", act=act)
    assert leader.kind == "TrainingError"
    assert f"error[RC401] step 4, process {rank}: head_boxes is not finite" in leader.value
    assert "not touched" in leader.value
    assert (other.kind, [leader.code, other.code]) == ("ToldElsewhere", [4, 4])
    assert [row["step"] for row in Diary(job.run).steps()] == [1, 2, 3]
    assert newest(job) == "step-000000003"
    kept = load_file(job.run.path / "failing_batch.safetensors")
    assert kept.keys() == {"0.pixels", "0.boxes", "0.labels"}, "of that process alone"
    seen = epoch_pictures(job)[6 + rank]
    assert f"pictures {job.train.records[seen].path}, want" in leader.value


def epoch_pictures(job: Job) -> list[int]:
    """Pictures in the order in which they are seen."""
    sizes = [record.size for record in job.train.records]
    dealt = epoch_batches(sizes, job.config.seed, 0, job.config.batches)
    return [visit.picture for batch in dealt for visit in batch]


def test_d15_a_process_that_is_killed_in_a_step_ends_the_other_and_it_can_be_resumed(
    train_in_processes: Callable, monkeypatch: pytest.MonkeyPatch, assert_same_run: Callable
) -> None:
    whole, _ = train_in_processes(name="whole")

    def act(world: World) -> None:
        if world.rank == 1:
            losses_changed(monkeypatch, 5, lambda _: os.kill(os.getpid(), signal.SIGKILL))

    job, (leader, killed) = train_in_processes(name="stopped", act=act)
    assert killed.code == -signal.SIGKILL
    assert (leader.kind, leader.code) == ("TrainingError", 4)
    assert "RC421" in leader.value
    assert "process 1" in leader.value
    assert newest(job) == "step-000000003"
    again, ended = train_in_processes(name="stopped")
    assert [each.code for each in ended] == [0, 0]
    assert_same_run(whole.run, again.run)


def test_d15_a_process_that_raises_in_a_step_ends_the_other(
    train_in_processes: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> None:
        raise ValueError("a bug")

    def act(world: World) -> None:
        if world.rank == 0:
            losses_changed(monkeypatch, 2, fails)

    _, (leader, other) = train_in_processes(act=act)
    assert leader.kind == "ValueError"
    assert "RC421" in other.value
    assert other.code == 4


@pytest.mark.parametrize("rank", [0, 1])
def test_a_picture_that_cannot_be_read_is_told_once(
    train_in_processes: Callable, monkeypatch: pytest.MonkeyPatch, rank: int
) -> None:
    real = reading._or_raise

    def act(world: World) -> None:
        def fails(example: Any) -> Example:
            if example.name == "train04":
                raise fit_module.TrainingError("RC413", "train04", "unreadable", fix="-")
            return real(example)

        if world.rank == rank:
            monkeypatch.setattr(reading, "_or_raise", fails)

    changes = (f"training.seed={rank}", "training.schedule.steps=15")
    _, ended = train_in_processes(*changes, act=act)
    assert ended[rank].kind == "TrainingError"
    assert "RC413" in ended[rank].value
    assert ended[1 - rank].kind == "ToldElsewhere"
    assert [each.code for each in ended] == [4, 4]


@pytest.mark.parametrize("rank", [0, 1])
def test_d07_a_signal_to_one_stops_all_after_the_same_step(
    train_in_processes: Callable,
    monkeypatch: pytest.MonkeyPatch,
    assert_same_run: Callable,
    rank: int,
) -> None:
    whole, _ = train_in_processes(name="whole")

    def ask(terms: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        signal.raise_signal(signal.SIGTERM)
        return terms

    def act(world: World) -> None:
        if world.rank == rank:
            losses_changed(monkeypatch, 4, ask)

    job, (leader, other) = train_in_processes(name="stopped", act=act)
    assert leader.kind == "Interrupted"
    assert leader.value.startswith("stopped after step 4; go on with")
    assert (other.kind, [leader.code, other.code]) == ("ToldElsewhere", [143, 143])
    assert newest(job) == "step-000000004"
    again, _ = train_in_processes(name="stopped")
    assert_same_run(whole.run, again.run)


def test_d07_a_signal_in_an_evaluation_stops_all(
    train_in_processes: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(world: World) -> None:
        real = fit_module.Judge.evaluate

        def evaluate(self: Any, progress: Any) -> Any:
            if world.rank == 1:
                signal.raise_signal(signal.SIGINT)
            return real(self, progress)

        monkeypatch.setattr(fit_module.Judge, "evaluate", evaluate)

    job, (leader, other) = train_in_processes(act=act)
    assert [leader.code, other.code] == [130, 130]
    assert {leader.kind, other.kind} == {"Interrupted", "ToldElsewhere"}
    assert newest(job) == "step-000000003"
    assert Diary(job.run).evaluations() == []


@pytest.mark.parametrize("rank", [0, 1])
def test_an_evaluation_that_explodes_in_one_process_is_no_place_to_go_on_from(
    train_in_processes: Callable, monkeypatch: pytest.MonkeyPatch, rank: int
) -> None:
    def act(world: World) -> None:
        def explodes(*_: Any, world: World, **__: Any) -> Any:
            return world.gathered(bad)

        def bad() -> None:
            raise ModelFileError("RC525", "a picture", "not finite", got="boxes", fix="-")

        if world.rank == rank:
            monkeypatch.setattr(judge, "figures_of", explodes)

    job, ended = train_in_processes("training.checkpoint.minutes=60", act=act)
    assert "error[RC403] step 3" in ended[rank].value
    assert ended[1 - rank].kind == "ToldElsewhere"
    assert [each.code for each in ended] == [4, 4]
    assert newest(job) == "step-000000000"


def test_all_stop_early_together(train_in_processes: Callable) -> None:
    still = ("training.optimizer.learning_rate=1e-9", "training.schedule.steps=12")
    job, ended = train_in_processes("training.evaluation.patience=1", *still)
    assert [each.code for each in ended] == [0, 0]
    assert newest(job) < "step-000000012"


@pytest.mark.parametrize("before", [1, 2])
def test_d09_another_number_of_processes_is_refused_before_training(
    make_job: Make, train_in_processes: Callable, before: int
) -> None:
    sizes = (before, 3 - before)
    changes = ("training.schedule.steps=1", "training.checkpoint.minutes=0")
    for size in sizes:
        _, ended = train_in_processes(*changes, name="run", size=size)
    assert "error[RC538]" in ended[0].value
    assert f"{before} trained it, {3 - before} now" in ended[0].value
    assert {each.code for each in ended} == {5}
    assert newest(make_job(name="run")) == "step-000000001"


def test_only_the_leader_calls_back(make_job: Make, in_processes: Callable) -> None:
    job, seen = make_job("training.schedule.steps=2"), []

    def work(world: World) -> list[int]:
        fit(in_world(replace(job, callbacks=[lambda r: seen.append(r.step)]), world), Quiet())
        return seen

    assert [each.value for each in in_processes(work)] == [[1, 2], []]
