"""One step, shared out among processes: nothing but rounding depends on how many there are.

A batch is dealt as in one process; process r computes pictures r, r + size, ... of it. Every draw
belongs to its picture, every picture is padded to the size of the whole batch, and every loss is
divided by the number of pictures of the whole batch, so that the processes' losses, and their
gradients, add up to those of one process.

The gradients are added by PyTorch's DistributedDataParallel, while the backward pass still runs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from frcnn.training.batch_norm import synchronise
from frcnn.training.batches import Batch, Example
from frcnn.training.checkpoint import Progress, fill, state_of
from frcnn.training.distributed import World
from frcnn.training.job import Job
from frcnn.types import Size
from frcnn.weights import file as weights_file

Losses = Callable[[Sequence[Example]], Mapping[str, Tensor]]


def shared_losses(
    losses_of: Losses, job: Job, optimizer: torch.optim.Optimizer
) -> Callable[[Batch], Mapping[str, Tensor]]:
    """Let every process compute its share of a batch's losses.

    Args:
        losses_of: the named terms of a batch, each a mean over its pictures.
        job: its network, pictures and processes. The network's batch normalisations are made
            those of the whole batch.
        optimizer: the parameters that it holds are trained; each must have a gradient from every
            batch.

    Returns:
        A function from a share to its part of the terms. Their sum over the processes is the whole
        batch's. Once `backward` has run, each process has the MEAN of all processes' gradients:
        multiply the sum of the terms by the number of processes before it.
    """
    if job.world.link is None:
        return losses_of
    synchronise(job.model, job.world)
    share = _Share(losses_of, job)
    trained = {id(p) for group in optimizer.param_groups for p in group["params"]}
    still = [name for name, p in share.named_parameters() if id(p) not in trained]
    DistributedDataParallel._set_params_and_buffers_to_ignore_for_model(share, still)  # type: ignore[no-untyped-call]
    with job.world.watched():
        return DistributedDataParallel(
            share, process_group=job.world.link.gradients, forward_sync_buffers=False
        )


def hand_out(progress: Progress, world: World) -> None:
    """Give every process the leader's weights, optimizer, average and step.

    Args:
        progress: filled in place; the other processes need not see the leader's disk.
        world: the processes.
    """
    if world.size == 1:
        return
    tensors, extra = state_of(progress)
    told = _from_leader(tensors, world)
    extra = world.of_leader(lambda: extra)
    if not world.leads:
        fill(progress, told, extra)


def load_everywhere(model: nn.Module, path: Path, world: World) -> None:
    """Load a weights file in the leader, and give every process what it holds.

    Args:
        model: filled in place.
        path: of the file; the other processes need not see it.
        world: the processes.

    Raises:
        ModelFileError: the file cannot be used.
    """
    with world.together():
        tensors = weights_file.load(path)[1] if world.leads else {}
    model.load_state_dict(_from_leader(tensors, world))


def _from_leader(tensors: Mapping[str, Tensor], world: World) -> dict[str, Tensor]:
    """Give every process the leader's tensors, on the CPU; in a world of one its own."""
    if world.size == 1:
        return dict(tensors)
    forms = world.of_leader(lambda: {n: (tuple(t.shape), t.dtype) for n, t in tensors.items()})
    told = {
        name: tensors[name].cpu().contiguous() if world.leads else torch.empty(shape, dtype=dtype)
        for name, (shape, dtype) in forms.items()
    }
    for tensor in told.values():
        world.copy_from_leader(tensor)
    return told


class _Share(nn.Module):
    """The losses of this process's pictures, as parts of the whole batch's."""

    def __init__(self, losses_of: Losses, job: Job) -> None:
        super().__init__()
        self.model, self._world = job.model, job.world
        self._losses_of = losses_of

    def forward(self, batch: Batch) -> Mapping[str, Tensor]:
        own = [tuple(example.prepared.pixels.shape[1:]) for example in batch]
        sizes = [size for sizes in self._world.gathered(lambda: own) for size in sizes]
        if not batch:
            return {"no_picture": _nothing(self.model)}
        room = Size(max(height for height, _ in sizes), max(width for _, width in sizes))
        terms = self._losses_of([_with_room(example, room) for example in batch])
        return {name: term * (len(batch) / len(batch.visits)) for name, term in terms.items()}


def _with_room(example: Example, room: Size) -> Example:
    return replace(example, prepared=replace(example.prepared, room=room))


def _nothing(model: nn.Module) -> Tensor:
    """Give 0 with a gradient of 0 for every parameter, having been through what learns statistics.

    A share without pictures still takes its part in every exchange: of gradients, and of the
    statistics in the batch normalisations of the backbones that learn, in the order of a forward
    pass.
    """
    none = next(model.parameters()).new_zeros((0, 3, 64, 64))
    names = ("backbone", "rpn_backbone")
    learning = [part for name, part in model.named_children() if name in names and part.training]
    parts = [features.sum() for features in (backbone(none) for backbone in learning)]
    parts += [p.sum() for p in model.parameters() if p.requires_grad]
    return torch.stack(parts).sum() * 0
