"""Measuring a run or a weights file: what training printed, to the bit."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frcnn.data.dataset import Dataset
from frcnn.errors import ConfigError, DataError, DiskError
from frcnn.evaluation.devkit import read_results
from frcnn.evaluation.judged import Judged
from frcnn.evaluation.report import evaluate
from frcnn.launch.measure import _saved, measure
from frcnn.launch.measured import Measured, MeasuredDetections, MeasuredProposals
from frcnn.launch.run import launch, train
from frcnn.machine import devices
from frcnn.prediction.saved import load_detector
from frcnn.run_folder import RunFolder
from frcnn.training.log import Diary
from frcnn.training.progress import Quiet
from frcnn.training.validation import proposal_figures_of
from frcnn.weights import file as weights_file


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the run of this file is."""
    return tmp_path_factory.mktemp("measured")


@pytest.fixture
def run(ended: Path, rectangles: Path, options: Callable) -> RunFolder:
    """A run with two evaluations, made once."""
    if not (ended / "rectangles-001").exists():
        length = ("training.schedule.steps=40", "training.evaluation.every_epochs=4")
        asked = options(*length, out=ended)
        train(launch(rectangles, asked, lambda _: None), Quiet())
    return RunFolder(ended / "rectangles-001")


def figures_on(named: Path, **options: Any) -> Measured:
    return measure(named, {"device": "cpu", "quiet": True, **options}, lambda _: None)


def test_it_gives_what_training_printed_to_the_bit(run: RunFolder) -> None:
    measured = figures_on(run.path)
    best = weights_file.read_header(run.best)
    assert measured.figures.to_json() == best.extra["figures"]
    (row,) = (r for r in Diary(run).evaluations() if r["step"] == best.extra["step"])
    assert measured.headline == row["val_AP"]
    assert measured.headline
    assert measured.split == "val"


def test_results_are_files(run: RunFolder, tmp_path: Path, pictures: None) -> None:
    measured = figures_on(run.path, out=tmp_path / "out", metric="voc07")
    assert measured.folder == tmp_path / "out"
    written = json.loads((measured.folder / "metrics.json").read_text())
    confusion = written.pop("confusion")
    assert written == measured.figures.to_json()
    assert (confusion["iou"], confusion["score"]) == (0.5, 0.5)
    counts = np.array(confusion["counts"])
    assert counts.shape == (3, 3)
    assert counts[:2].sum() == sum(row.objects for row in measured.figures.per_class)
    assert {path.suffix for path in measured.folder.iterdir()} == {".json", ".png"}
    assert measured.headline == measured.figures.voc07_map
    text = str(measured)
    assert text.startswith(f"VOC07 mAP {measured.headline:.4f} on val, 3 pictures\n")
    assert str(measured.folder) in text
    values = json.loads(json.dumps(measured.to_json(), allow_nan=False))
    assert (values["metric"], values["split"], values["pictures"]) == ("voc07", "val", 3)


def test_proposals_have_results_of_their_own(run: RunFolder, pictures: None) -> None:
    before = figures_on(run.path)
    assert isinstance(before, MeasuredDetections)
    detections = (before.folder / "metrics.json").read_bytes()
    measured = figures_on(run.path, metric="proposals")
    assert isinstance(measured, MeasuredProposals)
    assert measured.folder == run.eval / "val-proposals"
    names = {path.name for path in measured.folder.iterdir()}
    assert names == {"metrics.json", "recall_over_iou.png", "average_recall.png"}
    assert json.loads((measured.folder / "metrics.json").read_text()) == measured.figures.to_json()
    assert (before.folder / "metrics.json").read_bytes() == detections
    assert measured.figures.objects["all"] == 6
    assert measured.headline
    assert str(measured).startswith(f"AR_300 {measured.headline:.4f} on val, 3 pictures\n")


def test_proposals_are_those_that_training_would_see(run: RunFolder, rectangles: Path) -> None:
    """The verb and the function that training calls give the same, to the bit."""
    val = Dataset.open(rectangles).split("val")
    want = proposal_figures_of(load_detector(run.path, device="cpu"), val)
    measured = figures_on(run.path, metric="proposals")
    assert measured.figures == want
    assert measured.figures.to_json()["figures"] == want.named()


