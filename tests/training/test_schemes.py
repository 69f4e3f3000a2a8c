"""The schemes: which parts move in which step; a run stopped anywhere goes on to the bit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from frcnn.data.proposals import StoredProposals
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.prediction.predictor import Detector
from frcnn.prediction.proposing import Order, store_proposals
from frcnn.run_folder import RunFolder
from frcnn.training.course import Course
from frcnn.training.job import Job
from frcnn.training.log import Diary
from frcnn.training.schemes import SCHEMES
from frcnn.training.steps import has_begun
from frcnn.weights import file as weights_file

Make = Callable[..., Job]


def run(course: Course) -> None:
    SCHEMES[course.job.config.scheme](course)


def weights(run: RunFolder) -> dict[str, Tensor]:
    return weights_file.load(run.last)[1]


def moved(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    """Parts of the network whose weights differ, among those that both have."""
    return {
        name.partition(".")[0]
        for name in before.keys() & after.keys()
        if not torch.equal(before[name], after[name])
    }


def steps_of(course: Course) -> list[RunFolder]:
    path = course.job.run.path
    return [*(RunFolder(path / f"step-{n}") for n in (1, 2, 3)), course.job.run]


def some_proposals(course: Course, folder: Path) -> StoredProposals:
    """Proposals of a fresh RPN in a course's training pictures."""
    job = course.job
    order = Order(out=folder / "proposals")
    store_proposals(Detector(job.model.eval(), job.train.classes), job.train, order)
    return StoredProposals.open(order.out)


@pytest.fixture(scope="module")
def start() -> Callable[[Course], dict[str, Tensor]]:
    """The weights that a course begins with."""
    return lambda course: {n: t.clone() for n, t in course.job.model.state_dict().items()}


def test_the_four_steps_move_what_the_paper_says(make_course: Make, start: Any) -> None:
    course = make_course("alternating")
    first = start(course)
    run(course)
    one, two, three, four = map(weights, steps_of(course))
    assert moved(first, one) == {"rpn_backbone", "rpn"}
    assert moved(one, two) == {"backbone", "box_head"}
    assert moved(two, three) == {"rpn"}
    assert not any(name.startswith("rpn_backbone") for name in three)
    assert moved(three, four) == {"box_head"}


def test_step_3_starts_its_rpn_layers_anew(make_course: Make) -> None:
    course = make_course("alternating", "training.alternating.rpn_layers.learning_rate=1e-9")
    run(course)
    _, two, three, _ = map(weights, steps_of(course))
    assert not torch.allclose(two["rpn.conv.weight"], three["rpn.conv.weight"], atol=1e-3)


@pytest.mark.parametrize(("last_layers", "kept"), [("new", False), ("kept", True)])
def test_step_4_starts_its_last_layers_as_the_settings_say(
    make_course: Make, last_layers: str, kept: bool
) -> None:
    """The authors' Python code draws them anew, their MATLAB code keeps those of step 2."""
    course = make_course(
        "alternating",
        f"training.alternating.last_layers={last_layers}",
        "training.alternating.detector_layers.learning_rate=1e-9",
    )
    run(course)
    *_, three, four = map(weights, steps_of(course))
    assert torch.allclose(three["box_head.logits.weight"], four["box_head.logits.weight"]) == kept


def test_each_step_says_which_it_is_and_learns_its_own_terms(
    make_course: Make, recorder: Any
) -> None:
    display = recorder()
    course = make_course("alternating", display=display)
    run(course)
    titles = [text for text in display.said if text.startswith("step ") and " of 4: " in text]
    assert [title.partition(":")[0] for title in titles] == [f"step {n} of 4" for n in (1, 2, 3, 4)]
    terms = [
        {n for n in Diary(f).steps()[0] if n.startswith(("rpn_", "head_"))}
        for f in steps_of(course)
    ]
    rpn, head = {"rpn_objectness", "rpn_boxes"}, {"head_classes", "head_boxes"}
    assert terms == [rpn, head, rpn, head]
    judged = [Diary(f).evaluations()[-1] for f in steps_of(course)]
    assert ["val_AR_300" in row for row in judged] == [True, False, True, False]
    assert ["val_AP" in row for row in judged] == [False, True, False, True]


def test_unshared_training_ends_with_two_backbones(make_course: Make) -> None:
    course = make_course("unshared")
    run(course)
    found = weights(course.job.run)
    assert moved(
        {n.removeprefix("rpn_"): t for n, t in found.items() if n.startswith("rpn_backbone")},
        {n: t for n, t in found.items() if n.startswith("backbone")},
    ) == {"backbone"}
    assert weights_file.read_header(course.job.run.best).config["sharing"] == "separate"


@pytest.mark.parametrize("scheme", ["joint", "exact-joint"])
def test_joint_schemes_move_every_part(make_course: Make, start: Any, scheme: str) -> None:
    course = make_course(scheme)
    first = start(course)
    run(course)
    assert moved(first, weights(course.job.run)) == {"backbone", "rpn", "box_head"}


def test_the_rpn_alone_leaves_the_head(make_course: Make, start: Any) -> None:
    course = make_course("rpn")
    first = start(course)
    run(course)
    assert moved(first, weights(course.job.run)) == {"backbone", "rpn"}


def test_steps_1_and_2_both_start_from_the_same_backbone_weights(make_course: Make) -> None:
    """From ImageNet weights, and from ImageNet weights again."""
    course = make_course("alternating")
    model: FasterRCNN = course.start()
    assert model.rpn_backbone is not None
    pairs = zip(
        model.rpn_backbone.state_dict().values(), model.backbone.state_dict().values(), strict=True
    )
    assert all(a.shape == b.shape for a, b in pairs)


def test_a_run_that_is_killed_in_every_step_goes_on_to_the_bit(
    make_course: Make, assert_same_run: Callable, dies_after: Any
) -> None:
    three = "training.schedule.steps=3"
    whole = make_course("alternating", three, name="whole")
    run(whole)
    for steps in (1, 2, 3, 1, 2, 2, 3, 2):  # of all phases together, before the next kill
        with pytest.raises(dies_after.Killed):
            run(make_course("alternating", three, name="killed", display=dies_after(steps)))
        assert has_begun(make_course("alternating", three, name="killed").job.run)
    again = make_course("alternating", three, name="killed")
    run(again)
    assert_same_run(whole.job.run, again.job.run)
    for one, other in zip(steps_of(whole), steps_of(again), strict=True):
        assert one.last.read_bytes() == other.last.read_bytes()


@pytest.mark.parametrize("scheme", ["exact-joint", "unshared", "rpn", "head"])
def test_a_killed_run_of_any_other_scheme_goes_on_to_the_bit(
    make_course: Make, assert_same_run: Callable, scheme: str, dies_after: Any, tmp_path: Path
) -> None:
    stored = some_proposals(make_course("rpn", name="rpn"), tmp_path) if scheme == "head" else None

    def make(name: str, display: Any = None) -> Course:
        return replace(make_course(scheme, name=name, display=display), given_proposals=stored)

    whole = make("whole")
    run(whole)
    for steps in (1, 2):
        with pytest.raises(dies_after.Killed):
            run(make("killed", dies_after(steps)))
    again = make("killed")
    run(again)
    assert_same_run(whole.job.run, again.job.run)
