"""What ends a training, and what is then on the disk: always a checkpoint to go on from."""

import resource
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from frcnn import diaries
from frcnn.errors import DiskError, TrainingError
from frcnn.training import checkpoint, judge, keep
from frcnn.training.batches import Example, Examples
from frcnn.training.fit import fit
from frcnn.training.job import Job
from frcnn.training.log import Diary
from frcnn.training.phase import JOINT
from frcnn.training.progress import Quiet
from frcnn.training.signals import Interrupted
from frcnn.training.step import StepReport

Make = Callable[..., Job]
Losses = Callable[[Sequence[Example]], Mapping[str, Tensor]]


@pytest.fixture
def losses_at_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable], None]:
    """Changes what the losses of one step are: `losses_at_step(3, change)`."""
    real = JOINT.objective

    def arm(step: int, change: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]) -> None:
        def joint_losses(*arguments: Any) -> Losses:
            losses, calls = real(*arguments), [0]

            def changed(examples: Sequence[Example]) -> Mapping[str, Tensor]:
                calls[0] += 1
                return change(losses(examples)) if calls[0] == step else losses(examples)

            return changed

        monkeypatch.setitem(vars(JOINT), "objective", joint_losses)

    return arm


def only(report_step: int, act: Callable[[], object]) -> Callable[[StepReport], None]:
    def callback(report: StepReport) -> None:
        if report.step == report_step:
            act()

    return callback


def newest(job: Job) -> str:
    return checkpoint.checkpoints(job.run)[0].stem


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_d01_a_loss_that_is_not_finite(
    make_job: Make, losses_at_step: Callable, bad: float
) -> None:
    losses_at_step(3, lambda terms: {**terms, "rpn_boxes": terms["rpn_boxes"] * bad})
    job = make_job("training.checkpoint.minutes=0")
    before: list[dict[str, Tensor]] = []
    learnt = [n for n, _ in job.model.named_parameters()]

    def remember() -> None:
        before.append({name: job.model.state_dict()[name].clone() for name in learnt})

    job = replace(job, callbacks=[only(2, remember)])
    with pytest.raises(TrainingError, match="rpn_boxes is not finite") as caught:
        fit(job, Quiet())
    error = caught.value
    assert (error.code, error.place, error.exit_code) == ("RC401", "step 3", 4)
    assert "not touched" in error.what
    assert "rpn_objectness 0." in error.got
    assert "rpn_boxes nan" in error.got or "inf" in error.got
    assert sum(f"train{n:02}.png" in error.got for n in range(10)) == 2
    assert "failing_batch.safetensors" in error.fix
    assert "learning rate" in error.fix
    after = job.model.state_dict()
    assert all(torch.equal(after[name], before[0][name]) for name in learnt)
    kept = load_file(job.run.path / "failing_batch.safetensors")
    assert kept["1.pixels"].shape[0] == 3
    assert kept["0.boxes"].shape == (2, 4)
    assert newest(job) == "step-000000002"
    assert [row["step"] for row in Diary(job.run).steps()] == [1, 2]


def test_d01_after_the_cause_is_gone_it_goes_on_as_if_nothing_had_been(
    make_job: Make, losses_at_step: Callable, assert_same_run: Callable
) -> None:
    whole = make_job(name="whole")
    fit(whole, Quiet())
    losses_at_step(5, lambda terms: {**terms, "head_boxes": terms["head_boxes"] * torch.nan})
    with pytest.raises(TrainingError, match="step 5: head_boxes"):
        fit(make_job(name="stopped"), Quiet())
    stopped = make_job(name="stopped")
    losses_at_step(-1, dict)
    fit(stopped, Quiet())
    assert_same_run(whole.run, stopped.run)


def test_d01_weights_that_explode_are_found_by_the_evaluation(make_job: Make) -> None:
    """Every loss and every weight is finite, and what comes of them is not."""
    last = ("training.schedule.steps=1", "training.schedule.warmup_steps=0")
    with pytest.raises(TrainingError, match=r"RC403\] step 1: the evaluation") as caught:
        fit(make_job("training.optimizer.learning_rate=1e30", *last), Quiet())
    assert caught.value.exit_code == 4
    assert "after the backbone with a learning rate of 1e+30" in caught.value.got
    again = make_job("training.optimizer.learning_rate=1e-4", *last)
    assert [path.stem for path in checkpoint.checkpoints(again.run)] == ["step-000000000"]
    assert fit(again, Quiet()) is not None
    assert [row["step"] for row in Diary(again.run).steps()] == [1]


def test_d01_with_one_generation_it_stays_as_nothing_else_is_left(make_job: Make) -> None:
    last = ("training.schedule.steps=1", "training.schedule.warmup_steps=0")
    job = make_job(
        "training.optimizer.learning_rate=1e30", "training.checkpoint.generations=1", *last
    )
    with pytest.raises(TrainingError, match="RC403"):
        fit(job, Quiet())
    assert newest(job) == "step-000000001"
    with pytest.raises(TrainingError, match=r"RC403\] step 1"):  # made up for, and the same
        fit(make_job("training.checkpoint.generations=1", *last), Quiet())


