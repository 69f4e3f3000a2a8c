"""Schemes by two processes: every phase is trained together, and one of them writes."""

import hashlib
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from frcnn.data.proposals import StoredProposals
from frcnn.errors import ModelFileError
from frcnn.prediction.predictor import Detector
from frcnn.prediction.proposing import Order, store_proposals
from frcnn.run_folder import RunFolder
from frcnn.training import checkpoint
from frcnn.training.course import Course, require_same_run
from frcnn.training.distributed import World
from frcnn.training.log import Diary
from frcnn.training.progress import Quiet
from frcnn.training.proposing import store_together
from frcnn.training.schemes import SCHEMES
from frcnn.weights import file as weights_file

Make = Callable[..., Course]
CALM = ("model.backbone.batch_norm=frozen", "training.optimizer.method=sgd")


def bits_of(model: torch.nn.Module) -> str:
    digest = hashlib.sha256()
    for tensor in model.state_dict().values():
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


@pytest.fixture
def by_two(make_course: Make, in_processes: Callable, dies_after: Any) -> Callable[..., Any]:
    """Runs a scheme by two processes: `by_two("rpn", *changes, name="two")`."""

    def run(scheme: str, *changes: str, apart: bool = False, dies: int = 0, **more: Any) -> Any:
        stored = more.pop("stored", None)
        course = replace(make_course(scheme, *changes, **more), given_proposals=stored)

        def work(world: World) -> Any:
            ready = world.for_training(torch.device("cpu"), 60.0)
            folder = course.job.run if world.leads or not apart else RunFolder(Path("/nowhere/r"))
            job = replace(course.job, world=ready, run=folder)
            display = dies_after(dies) if dies and world.leads else Quiet()
            outcome = SCHEMES[scheme](replace(course, job=job, display=display))
            figures = None if outcome.figures is None else outcome.figures.to_json()
            return figures, bits_of(outcome.network)

        return course, in_processes(work)

    return run


@pytest.mark.parametrize("scheme", ["rpn", "exact-joint"])
def test_a_scheme_of_one_phase_is_learnt_as_by_one_and_needs_no_common_folder(
    make_course: Make, by_two: Callable, scheme: str
) -> None:
    one = make_course(scheme, *CALM, name="one")
    figures = SCHEMES[scheme](one).figures
    two, ended = by_two(scheme, *CALM, apart=True, name="two")
    assert [each.code for each in ended] == [0, 0], ended
    assert ended[0].value == ended[1].value
    assert figures is not None
    steps = [Diary(course.job.run).steps() for course in (one, two)]
    assert [row["pictures"] for row in steps[0]] == [row["pictures"] for row in steps[1]]
    for row, other in zip(*steps, strict=True):
        assert other["loss"] == pytest.approx(row["loss"], rel=1e-4)
    ours, theirs = (weights_file.load(course.job.run.last)[1] for course in (one, two))
    for name, tensor in ours.items():
        torch.testing.assert_close(theirs[name], tensor, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    "scheme", ["alternating", pytest.param("unshared", marks=pytest.mark.slow)]
)
def test_every_process_goes_through_all_steps_with_the_same_weights(
    by_two: Callable, scheme: str
) -> None:
    """Live statistics, and batches whose last one has a single picture."""
    own = ("training.batches.size=3",)
    course, ended = by_two(scheme, *own)
    assert [each.code for each in ended] == [0, 0], ended
    assert ended[0].value == ended[1].value
    path = course.job.run.path
    steps = sorted(folder.name for folder in path.glob("step-*"))
    assert steps == [f"step-{n}" for n in range(1, 4 if scheme == "alternating" else 2)]
    for folder in path.glob("step-*"):
        assert (folder / "done.json").exists()
        assert not (folder / "state").exists()
    assert (path / "step-1" / "proposals.safetensors").exists()
    again, ended = by_two(scheme, *own)
    assert [each.value[0] for each in ended] == [None, None], "nothing is left to do"
    assert again.job.run.last.exists()


def test_the_targets_scale_is_the_same_in_all_processes(by_two: Callable) -> None:
    own = ("model.rpn.normalisation=measured", "model.box_head.normalisation=measured")
    _, ended = by_two("alternating", *own)
    assert [each.code for each in ended] == [0, 0], ended
    assert ended[0].value == ended[1].value


@pytest.mark.parametrize(
    "steps",
    [pytest.param(2, marks=pytest.mark.slow), 4, pytest.param(8, marks=pytest.mark.slow)],
)
def test_d15_a_scheme_that_was_killed_goes_on_to_the_bit(by_two: Callable, steps: int) -> None:
    """In step 1, between the first proposals and the end of step 2, and in step 3."""
    whole, (leader, _) = by_two("alternating", name="whole")
    stopped, ended = by_two("alternating", name="stopped", dies=steps)
    assert ended[0].kind == "Killed"
    assert "RC421" in ended[1].value
    _, again = by_two("alternating", name="stopped")
    assert [each.code for each in again] == [0, 0], again
    assert again[0].value[1] == again[1].value[1] == leader.value[1]
    assert stopped.job.run.last.read_bytes() == whole.job.run.last.read_bytes()


def test_the_head_alone_on_proposals_from_a_file(
    make_course: Make, by_two: Callable, tmp_path: Path
) -> None:
    first = make_course("rpn", name="first").job
    detector = Detector(first.model.eval(), first.train.classes)
    store_proposals(detector, first.train, Order(out=tmp_path / "p"))
    stored = StoredProposals.open(tmp_path / "p")
    course = make_course("head", *CALM, name="one")
    SCHEMES["head"](replace(course, given_proposals=stored))
    two, ended = by_two("head", *CALM, name="two", stored=stored)
    assert [each.code for each in ended] == [0, 0], ended
    steps = [Diary(run).steps() for run in (course.job.run, two.job.run)]
    for row, other in zip(*steps, strict=True):
        assert other["loss"] == pytest.approx(row["loss"], rel=1e-4)


@pytest.mark.parametrize("asked", [(0, 1), (0,), (1,)])
def test_a_stop_while_they_propose_is_told_by_one(
    make_course: Make, in_processes: Callable, monkeypatch: pytest.MonkeyPatch, asked: Any
) -> None:
    """SIGTERM to the launcher reaches all processes, and one may get it alone."""
    monkeypatch.setattr("frcnn.training.proposing._AT_ONCE", 2)
    course = make_course("unshared")

    def work(world: World) -> None:
        def interrupted(*arguments: Any) -> None:
            *first, _, heed = arguments
            store_together(*first, signalled, heed)

        def signalled(_done: int) -> None:
            if world.rank in asked:
                signal.raise_signal(signal.SIGTERM)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("frcnn.training.course.store_together", interrupted)
            job = replace(course.job, world=world.for_training(torch.device("cpu"), 60.0))
            SCHEMES["unshared"](replace(course, job=job))

    ended = in_processes(work)
    assert [each.code for each in ended] == [143, 143], ended
    teller, quiet = (ended[asked[0]], ended[1 - asked[0]])
    assert (teller.kind, quiet.kind) == ("Interrupted", "ToldElsewhere")
    assert teller.value == f"stopped; go on with: frcnn train --resume {course.job.run.path}"


def test_a_checkpoint_of_another_number_of_processes_is_refused_beforehand(
    make_course: Make, by_two: Callable
) -> None:
    two, _ = by_two("rpn", name="run")
    assert checkpoint.checkpoints(two.job.run)
    again = make_course("rpn", name="run")
    with pytest.raises(ModelFileError, match="another number of processes") as caught:
        require_same_run(again.job, again.job.model.config)
    assert caught.value.code == "RC538"
