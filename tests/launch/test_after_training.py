"""Settings of a trained network: the rows of Table 2 at test time, and what is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from frcnn.data.dataset import Dataset
from frcnn.data.proposals import StoredProposals
from frcnn.errors import ConfigError
from frcnn.launch.after_training import READ, require_read, set_otherwise
from frcnn.launch.measure import measure
from frcnn.launch.measured import Measured
from frcnn.launch.propose import propose
from frcnn.launch.run import launch, train
from frcnn.model.config import FasterRCNNConfig
from frcnn.prediction.predictor import Detector
from frcnn.prediction.saved import load_detector
from frcnn.run_folder import RunFolder
from frcnn.training.progress import Quiet
from frcnn.training.validation import figures_of, proposal_figures_of

TABLE_2 = {
    "fewer proposals": {"after_nms": 3},
    "no NMS": {"nms_iou": None, "after_nms": 200},
    "no objectness": {"rank_by": "chance", "nms_iou": None, "after_nms": 10},
    "no regression": {"boxes": "anchors"},
}
COUNTS = {"before_nms", "after_nms"}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the run of this file is."""
    return tmp_path_factory.mktemp("switched")


@pytest.fixture
def run(ended: Path, rectangles: Path, options: Callable) -> RunFolder:
    """A run that has learnt a little, made once."""
    if not (ended / "rectangles-001").exists():
        asked = options("training.schedule.steps=40", out=ended)
        train(launch(rectangles, asked, lambda _: None), Quiet())
    return RunFolder(ended / "rectangles-001")


def pairs(section: str, values: dict[str, Any]) -> list[str]:
    return [f"model.{section}.{name}={json.dumps(value)}" for name, value in values.items()]


def measured(run: RunFolder, settings: list[str], metric: str = "coco") -> Measured:
    how: Any = {"device": "cpu", "quiet": True, "metric": metric, "settings": settings}
    return measure(run.path, how, lambda _: None)


def switched(run: RunFolder, **values: Any) -> Detector:
    """The same network, its settings changed by hand."""
    detector = load_detector(run.path, device="cpu")
    module = detector.module
    proposals = replace(module.config.proposals_test, **values)
    module.config = replace(module.config, proposals_test=proposals)
    return Detector(module, detector.classes, precision=detector.precision)


# golden: by hand the same


@pytest.mark.parametrize("row", TABLE_2)
def test_a_row_of_table_2_in_detections(run: RunFolder, rectangles: Path, row: str) -> None:
    found = measured(run, pairs("proposals_test", TABLE_2[row]))
    val = Dataset.open(rectangles).split("val")
    assert found.figures == figures_of(switched(run, **TABLE_2[row]), val)
    assert found.settings == {
        f"model.proposals_test.{name}": value for name, value in TABLE_2[row].items()
    }


@pytest.mark.parametrize("row", ["no NMS", "no objectness", "no regression"])
def test_a_row_of_table_2_in_proposals(run: RunFolder, rectangles: Path, row: str) -> None:
    values = {name: value for name, value in TABLE_2[row].items() if name not in COUNTS}
    found = measured(run, pairs("proposals_test", values), "proposals")
    val = Dataset.open(rectangles).split("val")
    assert found.figures == proposal_figures_of(switched(run, **values), val)
    assert found.figures != measured(run, [], "proposals").figures


def test_a_row_of_table_2_in_stored_proposals(run: RunFolder, tmp_path: Path) -> None:
    stored = {}
    for row, values in {**TABLE_2, "as it was": {}}.items():
        own = {name: value for name, value in values.items() if name not in COUNTS}
        how: Any = {"device": "cpu", "quiet": True, "settings": pairs("proposals_train", own)}
        path = tmp_path / row.replace(" ", "_")
        propose(run.path, path, {**how, "proposals": 9}, lambda _: None)
        stored[row] = StoredProposals.open(path)
        maker: Any = stored[row].about.maker["proposals"]
        assert {name: maker[name] for name in own} == own
    as_it_was = next(iter(stored["as it was"])).boxes
    assert torch.equal(next(iter(stored["fewer proposals"])).boxes, as_it_was)  # --proposals did it
    for row in ("no NMS", "no objectness", "no regression"):
        assert not torch.equal(next(iter(stored[row])).boxes, as_it_was)


