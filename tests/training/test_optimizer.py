"""Parameter groups and updates, against Caffe's rules worked out by hand."""

import pytest
import torch
from torch import nn

from frcnn.errors import ConfigError
from frcnn.training.optimizer import OptimizerConfig, make_optimizer, set_learning_rate


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.Conv2d(4, 2, 1))


def test_biases_learn_twice_as_fast_and_norms_do_not_decay() -> None:
    optimizer = make_optimizer(network(), OptimizerConfig())
    weights, biases, norms = optimizer.param_groups
    assert [len(g["params"]) for g in (weights, biases, norms)] == [2, 2, 2]
    assert [g["weight_decay"] for g in (weights, biases, norms)] == [0.0005, 0.0005, 0.0]
    set_learning_rate(optimizer, 0.01)
    assert [g["lr"] for g in (weights, biases, norms)] == [0.01, 0.02, 0.01]


def test_two_steps_of_sgd_by_hand() -> None:
    layer = nn.Linear(1, 1, bias=False)
    layer.weight.data.fill_(2.0)
    optimizer = make_optimizer(layer, OptimizerConfig(learning_rate=0.1, weight_decay=0.01))
    want, velocity = 2.0, 0.0
    for gradient in (1.0, 3.0):
        layer.weight.grad = torch.full((1, 1), gradient)
        set_learning_rate(optimizer, 0.1)
        optimizer.step()
        velocity = 0.9 * velocity + gradient + 0.01 * want
        want -= 0.1 * velocity
    assert float(layer.weight.detach()) == pytest.approx(want, rel=1e-6)


def test_adamw_is_the_other_choice() -> None:
    optimizer = make_optimizer(network(), OptimizerConfig(method="adamw"))
    assert isinstance(optimizer, torch.optim.AdamW)


def test_frozen_parameters_are_left_out() -> None:
    model = network()
    model[0].requires_grad_(requires_grad=False)
    optimizer = make_optimizer(model, OptimizerConfig())
    assert sum(len(g["params"]) for g in optimizer.param_groups) == 4


def test_nothing_to_train_is_an_error() -> None:
    model = network().requires_grad_(requires_grad=False)
    with pytest.raises(ConfigError, match=r"RC352.*nothing is left to train"):
        make_optimizer(model, OptimizerConfig())


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rate": 0.0},
        {"momentum": 1.0},
        {"weight_decay": -1.0},
        {"accumulate": 0},
        {"clip_norm": 0.0},
        {"bias_learning_rate": -1.0},
        {"norm_weight_decay": -0.1},
    ],
)
def test_unusable_settings_are_refused(change: dict) -> None:
    with pytest.raises(ConfigError, match=r"RC350") as caught:
        OptimizerConfig(**change)
    assert caught.value.place == "optimizer"
