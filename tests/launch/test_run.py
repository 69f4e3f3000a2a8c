"""A run from the words of the command line to its folder, and back again."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from frcnn import presets, settings
from frcnn.errors import ConfigError, DataError, DiskError, ModelFileError, TrainingError
from frcnn.launch import resumed
from frcnn.launch import run as run_module
from frcnn.launch.run import launch, train
from frcnn.presets import RunConfig
from frcnn.run_folder import RunFolder
from frcnn.training import checkpoint, course
from frcnn.training.log import Diary
from frcnn.training.progress import Quiet
from frcnn.training.step import StepReport
from frcnn.weights import file as weights_file

SHORT = ("training.schedule.steps=2", "training.evaluation.loss_pictures=1")


@pytest.fixture
def ended(rectangles: Path, options: Callable, said: list[str]) -> RunFolder:
    """A run of two steps."""
    launched = launch(rectangles, options(*SHORT, backbone_weights="none"), said.append)
    train(launched, Quiet())
    return launched.job.run


def test_all_papers_are_there_before_the_first_step(
    rectangles: Path, options: Callable, said: list[str]
) -> None:
    launched = launch(rectangles, options(*SHORT), said.append)
    run = launched.job.run
    assert {path.name for path in run.path.iterdir()} == {
        "config.yaml",
        "env.json",
        "data_check.json",
    }
    config = settings.read_yaml(run.config, RunConfig)
    assert config == launched.config
    assert config.started_from == "random numbers"
    assert config.model.classes == 2
    assert json.loads(run.env.read_text())["seed"] == 0
    assert json.loads(run.data_check.read_text())["errors"] == 0
    assert run.path.parent.joinpath("latest").resolve() == run.path
    assert any("published weights cannot be had" in line for line in said)
    assert "10 pictures to train on (0 without objects), 3 to validate; classes blue, red" in (
        "\n".join(said)
    )


def test_a_run_leaves_what_belongs_to_it(pictures: None, ended: RunFolder) -> None:
    assert {path.name for path in ended.path.iterdir()} == {
        *("config.yaml", "env.json", "data_check.json", "metrics.csv", "metrics.jsonl"),
        *("best.safetensors", "last.safetensors", "state", "plots", "MODEL_CARD.md", "lock"),
    }
    assert "Started from: random numbers" in ended.model_card.read_text()
    assert (ended.path / "lock").read_bytes() == b""


def test_no_run_is_overwritten(
    ended: RunFolder, rectangles: Path, options: Callable, said: list[str]
) -> None:
    other = launch(rectangles, options(*SHORT), said.append).job.run
    assert (ended.path.name, other.path.name) == ("rectangles-001", "rectangles-002")


def test_d10_a_finished_run_has_nothing_left(
    ended: RunFolder, options: Callable, said: list[str]
) -> None:
    ended.model_card.unlink()  # as a kill at the very end leaves it
    weights = ended.best.read_bytes()
    launched = launch(None, {"resume": ended.path, "device": "cpu"}, said.append)
    assert train(launched, Quiet()) is None
    assert ended.best.read_bytes() == weights
    assert "after step 2" in ended.model_card.read_text()


def test_resumed_it_is_the_run_it_was(
    ended: RunFolder, rectangles: Path, options: Callable, said: list[str], pictures: None
) -> None:
    def stop(_report: StepReport) -> None:
        raise RuntimeError("enough")

    asked = options(*SHORT, callbacks=[stop])
    launched = launch(rectangles, asked, said.append)
    with pytest.raises(RuntimeError, match="enough"):
        train(launched, Quiet())
    run = launched.job.run
    assert (run.plots / "curves.png").exists()
    again = launch(None, {"resume": run.path.parent / "latest", "device": "cpu"}, said.append)
    assert again.job.run.path == run.path
    train(again, Quiet())
    assert run.last.read_bytes() == ended.last.read_bytes()
    assert f"run {run.path}, resumed" in said


def test_data_may_have_moved(
    ended: RunFolder, rectangles: Path, tmp_path: Path, said: list[str]
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(rectangles, moved)
    asked: dict[str, Any] = {"resume": ended.path, "device": "cpu", "epochs": 0.6}
    launched = launch(moved, asked, said.append)
    assert launched.config.data == str(moved)
    display = Told()
    train(launched, display)
    assert [row["step"] for row in Diary(ended).steps()] == [1, 2, 3]
    assert not any("pictures" in text for text in display.said)  # the same pictures


class Told(Quiet):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.said.append(text)


def test_killed_before_its_first_checkpoint_it_begins_again_as_it_began(
    ended: RunFolder, rectangles: Path, options: Callable, said: list[str]
) -> None:
    run = launch(rectangles, options(*SHORT), said.append).job.run
    again = launch(None, {"resume": run.path, "device": "cpu"}, said.append)
    train(again, Quiet())
    assert run.last.read_bytes() == ended.last.read_bytes()


def test_it_does_not_begin_again_from_something_else(
    rectangles: Path, options: Callable, said: list[str]
) -> None:
    """The published weights were there when it began, and cannot be had now."""
    run = launch(rectangles, options(*SHORT), said.append).job.run
    config = settings.read_yaml(run.config, RunConfig)
    began = replace(config, started_from="backbone from torchvision, head from random numbers")
    settings.write_yaml(run.config, began)
    with pytest.raises(ModelFileError, match="cannot begin again as it began") as caught:
        launch(None, {"resume": run.path, "device": "cpu"}, said.append)
    assert caught.value.code == "RC534"
    assert caught.value.got == "random numbers"


def test_a_start_from_scratch_stays_one(
    rectangles: Path, options: Callable, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There was no network when it began; that there is one now must not change the run."""
    run = launch(rectangles, options(*SHORT), said.append).job.run

    def never(*_: Any) -> None:
        raise AssertionError("nobody asks for weights")

    monkeypatch.setattr(resumed, "backbone_weights", never)
    launch(None, {"resume": run.path, "device": "cpu"}, said.append)


