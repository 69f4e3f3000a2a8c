"""Proposals of a run: by default of the very pictures that it was trained on."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from frcnn.data.dataset import Dataset
from frcnn.data.proposals import StoredProposals
from frcnn.errors import ConfigError, DataError, DiskError
from frcnn.launch.propose import propose
from frcnn.launch.run import launch, train
from frcnn.prediction.proposing import Proposed
from frcnn.run_folder import RunFolder
from frcnn.training.progress import Quiet
from frcnn.weights import file as weights_file


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the run of this file is."""
    return tmp_path_factory.mktemp("proposed")


@pytest.fixture
def run(ended: Path, rectangles: Path, options: Callable) -> RunFolder:
    """A run of one step, made once."""
    if not (ended / "rectangles-001").exists():
        asked = options("training.schedule.steps=1", out=ended)
        train(launch(rectangles, asked, lambda _: None), Quiet())
    return RunFolder(ended / "rectangles-001")


def stored(named: Path, out: Path, **options: Any) -> tuple[Proposed, StoredProposals]:
    made = propose(named, out, {"device": "cpu", "quiet": True, **options}, lambda _: None)
    return made, StoredProposals.open(out)


def test_the_training_pictures_of_the_run(run: RunFolder, rectangles: Path, tmp_path: Path) -> None:
    made, found = stored(run.path, tmp_path / "p")
    split = Dataset.open(rectangles).split("train")
    found.require_fit(split)
    assert made.split == "train"
    assert made.pictures == len(split)
    assert max(len(each.boxes) for each in found) <= 50  # model.proposals_train.after_nms
    header = weights_file.read_header(run.best)
    assert found.about.maker["sha256"] == header.sha256
    assert found.about.maker["weights"].endswith("best.safetensors")


def test_twice_the_same_bytes(run: RunFolder, tmp_path: Path) -> None:
    for name in "ab":
        stored(run.path, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_another_split_and_number(run: RunFolder, rectangles: Path, tmp_path: Path) -> None:
    made, found = stored(run.path, tmp_path / "p", split="val", proposals=4, mirrored=True)
    found.require_fit(Dataset.open(rectangles).split("val"))
    assert made.split == "val"
    assert found.has_mirrored
    assert max(len(each.boxes) for each in found) <= 4


def test_a_share_that_validation_took_is_left_out(
    rectangles: Path, options: Callable, tmp_path: Path
) -> None:
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    (root / "ImageSets" / "Main" / "val.txt").unlink()
    launched = launch(root, options("training.schedule.steps=1"), lambda _: None)
    train(launched, Quiet())
    _, found = stored(launched.job.run.path, tmp_path / "p")
    found.require_fit(launched.job.train)
    with pytest.raises(DataError, match="RC253"):
        found.require_fit(Dataset.open(root).split("train"))


def test_a_picture_that_training_left_out_is_left_out(
    rectangles: Path, options: Callable, tmp_path: Path
) -> None:
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    bad = root / "JPEGImages" / "train01.png"
    bad.write_bytes(bad.read_bytes()[:-60])
    launched = launch(root, options("training.schedule.steps=1", "max_bad=0.2"), lambda _: None)
    train(launched, Quiet())
    said: list[str] = []
    propose(launched.job.run.path, tmp_path / "p", {"device": "cpu", "quiet": True}, said.append)
    StoredProposals.open(tmp_path / "p").require_fit(launched.job.train)
    assert "1 picture skipped" in said[0]


def test_a_weights_file_with_data(run: RunFolder, rectangles: Path, tmp_path: Path) -> None:
    shutil.copy(run.best, tmp_path / "mine.safetensors")
    made, found = stored(tmp_path / "mine.safetensors", tmp_path / "p", data=rectangles)
    found.require_fit(Dataset.open(rectangles).split("train"))
    assert made.split == "train"


def test_a_run_that_learnt_from_another_split(
    rectangles: Path, options: Callable, tmp_path: Path
) -> None:
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    lists = root / "ImageSets" / "Main"
    names = "".join((lists / f"{name}.txt").read_text() for name in ("train", "val"))
    (lists / "trainval.txt").write_text(names)
    words = options("training.schedule.steps=1", "training_split=trainval")
    launched = launch(root, words, lambda _: None)
    train(launched, Quiet())
    made, found = stored(launched.job.run.path, tmp_path / "p")
    assert made.split == "trainval"
    found.require_fit(launched.job.train)


# wrong in


def test_weights_that_know_no_data(run: RunFolder, tmp_path: Path) -> None:
    shutil.copy(run.best, tmp_path)
    with pytest.raises(ConfigError, match=r"RC354.*no data for frcnn propose"):
        stored(tmp_path / run.best.name, tmp_path / "p")


def test_what_contradicts_itself_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="RC394"):
        stored(tmp_path / "nowhere", tmp_path / "p", format="pickle", mirrored=True)


def test_a_place_that_cannot_be_written_to(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DiskError):
        stored(run.path, tmp_path / "file" / "p")
