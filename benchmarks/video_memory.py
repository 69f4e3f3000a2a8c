"""Memory over a long video: does it grow with the number of frames?

    python benchmarks/video_memory.py --frames 20000

A video of small frames with moving rectangles is written, and looked at as `frcnn predict` does it,
by a small ResNet-18 detector of random numbers: boxes drawn into a video, a line of JSON for each
frame, and all other forms that go with a video but the ones of a file for each frame. The resident
memory of the process is read every 250 frames; after a warm-up a straight line is fitted to it. Its
slope goes to stdout, in MiB per 1,000 frames.
"""

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from frcnn import machine
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
from frcnn.prediction.folder import predict_folder
from frcnn.prediction.order import Order
from frcnn.prediction.predictor import Detector
from frcnn.prediction.sources import expand
from frcnn.prediction.video.writing import DrawnVideo

EVERY = 250
HEIGHT, WIDTH = 48, 64
MIB = 1024 * 1024
Sample = tuple[int, float]


def small_detector() -> Detector:
    """Build a detector that takes a few milliseconds for a frame."""
    torch.manual_seed(0)
    network = FasterRCNN(
        FasterRCNNConfig(
            classes=3,
            pictures=PictureConfig(shorter_side=32, longer_side=64, normalisation=TORCHVISION),
            backbone=BackboneConfig(name="resnet18", frozen_stages=0, batch_norm="frozen"),
            anchors=AnchorConfig(sides=(16.0, 32.0)),
            rpn=RPNConfig(channels=32),
            proposals_test=ProposalConfig(min_side=1.0, before_nms=50, after_nms=10),
            roi_pooling=RoIPoolingConfig(method="align", cells=3),
            box_head=BoxHeadConfig(width=32, dropout=0.0),
            postprocess=PostprocessConfig(score_threshold=0.05, nms_iou=0.5, max_detections=10),
        )
    )
    return Detector(network, ("bolt", "nut", "washer"))


def write_video(path: Path, count: int) -> None:
    """Draw rectangles that move over noise.

    Args:
        path: of the video.
        count: of frames.
    """
    noise = np.random.default_rng(0).integers(0, 80, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    video = DrawnVideo(path, 25.0)
    for number in range(count):
        frame = noise.copy()
        left = number % (WIDTH - 16)
        frame[8:28, left : left + 16] = (220, 40 + number % 200, 60)
        video.write(frame)
    video.finish()


def resident() -> float:
    """MiB of memory that the process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / MIB


def slope(samples: list[Sample]) -> float:
    """Fit a straight line.

    Args:
        samples: frames done, and MiB.

    Returns:
        MiB per 1,000 frames.
    """
    frames, sizes = np.array(samples).T
    return float(np.polyfit(frames, sizes, 1)[0] * 1000)


def main() -> None:
    """Write the video, look at it, print what memory did."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--warm-up", type=int, default=2_000)
    asked = parser.parse_args()
    machine.keep_freed_memory()
    samples: list[Sample] = []

    @contextlib.contextmanager
    def sampling(_what: str, _total: int | None) -> Iterator[Callable[[int], None]]:
        def tell(done: int) -> None:
            if done % EVERY == 0:
                samples.append((done, resident()))

        yield tell

    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder, "film.mp4")
        write_video(film, asked.frames)
        order = Order(out=Path(folder, "out"), save=("images", "json", "jsonl", "csv", "coco"))
        before, began = resident(), time.monotonic()
        summary = predict_folder(small_detector(), expand([film]), order, counting=sampling)
        seconds, after = time.monotonic() - began, resident()
    warm = [sample for sample in samples if sample[0] >= asked.warm_up]
    print(f"{summary.frames} frames, {sum(summary.objects.values())} objects, {seconds:.0f} s")
    print(f"MiB: {before:.1f} before, {warm[0][1]:.1f} at frame {warm[0][0]}, ", end="")
    print(f"{warm[-1][1]:.1f} at frame {warm[-1][0]}, {after:.1f} when the forms were written")
    print(f"slope: {slope(warm):.3f} MiB per 1,000 frames, over {len(warm)} samples")


if __name__ == "__main__":
    main()
