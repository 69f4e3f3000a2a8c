"""exact_losses: the loss's whole derivative, against finite differences of the whole loss."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from frcnn.errors import ConfigError
from frcnn.model.anchors import AnchorConfig
from frcnn.model.backbone import BackboneConfig
from frcnn.model.box_head import BoxHeadConfig
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.model.proposals import ProposalConfig
from frcnn.model.roi_pooling import RoIPoolingConfig
from frcnn.model.roi_sampling import RegionSamplingConfig
from frcnn.model.rpn import RPNConfig
from frcnn.types import ImageBatch, Size, Target

SIZE = Size(height=64, width=96)
CONFIG = FasterRCNNConfig(
    classes=2,
    backbone=BackboneConfig(name="resnet18", frozen_stages=0),
    anchors=AnchorConfig(sides=(16.0, 32.0)),
    rpn=RPNConfig(channels=8),
    proposals_train=ProposalConfig(min_side=4.0, before_nms=60, after_nms=12),
    roi_sampling=RegionSamplingConfig(count=64, positive_share=1.0, candidates="proposals"),
    roi_pooling=RoIPoolingConfig(method="warp", cells=3),
    box_head=BoxHeadConfig(width=16, dropout=0.0),
)
TRUE = Target(
    boxes=torch.tensor([[8.0, 5.0, 40.0, 36.0], [50.0, 30.0, 82.0, 60.0], [60.0, 3.0, 90.0, 20.0]]),
    labels=torch.tensor([0, 1, 1]),
    difficult=torch.tensor([False, False, False]),
)
STEP = 1e-6
SEEDS = (0, 1, 2, 4, 5)
"""Of networks; the first one's proposals touch no object, so that only features teach them."""

pytestmark = pytest.mark.usefixtures("thin_backbone")


def make(config: FasterRCNNConfig = CONFIG, seed: int = 1) -> FasterRCNN:
    """A small network in float64, whose outputs differ from place to place."""
    torch.manual_seed(seed)
    model = FasterRCNN(config)
    for layer in (model.rpn.objectness, model.box_head.logits, model.box_head.deltas):
        nn.init.normal_(layer.weight, std=0.3)
    nn.init.normal_(model.rpn.deltas.weight, std=0.1)
    return model.double().train()


def noise(seed: int = 1) -> ImageBatch:
    pixels = torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(seed))
    return ImageBatch(pixels=pixels, sizes=(SIZE,), originals=(SIZE,))


def draws() -> list[torch.Generator]:
    return [torch.Generator().manual_seed(0)]


def head_part(model: FasterRCNN) -> Tensor:
    losses = model.exact_losses(noise(), [TRUE], draws())
    return losses.head_classes + losses.head_boxes


def values(model: FasterRCNN, which: str) -> list[float]:
    losses = getattr(model, which)(noise(), [TRUE], draws())
    return [float(term.detach()) for term in losses.named().values()]


@torch.no_grad()
def slope(model: FasterRCNN, parameters: Sequence[Tensor], direction: Sequence[Tensor]) -> float:
    """Central difference of the whole loss along a direction in the space of parameters."""
    totals = []
    for step in (STEP, -2 * STEP):
        for parameter, part in zip(parameters, direction, strict=True):
            parameter.add_(part, alpha=step)
        totals.append(float(model.exact_losses(noise(), [TRUE], draws()).total))
    for parameter, part in zip(parameters, direction, strict=True):
        parameter.add_(part, alpha=STEP)
    return (totals[0] - totals[1]) / (2 * STEP)


