"""Our VGG-16 detector and torchvision's FasterRCNN: one set of weights, one configuration.

The weights are random, but scaled on a picture until objectness, deltas and classes differ from
place to place; so proposals, suppression, thresholds and classes have something to decide.
"""

import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN as TorchvisionsFasterRCNN

from frcnn.model import anchor_labels, roi_sampling
from frcnn.model.anchor_labels import AnchorLabelConfig
from frcnn.model.anchors import AnchorConfig
from frcnn.model.batch import TORCHVISION, PictureConfig, prepare, to_batch
from frcnn.model.box_head import BoxHeadConfig
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.model.losses import HeadLossConfig
from frcnn.model.postprocess import PostprocessConfig
from frcnn.model.proposals import ProposalConfig
from frcnn.model.roi_pooling import RoIPoolingConfig
from frcnn.model.roi_sampling import RegionSamplingConfig
from frcnn.model.rpn import RPNConfig
from frcnn.ops import boxes as box_ops
from frcnn.types import Detections, ImageBatch, Size, Target

_FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "detectors.py"
_SPEC = importlib.util.spec_from_file_location("detectors", _FILE)
detectors = importlib.util.module_from_spec(_SPEC)  # torchvision's detector, assembled like ours
_SPEC.loader.exec_module(detectors)