def test_going_on_with_other_classes(
    ended: RunFolder, rectangles: Path, options: Callable, said: list[str], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(rectangles, other)
    for path in (other / "Annotations").iterdir():
        path.write_text(path.read_text().replace(">blue<", ">green<"))
    asked = options(*SHORT, init=ended.path)
    del asked["model"]
    launched = launch(other, asked, said.append)
    assert launched.config.started_from == (
        f"weights from {ended.best}, 1 classes known, new ones start from random numbers: green"
    )
    old = weights_file.load(ended.best)[1]["box_head.logits.weight"]
    new = launched.job.model.box_head.logits.weight
    assert launched.job.train.classes == ("green", "red")
    assert torch.equal(new[2], old[2])
    assert not torch.equal(new[1], old[1])
    train(launched, Quiet())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("model.rpn.channels=8",), "RC532"),
        (("training.optimizer.method=sgd",), "RC533"),
        (("training.batches.size=3", "model.rpn.channels=8"), "RC532"),
    ],
)
def test_d09_another_model_or_optimizer_is_refused_and_nothing_changed(
    ended: RunFolder, said: list[str], change: tuple[str, ...], code: str
) -> None:
    before = {p: p.read_bytes() for p in ended.path.iterdir() if p.is_file()}
    asked: dict[str, Any] = {"resume": ended.path, "device": "cpu", "settings": change}
    with pytest.raises(ModelFileError, match=code):
        train(launch(None, asked, said.append), Quiet())
    assert {p: p.read_bytes() for p in ended.path.iterdir() if p.is_file()} == before


