"""FasterRCNN: what predict and losses promise, on whole small networks with random weights."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch
from torch import nn

from frcnn.errors import ModelFileError
from frcnn.model.anchors import AnchorConfig
from frcnn.model.backbone import BackboneConfig
from frcnn.model.box_head import BoxHeadConfig
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.model.postprocess import PostprocessConfig
from frcnn.model.proposals import ProposalConfig
from frcnn.model.roi_pooling import RoIPoolingConfig
from frcnn.model.roi_sampling import RegionSamplingConfig
from frcnn.model.rpn import RPNConfig
from frcnn.model.stage_losses import head_losses, rpn_losses
from frcnn.types import Detections, ImageBatch, Losses, Size, Target

CLASSES = 3
SIZE, ORIGINAL = Size(height=96, width=128), Size(height=48, width=64)
CONFIG = FasterRCNNConfig(
    classes=CLASSES,
    backbone=BackboneConfig(name="resnet18", frozen_stages=1),
    anchors=AnchorConfig(sides=(16.0, 32.0, 64.0)),
    rpn=RPNConfig(channels=32),
    proposals_train=ProposalConfig(min_side=1.0, before_nms=400, after_nms=100),
    proposals_test=ProposalConfig(min_side=1.0, before_nms=200, after_nms=50),
    roi_sampling=RegionSamplingConfig(count=32),
    box_head=BoxHeadConfig(width=32),
    postprocess=PostprocessConfig(score_threshold=0.2),
)
PAPERS = replace(CONFIG, backbone=BackboneConfig())
LIGHT = replace(
    CONFIG,
    backbone=BackboneConfig(name="mobilenet_v2", frozen_stages=0, batch_norm="live"),
    rpn=RPNConfig(channels=32, scores="sigmoid"),
    roi_pooling=RoIPoolingConfig(method="align"),
    box_head=BoxHeadConfig(layers="conv", width=32),
)
KINDS = pytest.mark.parametrize(
    "config", [CONFIG, PAPERS, LIGHT], ids=["resnet18", "vgg16", "mobilenet_v2"]
)


def make(config: FasterRCNNConfig = CONFIG) -> FasterRCNN:
    """A network whose outputs differ from place to place; new ones are nearly constant."""
    torch.manual_seed(0)
    model = FasterRCNN(config)
    for layer in (model.rpn.objectness, model.rpn.deltas, model.box_head.logits):
        nn.init.normal_(layer.weight, std=0.3)
    return model


def batch_of(*sizes: Size, seed: int = 0, originals: Sequence[Size] = ()) -> ImageBatch:
    """Pictures of noise, each drawn from its own seed, padded to the largest."""
    height, width = max(s.height for s in sizes), max(s.width for s in sizes)
    pixels = torch.zeros(len(sizes), 3, height, width)
    for row, size in enumerate(sizes):
        generator = torch.Generator().manual_seed(seed + row)
        pixels[row, :, : size.height, : size.width] = torch.randn(3, *size, generator=generator)
    return ImageBatch(pixels=pixels, sizes=sizes, originals=tuple(originals) or sizes)


def target(*boxes: tuple[float, float, float, float], difficult: bool = False) -> Target:
    count = len(boxes)
    return Target(
        boxes=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        labels=torch.arange(count) % CLASSES,
        difficult=torch.full((count,), difficult),
    )


TWO = target((10, 10, 50, 60), (60, 20, 120, 90))


def draws(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def learn(model: FasterRCNN, batch: ImageBatch, *targets: Target) -> Losses:
    losses = model.losses(batch, targets, draws(*range(len(targets))))
    losses.total.backward()
    return losses


def values(losses: Losses) -> list[float]:
    return [float(term.detach()) for term in losses.named().values()]


def same(found: Detections, other: Detections) -> bool:
    names = ("boxes", "scores", "labels", "proposals", "probabilities")
    return all(torch.equal(getattr(found, name), getattr(other, name)) for name in names)


@KINDS
def test_detections_keep_their_promises(
    config: FasterRCNNConfig, assert_detections: Callable[..., None]
) -> None:
    other = Size(height=90, width=110)
    found = make(config).predict(batch_of(SIZE, other, originals=[ORIGINAL, Size(45, 55)]))
    for detections, original in zip(found, (ORIGINAL, Size(45, 55)), strict=True):
        assert len(detections.boxes) > 0
        assert_detections(detections, original, CLASSES)
        assert detections.proposals is not None
        assert (detections.proposals < config.proposals_test.after_nms).all()


def test_boxes_are_in_pixels_of_the_original_picture() -> None:
    model = make(replace(CONFIG, proposals_test=replace(CONFIG.proposals_test, min_side=0.0)))
    (same_size,) = model.predict(batch_of(SIZE))
    (smaller,) = model.predict(batch_of(SIZE, originals=[Size(24, 64)]))
    assert torch.equal(smaller.scores, same_size.scores)
    shares = torch.tensor([0.5, 0.25, 0.5, 0.25])  # half as wide, a quarter as high
    torch.testing.assert_close(smaller.boxes, same_size.boxes * shares)


def test_min_side_counts_pixels_of_the_original_picture() -> None:
    large = replace(CONFIG, proposals_test=replace(CONFIG.proposals_test, min_side=40.0))
    model = make(large)
    enlarged = batch_of(SIZE, originals=[ORIGINAL])  # 40 pixels there are 80 here
    features = model.backbone(enlarged.pixels)
    anchors = model._anchors(features)
    with torch.no_grad():
        rpn = model.rpn(features)
    (found,) = model.propose(rpn, anchors, enlarged, large.proposals_test)
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    assert len(sides) > 0
    assert float(sides.min()) >= 80.0


@KINDS
def test_predict_twice_gives_the_same_to_the_bit(config: FasterRCNNConfig) -> None:
    model = make(config)
    assert same(model.predict(batch_of(SIZE))[0], model.predict(batch_of(SIZE))[0])


@KINDS
def test_predict_behaves_as_in_evaluation_and_restores_the_state(config: FasterRCNNConfig) -> None:
    model = make(config)
    (want,) = model.eval().predict(batch_of(SIZE))
    assert not model.training
    model.train()
    model.rpn.eval()  # someone's own choice is kept
    before = [layer.training for layer in model.modules()]
    buffers = {name: tensor.clone() for name, tensor in model.named_buffers()}
    (found,) = model.predict(batch_of(SIZE))
    assert same(found, want)
    assert [layer.training for layer in model.modules()] == before
    assert all(torch.equal(buffers[name], tensor) for name, tensor in model.named_buffers())


def test_predict_asks_for_no_gradient_and_leaves_the_grad_mode() -> None:
    model = make()
    (found,) = model.predict(batch_of(SIZE))
    assert torch.is_grad_enabled()
    assert not found.boxes.requires_grad
    assert not found.scores.requires_grad
    with torch.inference_mode():
        (again,) = model.predict(batch_of(SIZE))
        assert torch.is_inference_mode_enabled()
    assert same(found, again)


def test_predict_leaves_the_picture_as_it_was() -> None:
    batch = batch_of(SIZE)
    make().predict(batch)
    assert torch.equal(batch.pixels, batch_of(SIZE).pixels)


@KINDS
@pytest.mark.parametrize("cause", ["no proposals", "all filtered"])
def test_nothing_found_is_an_empty_answer(config: FasterRCNNConfig, cause: str) -> None:
    """No proposals: every box is under the smallest side. All filtered: no score is enough."""
    if cause == "no proposals":
        config = replace(config, proposals_test=replace(config.proposals_test, min_side=1000.0))
    report = PostprocessConfig(score_threshold=0.2 if cause == "no proposals" else 0.999999)
    for found in make(config).predict(batch_of(SIZE, SIZE), report):
        assert found.boxes.shape == (0, 4)
        assert found.scores.shape == (0,)
        assert found.labels.shape == (0,)
        assert found.labels.dtype == torch.int64
        assert found.proposals is not None
        assert found.proposals.shape == (0,)
        assert found.probabilities is not None
        assert found.probabilities.shape == (0, CLASSES)


def test_one_picture_without_proposals_does_not_disturb_its_neighbour() -> None:
    narrow = replace(CONFIG, proposals_test=replace(CONFIG.proposals_test, min_side=20.0))
    thin = Size(height=96, width=10)
    empty, found = make(narrow).predict(batch_of(thin, SIZE))
    assert len(empty.boxes) == 0
    assert len(found.boxes) > 0


def test_other_thresholds_may_be_asked_for() -> None:
    model = make()
    (found,) = model.predict(batch_of(SIZE))
    (few,) = model.predict(batch_of(SIZE), replace(CONFIG.postprocess, max_detections=3))
    assert len(found.boxes) > 3
    torch.testing.assert_close(few.boxes, found.boxes[:3])


@pytest.mark.parametrize("size", [Size(1, 1), Size(1, 200), Size(200, 1), Size(16, 17)])
@KINDS
def test_tiny_and_thin_pictures_have_an_answer(
    config: FasterRCNNConfig, size: Size, assert_detections: Callable[..., None]
) -> None:
    (found,) = make(config).predict(batch_of(size))
    assert_detections(found, size, CLASSES)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("layer", ["backbone", "rpn", "box_head"])
def test_weights_that_are_not_finite_are_refused_and_have_no_loss(layer: str, value: float) -> None:
    model = make().train()
    parameter = list(getattr(model, layer).parameters())[-2]
    with torch.no_grad():
        parameter.view(-1)[0] = value
    with pytest.raises(ModelFileError, match=r"RC520.*not finite") as caught:
        model.predict(batch_of(SIZE))
    assert caught.value.exit_code == 5
    assert model.training, "the state is restored after an error too"
    losses = model.losses(batch_of(SIZE), [TWO], draws(0))
    assert not math.isfinite(float(losses.total.detach()))
    if layer != "box_head":
        assert all(math.isnan(value) for value in values(losses))


def test_a_picture_that_is_not_finite_is_refused() -> None:
    batch = batch_of(SIZE)
    batch.pixels[0, 1, 40, 50] = math.nan
    with pytest.raises(ModelFileError, match=r"RC520"):
        make().predict(batch)


@KINDS
def test_losses_are_finite_and_every_trained_weight_has_a_gradient(
    config: FasterRCNNConfig,
) -> None:
    model = make(config).train()
    losses = learn(model, batch_of(SIZE, SIZE), TWO, TWO)
    assert all(math.isfinite(value) and value > 0 for value in values(losses))
    for name, parameter in model.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name
        if parameter.grad is not None:
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.any(), name


NO_REGIONS = replace(
    CONFIG,
    proposals_train=replace(CONFIG.proposals_train, min_side=1000.0),
    roi_sampling=RegionSamplingConfig(candidates="proposals"),
)
NO_ANCHORS = replace(CONFIG, anchors=AnchorConfig(sides=(256.0,)))  # none is inside the picture


@pytest.mark.parametrize(
    ("config", "targets", "zero"),
    [
        (CONFIG, [Target.empty(), Target.empty()], {"rpn_boxes", "head_boxes"}),
        (LIGHT, [Target.empty(), Target.empty()], {"rpn_boxes", "head_boxes"}),
        (CONFIG, [Target.empty(), TWO], set()),
        (CONFIG, [replace(TWO, difficult=~TWO.difficult)] * 2, {"rpn_boxes", "head_boxes"}),
        (NO_REGIONS, [TWO, TWO], {"head_classes", "head_boxes"}),
        (NO_ANCHORS, [TWO, TWO], {"rpn_objectness", "rpn_boxes"}),
    ],
    ids=["empty", "empty, conv", "one empty", "difficult", "no regions", "no anchors"],
)
def test_what_teaches_nothing_still_trains(
    config: FasterRCNNConfig, targets: list[Target], zero: set[str]
) -> None:
    model = make(config).train()
    losses = learn(model, batch_of(SIZE, SIZE), *targets)
    for name, term in losses.named().items():
        assert math.isfinite(float(term.detach()))
        assert (float(term.detach()) == 0) == (name in zero), name
    for name, parameter in model.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name
        assert parameter.grad is None or parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_pictures_lie_in_memory_as_the_weights_do(layout: torch.memory_format) -> None:
    model = make().to(memory_format=layout)
    pixels = model._pixels(batch_of(Size(32, 48), Size(32, 48)))
    assert pixels.is_contiguous(memory_format=layout)


@KINDS
def test_losses_depend_on_the_generators_alone(config: FasterRCNNConfig) -> None:
    model, state = make(config).train(), torch.random.get_rng_state()
    first, again, other = (
        values(model.losses(batch_of(SIZE), [TWO], draws(seed))) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert torch.equal(torch.random.get_rng_state(), state), "nothing global was drawn from"


@pytest.mark.parametrize("config", [CONFIG, PAPERS], ids=["resnet18", "vgg16"])
def test_a_pictures_losses_do_not_depend_on_its_neighbour(config: FasterRCNNConfig) -> None:
    model = make(config).train()
    both = batch_of(SIZE, SIZE)
    targets = [TWO, target((5, 5, 40, 90))]
    together = values(model.losses(both, targets, draws(7, 8)))
    alone = [
        values(
            model.losses(
                ImageBatch(pixels=both.pixels[row : row + 1], sizes=(SIZE,), originals=(SIZE,)),
                [targets[row]],
                draws(7 + row),
            )
        )
        for row in range(2)
    ]
    means = [(a + b) / 2 for a, b in zip(*alone, strict=True)]
    assert together == pytest.approx(means, rel=1e-4)


@pytest.mark.parametrize("config", [CONFIG, LIGHT], ids=["resnet18", "mobilenet_v2"])
def test_a_pictures_detections_do_not_depend_on_its_neighbour(config: FasterRCNNConfig) -> None:
    model, both = make(config), batch_of(SIZE, SIZE)
    second = ImageBatch(pixels=both.pixels[1:], sizes=(SIZE,), originals=(SIZE,))
    together, (alone,) = model.predict(both)[1], model.predict(second)
    torch.testing.assert_close(together.scores, alone.scores, atol=1e-4, rtol=0)
    torch.testing.assert_close(together.boxes, alone.boxes, atol=1e-3, rtol=0)
    assert torch.equal(together.labels, alone.labels)


def test_the_proposals_are_fixed_for_the_head() -> None:
    """Approximate joint training: the head's losses send no gradient through the boxes."""
    model = make().train()
    losses = model.losses(batch_of(SIZE), [TWO], draws(0))
    (losses.head_classes + losses.head_boxes).backward()
    assert all(p.grad is None for p in model.rpn.parameters())
    assert any(p.grad is not None for p in model.backbone.parameters())


