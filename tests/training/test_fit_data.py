"""Training on little: no objects, difficult ones alone, no proposals, one picture (D16, D17)."""

from collections.abc import Callable
from dataclasses import replace

import torch

from frcnn.data.records import Split
from frcnn.training.fit import fit
from frcnn.training.job import Job
from frcnn.training.log import Diary
from frcnn.training.progress import Quiet

Make = Callable[..., Job]


def test_d16_pictures_without_objects(make_job: Make, splits: dict[str, Split]) -> None:
    train = without_boxes(splits["train"])
    job = make_job(train=train)
    figures = fit(job, Quiet())
    assert figures is not None
    assert all(row["rpn_boxes"] == 0 for row in Diary(job.run).steps())
    assert all(row["head_boxes"] == 0 for row in Diary(job.run).steps())


def test_d16_difficult_objects_alone(make_job: Make, splits: dict[str, Split]) -> None:
    records = [
        replace(r, target=replace(r.target, difficult=torch.ones_like(r.target.difficult)))
        for r in splits["train"].records
    ]
    job = make_job(train=replace(splits["train"], records=tuple(records)))
    fit(job, Quiet())
    assert all(row["loss"] > 0 for row in Diary(job.run).steps())


def test_d16_no_proposal_at_all(make_job: Make) -> None:
    job = make_job(
        "model.proposals_train.min_side=1000",
        "model.proposals_test.min_side=1000",
        "model.roi_sampling.candidates=proposals",
        "training.batches.size=1",
    )
    assert fit(job, Quiet()) is not None


def test_d17_a_batch_of_one_and_a_set_smaller_than_a_batch(
    make_job: Make, splits: dict[str, Split]
) -> None:
    job = make_job("training.batches.size=8", train=splits["train"].subset([0]))
    assert job.model.backbone.body.get_submodule("bn1").training  # live batch norm
    fit(job, Quiet())
    assert [row["pictures"] for row in Diary(job.run).steps()] == [["train00"]] * 6


def test_nothing_to_judge_on(make_job: Make, splits: dict[str, Split]) -> None:
    """No object to be found in validation: undefined figures end no training."""
    job = make_job("training.evaluation.loss_pictures=0", val=without_boxes(splits["val"]))
    figures = fit(job, Quiet())
    assert figures is not None
    assert figures.coco["AP"] is None
    assert [row["val_AP"] for row in Diary(job.run).evaluations()] == [None, None]
    assert job.run.best.exists()


def without_boxes(split: Split) -> Split:
    empty = type(split.records[0].target).empty()
    return replace(split, records=tuple(replace(r, target=empty) for r in split.records))
