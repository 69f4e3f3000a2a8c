"""evaluating leaves every layer as it found it; require_finite names the stage."""

import pytest
import torch
from torch import nn

from frcnn.errors import ModelFileError
from frcnn.model.guards import are_finite, evaluating, nowhere, require_finite

NAN, INF = float("nan"), float("inf")


def network() -> nn.Sequential:
    """Layers in either state, as someone who freezes a part by hand has them."""
    module = nn.Sequential(nn.Dropout(), nn.BatchNorm2d(3), nn.Sequential(nn.BatchNorm2d(3)))
    module[1].eval()
    return module


def states(module: nn.Module) -> list[bool]:
    return [layer.training for layer in module.modules()]


def test_every_layer_evaluates_inside_and_is_as_before_outside() -> None:
    module = network()
    with evaluating(module):
        assert not any(states(module))
    assert states(module) == [True, True, False, True, True]


def test_a_layer_in_training_state_inside_an_evaluating_network_evaluates_too() -> None:
    module = network().eval()
    module[2].train()
    with evaluating(module):
        assert not any(states(module))
    assert states(module) == [False, False, False, True, True]


def test_an_error_inside_does_not_change_that() -> None:
    module = network()
    with pytest.raises(KeyError), evaluating(module):
        raise KeyError
    assert states(module) == [True, True, False, True, True]


def test_finite_numbers_and_none_at_all_pass() -> None:
    require_finite("RPN", torch.tensor([1e38, -1e38]), torch.zeros(0, 4))
    assert are_finite()


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_others_are_refused_and_the_stage_named(value: float) -> None:
    assert not are_finite(torch.zeros(3), torch.tensor([[0.0, value]]))
    with pytest.raises(ModelFileError, match=r"RC520.*not finite.*after the box head") as caught:
        require_finite("box head", torch.zeros(3), torch.tensor([[0.0, value]]))
    assert caught.value.exit_code == 5
    assert "doctor" not in caught.value.fix  # it reads no weights


@pytest.mark.parametrize("output", [[1.0, 2.0], [INF, 0.0], []])
def test_the_loss_of_a_lost_network_is_nan_and_has_a_gradient(output: list[float]) -> None:
    tensor = torch.tensor(output, requires_grad=True)
    loss = nowhere(tensor)
    assert loss.shape == ()
    assert loss.isnan()
    loss.backward()
    assert tensor.grad is not None
