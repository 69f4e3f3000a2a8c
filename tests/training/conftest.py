"""A training small enough for tests: ten pictures, six steps, a thin network, all else as it is."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from frcnn import presets, settings
from frcnn.data.dataset import Dataset
from frcnn.data.records import Split
from frcnn.presets import RunConfig
from frcnn.run_folder import RunFolder
from frcnn.training import checkpoint
from frcnn.training.course import Course, first_network
from frcnn.training.job import Job
from frcnn.training.log import CLOCKS, Diary
from frcnn.training.precision import Precision
from frcnn.training.progress import Quiet
from frcnn.training.start import new_model
from frcnn.training.step import StepReport
from frcnn.weights import file as weights_file


class Recorder(Quiet):
    """A display that remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.steps: list[int] = []

    def begin(self, title: str) -> None:
        self.said.append(title)

    def step(self, report: StepReport, total: int) -> None:
        self.steps.append(report.step)

    def say(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.said.append(text)


class DiesAfter(Quiet):
    """A display that ends its process after so many steps of all phases together."""

    class Killed(BaseException):
        """The end of a process, as far as a test can play it."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def step(self, report: StepReport, total: int) -> None:
        self.left -= 1
        if self.left == 0:
            raise self.Killed


@pytest.fixture
def dies_after() -> type[DiesAfter]:
    """Makes displays that end the run: `dies_after(4)` raises `dies_after.Killed`."""
    return DiesAfter


@pytest.fixture
def recorder() -> Callable[[], Recorder]:
    """Makes displays that remember what they were told."""
    return Recorder


@pytest.fixture(autouse=True)
def _thin(thin_backbone: None) -> None:
    """Every network here is a thin one."""


@pytest.fixture
def splits(rectangles: Path) -> dict[str, Split]:
    """The training and the validation pictures."""
    return dict(Dataset.open(rectangles).splits)


@pytest.fixture
def config(tiny: Sequence[str]) -> RunConfig:
    """A run from scratch: AdamW, live batch norm, a running average, an evaluation each 3 steps."""
    start = presets.from_scratch(presets.resnet18())
    start = settings.apply_overrides(start, tiny)
    return replace(start, model=replace(start.model, classes=2))


@pytest.fixture
def make_job(splits: dict[str, Split], config: RunConfig, tmp_path: Path) -> Callable[..., Job]:
    """Makes jobs: `make_job("training.seed=1", name="again", callbacks=[...])`.

    Jobs of one name share a run folder, so the second resumes the first.
    """

    def make(*changes: str, name: str = "run", **fields: Any) -> Job:
        own = settings.apply_overrides(config, changes)
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        job = Job(
            run=RunFolder(folder),
            model=new_model(own.model, own.training.seed),
            train=splits["train"],
            val=splits["val"],
            config=own.training,
            precision=Precision(device=torch.device("cpu")),
        )
        return replace(job, **fields)

    return make


OF_SCHEME = {
    "exact-joint": ("model.roi_pooling.method=warp",),
    "unshared": ("model.sharing=separate",),
}


@pytest.fixture
def make_course(make_job: Callable[..., Job]) -> Callable[..., Course]:
    """Makes courses: `make_course("alternating", "training.seed=1", name="again")`."""

    def make(scheme: str, *changes: str, display: Quiet | None = None, **fields: Any) -> Course:
        own = (f"training.scheme={scheme}", *OF_SCHEME.get(scheme, ()))
        short = ("training.schedule.steps=3", "training.evaluation.every_epochs=2")
        job = make_job(*own, *short, *changes, **fields)
        model = new_model(first_network(job.model.config, scheme), job.config.seed)
        return Course(job=replace(job, model=model), display=display or Quiet())

    return make


@pytest.fixture(scope="session")
def assert_same_run() -> Callable[[RunFolder, RunFolder], None]:
    """Two runs ended alike: state to the bit, and a diary that differs in its clocks alone."""
    return _assert_same_run


def _assert_same_run(one: RunFolder, other: RunFolder) -> None:
    (header, tensors), (other_header, others) = (
        weights_file.load(checkpoint.checkpoints(run)[0]) for run in (one, other)
    )
    assert header.extra == other_header.extra
    assert tensors.keys() == others.keys()
    different = [name for name in tensors if not torch.equal(tensors[name], others[name])]
    assert not different
    for part in ("steps", "evaluations"):
        rows = [getattr(Diary(run), part)() for run in (one, other)]
        bare = [[{**row, **dict.fromkeys(CLOCKS)} for row in each] for each in rows]
        assert bare[0] == bare[1]
    for name in ("best", "last"):
        assert getattr(one, name).read_bytes() == getattr(other, name).read_bytes()
