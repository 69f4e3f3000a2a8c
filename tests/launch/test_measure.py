"""Measuring a run or a weights file: what training printed, to the bit."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from frcnn.data import records
from frcnn.errors import ConfigError, DataError, DiskError
from frcnn.launch import material
from frcnn.launch.measure import Measured, measure
from frcnn.launch.run import launch, train
from frcnn.run_folder import RunFolder
from frcnn.training.log import Diary
from frcnn.training.progress import Quiet
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
    assert json.loads((measured.folder / "metrics.json").read_text()) == measured.figures.to_json()
    assert {path.suffix for path in measured.folder.iterdir()} == {".json", ".png"}
    assert measured.headline == measured.figures.voc07_map
    text = str(measured)
    assert text.startswith(f"voc07 {measured.headline:.4f} on val, 3 pictures\n")
    assert str(measured.folder) in text
    values = json.loads(json.dumps(measured.to_json(), allow_nan=False))
    assert (values["metric"], values["split"], values["pictures"]) == ("voc07", "val", 3)


def test_an_undefined_figure_is_a_dash(run: RunFolder) -> None:
    measured = figures_on(run.path)
    nothing = replace(measured.figures, coco=dict.fromkeys(measured.figures.coco))
    assert str(replace(measured, figures=nothing)).startswith("coco - on val")


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
    rectangles: Path, options: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(material, "MAX_BAD", 0.2)
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    bad = root / "JPEGImages" / "val01.png"
    bad.write_bytes(bad.read_bytes()[:-60])
    launched = launch(root, options("training.schedule.steps=1"), lambda _: None)
    figures = train(launched, Quiet())
    said: list[str] = []
    measured = measure(launched.job.run.path, {"device": "cpu", "quiet": True}, said.append)
    assert measured.figures == figures
    assert measured.figures.pictures == 2
    assert "1 picture skipped" in said[0]


def test_every_picture_is_decoded_once(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    real = records.decode_record

    def decode_record(record: records.Record) -> object:
        decoded.append(record.name)
        return real(record)

    monkeypatch.setattr(records, "decode_record", decode_record)
    assert figures_on(run.path).figures.pictures == 3
    assert decoded == ["val00", "val01", "val02"]


def test_a_weights_file_knows_no_data(run: RunFolder) -> None:
    with pytest.raises(ConfigError, match="RC354") as caught:
        figures_on(run.best)
    assert "--data DIR" in caught.value.fix


def test_other_classes(run: RunFolder, rectangles: Path, tmp_path: Path) -> None:
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    for path in (root / "Annotations").iterdir():
        path.write_text(path.read_text().replace(">blue<", ">green<"))
    with pytest.raises(DataError, match="green"):
        figures_on(run.path, data=root)


def test_no_such_split(run: RunFolder) -> None:
    with pytest.raises(ConfigError, match="RC320"):
        figures_on(run.path, split="holdout")


def test_a_place_that_cannot_be_written_to(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DiskError):
        figures_on(run.path, out=tmp_path / "file")