def test_what_is_reported_may_be_set(run: RunFolder) -> None:
    found = measured(run, ["model.postprocess.max_detections=1"])
    assert found.figures.to_json() != measured(run, []).figures.to_json()
    assert found.settings == {"model.postprocess.max_detections": 1}


# what always holds


def test_it_stands_beside_the_figures_in_a_folder_of_its_own(run: RunFolder) -> None:
    usual = measured(run, [])
    before = (usual.folder / "metrics.json").read_bytes()
    assert "settings" not in json.loads(before)
    assert "settings" not in usual.to_json()
    found = measured(run, ["model.proposals_test.nms_iou=0.5", "model.proposals_test.nms_iou=null"])
    assert found.folder == run.eval / "val-proposals_test.nms_iou=null"
    written = json.loads((found.folder / "metrics.json").read_text())
    want = {"model.proposals_test.nms_iou": None}
    assert written["settings"] == found.to_json()["settings"] == want
    assert str(found).partition("\n")[0].endswith(", model.proposals_test.nms_iou=null")
    assert (usual.folder / "metrics.json").read_bytes() == before
    judged = measured(run, ["model.proposals_test.boxes=anchors"], "proposals")
    assert judged.folder.name == "val-proposals-proposals_test.boxes=anchors"
    assert json.loads((judged.folder / "metrics.json").read_text())["settings"]


def test_every_name_is_one_of_the_networks() -> None:
    for names in READ.values():
        told = set_otherwise(FasterRCNNConfig(), [f"{name}=x" for name in names])
        assert list(told) == list(names)


def test_nothing_in() -> None:
    require_read((), "eval")
    assert set_otherwise(FasterRCNNConfig(), ()) == {}


# wrong in


@pytest.mark.parametrize(
    ("reader", "name", "what", "fix"),
    [
        ("eval", "model.backbone.stride", "training read it", "frcnn train --set"),
        ("eval", "training.batches.size", "training read it", "frcnn train --set"),
        ("eval", "model.proposals_train.boxes", "frcnn eval does not read", "frcnn propose"),
        ("eval", "model.proposals_train.after_nms", "frcnn eval does not", "frcnn train --set"),
        ("propose", "model.proposals_test.boxes", "propose does not read", "frcnn eval and"),
        ("propose", "model.proposals_train.after_nms", "does not read", "--proposals N"),
        ("propose", "model.postprocess.nms_iou", "does not read", "frcnn eval"),
        ("eval --metric proposals", "model.proposals_test.after_nms", "does not", "best 2,000"),
        ("eval --metric proposals", "model.postprocess.nms_iou", "does not", "frcnn eval"),
    ],
)
def test_what_would_change_nothing_is_refused(reader: Any, name: str, what: str, fix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        require_read([f"{name}=1"], reader)
    error = caught.value
    assert (error.code, error.place) == ("RC393", f"--set {name}=1")
    assert what in error.what
    assert fix in error.fix
    assert error.want == ", ".join(READ[reader])


def test_it_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    how: Any = {"settings": ["model.classes=3"]}
    with pytest.raises(ConfigError, match="RC393"):
        measure(tmp_path / "nowhere", how, lambda _: None)
    with pytest.raises(ConfigError, match="RC393"):
        propose(tmp_path / "nowhere", tmp_path / "p", how, lambda _: None)


@pytest.mark.parametrize(
    ("pair", "code"),
    [
        ("model.proposals_test.nms_io=0.5", "RC344.*nms_iou"),
        ("model.proposals_test.nms_iou=2", "RC350.*null for no NMS"),
        ("model.proposals_test.nms_iou=none", "RC345.*null"),
        ("model.proposals_test.rank_by=luck", "RC345"),
        ("model.proposals_test", "RC347"),
    ],
)
def test_a_pair_that_is_wrong(run: RunFolder, pair: str, code: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){code}"):
        measured(run, [pair])
