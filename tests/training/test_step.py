"""One optimizer step: means over parts, clipping, and the stop before any weight is touched."""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from frcnn.errors import TrainingError
from frcnn.training.optimizer import OptimizerConfig, make_optimizer
from frcnn.training.step import NotFiniteError, StepReport, diverged, take_step

OFF = torch.amp.GradScaler("cpu", enabled=False)


def layer() -> nn.Linear:
    made = nn.Linear(2, 1, bias=False)
    made.weight.data = torch.tensor([[1.0, -1.0]])
    return made


def losses_of(model: nn.Linear):
    def losses(x: Tensor) -> Mapping[str, Tensor]:
        return {"first": model(x).sum(), "second": 2 * model(x).sum()}

    return losses


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return make_optimizer(model, OptimizerConfig(learning_rate=0.1, momentum=0.0, weight_decay=0.0))


def test_the_gradient_is_the_mean_over_the_parts() -> None:
    model = layer()
    parts = [torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])]
    means, norm = take_step(losses_of(model), parts, sgd(model), OFF, None)
    torch.testing.assert_close(model.weight.detach(), torch.tensor([[0.85, -1.15]]))
    assert means == {"first": pytest.approx(0.0), "second": pytest.approx(0.0)}
    assert norm is None


def test_a_long_gradient_is_shortened_and_its_length_reported() -> None:
    model = layer()
    _, norm = take_step(losses_of(model), [torch.tensor([[3.0, 4.0]])], sgd(model), OFF, 1.0)
    assert norm == pytest.approx(15.0)
    torch.testing.assert_close(
        model.weight.detach(), torch.tensor([[0.94, -1.08]]), rtol=1e-4, atol=0
    )


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_before_the_weights(bad: float) -> None:
    model = layer()
    before = model.weight.detach().clone()
    parts = [torch.tensor([[1.0, 0.0]]), torch.tensor([[bad, 0.0]])]
    with pytest.raises(NotFiniteError) as caught:
        take_step(losses_of(model), parts, sgd(model), OFF, 10.0)
    assert caught.value.part == 1
    assert caught.value.terms == ["first", "second"]
    torch.testing.assert_close(model.weight.detach(), before)


def test_a_gradient_that_is_not_finite_stops_too() -> None:
    model = layer()
    model.weight.register_hook(lambda gradient: gradient * torch.inf)
    before = model.weight.detach().clone()
    with pytest.raises(NotFiniteError) as caught:
        take_step(losses_of(model), [torch.tensor([[1.0, 1.0]])], sgd(model), OFF, 10.0)
    assert caught.value.terms == ["gradient_norm"]
    torch.testing.assert_close(model.weight.detach(), before)


def test_the_error_names_step_term_pictures_and_rate() -> None:
    error = NotFiniteError(0, {"rpn_boxes": float("nan"), "head_classes": 0.5})
    made = diverged(error, 12, 0.02, ["a.jpg", "b.jpg"], "run/failing_batch.safetensors")
    assert isinstance(made, TrainingError)
    assert made.code == "RC401"
    text = str(made)
    for part in ("step 12", "rpn_boxes is not finite", "a.jpg, b.jpg", "0.02", "failing_batch"):
        assert part in text


def test_the_total_is_the_sum_of_the_terms() -> None:
    report = StepReport(
        step=1, learning_rate=0.1, losses={"a": 1.5, "b": 2.0}, gradient_norm=None, pictures=("x",)
    )
    assert report.total == 3.5
