"""Readers that die, hang or raise: the step is not broken, and the pictures are named (D11)."""

import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from torch.utils.data import _utils as torch_loading

from frcnn.data.dataset import Dataset
from frcnn.data.records import Split
from frcnn.errors import PictureError, TrainingError
from frcnn.training import checkpoint
from frcnn.training import fit as fit_module
from frcnn.training.fit import fit
from frcnn.training.job import Job
from frcnn.training.log import Diary
from frcnn.training.progress import Quiet
from frcnn.training.signals import Interrupted
from frcnn.training.step import StepReport

Make = Callable[..., Job]


class Trapped(Split):
    """A split one of whose pictures does something to the process that reads it."""

    @staticmethod
    def act() -> None: ...

    def read(self, index: int, *enough: Any) -> Any:
        if self.records[index].name == "train06":
            self.act()
        return super().read(index, *enough)


def trapped(splits: Mapping[str, Split], act: Callable[[], object]) -> Split:
    kind = type("Trap", (Trapped,), {"act": staticmethod(act)})
    return kind(**{name: getattr(splits["train"], name) for name in ("name", "classes", "records")})


def in_worker(act: Callable[[], object]) -> Callable[[], object]:
    return lambda: act() if multiprocessing.parent_process() else None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_d11_a_reader_that_is_killed(
    make_job: Make, splits: dict[str, Split], number: signal.Signals
) -> None:
    split = trapped(splits, in_worker(lambda: os.kill(os.getpid(), number)))
    job = make_job("training.batches.workers=1", train=split)
    began = time.monotonic()
    with pytest.raises(TrainingError, match="a reading process died") as caught:
        fit(job, Quiet())
    assert time.monotonic() - began < 20
    assert caught.value.code == "RC411"
    assert "train06.png" in caught.value.place
    assert caught.value.got  # one of torch's or the system's sentences: who notices first varies
    assert "--resume" in caught.value.fix
    assert checkpoint.weights_file.load(checkpoint.checkpoints(job.run)[0])


def test_d11_a_reader_that_hangs(
    make_job: Make, splits: dict[str, Split], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_loading, "MP_STATUS_CHECK_INTERVAL", 0.2)
    split = trapped(splits, in_worker(lambda: time.sleep(600)))
    job = make_job("training.batches.workers=1", "training.batches.timeout=1", train=split)
    with pytest.raises(TrainingError, match="a reading process hangs") as caught:
        fit(job, Quiet())
    assert caught.value.code == "RC410"
    assert "train06.png" in caught.value.place
    assert caught.value.want == "an answer within 1 s"
    for child in multiprocessing.active_children():
        child.join(10)
        assert not child.is_alive()


@pytest.mark.parametrize("workers", [0, 1])
def test_d11_reading_that_raises(make_job: Make, splits: dict[str, Split], workers: int) -> None:
    def fails() -> None:
        raise ValueError("no such colour")

    job = make_job(f"training.batches.workers={workers}", train=trapped(splits, fails))
    with pytest.raises(TrainingError, match="could not be read for training") as caught:
        fit(job, Quiet())
    assert caught.value.code == "RC413"
    assert caught.value.place.endswith("train06.png")
    assert caught.value.got == "ValueError: no such colour"
    assert isinstance(caught.value.__cause__, ValueError) == (workers == 0)


@pytest.mark.parametrize("workers", [0, 1])
def test_d11_a_picture_that_changed_is_named_by_any_reader(
    make_job: Make, rectangles: Path, tmp_path: Path, workers: int
) -> None:
    root = tmp_path / "copy"
    shutil.copytree(rectangles, root)
    job = make_job(f"training.batches.workers={workers}", train=Dataset.open(root).split("train"))
    (root / "JPEGImages" / "train06.png").write_bytes(b"short")
    with pytest.raises(PictureError, match="changed since the data set was opened") as caught:
        fit(job, Quiet())
    assert caught.value.code == "RC109"
    assert caught.value.exit_code == 3
    assert caught.value.place.endswith("train06.png")


@pytest.mark.parametrize("workers", [0, 1])
def test_no_memory_to_read_a_picture(
    make_job: Make, splits: dict[str, Split], workers: int
) -> None:
    def fails() -> None:
        raise MemoryError("4 GiB")

    job = make_job(f"training.batches.workers={workers}", train=trapped(splits, fails))
    with pytest.raises(MemoryError, match="4 GiB"):
        fit(job, Quiet())


def kill_readers() -> None:
    for child in multiprocessing.active_children():
        os.kill(child.pid or 0, signal.SIGTERM)
        os.waitid(os.P_PID, child.pid or 0, os.WEXITED | os.WNOWAIT)


def test_d11_after_a_reader_died_the_step_is_read_again_and_nothing_is_lost(
    make_job: Make, recorder: Callable[[], Any], assert_same_run: Callable
) -> None:
    whole = make_job(name="whole")
    fit(whole, Quiet())
    act = [lambda report: kill_readers() if report.step in (2, 4) else None]
    job, display = make_job("training.batches.workers=1", callbacks=act), recorder()
    fit(job, display)
    told = [text for text in display.said if "a reading process died" in text]
    assert [text.rpartition("; ")[2] for text in told] == [
        "step 3 is read again",
        "step 5 is read again",
    ]
    assert [row["step"] for row in Diary(job.run).steps()] == [1, 2, 3, 4, 5, 6]
    assert job.run.last.read_bytes() == whole.run.last.read_bytes()


def no_second_try(_: object, died: TrainingError, _step: int) -> None:
    raise died


def test_a_reader_that_dies_does_not_break_the_step(
    make_job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """News of it comes in the middle of anything; it is heard when the next batch is awaited."""
    done: list[int] = []

    def callback(report: StepReport) -> None:
        if report.step == 2:
            kill_readers()
        done.append(report.step)

    job = make_job("training.batches.workers=1", callbacks=[callback])
    before = signal.getsignal(signal.SIGCHLD)
    monkeypatch.setattr(fit_module._Fit, "_excuse", no_second_try)
    with pytest.raises(TrainingError, match="a reading process died") as caught:
        fit(job, Quiet())
    assert done == [1, 2]
    rows = Diary(job.run).steps()
    assert [row["step"] for row in rows] == [1, 2]
    came = {f"{name}.png" for row in rows for name in row["pictures"]}
    assert not came & {Path(name).name for name in caught.value.place.split(", ")}
    assert caught.value.__cause__ is caught.value.__context__ is None  # nothing holds the reader
    assert before in (signal.SIG_DFL, signal.getsignal(signal.SIGCHLD))


@pytest.mark.parametrize("readers_first", [True, False])
def test_d07_a_signal_to_the_readers_too_is_a_stop(
    make_job: Make, monkeypatch: pytest.MonkeyPatch, readers_first: bool
) -> None:
    """A batch system ends all processes of a job: in a step, or while a batch is awaited."""

    def stop() -> None:
        kill_readers()
        signal.raise_signal(signal.SIGTERM)

    job = make_job("training.batches.workers=1")
    if readers_first:
        job = replace(job, callbacks=[lambda report: stop() if report.step == 2 else None])
    else:
        real, calls = fit_module._Fit._next, [0]

        def waits(self: Any, *arguments: Any) -> Any:
            calls[0] += 1
            if calls[0] == 3:
                stop()
            return real(self, *arguments)

        monkeypatch.setattr(fit_module._Fit, "_next", waits)
    with pytest.raises(Interrupted) as caught:
        fit(job, Quiet())
    assert (caught.value.step, caught.value.exit_code) == (2, 143)
    assert checkpoint.checkpoints(job.run)[0].stem == "step-000000002"
