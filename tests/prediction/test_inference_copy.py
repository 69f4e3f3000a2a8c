"""inference_copy: the same numbers as the original, faster; the original stays as it was."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn

from frcnn.errors import ModelFileError
from frcnn.prediction.inference_copy import inference_copy

CPU = torch.device("cpu")


def norms(module: nn.Module) -> int:
    return sum("BatchNorm" in type(layer).__name__ for layer in module.modules())


@pytest.fixture
def layers() -> nn.Sequential:
    """Convolution, norm, and a convolution that no norm follows."""
    norm = nn.BatchNorm2d(6)
    nn.init.uniform_(norm.weight)
    nn.init.normal_(norm.bias)
    nn.init.normal_(norm.running_mean)
    nn.init.uniform_(norm.running_var, 0.5, 2.0)
    first = nn.Conv2d(3, 6, 3, groups=3)
    return nn.Sequential(first, norm, nn.ReLU(), nn.Conv2d(6, 4, 1), nn.Flatten()).eval()


def test_a_norm_is_folded_into_its_convolution(layers: nn.Sequential) -> None:
    pictures = torch.rand(2, 3, 8, 8)
    fast = inference_copy(layers, CPU, torch.float32)
    assert norms(layers) == 1
    assert norms(fast) == 0
    torch.testing.assert_close(fast(pictures), layers(pictures))


def test_a_convolution_without_bias_gets_one(layers: nn.Sequential) -> None:
    layers[0] = nn.Conv2d(3, 6, 3, bias=False)
    pictures = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(
        inference_copy(layers, CPU, torch.float32)(pictures), layers(pictures)
    )


@pytest.mark.parametrize("batch_norm", ["frozen", "live"])
@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2"])
def test_backbones_give_the_same_features(
    make_network: Callable[..., nn.Module], name: str, batch_norm: str
) -> None:
    network = make_network(name, batch_norm).eval()
    pixels = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        want = network.backbone(pixels)
        fast = inference_copy(network, CPU, torch.float32)
        assert norms(fast) == 0
        torch.testing.assert_close(fast.backbone(pixels), want, atol=1e-4, rtol=1e-4)
        coarse = inference_copy(network, CPU, torch.bfloat16).backbone(pixels.bfloat16())
    error = (coarse.float() - want).norm() / want.norm()
    assert error < 0.03


def test_a_measured_scale_stays_as_exact_as_a_fixed_one() -> None:
    head = nn.Linear(4, 4)
    head.register_buffer("delta_std", torch.tensor([0.1, 0.1, 0.2, 0.2]))
    fast = inference_copy(head, CPU, torch.bfloat16)
    assert fast.weight.dtype == torch.bfloat16
    assert torch.equal(fast.delta_std, head.delta_std)


def test_what_needs_no_change_is_shared(layers: nn.Sequential) -> None:
    linear = nn.Sequential(nn.Linear(4, 4))
    assert inference_copy(linear, CPU, torch.float32)[0].weight.data_ptr() == (
        linear[0].weight.data_ptr()
    )


def test_the_copy_is_ready_for_prediction(layers: nn.Sequential) -> None:
    layers.train()
    fast = inference_copy(layers, CPU, torch.bfloat16)
    assert not any(layer.training for layer in fast.modules())
    assert not any(p.requires_grad for p in fast.parameters())
    assert {p.dtype for p in fast.parameters()} == {torch.bfloat16}
    wide = [p for p in fast.parameters() if p.ndim == 4]
    assert all(p.is_contiguous(memory_format=torch.channels_last) for p in wide)


def test_the_original_stays_as_it_was(layers: nn.Sequential) -> None:
    layers.train()
    before = copy.deepcopy(layers.state_dict())
    strides = [p.stride() for p in layers.parameters()]
    inference_copy(layers, CPU, torch.bfloat16)
    assert layers.training
    assert all(p.requires_grad for p in layers.parameters())
    assert [p.stride() for p in layers.parameters()] == strides
    assert all(torch.equal(values, before[name]) for name, values in layers.state_dict().items())


def test_nothing_is_drawn_at_random(layers: nn.Sequential) -> None:
    before = torch.get_rng_state()
    inference_copy(layers, CPU, torch.float32)
    assert torch.equal(torch.get_rng_state(), before)


def test_one_weight_in_two_places_stays_one() -> None:
    layer = nn.Linear(3, 3)
    pair = nn.ModuleDict({"a": layer, "b": nn.Linear(3, 3)})
    pair["b"].weight = layer.weight
    fast = inference_copy(pair, CPU, torch.bfloat16)
    assert fast["a"].weight is fast["b"].weight


def test_large_sums_are_not_taken_for_infinity() -> None:
    layer = nn.Linear(4, 4)
    nn.init.constant_(layer.weight, 3e38)
    assert inference_copy(layer, CPU, torch.float32).weight.isfinite().all()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_weight_that_is_not_finite_is_named(layers: nn.Sequential, bad: float) -> None:
    with torch.no_grad():
        layers[3].weight[0, 1] = bad
    with pytest.raises(ModelFileError, match=r"RC525.*3\.weight") as caught:
        inference_copy(layers, CPU, torch.float32)
    assert caught.value.exit_code == 5
    layers[3].reset_parameters()
    layers[1].running_mean[0] = bad
    with pytest.raises(ModelFileError, match=r"1\.running_mean"):
        inference_copy(layers, CPU, torch.float32)
