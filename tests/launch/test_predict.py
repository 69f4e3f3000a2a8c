"""What is said about tiles, and that every word of a prediction over files arrives."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from frcnn.errors import ConfigError, PictureError
from frcnn.launch.predict import predict, tiles_of
from frcnn.model.anchors import AnchorConfig
from frcnn.model.backbone import BackboneConfig
from frcnn.model.batch import PictureConfig
from frcnn.model.box_head import BoxHeadConfig
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.model.postprocess import PostprocessConfig
from frcnn.model.proposals import ProposalConfig
from frcnn.model.rpn import RPNConfig
from frcnn.prediction.tiles import TileConfig
from frcnn.settings import to_mapping
from frcnn.weights import file as weights_file


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A small network that was never trained, of a COCO file's classes 18 and 90."""
    config = FasterRCNNConfig(
        classes=2,
        pictures=PictureConfig(shorter_side=32, longer_side=64),
        backbone=BackboneConfig(name="resnet18", frozen_stages=0),
        anchors=AnchorConfig(sides=(16.0,)),
        rpn=RPNConfig(channels=8),
        proposals_test=ProposalConfig(min_side=1.0, before_nms=50, after_nms=5),
        box_head=BoxHeadConfig(width=8, dropout=0.0),
        postprocess=PostprocessConfig(score_threshold=0.1),
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = FasterRCNN(config)
    header = weights_file.Header(
        classes=("dog", "cat"), config=to_mapping(config), extra={"category_ids": [18, 90]}
    )
    path = tmp_path / "weights" / "small.safetensors"
    path.parent.mkdir()
    weights_file.save(path, network.state_dict(), header)
    return path


# --- golden by hand


def test_golden_tiles() -> None:
    assert tiles_of({}) is None
    assert tiles_of({"tile": 512}) == TileConfig(side=512)
    said = {"tile": 64, "tile_overlap": 0.0, "tile_merge": "nms", "tile_match": "iou"}
    assert tiles_of({**said, "tile_threshold": 0.7, "tiles_only": True}) == TileConfig(
        side=64, overlap=0.0, merge="nms", match="iou", threshold=0.7, whole=False
    )
    assert tiles_of({"tile": 64, "tiles_only": False}) == TileConfig(side=64)


def test_golden_a_prediction_in_every_form(weights: Path, rectangles: Path, tmp_path: Path) -> None:
    kinds = ("images", "crops", "json", "jsonl", "csv", "coco", "yolo", "voc", "label-studio")
    given = {"save": kinds, "out": tmp_path / "o", "device": "cpu", "tile": 32, "max_det": 3}
    said: list[str] = []
    sources = [str(rectangles / "JPEGImages" / "val0*.png")]
    summary = predict(weights, sources, {**given, "image_url": "https://h/"}, said.append)
    assert (summary.done, summary.failures, len(said)) == (3, (), 3)
    assert len(summary.files) == len(kinds)
    assert all(path.exists() for path in summary.files)
    results = json.loads((tmp_path / "o" / "coco" / "results.json").read_text())
    assert {row["category_id"] for row in results} <= {18, 90} != set()
    run = json.loads((tmp_path / "o" / "predictions.json").read_text())["run"]
    assert run["category_ids"] == [18, 90]
    assert (run["tiles"]["side"], run["tiles"]["overlap"], run["crops"]) == (32, 0.2, True)
    tasks = json.loads((tmp_path / "o" / "label-studio" / "tasks.json").read_text())
    assert tasks[0]["data"]["image"] == "https://h/val00.png"
    assert tasks[0]["predictions"][0]["model_version"].startswith("weights")


def test_golden_a_video_in_part(weights: Path, tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2", reason="videos need the extra [video]")
    fourcc = cv2.VideoWriter_fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.CAP_FFMPEG, fourcc, 10.0, (32, 32))
    for _ in range(9):
        writer.write(np.zeros((32, 32, 3), np.uint8))
    writer.release()
    given = {"save": ("jsonl",), "out": tmp_path / "o", "vid_stride": 2, "max_frames": 3}
    summary = predict(weights, [str(tmp_path / "a.avi")], given, print)
    assert (summary.videos, summary.frames) == (1, 3)
    rows = (tmp_path / "o" / "results.jsonl").read_text().splitlines()
    assert [json.loads(row)["frame"] for row in rows] == [0, 2, 4]


def test_a_terminal_is_told_what_is_waited_for(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(io.BytesIO(b"")))
    said: list[str] = []
    with pytest.raises(PictureError, match="nothing on standard input"):
        predict(weights, ["-"], {}, said.append)
    assert said == ["reading paths and addresses, one a line; Ctrl-D ends"]


# --- wrong in


@pytest.mark.parametrize(
    "said", [{"tile_overlap": 0.0}, {"tile_merge": "nms"}, {"tiles_only": True}]
)
def test_something_about_tiles_but_not_how_large(said: dict) -> None:
    with pytest.raises(ConfigError, match=r"RC308 ?\]? --tile") as caught:
        tiles_of(said)
    assert "--tile 1024" in caught.value.fix


def test_what_cannot_be_chosen_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"RC381.*tile side"):
        predict(tmp_path / "none", ["a.jpg"], {"tile": 3}, print)
