"""A course: phases trained once, proposals stored once, plans heeded, nothing done twice."""

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest

from frcnn.errors import DataError, ModelFileError
from frcnn.run_folder import RunFolder
from frcnn.training import checkpoint
from frcnn.training.course import Course, config_of_step, first_network, require_same_run
from frcnn.training.job import Job
from frcnn.training.log import Diary
from frcnn.training.measuring import measure_rpn
from frcnn.training.progress import Quiet
from frcnn.training.proposing import store_together
from frcnn.training.schemes import SCHEMES
from frcnn.training.signals import Interrupted
from frcnn.training.start import new_model
from frcnn.training.step import StepReport
from frcnn.weights import file as weights_file

Make = Callable[..., Job]


def run(asked: Course) -> None:
    SCHEMES[asked.job.config.scheme](asked)


def steps_of(asked: Course) -> list[RunFolder]:
    path = asked.job.run.path
    return [*(RunFolder(path / f"step-{n}") for n in (1, 2, 3)), asked.job.run]


def test_a_scheme_that_is_done_changes_nothing(make_course: Make) -> None:
    run(make_course("alternating"))
    again = make_course("alternating")
    before = {p: p.read_bytes() for p in again.job.run.path.rglob("*") if p.is_file()}
    outcome = SCHEMES["alternating"](again)
    assert outcome.figures is None
    after = {p: p.read_bytes() for p in again.job.run.path.rglob("*") if p.is_file()}
    assert {p.name for p in before if before[p] != after.get(p)} <= {"metrics.jsonl", "metrics.csv"}
    assert before.keys() == after.keys()


def test_proposals_of_other_pictures_are_refused(
    make_course: Make, tmp_path: Path, dies_after: Any
) -> None:
    """Between step 1 and step 2 a picture was taken away."""
    with pytest.raises(dies_after.Killed):
        run(make_course("alternating", display=dies_after(4)))
    fewer = make_course("alternating")
    job = replace(fewer.job, train=fewer.job.train.subset(range(9)))
    with pytest.raises(DataError) as caught:
        run(Course(job=job, display=Quiet()))
    assert "proposals" in caught.value.place


