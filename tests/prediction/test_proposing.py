"""A first stage over a split, stored: the file holds what the detector proposes, to the bit."""

import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from frcnn.data.proposals import StoredProposals
from frcnn.data.records import Split
from frcnn.errors import ConfigError, DiskError, PictureError
from frcnn.ops.boxes import mirror
from frcnn.prediction.pickled_proposals import holds_proposals
from frcnn.prediction.predictor import Detector
from frcnn.prediction.proposing import Format, Order, store_proposals, training_proposals


def test_the_file_holds_what_the_detector_proposes_to_the_bit(
    detector: Detector, split: Split, tmp_path: Path
) -> None:
    done: list[int] = []
    order = Order(out=tmp_path / "p", proposals=9, about={"weights": "a/best.safetensors"})
    made = store_proposals(detector, split, order, on_picture=done.append)
    assert done == [1, 2, 3, 4]
    stored = StoredProposals.open(tmp_path / "p")
    stored.require_fit(split)
    config = training_proposals(detector, 9)
    for found, sample in zip(stored, split, strict=True):
        (want,) = detector.propose([sample.picture], config)
        assert 0 < len(found.boxes) <= 9
        assert torch.equal(found.boxes, want.boxes)
        assert torch.equal(found.scores, want.objectness)
    assert (made.pictures, made.boxes, made.split) == (4, stored.boxes, "val")
    maker = stored.about.maker
    assert maker["weights"] == "a/best.safetensors"
    assert maker["proposals"]["after_nms"] == 9
    assert maker["scores"] == "logit"


def test_all_anchors_enter_nms_and_as_many_leave_it_as_training_takes(detector: Detector) -> None:
    config = training_proposals(detector)
    own = detector.module.config.proposals_train
    assert (config.before_nms, config.after_nms) == (None, own.after_nms)
    assert (config.min_side, config.nms_iou) == (own.min_side, own.nms_iou)


def test_mirrored_pictures_are_looked_at_themselves(
    detector: Detector, split: Split, tmp_path: Path
) -> None:
    made = store_proposals(detector, split, Order(out=tmp_path / "p", proposals=5, mirrored=True))
    stored = StoredProposals.open(tmp_path / "p")
    assert stored.has_mirrored
    assert made.boxes == stored.boxes
    config = training_proposals(detector, 5)
    for number, sample in enumerate(split):
        (want,) = detector.propose([sample.picture.flip(-1)], config)
        assert torch.equal(stored.of(number, mirrored=True).boxes, want.boxes)
    turned = mirror(stored.of(0).boxes, split.records[0].size)
    assert not torch.equal(turned, stored.of(0, mirrored=True).boxes), "the network is no mirror"


def test_a_pickle_holds_the_same_boxes(detector: Detector, split: Split, tmp_path: Path) -> None:
    for name in ("frcnn", "pickle"):
        order = Order(out=tmp_path / name, format=name, proposals=5)  # type: ignore[arg-type]
        store_proposals(detector, split, order)
    arrays = pickle.loads((tmp_path / "pickle").read_bytes())
    for array, found in zip(arrays, StoredProposals.open(tmp_path / "frcnn"), strict=True):
        assert torch.equal(torch.from_numpy(array), found.boxes - torch.tensor([0.0, 0, 1, 1]))


def test_what_is_said_of_it(detector: Detector, split: Split, tmp_path: Path) -> None:
    order = Order(out=tmp_path / "p", proposals=3, mirrored=True)
    made = replace(store_proposals(detector, split, order), seconds=1.25)
    assert str(made) == (
        f"{made.boxes} boxes in 4 pictures of val and their mirrored selves, "
        f"{made.boxes / 8:.0f} in each, 1.2 s\nsaved in {tmp_path / 'p'}"
    )
    told = json.loads(json.dumps(made.to_json(), allow_nan=False))
    assert told["path"] == str(tmp_path / "p")
    assert (told["pictures"], told["format"], told["mirrored"]) == (4, "frcnn", True)


def test_the_folder_is_made(detector: Detector, split: Split, tmp_path: Path) -> None:
    store_proposals(detector, split[:1], Order(out=tmp_path / "a" / "b" / "p", proposals=1))
    assert len(StoredProposals.open(tmp_path / "a" / "b" / "p")) == 1


def test_an_empty_split(detector: Detector, split: Split, tmp_path: Path) -> None:
    made = store_proposals(detector, split[:0], Order(out=tmp_path / "p"))
    assert (made.pictures, made.boxes) == (0, 0)
    assert "0 in each" in str(made)


# wrong in


@pytest.mark.parametrize(
    "given", [{"format": "pickle", "mirrored": True}, {"format": "csv"}, {"format": ""}]
)
def test_forms_that_there_are_not(tmp_path: Path, given: dict) -> None:
    with pytest.raises(ConfigError, match=r"RC394.*want frcnn, or pickle"):
        Order(out=tmp_path / "p", **given)


def test_no_proposals_at_all(detector: Detector, split: Split, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="RC350"):
        store_proposals(detector, split, Order(out=tmp_path / "p", proposals=0))


def test_a_picture_that_cannot_be_read_leaves_no_file(
    detector: Detector, split: Split, tmp_path: Path
) -> None:
    split.records[2].path.write_bytes(b"")
    (tmp_path / "out").mkdir()
    with pytest.raises(PictureError):
        store_proposals(detector, split, Order(out=tmp_path / "out" / "p", proposals=3))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("what", ["picture", "folder", "weights"])
def test_what_holds_no_proposals_is_not_written_over(
    detector: Detector, split: Split, tmp_path: Path, what: str
) -> None:
    out = tmp_path / "out"
    if what == "folder":
        out.mkdir()
    else:
        out.write_bytes(b"\x89PNG" if what == "picture" else b"\x08" + bytes(7) + b'{"a": 1}')
    before = None if what == "folder" else out.read_bytes()
    done: list[int] = []
    with pytest.raises(ConfigError, match="RC372") as caught:
        store_proposals(detector, split, Order(out=out), on_picture=done.append)
    assert (caught.value.got, done) == ("out", [])
    assert before is None or out.read_bytes() == before


@pytest.mark.parametrize("format", ["frcnn", "pickle"])
def test_proposals_take_the_place_of_proposals(
    detector: Detector, split: Split, tmp_path: Path, format: Format
) -> None:
    for number in (3, 2):
        store_proposals(detector, split, Order(out=tmp_path / "p", format=format, proposals=number))
    assert holds_proposals(tmp_path / "p")


def test_the_place_is_tried_before_the_work(
    detector: Detector, split: Split, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    done: list[int] = []
    with pytest.raises(DiskError, match="RC603"):
        store_proposals(detector, split, Order(out=tmp_path / "file" / "p"), on_picture=done.append)
    assert done == []
