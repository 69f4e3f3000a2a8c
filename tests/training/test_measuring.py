"""The scale of box targets over all training pictures: by hand, and what training does with it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from frcnn.data.proposals import StoredProposals
from frcnn.data.proposals_writer import write_proposals
from frcnn.run_folder import RunFolder
from frcnn.training.batches import BatchConfig
from frcnn.training.course import Course
from frcnn.training.job import Job
from frcnn.training.measuring import measure_head, measure_rpn
from frcnn.training.schemes import SCHEMES
from frcnn.weights import file as weights_file

Make = Callable[..., Job]
AS_THEY_ARE = BatchConfig(flip="none")
HEAD = "model.box_head.normalisation=measured"
RPN = "model.rpn.normalisation=measured"


def shifted(job: Job, path: Path) -> StoredProposals:
    """For every true box one proposal a tenth of its width to the left, and itself."""

    def found():
        for record in job.train.records:
            boxes = record.target.boxes
            shift = 0.1 * (boxes[:, 2] - boxes[:, 0])
            moved = boxes - torch.stack((shift, 0 * shift, shift, 0 * shift), dim=1)
            both = torch.cat((moved.clamp(min=0), boxes))
            yield both, torch.arange(len(both), dtype=torch.float32).flip(0)

    write_proposals(path, job.train, found())
    return StoredProposals.open(path)


def test_mean_and_deviation_of_each_class_are_those_of_its_targets(
    make_job: Make, tmp_path: Path
) -> None:
    job = make_job("model.roi_sampling.candidates=proposals")
    scale = measure_head(job.model, job.train, shifted(job, tmp_path / "p"), AS_THEY_ARE)
    assert scale.mean.shape == scale.std.shape == (2, 4)
    # half of the targets are 0.1, half 0: mean 0.05, deviation 0.05
    np.testing.assert_allclose(scale.mean[:, 0], 0.05, atol=2e-3)
    np.testing.assert_allclose(scale.std[:, 0], 0.05, atol=2e-3)
    np.testing.assert_allclose(scale.mean[:, 1:], 0, atol=2e-3)
    # what does not differ cannot be measured: as the settings fix it
    np.testing.assert_allclose(scale.std[:, 1], job.model.config.box_head.delta_std[1])


def test_mirrored_pictures_make_the_mean_sideways_nothing(make_job: Make, tmp_path: Path) -> None:
    job = make_job("model.roi_sampling.candidates=proposals")
    flips = BatchConfig(flip="random")
    scale = measure_head(job.model, job.train, shifted(job, tmp_path / "p"), flips)
    np.testing.assert_allclose(scale.mean[:, 0], 0, atol=1e-6)
    np.testing.assert_allclose(scale.std[:, 0], (0.1**2 / 2) ** 0.5, atol=2e-3)


def test_the_rpns_scale_is_that_of_all_anchors_that_are_objects(make_job: Make) -> None:
    job = make_job()
    scale = measure_rpn(job.model, job.train, BatchConfig(flip="random"))
    assert scale.mean.shape == scale.std.shape == (1, 4)
    assert (scale.std > 0).all()
    assert abs(float(scale.mean[0, 0])) < 0.05, "mirrored, nothing is to one side"


def test_no_object_leaves_the_scale_as_it_is(make_job: Make, tmp_path: Path) -> None:
    job = make_job()
    nothing = job.train.subset([])
    write_proposals(tmp_path / "p", nothing, [])
    stored = StoredProposals.open(tmp_path / "p")
    head = measure_head(job.model, nothing, stored, AS_THEY_ARE)
    assert torch.equal(head.std, torch.tensor([[0.1, 0.1, 0.2, 0.2]] * 2))
    rpn = measure_rpn(job.model, nothing, AS_THEY_ARE)
    assert torch.equal(rpn.std, torch.ones(1, 4))


@pytest.mark.parametrize("last_layers", ["new", "kept"])
def test_alternating_training_measures_before_each_step(
    make_course: Callable[..., Course], last_layers: str
) -> None:
    course = make_course(
        "alternating", HEAD, RPN, f"training.alternating.last_layers={last_layers}"
    )
    SCHEMES["alternating"](course)
    path = course.job.run.path
    one, two, three, four = (
        weights_file.load(RunFolder(folder).last)[1]
        for folder in (path / "step-1", path / "step-2", path / "step-3", path)
    )
    fixed = torch.tensor([0.1, 0.1, 0.2, 0.2])
    assert not torch.allclose(two["box_head.delta_std"], fixed)
    assert not torch.equal(two["box_head.delta_std"], four["box_head.delta_std"])
    assert torch.equal(two["box_head.delta_std"], three["box_head.delta_std"])
    assert not torch.equal(one["rpn.delta_std"], torch.ones(4))
    assert torch.equal(one["rpn.delta_std"], three["rpn.delta_std"])  # the anchors are the same
