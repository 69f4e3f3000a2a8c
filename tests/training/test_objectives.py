"""What is minimised: the model's own terms, with draws from (seed, epoch, picture) alone."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from frcnn.model.batch import to_batch
from frcnn.training.batches import Example, Examples, Visit, generator_of
from frcnn.training.job import Job
from frcnn.training.objectives import (
    exact_joint_losses,
    first_stage_losses,
    joint_losses,
    second_stage_losses,
)
from frcnn.training.precision import Precision

Make = Callable[..., Job]
CPU = torch.device("cpu")


def examples_of(job: Job, *numbers: int) -> list[Example]:
    read = Examples(job.train, job.config.seed, job.model.config.pictures, job.config.batches)
    return [read[Visit(0, number, 0)] for number in numbers]


def values(job: Job, examples: list[Example], seed: int = 0) -> dict[str, float]:
    job.model.eval()  # batch statistics depend on the neighbours
    with torch.no_grad():
        terms = joint_losses(job.model, seed, job.precision)(examples)
    return {name: float(term) for name, term in terms.items()}


def test_the_terms_are_the_models_own(make_job: Make) -> None:
    job = make_job()
    examples = examples_of(job, 1, 2)
    batch = to_batch([e.prepared for e in examples], job.model.config.pictures)
    job.model.eval()
    with torch.no_grad():
        own = job.model.losses(
            batch,
            [e.target for e in examples],
            [generator_of("draws", 5, *e.visit) for e in examples],
        )
    assert values(job, examples, seed=5) == {n: float(t) for n, t in own.named().items()}


def test_a_batch_is_the_mean_of_its_pictures(make_job: Make) -> None:
    """Draws do not depend on the neighbours; pictures of one size are not padded."""
    job = make_job()
    together = values(job, examples_of(job, 1, 2))
    apart = [values(job, examples_of(job, number)) for number in (1, 2)]
    for name, value in together.items():
        assert value == pytest.approx(sum(each[name] for each in apart) / 2, rel=1e-4), name


def test_another_seed_draws_others(make_job: Make) -> None:
    job = make_job()
    examples = examples_of(job, 1)
    assert values(job, examples) == values(job, examples)
    assert values(job, examples) != values(job, examples, seed=1)


def test_both_stages_teach_the_backbone(make_job: Make) -> None:
    job = make_job()
    terms = joint_losses(job.model, 0, job.precision)(examples_of(job, 1))
    weight = job.model.backbone.body.get_submodule("conv1").weight
    for name, term in terms.items():
        (gradient,) = torch.autograd.grad(term, weight, retain_graph=True)
        assert gradient.isfinite().all()
        assert gradient.abs().sum() > 0 or name.endswith("boxes")


def test_proposals_are_held_fixed_while_the_head_learns(make_job: Make) -> None:
    """§3.2, ii: the head's losses give the RPN's own layers no gradient."""
    job = make_job()
    terms = joint_losses(job.model, 0, job.precision)(examples_of(job, 1))
    head = terms["head_classes"] + terms["head_boxes"]
    for parameter in job.model.rpn.parameters():
        (gradient,) = torch.autograd.grad(head, parameter, retain_graph=True, allow_unused=True)
        assert gradient is None


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_near_and_its_losses_are_whole(
    make_job: Make, dtype: torch.dtype
) -> None:
    job = make_job()
    examples = examples_of(job, 1)
    half = replace(job, precision=Precision(device=CPU, dtype=dtype))
    assert values(half, examples) != values(job, examples)
    terms = joint_losses(job.model, 0, half.precision)(examples)
    terms = {name: term.detach() for name, term in terms.items()}
    assert {term.dtype for term in terms.values()} == {torch.float32}
    first = values(job, examples)["rpn_objectness"]
    assert float(terms["rpn_objectness"]) == pytest.approx(first, rel=0.1)
    assert {p.dtype for p in job.model.parameters()} == {torch.float32}


def test_the_first_stage_alone_has_the_joint_losses_first_two_terms(make_job: Make) -> None:
    job = make_job()
    examples = examples_of(job, 1, 2)
    both = values(job, examples)
    with torch.no_grad():
        alone = first_stage_losses(job.model, 0, job.precision)(examples)
    assert list(alone) == ["rpn_objectness", "rpn_boxes"]
    for name, term in alone.items():
        assert float(term) == pytest.approx(both[name], rel=1e-6)


def test_the_second_stage_learns_on_the_proposals_that_the_examples_carry(make_job: Make) -> None:
    job = make_job()
    job.model.eval()
    true = [
        replace(example, proposals=example.target.boxes + shift)
        for example, shift in zip(examples_of(job, 1, 2), (0.0, 1.0), strict=True)
    ]
    far = [replace(example, proposals=example.target.boxes[:0]) for example in true]
    losses = second_stage_losses(job.model, 0, job.precision)
    with torch.no_grad():
        near, without = losses(true), losses(far)
    assert list(near) == ["head_classes", "head_boxes"]
    assert float(near["head_boxes"]) != float(without["head_boxes"])
    assert float(without["head_boxes"]) >= 0  # the true boxes stand among the candidates


def test_the_second_stage_gives_the_rpn_no_gradient(make_job: Make) -> None:
    job = make_job()
    examples = [replace(e, proposals=e.target.boxes) for e in examples_of(job, 1)]
    terms = second_stage_losses(job.model, 0, job.precision)(examples)
    sum(terms.values()).backward()
    assert all(p.grad is None for p in job.model.rpn.parameters())
    assert any(p.grad is not None for p in job.model.backbone.parameters())


def test_examples_without_proposals_are_a_bug(make_job: Make) -> None:
    job = make_job()
    with pytest.raises(AssertionError, match="without stored proposals"):
        second_stage_losses(job.model, 0, job.precision)(examples_of(job, 1))


def test_the_exact_joint_loss_has_the_value_of_the_approximate_one(make_job: Make) -> None:
    """They differ in the gradient alone: the RPN's box layer hears of the head's losses."""
    job = make_job("model.roi_pooling.method=warp")
    job.model.eval()
    examples = examples_of(job, 1)
    exact = exact_joint_losses(job.model, 0, job.precision)(examples)
    near = joint_losses(job.model, 0, job.precision)(examples)
    for name, term in exact.items():
        assert float(term.detach()) == pytest.approx(float(near[name].detach()), rel=1e-6), name
    head = exact["head_classes"] + exact["head_boxes"]
    (gradient,) = torch.autograd.grad(head, job.model.rpn.deltas.weight)
    assert gradient.isfinite().all()
    assert gradient.abs().sum() > 0
