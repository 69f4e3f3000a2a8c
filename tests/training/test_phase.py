"""Phases: what learns, and that the rest is held still in every way."""

from collections.abc import Callable

import pytest
from torch import nn

from frcnn.training import phase
from frcnn.training.job import Job

Make = Callable[..., Job]
ALL = [
    phase.JOINT,
    phase.EXACT_JOINT,
    phase.RPN,
    phase.RPN_APART,
    phase.DETECTOR,
    phase.RPN_LAYERS,
    phase.DETECTOR_LAYERS,
]


@pytest.mark.parametrize("each", ALL, ids=lambda p: p.title)
@pytest.mark.parametrize("sharing", ["shared", "separate"])
def test_the_named_parts_learn_and_no_other(
    make_job: Make, each: phase.Phase, sharing: str
) -> None:
    model = make_job(f"model.sharing={sharing}").model
    each.prepare(model)
    for name, part in model.named_children():
        learns = name in each.parts
        assert any(p.requires_grad for p in part.parameters()) == learns, name
        assert part.training == learns, name


def test_what_the_settings_freeze_stays_frozen(make_job: Make) -> None:
    model = make_job("model.backbone.frozen_stages=2").model
    before = [p.requires_grad for p in model.backbone.parameters()]
    phase.JOINT.prepare(model)
    assert [p.requires_grad for p in model.backbone.parameters()] == before
    assert not all(before)


def test_statistics_of_a_backbone_that_is_held_still_stay(make_job: Make) -> None:
    model = make_job().model
    phase.RPN_LAYERS.prepare(model)
    norms = [m for m in model.backbone.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms
    assert not any(norm.training for norm in norms)


def test_an_rpn_alone_is_judged_by_its_proposals() -> None:
    rpns = [phase.RPN, phase.RPN_APART, phase.RPN_LAYERS]
    assert [p for p in ALL if p.judged_by == "proposals"] == rpns


def test_an_rpn_on_its_own_backbone_leaves_the_detectors_alone() -> None:
    """Steps 1 and 2 of §3.2 share nothing."""
    assert not {*phase.RPN_APART.parts} & {*phase.DETECTOR.parts}
