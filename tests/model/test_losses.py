"""The four loss terms: published values of smooth L1, each divisor, empty inputs, gradients."""

import math

import pytest
import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.model.anchor_labels import AnchorLabels
from frcnn.model.losses import (
    HeadLossConfig,
    RPNLossConfig,
    anchors_with_boxes,
    head_box_loss,
    head_class_loss,
    rpn_box_loss,
    rpn_objectness_loss,
    smooth_l1,
)
from frcnn.ops.deltas import encode

ANCHORS = torch.tensor([[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 20.0, 20.0], [5.0, 5.0, 25.0, 25.0]])
BOXES = torch.tensor([[1.0, 0.0, 11.0, 10.0], [0.0, 0.0, 20.0, 40.0]])


def labels(positives: list[int], negatives: list[int], all_positives: list[int]) -> AnchorLabels:
    each = torch.full((3,), -1)
    each[all_positives] = 1
    each[negatives] = 0
    rows = torch.tensor
    return AnchorLabels(
        labels=each,
        matched=torch.tensor([0, 1, 1]),
        positives=rows(positives, dtype=torch.int64),
        negatives=rows(negatives, dtype=torch.int64),
    )


@pytest.mark.parametrize(
    ("sigma", "x", "want"),
    [
        (3.0, 0.05, 0.01125),
        (1.0, 0.05, 0.00125),
        (3.0, 0.5, 0.444444),
        (1.0, 0.5, 0.125),
        (3.0, 2.0, 1.944444),
        (1.0, -2.0, 1.5),
    ],
)
def test_golden_smooth_l1(sigma: float, x: float, want: float) -> None:
    assert float(smooth_l1(torch.tensor(x), sigma)) == pytest.approx(want, abs=1e-6)


def test_smooth_l1_is_smooth_at_the_corner() -> None:
    x = torch.tensor([1 / 9 - 1e-4, 1 / 9 + 1e-4], dtype=torch.float64, requires_grad=True)
    smooth_l1(x, 3.0).sum().backward()
    assert x.grad is not None
    assert float((x.grad[0] - x.grad[1]).abs()) < 1e-2


def box_loss(
    deltas: Tensor, drawn: AnchorLabels, config: RPNLossConfig, boxes: Tensor = BOXES
) -> Tensor:
    """The box term of predicted deltas, as the stage computes it."""
    rows = anchors_with_boxes(drawn, config)
    wanted = encode(boxes[drawn.matched[rows]].to(deltas), ANCHORS[rows].to(deltas))
    return rpn_box_loss(deltas[rows] - wanted, drawn, config, 3)


def test_objectness_is_the_mean_log_loss_of_the_draw() -> None:
    logits = torch.tensor([2.0, -1.0, 5.0])
    loss = rpn_objectness_loss(logits, labels([0], [1], [0]))
    want = (math.log1p(math.exp(-2.0)) + math.log1p(math.exp(-1.0))) / 2
    assert float(loss) == pytest.approx(want)


@pytest.mark.parametrize(
    ("divide_by", "divisor"), [("sampled", 2), ("locations", 1), ("anchors", 3), ("positives", 1)]
)
def test_box_loss_is_divided_by_what_was_asked_for(divide_by: str, divisor: int) -> None:
    config = RPNLossConfig(sigma=1.0, box_weight=10.0, divide_by=divide_by)  # type: ignore[arg-type]
    loss = box_loss(torch.zeros(3, 4), labels([0], [2], [0, 1]), config)
    want = 10 * 0.5 * 0.1**2 / divisor  # anchor 0 is shifted by a tenth of its width
    assert float(loss) == pytest.approx(want)


def test_box_loss_of_all_positives_counts_those_that_were_not_drawn() -> None:
    config = RPNLossConfig(sigma=1.0, divide_by="anchors", boxes_of="all_positives")
    loss = box_loss(torch.zeros(3, 4), labels([0], [2], [0, 1]), config)
    second = 0.5 * 0.5**2 + 0.5 * math.log(2) ** 2  # shifted by half its height, twice as high
    assert float(loss) == pytest.approx((0.5 * 0.1**2 + second) / 3)


def test_box_loss_is_zero_for_perfect_deltas() -> None:
    perfect = torch.tensor([[0.1, 0.0, 0.0, 0.0], [0.0, 0.5, 0.0, math.log(2)], [9.0] * 4])
    config = RPNLossConfig()
    loss = box_loss(perfect, labels([0, 1], [2], [0, 1]), config)
    assert float(loss) == pytest.approx(0.0, abs=1e-6)


def test_head_class_loss_is_the_mean_over_regions() -> None:
    logits = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    loss = head_class_loss(logits, torch.tensor([0, 0]))
    want = (math.log1p(math.exp(-2.0)) + math.log1p(math.exp(1.0))) / 2
    assert float(loss) == pytest.approx(want)


def test_head_box_loss_reads_the_slot_of_the_class_and_divides_by_all_regions() -> None:
    deltas = torch.zeros(4, 2, 4)
    deltas[0, 1] = 2.0  # class 1, off by two in each of four numbers
    deltas[0, 0] = 99.0  # another class's slot
    deltas[1] = 99.0  # background
    wanted = torch.zeros(2, 4)
    loss = head_box_loss(deltas, torch.tensor([2, 0, 1, 0]), wanted, HeadLossConfig())
    assert float(loss) == pytest.approx(4 * 1.5 / 4)


def test_nothing_drawn_gives_zero_with_a_gradient() -> None:
    logits = torch.zeros(3, requires_grad=True)
    deltas = torch.zeros(3, 4, requires_grad=True)
    none = labels([], [], [])
    total = rpn_objectness_loss(logits, none)
    total = total + box_loss(deltas, none, RPNLossConfig(), BOXES[:0])
    total.backward()
    assert float(total.detach()) == 0.0
    for tensor in (logits, deltas):
        assert tensor.grad is not None
        assert not tensor.grad.any()


def test_no_region_gives_zero_with_a_gradient() -> None:
    logits = torch.zeros(0, 3, requires_grad=True)
    deltas = torch.zeros(0, 2, 4, requires_grad=True)
    none = torch.zeros(0, dtype=torch.int64)
    total = head_class_loss(logits, none)
    total = total + head_box_loss(deltas, none, torch.zeros(0, 4), HeadLossConfig())
    total.backward()
    assert float(total.detach()) == 0.0


def numeric_gradient(function: object, x: Tensor) -> None:
    assert torch.autograd.gradcheck(function, (x.double().requires_grad_(),))  # type: ignore[arg-type]


def test_gradients_equal_finite_differences() -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = labels([0, 1], [2], [0, 1])
    numeric_gradient(lambda x: rpn_objectness_loss(x, drawn), torch.randn(3, generator=generator))
    numeric_gradient(
        lambda x: box_loss(x, drawn, RPNLossConfig()),
        torch.randn(3, 4, generator=generator),
    )
    classes = torch.tensor([0, 2, 1])
    numeric_gradient(lambda x: head_class_loss(x, classes), torch.randn(3, 3, generator=generator))
    numeric_gradient(
        lambda x: head_box_loss(x, classes, torch.zeros(2, 4).double(), HeadLossConfig()),
        torch.randn(3, 2, 4, generator=generator),
    )


@pytest.mark.parametrize("config", [RPNLossConfig, HeadLossConfig])
@pytest.mark.parametrize("change", [{"sigma": 0.0}, {"box_weight": -1.0}])
def test_unusable_settings_are_refused(config: type, change: dict) -> None:
    with pytest.raises(ConfigError, match=r"RC350"):
        config(**change)
