"""A step shared out among processes: the same gradients, the same pictures, but for rounding."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from frcnn.training.batches import Batch, Examples, epoch_batches
from frcnn.training.checkpoint import Progress, state_of
from frcnn.training.distributed import World
from frcnn.training.job import Job
from frcnn.training.objectives import joint_losses
from frcnn.training.optimizer import make_optimizer
from frcnn.training.parallel import hand_out, shared_losses
from frcnn.training.step import take_step

Make = Callable[..., Job]
LIVE = ("training.optimizer.method=sgd",)
FROZEN = ("model.backbone.batch_norm=frozen", "training.optimizer.method=sgd")


def in_world(job: Job, world: World) -> Job:
    return replace(job, world=world.for_training(torch.device("cpu"), 60.0))


def batches_of(job: Job, world: World) -> list[Batch]:
    """An epoch's batches as this process sees them."""
    sizes = [record.size for record in job.train.records]
    config = job.config
    examples = Examples(job.train, config.seed, job.model.config.pictures, config.batches)
    dealt = epoch_batches(sizes, config.seed, 0, config.batches)
    return [Batch([examples[v] for v in world.share(visits)], visits) for visits in dealt]


def a_step(job: Job, world: World, parts: list[Batch]) -> tuple[dict[str, float], Any, Any]:
    """Terms, gradients and statistics after a step; no weight is moved, because the rate is 0."""
    job = in_world(job, world)
    job.model.train()
    optimizer = make_optimizer(job.model, job.config.optimizer)
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    losses = joint_losses(job.model, job.config.seed, job.precision)
    shared = shared_losses(losses, job, optimizer)
    terms, _ = take_step(shared, parts, optimizer, job.precision.scaler(), None, job.world)
    found = {n: p.grad.clone() for n, p in job.model.named_parameters() if p.grad is not None}
    statistics = {n: b.clone() for n, b in job.model.named_buffers() if "running" in n}
    return terms, found, statistics


def difference(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> float:
    """The length of the difference over the length, all parameters together."""
    assert one.keys() == other.keys()
    apart = sum(float((one[n] - other[n]).double().square().sum()) for n in one)
    return (apart / sum(float(one[n].double().square().sum()) for n in one)) ** 0.5


def compare(
    make_job: Make, in_processes: Callable, changes: tuple[str, ...], numbers: range, size: int = 2
) -> tuple[float, float]:
    """How far several processes are from one, in gradients and in statistics, on some batches."""
    job = make_job(*changes)

    def work(world: World) -> Any:
        dealt = batches_of(job, world)
        return a_step(job, world, [dealt[number] for number in numbers])

    several = in_processes(work, size)
    terms, whole, statistics = work(World())
    apart = []
    for ended in several:
        theirs, gradients, running = ended.value
        assert theirs == pytest.approx(terms, rel=1e-6)
        apart.append((difference(whole, gradients), difference(statistics, running)))
        assert difference(several[0].value[1], gradients) == 0, "all move their weights alike"
    return max(apart)


@pytest.mark.parametrize("number", range(3))
def test_two_processes_of_one_picture_have_the_gradient_of_one_of_two(
    make_job: Make, in_processes: Callable, number: int
) -> None:
    """Upright and lying pictures in one batch, too: a picture is padded as its whole batch is."""
    changes = (*FROZEN, "training.batches.group=none")
    assert max(compare(make_job, in_processes, changes, range(number, number + 1))) < 1e-6


@pytest.mark.parametrize("changes", [FROZEN, LIVE])
def test_a_last_batch_of_one_picture_leaves_a_process_without_any(
    make_job: Make, in_processes: Callable, changes: tuple[str, ...]
) -> None:
    found = compare(make_job, in_processes, (*changes, "training.batches.size=3"), range(3, 4))
    assert max(found) < 1e-5


def test_live_statistics_are_those_of_the_whole_batch(
    make_job: Make, in_processes: Callable
) -> None:
    found = compare(make_job, in_processes, (*LIVE, "training.batches.size=5"), range(1))
    assert max(found) < 1e-5


def test_accumulated_batches(make_job: Make, in_processes: Callable) -> None:
    found = compare(make_job, in_processes, FROZEN, range(2))
    assert max(found) < 1e-6


def test_three_processes_are_no_different(make_job: Make, in_processes: Callable) -> None:
    changes = (*FROZEN, "training.batches.size=4")
    assert max(compare(make_job, in_processes, changes, range(1), size=3)) < 1e-6


def test_what_is_not_trained_needs_no_gradient(make_job: Make, in_processes: Callable) -> None:
    """As in a phase that trains one stage alone, on that stage's terms alone."""
    job = make_job(*FROZEN)

    def work(world: World) -> list[str]:
        own = in_world(job, world)
        stage = make_optimizer(own.model.rpn, own.config.optimizer)
        whole = joint_losses(own.model, own.config.seed, own.precision)

        def rpn_alone(examples: Any) -> Mapping[str, Tensor]:
            terms = whole(examples)
            return {name: terms[name] for name in ("rpn_objectness", "rpn_boxes")}

        shared = shared_losses(rpn_alone, own, stage)
        for part in batches_of(own, world)[:2]:  # the second would find a missing gradient
            take_step(shared, [part], stage, own.precision.scaler(), None, own.world)
        return [n for n, p in own.model.named_parameters() if torch.equal(p, before[n])]

    before = {n: p.detach().clone() for n, p in job.model.named_parameters()}
    for ended in in_processes(work):
        assert ended.value == [n for n in before if not n.startswith("rpn.")]


def test_the_leader_hands_out_weights_optimizer_average_and_step(
    make_job: Make, in_processes: Callable
) -> None:
    def work(world: World) -> dict[str, Any]:
        job = in_world(make_job(f"training.seed={world.rank}"), world)
        optimizer = make_optimizer(job.model, job.config.optimizer)
        progress = Progress(
            module=job.model,
            optimizer=optimizer,
            scaler=job.precision.scaler(),
            average={n: t + world.rank for n, t in job.model.state_dict().items()},
        )
        if world.leads:
            progress.step = 7
            for parameter in job.model.parameters():
                parameter.grad = torch.full_like(parameter, 0.5)
            optimizer.step()
        hand_out(progress, job.world)
        tensors, extra = state_of(progress)
        return {"extra": extra, **{name: tensor.clone() for name, tensor in tensors.items()}}

    leader, other = (ended.value for ended in in_processes(work))
    assert leader.pop("extra") == other.pop("extra")
    assert leader.keys() == other.keys()
    assert any(name.startswith("optimizer.") for name in leader)
    assert all(torch.equal(leader[name], other[name]) for name in leader)


def test_one_process_is_left_as_it_is(make_job: Make) -> None:
    job = make_job()
    losses = joint_losses(job.model, 0, job.precision)
    optimizer = make_optimizer(job.model, job.config.optimizer)
    assert shared_losses(losses, job, optimizer) is losses
    assert not any("Whole" in type(layer).__name__ for layer in job.model.modules())