def test_the_halves_add_up_to_the_whole() -> None:
    model, batch = make().train(), batch_of(SIZE)
    whole = values(model.losses(batch, [TWO], draws(3)))
    features, generators = model.backbone(batch.pixels), draws(3)
    anchors, rpn = model._anchors(features), model.rpn(features)
    first = rpn_losses(rpn, anchors, batch, [TWO], generators, CONFIG)
    found = [p.boxes for p in model.propose(rpn, anchors, batch, CONFIG.proposals_train)]
    second = head_losses(model.box_head, features, found, [TWO], generators, CONFIG)
    assert [float(term.detach()) for term in (*first, *second)] == pytest.approx(whole, rel=1e-4)


def test_a_step_downhill_lowers_the_loss() -> None:
    model = make(replace(CONFIG, box_head=BoxHeadConfig(width=32, dropout=0.0))).train()
    before = learn(model, batch_of(SIZE), TWO).total
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= 1e-4 * parameter.grad
    after = model.losses(batch_of(SIZE), [TWO], draws(0)).total
    assert float(after.detach()) < float(before.detach())


def test_in_16_bits_the_losses_are_nearly_the_same() -> None:
    model = make().train()
    exact = values(model.losses(batch_of(SIZE), [TWO], draws(0)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = model.losses(batch_of(SIZE), [TWO], draws(0))
    assert all(term.dtype == torch.float32 for term in losses.named().values())
    assert float(losses.rpn_objectness.detach()) == pytest.approx(exact[0], rel=0.1)
    losses.total.backward()


def test_new_networks_are_equal_from_equal_seeds() -> None:
    first, again = (make().state_dict() for _ in range(2))
    assert all(torch.equal(first[name], tensor) for name, tensor in again.items())
