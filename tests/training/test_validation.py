"""Figures and losses on the validation pictures."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from frcnn.data.records import Split
from frcnn.errors import ConfigError
from frcnn.prediction.predictor import Detector
from frcnn.training.averaging import start_average
from frcnn.training.batches import BatchConfig, Examples, Visit
from frcnn.training.job import Job
from frcnn.training.objectives import joint_losses
from frcnn.training.validation import (
    EvaluationConfig,
    averaged,
    figures_of,
    proposal_figures_of,
    summary,
    validation_loss,
)

Make = Callable[..., Job]


@pytest.mark.parametrize(
    "change", [{"every_epochs": 0.0}, {"patience": 0}, {"patience": -1}, {"loss_pictures": -1}]
)
def test_unusable_settings_are_refused(change: dict) -> None:
    with pytest.raises(ConfigError, match="RC350") as caught:
        EvaluationConfig(**change)
    assert caught.value.place == "evaluation"


def test_a_network_with_the_average_as_weights(make_job: Make) -> None:
    model = make_job().model.train()
    average = start_average(model)
    average["rpn.conv.bias"].fill_(3.0)
    copied = averaged(model, average)
    assert (copied.rpn.conv.bias == 3).all()
    assert not (model.rpn.conv.bias == 3).any()
    assert not copied.training
    assert model.training
    plain = averaged(model, None)
    assert torch.equal(plain.rpn.conv.bias, model.rpn.conv.bias)
    assert plain.rpn.conv.weight.is_contiguous(memory_format=torch.channels_last)
    assert plain.state_dict().keys() == copied.state_dict().keys() == model.state_dict().keys()


def test_no_weight_is_copied(make_job: Make) -> None:
    model = make_job().model.train()
    average = start_average(model)
    for own, other in ((model.state_dict(), None), (average, average)):
        found = averaged(model, other).state_dict()
        assert {n: t.data_ptr() for n, t in found.items()} == {
            name: tensor.data_ptr() for name, tensor in own.items()
        }
    assert all(p.requires_grad for p in model.rpn.parameters())


def test_the_loss_is_the_mean_over_single_pictures(make_job: Make) -> None:
    job = make_job()
    model = job.model.eval()
    losses = joint_losses(model, 0, job.precision)
    found = validation_loss(model, job.val, losses, pictures=2)
    read = Examples(job.val, 0, model.config.pictures, BatchConfig(flip="none"))
    with torch.no_grad():
        each = [losses([read[Visit(-1, number, 0)]]) for number in range(2)]
    for name, value in found.items():
        assert value == pytest.approx(sum(float(terms[name]) for terms in each) / 2), name
    assert found == validation_loss(model, job.val, losses, pictures=2)


def test_no_more_pictures_than_there_are_and_none_if_none_are_wanted(make_job: Make) -> None:
    job = make_job()
    model = job.model.eval()
    losses = joint_losses(model, 0, job.precision)
    all_of_them = validation_loss(model, job.val, losses, pictures=3)
    assert validation_loss(model, job.val, losses, pictures=50) == all_of_them
    assert validation_loss(model, job.val, losses, pictures=0) == {}


def test_measuring_the_loss_teaches_nothing(make_job: Make) -> None:
    job = make_job()
    model = job.model.eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    validation_loss(model, job.val, joint_losses(model, 0, job.precision), pictures=3)
    assert all(torch.equal(before[n], t) for n, t in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_a_summary_is_a_row(make_job: Make, splits: dict[str, Split]) -> None:
    job = make_job()
    seen: list[int] = []
    detector = Detector(job.model, job.val.classes)
    figures = figures_of(detector, job.val, on_picture=seen.append)
    assert seen == [1, 2, 3]
    row = summary(figures, {"rpn_boxes": 0.25, "head_boxes": 0.5})
    assert row["val_loss"] == 0.75
    assert row["val_rpn_boxes"] == 0.25
    assert row["val_AP"] == figures.coco["AP"]
    assert row["val_voc07_map"] == figures.voc07_map
    assert sum(name.startswith("val_A") for name in row) == 12
    assert summary(figures, {})["val_loss"] is None


def test_without_objects_figures_are_undefined(make_job: Make) -> None:
    job = make_job()
    empty = type(job.val.records[0].target).empty()
    bare = replace(job.val, records=tuple(replace(r, target=empty) for r in job.val.records))
    row = summary(figures_of(Detector(job.model, job.val.classes), bare), {})
    assert row["val_AP"] is None
    assert row["val_voc07_map"] is None


def test_the_first_stage_alone_is_judged_by_its_proposals(make_job: Make) -> None:
    job = make_job()
    seen: list[int] = []
    detector = Detector(job.model, job.val.classes)
    figures = proposal_figures_of(detector, job.val, on_picture=seen.append)
    assert seen == [1, 2, 3]
    assert figures.pictures == 3
    assert figures.proposals[2000] > figures.proposals[10] == 30
    named = figures.named()
    assert {"AR_100", "AR_300", "AR_small_300", "recall50_300"} <= set(named)
    assert named["AR_300"] is not None
    assert named["AR_300"] <= named["recall50_300"]
    assert proposal_figures_of(detector, job.val) == figures


def test_without_objects_no_recall_is_defined(make_job: Make) -> None:
    job = make_job()
    empty = type(job.val.records[0].target).empty()
    bare = replace(job.val, records=tuple(replace(r, target=empty) for r in job.val.records))
    figures = proposal_figures_of(Detector(job.model, job.val.classes), bare)
    assert set(figures.named().values()) == {None}
