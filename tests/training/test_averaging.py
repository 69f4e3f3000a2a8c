"""The running average of weights, by hand."""

import pytest
import torch
from torch import nn

from frcnn.training.averaging import start_average, update_average


def test_the_average_moves_by_the_share_that_the_step_allows() -> None:
    layer = nn.Linear(1, 1)
    average = start_average(layer)
    layer.weight.data += 1.0
    update_average(average, layer, step=1, decay=0.9)  # share kept: 2 / 11
    moved = average["weight"] - (layer.weight.detach() - 1.0)
    assert float(moved) == pytest.approx(9 / 11, rel=1e-6)


def test_the_share_kept_never_passes_the_decay() -> None:
    layer = nn.Linear(1, 1)
    average = start_average(layer)
    layer.weight.data += 1.0
    update_average(average, layer, step=10_000, decay=0.9)
    assert float(average["weight"] - (layer.weight.detach() - 1.0)) == pytest.approx(0.1, rel=1e-4)


def test_counters_are_copied() -> None:
    norm = nn.BatchNorm2d(2)
    average = start_average(norm)
    norm(torch.randn(2, 2, 3, 3))
    update_average(average, norm, step=1, decay=0.5)
    assert int(average["num_batches_tracked"]) == 1


def test_the_network_itself_is_left_alone() -> None:
    layer = nn.Linear(2, 2)
    before = layer.weight.detach().clone()
    average = start_average(layer)
    average["weight"] += 5
    update_average(average, layer, step=3, decay=0.5)
    torch.testing.assert_close(layer.weight.detach(), before)