def test_d09_other_classes_are_refused(
    ended: RunFolder, rectangles: Path, said: list[str], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(rectangles, other)
    for path in (other / "Annotations").iterdir():
        path.write_text(path.read_text().replace(">blue<", ">green<"))
    before = ended.config.read_bytes()
    with pytest.raises(ModelFileError, match="RC531"):
        train(launch(other, {"resume": ended.path, "device": "cpu"}, said.append), Quiet())
    assert ended.config.read_bytes() == before


def test_d09_other_batches_are_told(ended: RunFolder, said: list[str]) -> None:
    asked: dict[str, Any] = {"resume": ended.path, "device": "cpu", "batch": 5}
    display = Told()
    train(launch(None, asked, said.append), display)
    assert any("training.batches.size was 2, is 5" in text for text in display.said)


def test_what_a_resume_changes_is_kept(ended: RunFolder, said: list[str]) -> None:
    """The next resume, which asks for nothing, does not go back."""
    asked: dict[str, Any] = {"resume": ended.path, "device": "cpu", "batch": 5, "patience": 3}
    launched = launch(None, asked, said.append)
    kept = settings.read_yaml(ended.config, RunConfig)
    assert kept.training.batches.size == 2  # not before it trains
    train(launched, Quiet())
    again = launch(None, {"resume": ended.path, "device": "cpu"}, said.append)
    assert again.config == launched.config


def test_a_run_is_found_from_another_working_directory(
    rectangles: Path,
    options: Callable,
    said: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(rectangles.parent)
    launched = launch(Path(rectangles.name), options(*SHORT), said.append)
    monkeypatch.chdir(tmp_path)
    asked: dict[str, Any] = {"resume": launched.job.run.path, "device": "cpu"}
    assert launch(None, asked, said.append).config.data == str(rectangles)
    monkeypatch.chdir(rectangles)
    moved = launch(Path(), asked, said.append)
    assert moved.config.data == str(rectangles)


def test_validation_pictures_that_are_learnt_from_are_told(
    rectangles: Path, options: Callable, said: list[str], tmp_path: Path
) -> None:
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    folder = root / "ImageSets" / "Main"
    both = folder.joinpath("train.txt").read_text() + folder.joinpath("val.txt").read_text()
    folder.joinpath("trainval.txt").write_text(both)
    asked = options(*SHORT, "training_split=trainval", backbone_weights="none")
    launched = launch(root, asked, said.append)
    assert len(launched.job.train) == 13
    assert "  3 of the 3 are learnt from, too: their figures are too good" in said


def test_random_stages_that_stay_frozen_are_told(
    rectangles: Path, options: Callable, said: list[str]
) -> None:
    launch(rectangles, options(*SHORT, backbone_weights="none"), said.append)
    assert not any("stays random" in line for line in said)
    frozen = ("model.backbone.frozen_stages=1", *SHORT)
    launch(rectangles, options(*frozen, backbone_weights="none"), said.append)
    assert (
        "warning: resnet18 starts from random numbers, and what is frozen stays random"
        in (said[-2])
    )


def test_a_printed_preset_says_what_was_fitted(
    rectangles: Path, options: Callable, said: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(settings.to_annotated_yaml(presets.resnet18()))
    asked = options(*SHORT, backbone_weights="none", config=path)
    del asked["model"]
    launched = launch(rectangles, asked, said.append)
    assert launched.config.model.backbone.frozen_stages == 0
    told = next(line for line in said if line.startswith("settings other than the preset's"))
    assert "model.backbone.frozen_stages was 1, is 0" in told
    assert not any("stays random" in line for line in said)


def test_the_weights_are_those_of_the_seed(
    rectangles: Path, options: Callable, said: list[str]
) -> None:
    models = [
        launch(rectangles, options(*SHORT, seed=seed), said.append).job.model for seed in (0, 0, 1)
    ]
    weights = [model.rpn.conv.weight for model in models]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_c01_a_place_that_cannot_be_written_to_is_found_first(
    rectangles: Path, options: Callable, said: list[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DiskError) as caught:
        launch(rectangles, options(out=tmp_path / "file" / "runs"), said.append)
    assert caught.value.exit_code == 6
    assert said == []  # not even a picture was decoded


def test_c01_a_run_folder_that_cannot_be_written_to_is_found_first(
    ended: RunFolder, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise DiskError("RC602", str(folder), "read-only", fix="-")

    monkeypatch.setattr(run_module.files, "require_writable", refuse)
    said.clear()
    with pytest.raises(DiskError, match=r"RC602.*rectangles-001"):
        launch(None, {"resume": ended.path, "device": "cpu"}, said.append)
    assert said == []  # not even a picture was decoded


@pytest.mark.parametrize(
    ("options_of", "kind", "code"),
    [
        ({"device": "tpu"}, ConfigError, "RC360"),
        ({"model": "yolo"}, ConfigError, "RC353"),
    ],
)
def test_what_was_asked_wrongly_leaves_no_run(
    rectangles: Path,
    options: Callable,
    said: list[str],
    options_of: dict[str, Any],
    kind: type[Exception],
    code: str,
) -> None:
    asked = options(**options_of)
    with pytest.raises(kind, match=code):
        launch(rectangles, asked, said.append)
    assert not asked["out"].exists()


def test_no_such_data(options: Callable, said: list[str], tmp_path: Path) -> None:
    asked = options()
    with pytest.raises(DataError):
        launch(tmp_path / "nothing", asked, said.append)
    assert not asked["out"].exists()


def test_what_ended_the_training_is_what_is_told(
    rectangles: Path, options: Callable, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Curves that cannot be drawn do not hide why the training ended."""

    def diverges(*_: Any) -> None:
        raise TrainingError("RC401", "step 3", "not finite", fix="-")

    def full(*_: Any) -> None:
        raise DiskError("RC601", "curves.png", "no space left on the disk", fix="-")

    launched = launch(rectangles, options(*SHORT), said.append)
    monkeypatch.setattr(course, "fit", diverges)
    monkeypatch.setattr(run_module, "draw_curves", full)
    with pytest.raises(TrainingError, match="RC401"):
        train(launched, Quiet())


def test_c05_a_run_at_work_is_left_alone(ended: RunFolder, said: list[str], tmp_path: Path) -> None:
    launched = launch(None, {"resume": ended.path, "device": "cpu"}, said.append)
    with ended.lock(), pytest.raises(DiskError, match="RC605"):
        train(launched, Quiet())


def test_c06_leftovers_of_a_kill_are_removed(ended: RunFolder, said: list[str]) -> None:
    left = [ended.path / ".last.safetensors.7.tmp", ended.state / ".step-1.safetensors.7.tmp"]
    mine = ended.path / "notes.tmp"
    for path in (*left, mine):
        path.write_text("half")
    train(launch(None, {"resume": ended.path, "device": "cpu"}, said.append), Quiet())
    assert not any(path.exists() for path in left)
    assert mine.exists()
    assert len(checkpoint.checkpoints(ended)) == 2
