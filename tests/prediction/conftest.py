"""A network small enough for a test: random weights, which find something everywhere."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from frcnn.data.records import Record, Split, Stamp
from frcnn.model.anchors import AnchorConfig
from frcnn.model.backbone import BackboneConfig
from frcnn.model.batch import TORCHVISION, PictureConfig
from frcnn.model.box_head import BoxHeadConfig
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.model.postprocess import PostprocessConfig
from frcnn.model.proposals import ProposalConfig
from frcnn.model.roi_pooling import RoIPoolingConfig
from frcnn.model.rpn import RPNConfig
from frcnn.prediction.predictor import Detector
from frcnn.types import Size, Target

CLASSES = ("bolt", "nut", "washer")


@pytest.fixture(scope="session")
def make_network() -> Callable[..., FasterRCNN]:
    """Build the small network; other backbones and batch norms on request."""

    def build(name: str = "resnet18", batch_norm: str = "frozen") -> FasterRCNN:
        config = FasterRCNNConfig(
            classes=len(CLASSES),
            pictures=PictureConfig(shorter_side=64, longer_side=128, normalisation=TORCHVISION),
            backbone=BackboneConfig(name=name, frozen_stages=0, batch_norm=batch_norm),
            anchors=AnchorConfig(sides=(16.0, 32.0)),
            rpn=RPNConfig(channels=32),
            proposals_test=ProposalConfig(min_side=1.0, before_nms=200, after_nms=20),
            roi_pooling=RoIPoolingConfig(method="align", cells=3),
            box_head=BoxHeadConfig(width=32, dropout=0.0),
            postprocess=PostprocessConfig(score_threshold=0.3, nms_iou=0.5, max_detections=30),
        )
        with torch.random.fork_rng():
            torch.manual_seed(1)
            network = FasterRCNN(config)
            torch.nn.init.normal_(network.box_head.logits.weight, std=1.0)
            torch.nn.init.normal_(network.rpn.objectness.weight, std=0.05)
            _fill_norms(network)
        return network

    return build


@pytest.fixture(scope="session")
def network(make_network: Callable[..., FasterRCNN]) -> FasterRCNN:
    """The small network; tests that change it build their own."""
    return make_network()


@pytest.fixture(scope="session")
def detector(network: FasterRCNN) -> Detector:
    """A detector of the small network in float32."""
    return Detector(network, CLASSES)


@pytest.fixture(scope="session")
def make_photo() -> Callable[..., np.ndarray]:
    """Draw a picture: coloured rectangles on noise, from a seed."""

    def draw(seed: int = 0, height: int = 96, width: int = 128) -> np.ndarray:
        chance = np.random.default_rng(seed)
        picture = chance.integers(0, 60, (height, width, 3), dtype=np.uint8)
        for _ in range(4):
            y, x = chance.integers(0, height), chance.integers(0, width)
            picture[y : y + height // 3, x : x + width // 3] = chance.integers(80, 256, 3)
        return picture

    return draw


@pytest.fixture
def photos(tmp_path: Path, make_photo: Callable[..., np.ndarray]) -> Path:
    """A folder of five pictures, one in a folder of its own, and a text."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for number, name in enumerate(("a.png", "b.png", "c.png", "d.png", "more/a.png")):
        Image.fromarray(make_photo(number)).save(folder / name)
    (folder / "notes.txt").write_text("not a picture")
    return folder


@pytest.fixture
def split(photos: Path) -> Split:
    """The four pictures of `photos`, each with one true box."""
    target = Target(
        boxes=torch.tensor([[1.0, 2, 30, 40]]),
        labels=torch.tensor([1]),
        difficult=torch.tensor([False]),
    )
    records = []
    for path in sorted(photos.glob("*.png")):
        status = path.stat()
        stamp = Stamp(status.st_size, status.st_mtime_ns)
        records.append(
            Record(name=path.stem, path=path, size=Size(96, 128), target=target, stamp=stamp)
        )
    return Split(name="val", classes=CLASSES, records=tuple(records))


def _fill_norms(network: torch.nn.Module) -> None:
    """Give batch norms statistics that matter, and keep activations in range."""
    for name, values in network.named_buffers():
        if name.endswith("running_mean"):
            values.normal_(std=0.1)
        if name.endswith("running_var"):
            values.uniform_(0.5, 1.5)
    for name, values in (*network.named_buffers(), *network.named_parameters()):
        if ".bn" in name and name.endswith("weight"):
            torch.nn.init.uniform_(values, 0.5, 1.0)