def test_proposing_shows_how_far_it_is(make_course: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []

    def overheard(*arguments: Any) -> None:
        *first, _, heed = arguments
        store_together(*first, told.append, heed)

    monkeypatch.setattr("frcnn.training.course.store_together", overheard)

    class Screen(Quiet):
        def __enter__(self) -> Self:
            entered.append(len(told))
            return self

    entered: list[int] = []
    run(make_course("unshared", display=Screen()))
    assert told == [8, 10]  # as many at once, then the rest of ten
    assert entered == [0, 0, 2], "drawn while step 1 is trained, while it proposes, and in step 2"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_while_it_proposes_names_the_run_to_go_on_with(
    make_course: Make, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    told: list[int] = []

    def interrupted(*arguments: Any) -> None:
        *first, _, heed = arguments
        store_together(*first, signalled, heed)

    def signalled(done: int) -> None:
        told.append(done)
        signal.raise_signal(number)

    asked = make_course("unshared")
    monkeypatch.setattr("frcnn.training.course.store_together", interrupted)
    with pytest.raises(Interrupted) as caught:
        run(asked)
    go_on = f"stopped; go on with: frcnn train --resume {asked.job.run.path}"
    assert (str(caught.value), caught.value.exit_code) == (go_on, code)
    assert told == [8], "after the picture at hand"
    first = asked.job.run.path / "step-1"
    assert (first / "done.json").exists()
    assert not list(first.glob("*proposals*"))
    monkeypatch.setattr("frcnn.training.course.store_together", store_together)
    run(make_course("unshared"))
    assert asked.job.run.last.exists()


def test_a_stop_after_the_last_picture_is_heard(
    make_course: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def store(*arguments: Any) -> None:
        store_together(*arguments)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("frcnn.training.course.store_together", store)
    asked = make_course("unshared")
    with pytest.raises(Interrupted, match="stopped; go on with"):
        run(asked)
    assert (asked.job.run.path / "step-1" / "proposals.safetensors").exists()


def test_a_stop_while_targets_are_measured(
    make_course: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[int] = []

    def measure(*arguments: Any) -> Any:
        *first, heed = arguments

        def heeding(picture: int) -> None:
            measured.append(picture)
            if picture == 3:
                signal.raise_signal(signal.SIGTERM)
            heed(picture)

        return measure_rpn(*first, heeding)

    monkeypatch.setattr("frcnn.training.course.measure_rpn", measure)
    asked = make_course("rpn", "model.rpn.normalisation=measured")
    with pytest.raises(Interrupted, match="stopped; go on with"):
        run(asked)
    assert measured == [0, 1, 2, 3]


def test_mirrored_proposals_may_be_computed(make_course: Make) -> None:
    mirrored = make_course("alternating", name="mirrored")
    run(mirrored)
    computed = make_course(
        "alternating", "training.alternating.of_mirrored=computed", name="computed"
    )
    run(computed)
    one, other = (
        (course.job.run.path / "step-1" / "proposals.safetensors").stat().st_size
        for course in (mirrored, computed)
    )
    assert other > 1.5 * one


def test_the_network_of_a_scheme_that_shares_is_shared(make_job: Make) -> None:
    config = make_job().model.config
    assert first_network(config, "joint") is config
    assert first_network(config, "alternating").sharing == "separate"
    assert isinstance(new_model(first_network(config, "alternating"), 0).rpn_backbone, object)


def test_the_finished_detector_is_in_the_run_folder_and_checkpoints_of_steps_are_gone(
    make_course: Make,
) -> None:
    course = make_course("alternating")
    run(course)
    header = weights_file.read_header(course.job.run.best)
    assert header.config["sharing"] == "shared"
    *steps, last = steps_of(course)
    assert not any(checkpoint.checkpoints(each) for each in steps)
    assert checkpoint.checkpoints(last)
    for each in steps:
        assert (each.path / "done.json").exists()
        assert (each.plots / "curves.png").exists()
    for number in (1, 3):
        assert (course.job.run.path / f"step-{number}" / "proposals.safetensors").exists()


def test_each_step_has_the_length_of_its_plan(make_course: Make) -> None:
    course = make_course(
        "alternating",
        "training.alternating.rpn.steps=3",
        "training.alternating.detector.steps=2",
        "training.alternating.detector.batch=1",
        "training.alternating.detector.regions=8",
        "training.alternating.rpn_layers.steps=1",
        "training.alternating.detector_layers.steps=4",
    )
    run(course)
    rows = [Diary(folder).steps() for folder in steps_of(course)]
    assert [len(each) for each in rows] == [3, 2, 1, 4]
    assert [len(each[0]["pictures"]) for each in rows] == [2, 1, 2, 2]
    configs = [weights_file.read_header(folder.last).config for folder in steps_of(course)]
    assert [config["roi_sampling"]["count"] for config in configs] == [16, 8, 16, 16]


def test_the_settings_of_a_step(make_job: Make) -> None:
    config = make_job("training.alternating.rpn.batch=7", "training.alternating.rpn.steps=9").config
    assert config_of_step(config, 1) == config, "joint training has no plan"
    config = replace(config, scheme="alternating")
    first = config_of_step(config, 1)
    assert (first.batches.size, first.schedule.steps) == (7, 9)
    assert config_of_step(config, 2) == config


@pytest.mark.parametrize("steps", [1, 4, 7, 10])
def test_what_a_checkpoint_would_refuse_is_refused_in_every_step(
    make_course: Callable[..., Course], steps: int, dies_after: Any
) -> None:
    """Two backbones or one, more regions or fewer: none of that makes another model."""
    plan = "training.alternating.detector.regions=8"
    with pytest.raises(dies_after.Killed):
        run(make_course("alternating", plan, display=dies_after(steps)))
    again = make_course("alternating", plan)
    model = replace(again.job.model.config, sharing="shared")
    require_same_run(again.job, model)
    wider = replace(model, box_head=replace(model.box_head, width=24))
    with pytest.raises(ModelFileError, match=r"RC532.*box_head.width was 16, is 24"):
        require_same_run(again.job, wider)


class Interrupts(Quiet):
    """Sends a Ctrl-C after the first step of the second phase."""

    def __init__(self) -> None:
        self.phases = 0

    def begin(self, title: str) -> None:
        self.phases += 1

    def step(self, report: StepReport, total: int) -> None:
        if self.phases == 2:
            signal.raise_signal(signal.SIGINT)


def test_a_stopped_step_names_the_run_to_go_on_with(make_course: Callable[..., Course]) -> None:
    course = make_course("alternating", display=Interrupts())
    with pytest.raises(Interrupted) as caught:
        run(course)
    assert str(caught.value).endswith(f"go on with: frcnn train --resume {course.job.run.path}")
    assert checkpoint.checkpoints(steps_of(course)[1])
