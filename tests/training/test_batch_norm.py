"""Batch normalisation over all processes is PyTorch's over the whole batch."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from frcnn.training.batch_norm import synchronise
from frcnn.training.distributed import ALONE, World


def layers() -> nn.Sequential:
    made = nn.Sequential(nn.BatchNorm2d(3, eps=0.1), nn.ReLU(), nn.BatchNorm2d(3, momentum=None))
    with torch.no_grad():
        made[0].weight.copy_(torch.tensor([0.5, 1.0, -2.0]))
        made[0].bias.copy_(torch.tensor([0.1, -0.2, 0.0]))
    return made.double()


def pictures(count: int) -> Tensor:
    drawn = torch.randn(count, 3, 4, 5, generator=torch.Generator().manual_seed(1))
    return 3 * drawn.double() + 7


def learn(module: nn.Module, features: Tensor) -> dict[str, Tensor]:
    """Answers, slopes and statistics of two passes; the loss differs from value to value."""
    for _ in range(2):
        own = features.clone().requires_grad_()
        answer = module(own)
        (answer * answer.detach().cos()).sum().backward()
    found = {"answer": answer.detach(), "features": own.grad}
    found |= {name: p.grad for name, p in module.named_parameters()}
    return found | dict(module.named_buffers())


@pytest.mark.parametrize(("count", "size"), [(4, 2), (5, 2), (1, 2), (4, 3)])
def test_shares_add_up_to_the_whole_batch(in_processes: Callable, count: int, size: int) -> None:
    """Uneven shares and empty ones, too; in float64."""
    whole = pictures(count)

    def work(world: World) -> Any:
        ready = world.for_training(torch.device("cpu"), 60.0)
        module = layers()
        synchronise(module, ready)
        return learn(module, whole[world.rank :: world.size])

    ended = [each.value for each in in_processes(work, size)]
    want = learn(layers(), whole)
    for name, tensor in want.items():
        if name in ("answer", "features"):
            found = torch.zeros_like(tensor)
            for rank, each in enumerate(ended):
                found[rank::size] = each[name]
        elif "running" in name or "num" in name:
            found = ended[-1][name]
        else:
            found = sum(each[name] for each in ended)
        torch.testing.assert_close(found, tensor)


def test_in_evaluation_nothing_is_exchanged() -> None:
    module = layers()
    learn(module, pictures(3))
    want = copy.deepcopy(module).eval()(pictures(2))
    synchronise(module, World(rank=1, size=2))  # nobody is there to exchange with
    torch.testing.assert_close(module.eval()(pictures(2)), want)


def test_the_layers_stay_the_same_objects_under_the_same_names() -> None:
    module = layers()
    before, names = list(module), list(module.state_dict())
    world = replace(ALONE, rank=1, size=2)
    synchronise(module, world)
    synchronise(module, world)
    assert all(a is b for a, b in zip(before, module, strict=True))
    assert list(module.state_dict()) == names
    assert isinstance(module[0], nn.BatchNorm2d)
    assert copy.deepcopy(module)[0].world is world


def test_one_process_keeps_its_layers() -> None:
    module = layers()
    synchronise(module, ALONE)
    assert type(module[0]) is nn.BatchNorm2d


def test_half_precision_in_and_out(in_processes: Callable) -> None:
    whole = pictures(2).bfloat16()

    def work(world: World) -> Tensor:
        module = layers().float()
        synchronise(module, world.for_training(torch.device("cpu"), 60.0))
        return module[0](whole[world.rank :: world.size]).detach()

    want = layers().float()[0](whole.float())
    for rank, ended in enumerate(in_processes(work)):
        assert ended.value.dtype == torch.bfloat16
        torch.testing.assert_close(ended.value[0].float(), want[rank], rtol=0.01, atol=0.02)