def test_proposals_of_other_data(run: RunFolder, rectangles: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(rectangles, other)
    found = figures_on(run.path, data=other, metric="proposals")
    assert found.folder == run.eval / "other-val-proposals"
    file = tmp_path / "mine.v2.safetensors"
    shutil.copy(run.best, file)
    assert figures_on(file, data=other, metric="proposals").folder == (
        tmp_path / "eval-other-val-proposals"
    )
    out = tmp_path / "out"
    assert figures_on(run.path, out=out, metric="proposals").folder == out


def test_figures_of_ours_are_replaced_and_nothing_else(run: RunFolder, tmp_path: Path) -> None:
    first = figures_on(run.path, out=tmp_path / "out")
    assert figures_on(run.path, out=tmp_path / "out", split="train").folder == first.folder
    written = json.loads((first.folder / "metrics.json").read_text())
    assert written["pictures"] == 10
    for name, text in (("metrics.json", '{"accuracy": 1}'), ("confusion.png", "mine")):
        mine = tmp_path / name
        mine.write_text(text)
        with pytest.raises(ConfigError, match=f"RC372.*got {name}"):
            figures_on(run.path, out=tmp_path)
        assert mine.read_text() == text
        mine.unlink()


def test_an_undefined_figure_is_a_dash(run: RunFolder) -> None:
    measured = figures_on(run.path)
    nothing = replace(measured.figures, coco=dict.fromkeys(measured.figures.coco))
    assert str(replace(measured, figures=nothing)).startswith("COCO AP - on val")


def test_in_the_run_folder_where_nothing_else_is_named(
    run: RunFolder, rectangles: Path, tmp_path: Path
) -> None:
    assert figures_on(run.path, split="train").folder == run.eval / "train"
    assert figures_on(run.path, split="valid").folder == run.eval / "val"
    assert figures_on(run.path, data=rectangles).folder == run.eval / "val"
    other = tmp_path / "other"
    shutil.copytree(rectangles, other)
    assert figures_on(run.path, data=other).folder == run.eval / "other-val"


def test_a_weights_file_with_data(run: RunFolder, rectangles: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    shutil.copy(run.best, file)
    measured = figures_on(file, data=rectangles)
    assert measured.folder == tmp_path / "eval-rectangles-val"
    assert measured.figures == figures_on(run.path).figures


def test_a_run_without_settings_is_a_weights_file(
    run: RunFolder, rectangles: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(run.best, bare)
    assert figures_on(bare, data=rectangles).figures.pictures == 3
    with pytest.raises(ConfigError, match="RC354"):
        figures_on(bare)


def test_the_test_split_comes_first(run: RunFolder, rectangles: Path, tmp_path: Path) -> None:
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    (root / "ImageSets" / "Main" / "test.txt").write_text("val01\nval02\n")
    measured = figures_on(run.path, data=root)
    assert measured.split == "test"
    assert measured.figures.pictures == 2


def test_a_folder_with_one_split_has_no_choice(
    run: RunFolder, rectangles: Path, tmp_path: Path
) -> None:
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    (root / "ImageSets" / "Main" / "val.txt").unlink()
    assert figures_on(run.path, data=root).split == "train"


def test_a_picture_that_training_left_out_is_left_out(
    rectangles: Path, options: Callable, tmp_path: Path
) -> None:
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    bad = root / "JPEGImages" / "val01.png"
    bad.write_bytes(bad.read_bytes()[:-60])
    launched = launch(root, options("training.schedule.steps=1", "max_bad=0.2"), lambda _: None)
    figures = train(launched, Quiet())
    said: list[str] = []
    measured = measure(launched.job.run.path, {"device": "cpu", "quiet": True}, said.append)
    assert measured.figures == figures
    assert measured.figures.pictures == 2
    assert "1 picture skipped" in said[0]


def test_the_devkits_files_are_written_where_asked_for_and_read_back(
    run: RunFolder, rectangles: Path, tmp_path: Path
) -> None:
    figures_on(run.path, out=tmp_path / "plain")
    measured = figures_on(run.path, out=tmp_path / "voc", save="voc")
    names = {path.name for path in (tmp_path / "voc").iterdir()}
    more = names - {path.name for path in (tmp_path / "plain").iterdir()}
    assert more == {"comp4_det_val_blue.txt", "comp4_det_val_red.txt"}
    val = Dataset.open(rectangles).split("val")
    found = read_results(tmp_path / "voc", [r.name for r in val.records], val.classes, split="val")
    pairs = [Judged(name=r.name, detections=found[r.name], target=r.target) for r in val.records]
    again = evaluate(pairs, val.classes)
    assert again.pictures == measured.figures.pictures
    assert again.voc_map == pytest.approx(measured.figures.voc_map, abs=0.02)


def test_weights_in_a_run_folder_know_its_data(run: RunFolder) -> None:
    best, last = figures_on(run.best), figures_on(run.last, split="val")
    assert best.figures == figures_on(run.path).figures
    assert last.figures.to_json() == weights_file.read_header(run.last).extra["figures"]
    assert (best.folder, last.folder) == (run.eval / "val", run.eval / "val-last")


@pytest.mark.parametrize(
    ("trained", "asked", "native", "used", "line"),
    [
        ("bfloat16", {}, True, "bfloat16", None),
        ("bfloat16", {}, False, "bfloat16", "as in training, which this device only emulates"),
        ("float16", {}, False, "float32", "training measured in float16, this is float32"),
        ("float32", {"precision": "bfloat16"}, True, "bfloat16", "in float32, this is bfloat16"),
        (None, {}, False, "float32", None),
    ],
)
def test_it_computes_as_training_did_where_it_can(
    run: RunFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trained: str | None,
    asked: dict[str, str],
    native: bool,
    used: str,
    line: str | None,
) -> None:
    monkeypatch.setattr(devices, "has_native_bfloat16", lambda: native)
    header, tensors = weights_file.load(run.best)
    file = tmp_path / "w.safetensors"
    extra = {} if trained is None else {"precision": trained}
    weights_file.save(file, tensors, replace(header, extra=extra))
    said: list[str] = []
    detector = _saved(file, {"device": "cpu", **asked}, said.append).detector  # type: ignore[typeddict-item]
    assert str(detector.precision) == f"torch.{used}"
    assert len(said) == (line is not None)
    assert line is None or line in said[0]


def test_a_weights_file_knows_no_data(run: RunFolder, tmp_path: Path) -> None:
    shutil.copy(run.best, tmp_path)
    with pytest.raises(ConfigError, match="RC354") as caught:
        figures_on(tmp_path / run.best.name)
    assert "--data DIR" in caught.value.fix


def test_other_classes(run: RunFolder, rectangles: Path, tmp_path: Path) -> None:
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    for path in (root / "Annotations").iterdir():
        path.write_text(path.read_text().replace(">blue<", ">green<"))
    with pytest.raises(DataError, match="green"):
        figures_on(run.path, data=root)


def test_no_such_metric(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="RC338"):
        figures_on(run.path, metric="recall", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_such_split(run: RunFolder) -> None:
    with pytest.raises(ConfigError, match="RC320"):
        figures_on(run.path, split="holdout")


def test_a_place_that_cannot_be_written_to(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DiskError):
        figures_on(run.path, out=tmp_path / "file")
