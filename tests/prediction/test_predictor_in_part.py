"""Large JPEGs are decoded in part where pictures are smoothed before they are shrunk."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from frcnn.data.dataset import Dataset
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.ops import pictures
from frcnn.ops.picture_parts import whole
from frcnn.prediction.loading import load
from frcnn.prediction.predictor import Detector
from frcnn.prediction.splits import detect_split, propose_split
from frcnn.types import Size

CLASSES = ("bolt", "nut", "washer")
WHOLE = Size(height=384, width=512)


def half(size: Size) -> Size:
    return Size(size.height // 2, size.width // 2)


@pytest.fixture
def large(make_photo: Callable[..., np.ndarray], tmp_path: Path) -> Path:
    """A JPEG with its label, four times as large as the network looks at it."""
    path = tmp_path / "large.jpg"
    small = torch.from_numpy(make_photo(3)).permute(2, 0, 1)
    pixels = pictures.resize_uint8(small, WHOLE).permute(1, 2, 0).contiguous().numpy()
    Image.fromarray(pixels).save(path, quality=95)
    (tmp_path / "large.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (tmp_path / "classes.txt").write_text("\n".join(CLASSES) + "\n")
    return path


@pytest.fixture
def smoothing(network: FasterRCNN) -> Detector:
    """It looks at pictures of 96 x 128 pixels, smoothed before they are shrunk."""
    config = replace(
        network.config.pictures, shorter_side=96, longer_side=128, order="resize_then_subtract"
    )
    other = FasterRCNN(replace(network.config, pictures=config))
    other.load_state_dict(network.state_dict())
    return Detector(other, CLASSES)


def test_what_is_loaded_in_part_knows_the_whole(large: Path) -> None:
    for source in (large, str(large), large.read_bytes()):
        loaded = load(source, enough=half)
        assert loaded.picture.shape == (3, 192, 256)
        assert loaded.size == WHOLE
        np.testing.assert_array_equal(loaded.pixels, pictures.decode(large).pixels)
    assert load(large).picture.shape == (3, *WHOLE)
    assert load(large, enough=half).path == large


def test_a_picture_in_memory_is_whole(large: Path) -> None:
    for source in (Image.open(large), pictures.decode(large).pixels):
        assert load(source, enough=half).picture.shape == (3, *WHOLE)
        assert load(source, enough=half).size == WHOLE


def test_only_a_network_that_smooths_takes_a_part(detector: Detector, smoothing: Detector) -> None:
    assert detector.enough is whole
    assert smoothing.enough(WHOLE) == Size(height=96, width=128)


def test_boxes_are_in_pixels_of_the_whole_picture(smoothing: Detector, large: Path) -> None:
    result = smoothing.predict(large)
    assert result.size == WHOLE
    assert len(result) > 3
    assert float(result.boxes[:, 2].max()) > 256
    part = load(large, enough=smoothing.enough)
    assert part.picture.shape == (3, 96, 128)
    (small,) = smoothing.detect([part.picture])
    torch.testing.assert_close(result.boxes, small.boxes * 4, rtol=0, atol=1e-3)
    torch.testing.assert_close(result.scores, small.scores, rtol=0, atol=0)
    assert result.plotted().shape == (*WHOLE, 3)


def test_bytes_are_drawn_whole(smoothing: Detector, large: Path) -> None:
    file = io.BytesIO(large.read_bytes())
    result = smoothing.predict(file.getvalue())
    assert result.plotted().shape == (*WHOLE, 3)
    assert torch.equal(result.boxes, smoothing.predict(large).boxes)


def test_an_evaluation_sees_what_a_prediction_sees(smoothing: Detector, large: Path) -> None:
    split = Dataset.open(large.parent).split("train")
    (judged,) = detect_split(smoothing, split)
    want = smoothing.predict(large).detections
    assert torch.equal(judged.detections.boxes, want.boxes)
    assert torch.equal(judged.detections.scores, want.scores)


def test_proposals_are_in_pixels_of_the_whole_picture(smoothing: Detector, large: Path) -> None:
    split = Dataset.open(large.parent).split("train")
    config = smoothing.module.config.proposals_test
    (found,) = propose_split(smoothing, split, config)
    part = load(large, enough=smoothing.enough)
    assert part.picture.shape == (3, 96, 128)
    (want,) = smoothing.propose([part.picture], config, [WHOLE])
    assert torch.equal(found.boxes, want.boxes)
    assert float(found.boxes[:, 2].max()) > 256
