"""Approximate joint training: four terms from one pass, draws from (seed, epoch, picture) alone."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from frcnn.model.batch import to_batch
from frcnn.training.batches import Example, Examples, Visit, generator_of
from frcnn.training.job import Job
from frcnn.training.schemes import Precision, joint_losses

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


def test_only_float16_is_scaled() -> None:
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        scaler = Precision(device=CPU, dtype=dtype).scaler()
        assert scaler.is_enabled() == (dtype == torch.float16)


def test_float32_is_left_as_it_is() -> None:
    with Precision(device=CPU).autocast():
        assert not torch.is_autocast_enabled("cpu")
    with Precision(device=CPU, dtype=torch.bfloat16).autocast():
        assert torch.is_autocast_enabled("cpu")
