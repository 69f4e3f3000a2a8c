"""A whole split: pairs for evaluation and proposals, in order, the same to the bit each time."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from frcnn.data.records import Record, Split, Stamp
from frcnn.errors import ConfigError, PictureError
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.model.proposals import ProposalConfig
from frcnn.prediction.predictor import Detector
from frcnn.prediction.splits import detect_split, propose_split
from frcnn.types import Detections, Size, Target

CLASSES = ("bolt", "nut", "washer")


def same(one: Detections, other: Detections) -> bool:
    names = ("boxes", "scores", "labels", "proposals")
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in names)


@pytest.fixture
def split(photos: Path) -> Split:
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


@pytest.mark.parametrize("batch", [1, 3])
def test_a_split_gives_pairs_in_its_order(network: FasterRCNN, split: Split, batch: int) -> None:
    detector = Detector(network, CLASSES, batch=batch)
    done: list[int] = []
    judged = detect_split(detector, split, on_picture=done.append)
    assert [pair.name for pair in judged] == ["a", "b", "c", "d"]
    assert done[-1] == 4
    for pair, record in zip(judged, split.records, strict=True):
        assert pair.target is record.target
        want = Detector(network, CLASSES).predict(record.path).detections
        assert len(want.boxes) > 3
        torch.testing.assert_close(pair.detections.boxes, want.boxes, atol=1e-2, rtol=0)
        assert torch.equal(pair.detections.labels, want.labels)


def test_a_split_twice_is_the_same_to_the_bit(detector: Detector, split: Split) -> None:
    first, second = detect_split(detector, split), detect_split(detector, split)
    assert all(same(a.detections, b.detections) for a, b in zip(first, second, strict=True))


def test_a_split_of_other_classes(detector: Detector, split: Split) -> None:
    for classes in (("nut", "bolt", "washer"), ("bolt", "nut")):
        with pytest.raises(ConfigError, match=r"RC386.*want bolt, nut, washer"):
            detect_split(detector, replace(split, classes=classes))


def test_an_unreadable_picture_ends_an_evaluation(detector: Detector, split: Split) -> None:
    split.records[2].path.write_bytes(b"")
    with pytest.raises(PictureError):
        detect_split(detector, split)


def test_an_unreadable_picture_is_left_out_where_somebody_is_told(
    network: FasterRCNN, split: Split
) -> None:
    split.records[1].path.unlink()
    told: list[PictureError] = []
    done: list[int] = []
    detector = Detector(network, CLASSES, batch=2)
    judged = detect_split(detector, split, on_picture=done.append, on_unreadable=told.append)
    assert [pair.name for pair in judged] == ["a", "c", "d"]
    assert done == [2, 4]
    assert [error.code for error in told] == ["RC108"]


def test_an_empty_split(detector: Detector, split: Split) -> None:
    assert detect_split(detector, split[:0]) == []


@pytest.mark.parametrize("batch", [1, 3])
def test_proposals_come_in_order_inside_the_original_picture(
    network: FasterRCNN, split: Split, batch: int
) -> None:
    detector = Detector(network, CLASSES, batch=batch)
    few = ProposalConfig(min_side=1.0, before_nms=100, after_nms=7)
    done: list[int] = []
    found = list(propose_split(detector, split, few, on_picture=done.append))
    assert done[-1] == len(found) == len(split)
    for proposals, record in zip(found, split.records, strict=True):
        assert len(proposals.boxes) == 7
        assert (proposals.objectness.diff() <= 0).all()
        assert (proposals.boxes >= 0).all()
        edges = torch.tensor([record.size.width, record.size.height] * 2)
        assert (proposals.boxes <= edges).all()
    torch.testing.assert_close(
        found[0].boxes,
        Detector(network, CLASSES).propose([split[0].picture], few)[0].boxes,
        atol=1e-2,
        rtol=0,
    )


def test_detections_stand_on_the_proposals(detector: Detector, split: Split) -> None:
    """Both verbs run the same first stage: a detection's proposal is a row of `propose`."""
    picture = split[0].picture
    (proposals,) = detector.propose([picture])
    (found,) = detector.detect([picture])
    assert found.proposals is not None
    assert int(found.proposals.max()) < len(proposals.boxes)
    again = next(iter(propose_split(detector, split[:1], detector.module.config.proposals_test)))
    assert torch.equal(again.boxes, proposals.boxes)


def test_nothing_is_proposed_of_an_empty_split(detector: Detector, split: Split) -> None:
    assert list(propose_split(detector, split[:0], ProposalConfig())) == []