CLASSES = 20
BOX_TOLERANCE, SCORE_TOLERANCE, LOSS_TOLERANCE = 0.05, 5e-4, 1e-4
NAMES = ("loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg")
EVERY = 10**6
FULL = FasterRCNNConfig(
    classes=CLASSES,
    pictures=PictureConfig(rounding="floor", padding_multiple=32, normalisation=TORCHVISION),
    anchors=AnchorConfig(centre="cell_corner", rounding="torchvision"),
    rpn=RPNConfig(scores="sigmoid"),
    anchor_labels=AnchorLabelConfig(inside="anywhere", count=EVERY),
    proposals_train=ProposalConfig(min_side=1e-3, before_nms=12000, after_nms=2000),
    proposals_test=ProposalConfig(min_side=1e-3, before_nms=6000, after_nms=300),
    roi_sampling=RegionSamplingConfig(count=EVERY),
    roi_pooling=RoIPoolingConfig(method="align"),
    box_head=BoxHeadConfig(width=4096, dropout=0.0),
    head_loss=HeadLossConfig(sigma=3.0),
    postprocess=PostprocessConfig(nms_iou=0.5, min_side=0.01),
)
QUICK = replace(
    FULL,
    pictures=replace(FULL.pictures, shorter_side=128, longer_side=220),
    anchors=replace(FULL.anchors, sides=(32.0, 64.0, 128.0)),
    box_head=BoxHeadConfig(width=64, dropout=0.0),
)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two detectors that share their parameters."""

    ours: FasterRCNN
    theirs: TorchvisionsFasterRCNN


@pytest.fixture(scope="module")
def quick() -> Pair:
    return pair_of(QUICK)


@pytest.fixture(scope="module")
def full() -> Pair:
    return pair_of(FULL)


def pair_of(config: FasterRCNNConfig) -> Pair:
    torch.manual_seed(0)
    ours = FasterRCNN(config).eval()
    with torch.no_grad():
        enliven(ours)
        theirs = detectors.assemble(config)
        share(ours, theirs)
    return Pair(ours=ours, theirs=theirs.eval())


def enliven(model: FasterRCNN) -> None:
    """Scale the output layers on one picture: numbers of each channel differ and average to 0."""
    batch = batch_of(model, [picture(Size(300, 400), seed=99)])
    features = model.backbone(batch.pixels)
    rpn = model.rpn(features)
    detectors.spread(model.rpn.objectness, rpn.objectness, 1.0)
    detectors.spread(model.rpn.deltas, rpn.deltas, 0.2)
    anchors = model._anchors(features)
    proposals = model.propose(model.rpn(features), anchors, batch, model.config.proposals_test)
    answer = model.box_head(model._pool(features, [proposals[0].boxes]))
    detectors.spread(model.box_head.logits, answer.logits, 1.5)
    detectors.spread(model.box_head.deltas, answer.deltas, 1.0)
    model.box_head.logits.bias[0] += 7.0  # most regions are background: thresholds matter


def share(ours: FasterRCNN, theirs: TorchvisionsFasterRCNN) -> None:
    """Let theirs use our parameters; their deltas have a slot for background, which is unused."""
    for one, other in detectors.counterparts(ours, theirs):
        other.load_state_dict(one.state_dict(keep_vars=True), assign=True)
    theirs.backbone[:10].requires_grad_(requires_grad=False)  # the first two stages, in both
    deltas = theirs.roi_heads.box_predictor.bbox_pred
    for name in ("weight", "bias"):
        own, other = getattr(ours.box_head.deltas, name), getattr(deltas, name)
        other.copy_(torch.cat((torch.zeros_like(own[:4]), own)))


def picture(size: Size, seed: int) -> Tensor:
    """Coloured squares under noise, [3, H, W] uint8."""
    generator = torch.Generator().manual_seed(seed)
    squares = torch.rand(1, 3, size.height // 24, size.width // 24, generator=generator)
    large = nn.functional.interpolate(squares, tuple(size), mode="nearest")[0]
    return (200 * large + 55 * torch.rand(3, *size, generator=generator)).to(torch.uint8)


def random_size(seed: int, low: int, high: int) -> Size:
    generator = torch.Generator().manual_seed(seed)
    return Size(*torch.randint(low, high, (2,), generator=generator).tolist())


def target(size: Size, seed: int, count: int = 6) -> Target:
    """Boxes in pixels of the original picture."""
    generator = torch.Generator().manual_seed(seed)
    whole = torch.tensor([size.width, size.height], dtype=torch.float32)
    corners = torch.rand(count, 2, generator=generator) * 0.6 * whole
    sides = (0.05 + 0.35 * torch.rand(count, 2, generator=generator)) * whole
    return Target(
        boxes=torch.cat((corners, corners + sides), dim=1),
        labels=torch.randint(0, CLASSES, (count,), generator=generator),
        difficult=torch.zeros(count, dtype=torch.bool),
    )


def batch_of(model: FasterRCNN, pictures: list[Tensor]) -> ImageBatch:
    config = model.config.pictures
    return to_batch([prepare(one, config) for one in pictures], config)


def detections(pair: Pair, pictures: list[Tensor]) -> list[tuple[Detections, Detections]]:
    """Ours and theirs of each picture."""
    ours = pair.ours.predict(batch_of(pair.ours, pictures))
    with torch.no_grad():
        rows = pair.theirs.eval()([one.float() / 255 for one in pictures])
    theirs = [
        Detections(boxes=row["boxes"], scores=row["scores"], labels=row["labels"] - 1)
        for row in rows
    ]
    return list(zip(ours, theirs, strict=True))


def without_partner(found: Detections, others: Detections) -> list[float]:
    """Scores of detections that no detection of the others equals; each may be taken once."""
    free, lonely = torch.ones(len(others.boxes), dtype=torch.bool), []
    for box, score, label in zip(found.boxes, found.scores, found.labels, strict=True):
        near = (others.boxes - box).abs().amax(dim=1) <= BOX_TOLERANCE
        alike = near & ((others.scores - score).abs() <= SCORE_TOLERANCE)
        candidates = (alike & (others.labels == label) & free).nonzero()[:, 0]
        if len(candidates):
            free[candidates[0]] = False
        else:
            lonely.append(float(score))
    return lonely


def assert_same_set(ours: Detections, theirs: Detections, config: PostprocessConfig) -> None:
    """A score within the tolerance of the threshold, or of the hundredth, may fall either way."""
    cuts = [config.score_threshold]
    if len(theirs.scores) == config.max_detections:
        cuts.append(float(theirs.scores.min()))
    for lonely in (without_partner(ours, theirs), without_partner(theirs, ours)):
        for score in lonely:
            assert min(abs(score - cut) for cut in cuts) <= SCORE_TOLERANCE, (score, cuts)


def scores_when_equal(pair: Pair, pictures: list[Tensor]) -> Tensor:
    """Assert that both find the same, something, in every picture; give the scores."""
    both = detections(pair, pictures)
    for ours, theirs in both:
        assert len(ours.scores) > 0
        assert_same_set(ours, theirs, pair.ours.config.postprocess)
    return torch.cat([ours.scores for ours, _ in both])


def losses(
    pair: Pair, pictures: list[Tensor], targets: list[Target]
) -> tuple[list[Tensor], list[Tensor]]:
    """Ours and theirs, in the order of computation; targets in pixels of the original pictures."""
    batch = batch_of(pair.ours, pictures)
    resized = [
        replace(t, boxes=box_ops.scale(t.boxes, original, size))
        for t, original, size in zip(targets, batch.originals, batch.sizes, strict=True)
    ]
    ours = pair.ours.losses(batch, resized, [torch.Generator() for _ in pictures])
    wanted = [{"boxes": t.boxes, "labels": t.labels + 1} for t in targets]
    theirs = pair.theirs.train()([one.float() / 255 for one in pictures], wanted)
    return list(ours.named().values()), [theirs[name] for name in NAMES]


def assert_equal_losses(ours: list[Tensor], theirs: list[Tensor]) -> None:
    for own, other in zip(ours, theirs, strict=True):
        assert float(other.detach()) > 0
        assert float(own.detach()) == pytest.approx(float(other.detach()), rel=LOSS_TOLERANCE)


def test_detections_of_a_picture(quick: Pair) -> None:
    scores = scores_when_equal(quick, [picture(random_size(0, 100, 200), 0)])
    assert float(scores.max() - scores.min()) > 0.2, "something to rank"


def test_detections_of_two_pictures_of_different_sizes(quick: Pair) -> None:
    scores_when_equal(quick, [picture(random_size(seed, 100, 200), seed) for seed in (1, 2)])


def test_losses_over_every_anchor_and_region(quick: Pair) -> None:
    """Both take all samples there are: no draw can differ."""
    size = random_size(3, 100, 200)
    ours, theirs = losses(quick, [picture(size, 3)], [target(size, 3)])
    assert_equal_losses(ours, theirs)


def test_gradients_agree_too(quick: Pair) -> None:
    size = random_size(4, 100, 200)
    ours, theirs = losses(quick, [picture(size, 4)], [target(size, 4)])
    shared = [p for p in quick.ours.parameters() if p.requires_grad]
    pairs = zip(
        torch.autograd.grad(sum(ours), shared),
        torch.autograd.grad(sum(theirs), shared, allow_unused=True),
        strict=True,
    )
    compared = [(own, other) for own, other in pairs if other is not None]
    assert len(compared) == len(shared) - 2, "all but the deltas' layer, which is a copy"
    for own, other in compared:
        assert float((own - other).norm()) <= 1e-3 * float(other.norm())


def first(wanted: Tensor, count: int) -> Tensor:
    return wanted.nonzero()[:count, 0]


class TakeFirst:
    """torchvision's sampler without its draw: the first of each kind."""

    def __init__(self, count: int, positives: int) -> None:
        self.count, self.positives = count, positives

    def __call__(self, labels: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        masks: tuple[list[Tensor], list[Tensor]] = [], []
        for each in labels:
            positive = first(each >= 1, self.positives)
            negative = first(each == 0, self.count - len(positive))
            for kind, rows in zip(masks, (positive, negative), strict=True):
                kind.append(torch.zeros(len(each), dtype=torch.bool).index_fill_(0, rows, value=1))
        return masks


def test_losses_of_a_batch_with_the_same_draw(quick: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """256 anchors and 128 regions of each of two pictures, the first of each kind in both."""

    def take_first(
        positive: Tensor, negative: Tensor, count: int, share: float, _: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        count, share = (256, 0.5) if share == 0.5 else (128, 0.25)
        positives = first(positive, int(count * share))
        return positives, first(negative, count - len(positives))

    for module in (anchor_labels, roi_sampling):
        monkeypatch.setattr(module, "sample_balanced", take_first)
    monkeypatch.setattr(quick.theirs.rpn, "fg_bg_sampler", TakeFirst(256, 128))
    monkeypatch.setattr(quick.theirs.roi_heads, "fg_bg_sampler", TakeFirst(128, 32))
    sizes = [random_size(seed, 100, 200) for seed in (5, 6)]
    pictures = [picture(size, seed) for seed, size in enumerate(sizes)]
    ours, theirs = losses(quick, pictures, [target(size, 7) for size in sizes])
    assert_equal_losses(ours, theirs)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_random_pictures_at_full_size(full: Pair, seed: int) -> None:
    scores_when_equal(full, [picture(random_size(seed, 300, 700), seed)])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_losses_at_full_size(full: Pair, seed: int) -> None:
    size = random_size(seed, 300, 700)
    assert_equal_losses(*losses(full, [picture(size, seed)], [target(size, seed)]))