def unit_direction(parameters: Sequence[Tensor], seed: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    drawn = [torch.randn(p.shape, generator=generator, dtype=p.dtype) for p in parameters]
    length = torch.stack([part.square().sum() for part in drawn]).sum().sqrt()
    return [part / length for part in drawn]


# --- what always holds


def test_the_loss_is_the_one_of_approximate_training_to_the_bit() -> None:
    model = make()
    assert values(model, "exact_losses") == values(model, "losses")


def test_the_heads_loss_flows_into_the_boxes_in_exact_training_alone() -> None:
    model = make()
    approximate = model.losses(noise(), [TRUE], draws())
    (approximate.head_classes + approximate.head_boxes).backward()
    assert all(p.grad is None for p in model.rpn.parameters())
    head_part(model).backward()
    assert model.rpn.deltas.weight.grad.any()
    assert model.rpn.conv.weight.grad.any(), "and through it, into the layers below"
    assert model.rpn.objectness.weight.grad is None or not model.rpn.objectness.weight.grad.any()


def test_both_backbones_learn_from_the_heads_loss_where_the_stages_share_none() -> None:
    model = make(replace(CONFIG, sharing="separate"))
    head_part(model).backward()
    for backbone in (model.backbone, model.rpn_backbone):
        assert any(p.grad is not None and p.grad.any() for p in backbone.parameters())


def test_the_networks_of_these_tests_have_objects_among_their_proposals() -> None:
    found = [values(make(seed=seed), "losses")[3] > 0 for seed in SEEDS]
    assert found == [False, True, True, True, True]


def test_only_the_boxes_move_and_the_heads_loss_falls() -> None:
    """Everything but the last layer of the RPN's boxes is frozen: only the proposals can move."""
    model = make()
    model.requires_grad_(requires_grad=False)
    model.rpn.deltas.requires_grad_(requires_grad=True)
    found = []
    for _ in range(12):
        loss = head_part(model)
        found.append(float(loss.detach()))
        gradients = torch.autograd.grad(loss, list(model.rpn.deltas.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(model.rpn.deltas.parameters(), gradients, strict=True):
                parameter -= 1e-2 * gradient
    assert found[-1] < 0.9 * found[0], found
    assert not model.losses(noise(), [TRUE], draws()).head_boxes.requires_grad


# --- nothing in


def test_no_proposals_and_no_objects_still_train() -> None:
    none = make(replace(CONFIG, proposals_train=replace(CONFIG.proposals_train, min_side=1000.0)))
    for model, target in ((none, TRUE), (make(), Target.empty())):
        losses = model.exact_losses(noise(), [target], draws())
        losses.total.backward()
        assert float(losses.head_boxes.detach()) == 0
        assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_a_region_without_width_leaves_the_gradient_finite() -> None:
    """Its target has no deltas; it is background, so none are wanted."""
    flat = replace(CONFIG, proposals_train=replace(CONFIG.proposals_train, min_side=0.0))
    model = make(flat)
    with torch.no_grad():  # the first anchors' widths shrink to nothing
        model.rpn.deltas.bias[2] = -1e4
    model.exact_losses(noise(), [TRUE], draws()).total.backward()
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


# --- wrong in


@pytest.mark.parametrize("method", ["max", "align"])
def test_a_pooling_without_a_gradient_for_the_box_is_refused(method: str) -> None:
    model = make(replace(CONFIG, roi_pooling=RoIPoolingConfig(method=method)))
    with pytest.raises(ConfigError, match=r"RC366\] roi_pooling.method.*got \w+, want warp"):
        model.exact_losses(noise(), [TRUE], draws())


def test_weights_that_are_not_finite_give_nan() -> None:
    model = make()
    with torch.no_grad():
        model.rpn.deltas.weight[0] = float("nan")
    losses = model.exact_losses(noise(), [TRUE], draws())
    assert all(term.isnan() for term in losses.named().values())


# --- gradient


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_of_the_rpns_boxes_is_that_of_the_whole_loss(seed: int) -> None:
    """Single weights: the bias of one delta moves that coordinate of every proposal."""
    model = make(seed=seed)
    weights = list(model.rpn.deltas.parameters())
    gradients = torch.autograd.grad(model.exact_losses(noise(), [TRUE], draws()).total, weights)
    chosen = torch.randperm(weights[1].numel(), generator=torch.Generator().manual_seed(seed))[:4]
    for row in chosen.tolist():
        direction = [torch.zeros_like(weight) for weight in weights]
        direction[1][row] = 1.0
        want = slope(model, weights, direction)
        assert float(gradients[1][row]) == pytest.approx(want, rel=1e-5, abs=1e-6)
    direction = unit_direction(weights, seed)
    got = sum(float((g * d).sum()) for g, d in zip(gradients, direction, strict=True))
    assert got == pytest.approx(slope(model, weights, direction), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("sharing", ["shared", "separate"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_of_all_weights_is_that_of_the_whole_loss(sharing: str, seed: int) -> None:
    model = make(replace(CONFIG, sharing=sharing), seed)
    weights = [p for p in model.parameters() if p.requires_grad]
    total = model.exact_losses(noise(), [TRUE], draws()).total
    gradients = torch.autograd.grad(total, weights, allow_unused=True)
    direction = unit_direction(weights, seed)
    got = sum(
        float((g * d).sum()) for g, d in zip(gradients, direction, strict=True) if g is not None
    )
    assert got == pytest.approx(slope(model, weights, direction), rel=1e-5, abs=1e-6)


def test_what_approximate_training_leaves_out_is_not_small() -> None:
    """So the checks above could not pass by accident."""
    model = make()
    weights = list(model.rpn.deltas.parameters())
    exact, approximate = (
        torch.autograd.grad(getattr(model, which)(noise(), [TRUE], draws()).total, weights)[1]
        for which in ("exact_losses", "losses")
    )
    assert float((exact - approximate).norm()) > 0.1 * float(approximate.norm())