def test_d01_pixels_that_are_not_finite(make_job: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Examples.__getitem__

    def with_nan(self: Any, visit: Any) -> Example:
        example = real(self, visit)
        if example.name == "train04":
            example.prepared.pixels[:, 5, 5] = torch.nan
        return example

    monkeypatch.setattr(Examples, "__getitem__", with_nan)
    job = make_job()
    with pytest.raises(TrainingError, match="not finite") as caught:
        fit(job, Quiet())
    assert caught.value.code == "RC401"
    assert "train04.png" in caught.value.got
    for name in ("rpn_objectness", "rpn_boxes", "head_classes", "head_boxes"):
        assert f"{name} nan" in caught.value.got
    seen = [name for row in Diary(job.run).steps() for name in row["pictures"]]
    assert "train04" not in seen
    assert checkpoint.weights_file.load(checkpoint.checkpoints(job.run)[0])


def test_d01_a_gradient_that_is_not_finite_names_all_pictures_of_the_step(
    make_job: Make, losses_at_step: Callable
) -> None:
    def infinite_slope(terms: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        zero = terms["rpn_boxes"] - terms["rpn_boxes"].detach()
        return {**terms, "rpn_boxes": zero.sqrt()}

    losses_at_step(4, infinite_slope)
    job = make_job("training.optimizer.accumulate=2")
    with pytest.raises(TrainingError, match="gradient_norm is not finite") as caught:
        fit(job, Quiet())
    assert caught.value.place == "step 2"
    assert sum(f"train{n:02}.png" in caught.value.got for n in range(10)) == 4
    assert len(load_file(job.run.path / "failing_batch.safetensors")) == 12


def test_d01_a_disk_that_is_full_does_not_hide_the_loss(
    make_job: Make, losses_at_step: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Path:
        raise DiskError("RC601", "run", "no space left on the disk", got="0.0 MiB free", fix="-")

    monkeypatch.setattr(keep, "failing_batch", full)
    losses_at_step(1, lambda terms: {**terms, "rpn_boxes": terms["rpn_boxes"] * torch.nan})
    with pytest.raises(TrainingError, match=r"could not be kept \(0.0 MiB free\)"):
        fit(make_job(), Quiet())


def test_d03_a_gradient_that_explodes_is_told(
    make_job: Make, losses_at_step: Callable, recorder: Callable[[], Any]
) -> None:
    losses_at_step(4, lambda terms: {**terms, "rpn_boxes": terms["rpn_boxes"] * 1e7})
    job, display = make_job(), recorder()
    fit(job, display)
    (told,) = (text for text in display.said if "the gradient is" in text)
    assert told.startswith("warning: step 4: the gradient is ")
    assert told.endswith("it was clipped")


def test_d03_a_float16_overflow_leaves_the_step_out(
    make_job: Make, losses_at_step: Callable
) -> None:
    half = replace(make_job().precision, dtype=torch.float16)
    losses_at_step(2, lambda terms: {**terms, "rpn_boxes": terms["rpn_boxes"] * 1e38})
    job = make_job(precision=half)
    fit(job, Quiet())
    norms = [row["gradient_norm"] for row in Diary(job.run).steps()]
    assert norms[1] is None
    assert None not in (norms[0], norms[2])


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate"),
    ],
)
def test_d14_no_memory(make_job: Make, losses_at_step: Callable, error: Exception) -> None:
    def fails(_: object) -> Mapping[str, Tensor]:
        raise error

    losses_at_step(2, fails)
    job = make_job()
    with pytest.raises(TrainingError, match="not enough of it") as caught:
        fit(job, Quiet())
    assert caught.value.code == "RC412"
    assert "2 pictures at once, sized (" in caught.value.got
    assert "--batch" in caught.value.fix
    assert "shorter_side" in caught.value.fix
    assert newest(job) == "step-000000000"


def test_d14_no_memory_for_an_evaluation(make_job: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("could not create a primitive")

    monkeypatch.setattr(judge, "figures_of", fails)
    job = make_job()
    with pytest.raises(TrainingError, match=r"RC412.*not enough of it for an evaluation"):
        fit(job, Quiet())
    assert newest(job) == "step-000000003"
    monkeypatch.setattr(judge, "figures_of", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fit(make_job(), Quiet())


def test_other_errors_of_a_step_stay_what_they_are(
    make_job: Make, losses_at_step: Callable
) -> None:
    def fails(_: object) -> Mapping[str, Tensor]:
        raise RuntimeError("a bug")

    losses_at_step(1, fails)
    with pytest.raises(RuntimeError, match="a bug"):
        fit(make_job(), Quiet())


def test_d19_a_callback_that_raises_is_named_and_the_state_saved(
    make_job: Make, assert_same_run: Callable
) -> None:
    whole = make_job(name="whole")
    fit(whole, Quiet())

    def tracker(report: StepReport) -> None:
        if report.step == 4:
            raise ConnectionError("no server")

    stopped = make_job(name="stopped", callbacks=[tracker])
    with pytest.raises(ConnectionError, match="no server") as caught:
        fit(stopped, Quiet())
    assert "tracker, step 4; state saved" in caught.value.__notes__[0]
    assert newest(stopped) == "step-000000004"
    stopped = make_job(name="stopped")
    fit(stopped, Quiet())
    assert_same_run(whole.run, stopped.run)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_d07_a_signal_ends_the_step_and_saves(
    make_job: Make, assert_same_run: Callable, number: signal.Signals, code: int
) -> None:
    whole = make_job(name="whole")
    fit(whole, Quiet())
    before = signal.getsignal(number)
    stopped = make_job(name="stopped", callbacks=[only(2, lambda: signal.raise_signal(number))])
    with pytest.raises(Interrupted, match=r"after step 2; go on with: frcnn train") as caught:
        fit(stopped, Quiet())
    assert caught.value.exit_code == code
    assert signal.getsignal(number) == before
    assert newest(stopped) == "step-000000002"
    stopped = make_job(name="stopped")
    fit(stopped, Quiet())
    assert_same_run(whole.run, stopped.run)


@pytest.mark.parametrize("step", [3, 6])
def test_d07_a_signal_in_an_evaluation_is_heard_at_the_next_picture(
    make_job: Make, assert_same_run: Callable, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    whole = make_job(name="whole")
    fit(whole, Quiet())
    real, seen = judge.figures_of, []

    def interrupted(*arguments: Any, on_picture: Callable[[int], None], **world: Any) -> Any:
        def look(done: int) -> None:
            seen.append(done)
            if len(seen) == (1 if step == 3 else 4):
                signal.raise_signal(signal.SIGTERM)
            on_picture(done)

        return real(*arguments, on_picture=look, **world)

    monkeypatch.setattr(judge, "figures_of", interrupted)
    with pytest.raises(Interrupted) as caught:
        fit(make_job(name="stopped"), Quiet())
    assert caught.value.step == step
    monkeypatch.setattr(judge, "figures_of", real)
    stopped = make_job(name="stopped")
    assert fit(stopped, Quiet()) is not None
    assert_same_run(whole.run, stopped.run)


@contextmanager
def file_size_limit(count: int) -> Iterator[None]:
    """No file may grow past this, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_c02_a_full_disk_leaves_the_old_checkpoint(
    make_job: Make, assert_same_run: Callable
) -> None:
    whole = make_job("training.checkpoint.minutes=0", name="whole")
    fit(whole, Quiet())
    fit(make_job("training.schedule.steps=1", name="stopped"), Quiet())
    shutil.copy(whole.run.metrics_jsonl, whole.run.path / "scratch")
    stopped = make_job("training.checkpoint.minutes=0", name="stopped")
    with file_size_limit(200_000), pytest.raises(DiskError) as caught:
        fit(stopped, Quiet())
    assert (caught.value.code, caught.value.exit_code) == ("RC601", 6)
    assert "step-000000002.safetensors" in caught.value.place
    assert "MiB or more" in caught.value.want
    assert sorted(p.name for p in stopped.run.state.iterdir()) == [
        "step-000000000.safetensors",
        "step-000000001.safetensors",
    ]
    assert checkpoint.weights_file.load(checkpoint.checkpoints(stopped.run)[0])


def test_c03_a_full_disk_keeps_the_diary_back_until_there_is_room(
    make_job: Make,
    recorder: Callable,
    assert_same_run: Callable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = make_job(name="whole")
    fit(whole, Quiet())
    real, calls = diaries.append_line, [0]

    def append_line(path: Path, text: str) -> None:
        calls[0] += 1
        if calls[0] in (1, 2, 5):
            raise DiskError("RC601", str(path), "no space left on the disk", got="0 MiB", fix="-")
        real(path, text)

    monkeypatch.setattr(diaries, "append_line", append_line)
    job, display = make_job(name="full"), recorder()
    fit(job, display)
    warnings = [text for text in display.said if text.startswith("warning")]
    assert len(warnings) == 1
    assert "no space left" in warnings[0]
    assert_same_run(whole.run, job.run)


def test_c03_a_checkpoint_waits_for_a_diary_that_is_complete(
    make_job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _text: str) -> None:
        raise DiskError("RC601", str(path), "no space left on the disk", got="0 MiB", fix="-")

    monkeypatch.setattr(diaries, "append_line", full)
    job = make_job()
    with pytest.raises(DiskError, match=r"metrics\.jsonl"):
        fit(job, Quiet())
    assert newest(job) == "step-000000000"
