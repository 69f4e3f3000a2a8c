"""A whole split: pairs for evaluation and proposals, in order, the same to the bit each time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from frcnn.data.box_notes import BoxNotes
from frcnn.data.records import Split
from frcnn.errors import ConfigError, PictureError
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.model.proposals import ProposalConfig
from frcnn.prediction.predictor import Detector
from frcnn.prediction.splits import (
    detect_split,
    propose_both_ways,
    propose_for_evaluation,
    propose_split,
)
from frcnn.types import Detections

CLASSES = ("bolt", "nut", "washer")
FEW = ProposalConfig(min_side=1.0, before_nms=100, after_nms=7)


def same(one: Detections, other: Detections) -> bool:
    names = ("boxes", "scores", "labels", "proposals")
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in names)


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


def test_areas_of_the_file_go_along(detector: Detector, split: Split) -> None:
    count = len(split.records[1].target.boxes)
    areas = np.arange(1.0, count + 1)
    notes = BoxNotes(areas, np.arange(count))
    records = (split.records[0], replace(split.records[1], notes=notes))
    judged = detect_split(detector, replace(split, records=records))
    assert [pair.areas is None for pair in judged] == [True, False]
    assert np.array_equal(judged[1].areas, areas)


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


def test_an_empty_split(detector: Detector, split: Split) -> None:
    assert detect_split(detector, split[:0]) == []


@pytest.mark.parametrize("batch", [1, 3])
def test_proposals_come_in_order_inside_the_original_picture(
    network: FasterRCNN, split: Split, batch: int
) -> None:
    detector = Detector(network, CLASSES, batch=batch)
    done: list[int] = []
    found = list(propose_split(detector, split, FEW, on_picture=done.append))
    assert done[-1] == len(found) == len(split)
    for proposals, record in zip(found, split.records, strict=True):
        assert len(proposals.boxes) == 7
        assert (proposals.objectness.diff() <= 0).all()
        assert (proposals.boxes >= 0).all()
        edges = torch.tensor([record.size.width, record.size.height] * 2)
        assert (proposals.boxes <= edges).all()
    torch.testing.assert_close(
        found[0].boxes,
        Detector(network, CLASSES).propose([split[0].picture], FEW)[0].boxes,
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


@pytest.mark.parametrize("batch", [1, 3])
def test_each_picture_then_its_mirrored_self(network: FasterRCNN, split: Split, batch: int) -> None:
    detector = Detector(network, CLASSES, batch=batch)
    done: list[int] = []
    found = list(propose_both_ways(detector, split, FEW, on_picture=done.append))
    assert len(found) == 2 * len(split)
    assert done[-1] == len(split)
    for number, sample in enumerate(split):
        views = (sample.picture, sample.picture.flip(-1))
        for got, view in zip(found[2 * number : 2 * number + 2], views, strict=True):
            (want,) = Detector(network, CLASSES).propose([view], FEW)
            torch.testing.assert_close(got.boxes, want.boxes, atol=1e-2, rtol=0)


def test_nothing_is_proposed_of_an_empty_split(detector: Detector, split: Split) -> None:
    assert list(propose_split(detector, split[:0], ProposalConfig())) == []


@pytest.mark.parametrize("batch", [1, 3])
def test_proposals_stand_beside_the_objects_for_evaluation(
    network: FasterRCNN, split: Split, batch: int
) -> None:
    detector = Detector(network, CLASSES, batch=batch)
    done: list[int] = []
    found = list(propose_for_evaluation(detector, split, on_picture=done.append))
    assert done[-1] == len(found) == 4
    own = list(propose_split(detector, split, detector.module.config.proposals_test))
    for picture, proposals, record in zip(found, own, split.records, strict=True):
        assert (picture.name, picture.target) == (record.name, record.target)
        count = len(proposals.boxes)
        assert count <= len(picture.boxes) <= 2000
        assert torch.equal(picture.boxes[:count], proposals.boxes), "the best are the model's own"


def test_proposals_are_judged_on_any_classes(detector: Detector, split: Split) -> None:
    other = replace(split, classes=("screw",))
    assert len(list(propose_for_evaluation(detector, other))) == 4
    assert list(propose_for_evaluation(detector, split[:0])) == []


def test_an_unreadable_picture_ends_an_evaluation_of_proposals(
    detector: Detector, split: Split
) -> None:
    split.records[2].path.write_bytes(b"")
    with pytest.raises(PictureError):
        list(propose_for_evaluation(detector, split))
