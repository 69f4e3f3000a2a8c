"""FasterRCNN in halves: each stage trained alone, and two backbones where the stages share none."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from frcnn.errors import ModelFileError
from frcnn.model.anchors import AnchorConfig
from frcnn.model.backbone import BackboneConfig
from frcnn.model.box_head import BoxHeadConfig
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.model.proposals import ProposalConfig
from frcnn.model.roi_sampling import RegionSamplingConfig
from frcnn.model.rpn import RPNConfig
from frcnn.types import ImageBatch, Size, Target

SIZE = Size(height=64, width=96)
SHARED = FasterRCNNConfig(
    classes=2,
    backbone=BackboneConfig(name="resnet18", frozen_stages=1),
    anchors=AnchorConfig(sides=(16.0, 32.0)),
    rpn=RPNConfig(channels=16),
    proposals_train=ProposalConfig(min_side=1.0, before_nms=200, after_nms=50),
    proposals_test=ProposalConfig(min_side=1.0, before_nms=100, after_nms=20),
    roi_sampling=RegionSamplingConfig(count=16),
    box_head=BoxHeadConfig(width=16),
)
SEPARATE = replace(SHARED, sharing="separate")
BOTH = pytest.mark.parametrize("config", [SHARED, SEPARATE], ids=["shared", "separate"])
TRUE = Target(
    boxes=torch.tensor([[5.0, 5.0, 40.0, 50.0], [50.0, 10.0, 90.0, 60.0]]),
    labels=torch.tensor([0, 1]),
    difficult=torch.tensor([False, False]),
)
GIVEN = torch.tensor([[4.0, 6.0, 42.0, 48.0], [50.0, 12.0, 88.0, 60.0], [0.0, 0.0, 20.0, 20.0]])

pytestmark = pytest.mark.usefixtures("thin_backbone")


def make(config: FasterRCNNConfig) -> FasterRCNN:
    """A network whose outputs differ from place to place; new ones are nearly constant."""
    torch.manual_seed(0)
    model = FasterRCNN(config)
    torch.manual_seed(1)  # the same for any number of backbones
    for layer in (model.rpn.objectness, model.rpn.deltas, model.box_head.logits):
        nn.init.normal_(layer.weight, std=0.3)
    return model.train()


def noise(count: int = 1) -> ImageBatch:
    pixels = torch.randn(count, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    return ImageBatch(pixels=pixels, sizes=(SIZE,) * count, originals=(SIZE,) * count)


def draws(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def touched(model: FasterRCNN) -> set[str]:
    """The parts that a gradient has reached."""
    return {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}


def values(*terms: Tensor) -> list[float]:
    return [float(term.detach()) for term in terms]


# --- what always holds


@BOTH
def test_the_first_stage_alone_has_the_rpn_terms_of_the_joint_loss(
    config: FasterRCNNConfig,
) -> None:
    model, batch = make(config), noise()
    joint = model.losses(batch, [TRUE], draws(3))
    alone = model.first_stage_losses(batch, [TRUE], draws(3))
    assert values(*alone) == values(joint.rpn_objectness, joint.rpn_boxes)


@BOTH
def test_the_second_stage_alone_has_the_heads_terms_of_the_joint_loss(
    config: FasterRCNNConfig,
) -> None:
    model, batch = make(config), noise()
    joint = model.losses(batch, [TRUE], draws(3))
    generators = draws(3)
    model.first_stage_losses(batch, [TRUE], generators)  # draws its anchors first
    found = model.eval().find_proposals(batch, config.proposals_train)
    alone = model.train().second_stage_losses(batch, [p.boxes for p in found], [TRUE], generators)
    assert values(*alone) == pytest.approx(values(joint.head_classes, joint.head_boxes), rel=1e-4)


@pytest.mark.parametrize(
    ("config", "parts"), [(SHARED, {"backbone", "rpn"}), (SEPARATE, {"rpn_backbone", "rpn"})]
)
def test_the_first_stage_teaches_its_own_layers(config: FasterRCNNConfig, parts: set[str]) -> None:
    model = make(config)
    sum(model.first_stage_losses(noise(2), [TRUE, Target.empty()], draws(0, 1))).backward()
    assert touched(model) == parts


@BOTH
def test_the_second_stage_teaches_its_own_layers(config: FasterRCNNConfig) -> None:
    model = make(config)
    losses = model.second_stage_losses(noise(2), [GIVEN, GIVEN], [TRUE, TRUE], draws(0, 1))
    assert all(math.isfinite(value) and value > 0 for value in values(*losses))
    sum(losses).backward()
    assert touched(model) == {"backbone", "box_head"}


def test_a_frozen_backbone_keeps_no_graph() -> None:
    model = make(SHARED)
    model.backbone.requires_grad_(requires_grad=False)
    assert not model.backbone(noise().pixels).requires_grad
    sum(model.first_stage_losses(noise(), [TRUE], draws(0))).backward()
    sum(model.second_stage_losses(noise(), [GIVEN], [TRUE], draws(0))).backward()
    assert touched(model) == {"rpn", "box_head"}


def test_a_network_that_shares_has_no_second_backbone() -> None:
    shared, separate = make(SHARED), make(SEPARATE)
    assert shared.rpn_backbone is None
    own = set(separate.state_dict()) - set(shared.state_dict())
    assert own == {f"rpn_{name}" for name in shared.state_dict() if name.startswith("backbone.")}
    # random numbers of what both have are the same: the second backbone is drawn last
    assert all(torch.equal(separate.state_dict()[n], t) for n, t in shared.state_dict().items())


def test_each_stage_looks_through_its_own_backbone() -> None:
    model, batch = make(SEPARATE).eval(), noise()
    proposals = model.find_proposals(batch, SEPARATE.proposals_test)[0].boxes
    detections = model.predict(batch)[0]
    with torch.no_grad():
        for parameter in model.backbone.parameters():
            parameter.mul_(1.5)
    assert torch.equal(model.find_proposals(batch, SEPARATE.proposals_test)[0].boxes, proposals)
    assert not torch.equal(model.predict(batch)[0].probabilities, detections.probabilities)
    with torch.no_grad():
        for parameter in model.rpn_backbone.parameters():
            parameter.mul_(1.5)
    assert not torch.equal(model.find_proposals(batch, SEPARATE.proposals_test)[0].boxes, proposals)


def test_two_backbones_of_equal_weights_are_as_one() -> None:
    shared, separate, batch = make(SHARED), make(SEPARATE), noise()
    separate.rpn_backbone.load_state_dict(separate.backbone.state_dict())
    found, want = (m.predict(batch)[0] for m in (separate, shared))
    assert torch.equal(found.boxes, want.boxes)
    losses = [m.losses(batch, [TRUE], draws(5)).named().values() for m in (separate, shared)]
    assert values(*losses[0]) == values(*losses[1])


@BOTH
def test_separate_stages_detect_and_learn_as_promised(
    config: FasterRCNNConfig, assert_detections: Callable[..., None]
) -> None:
    model = make(config)
    assert_detections(model.predict(noise())[0], SIZE, 2)
    model.losses(noise(), [TRUE], draws(0)).total.backward()
    for name, parameter in model.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name


# --- nothing in


def test_no_proposals_and_no_objects_still_train() -> None:
    model = make(SHARED)
    losses = model.second_stage_losses(
        noise(2), [torch.zeros(0, 4), GIVEN], [Target.empty(), Target.empty()], draws(0, 1)
    )
    assert values(*losses)[0] > 0
    assert values(*losses)[1] == 0
    sum(losses).backward()
    assert touched(model) == {"backbone", "box_head"}


# --- wrong in


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("part", ["backbone", "rpn_backbone", "rpn", "box_head"])
def test_weights_that_are_not_finite_give_nan(part: str, value: float) -> None:
    model = make(SEPARATE)
    with torch.no_grad():
        next(getattr(model, part).parameters()).fill_(value)
    first = values(*model.first_stage_losses(noise(), [TRUE], draws(0)))
    second = values(*model.second_stage_losses(noise(), [GIVEN], [TRUE], draws(0)))
    assert all(map(math.isnan, first)) == (part in {"rpn", "rpn_backbone"})
    assert math.isfinite(sum(second)) == (part in {"rpn", "rpn_backbone"})
    assert not math.isfinite(float(model.losses(noise(), [TRUE], draws(0)).total.detach()))
    with pytest.raises(ModelFileError, match=r"RC520.*not finite"):
        model.predict(noise())
