"""A run on a data set that the caller has open: its class names are kept, here and later."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from frcnn import settings
from frcnn.data.dataset import Dataset
from frcnn.errors import DataError
from frcnn.launch import run
from frcnn.launch.measure import measure
from frcnn.launch.run import launch, train
from frcnn.model.batch import TORCHVISION
from frcnn.presets import RunConfig
from frcnn.training.progress import Quiet
from frcnn.weights.backbone import BackboneWeights

CLASSES = ("red", "blue", "Red")
"""In an order of their own, and two that differ only in capitals."""


@pytest.fixture
def capitals(rectangles: Path, tmp_path: Path) -> Path:
    """The pictures once more; one true box is of a class that looks like another."""
    root = tmp_path / "capitals"
    shutil.copytree(rectangles, root)
    path = root / "Annotations" / "train00.xml"
    path.write_text(path.read_text().replace(">red<", ">Red<"))
    return root


@pytest.fixture
def asked(options: Callable) -> dict:
    """Two steps."""
    return options("training.schedule.steps=2", backbone_weights="none")


def test_an_open_data_set_is_used_as_it_is(capitals: Path, asked: dict, said: list[str]) -> None:
    dataset = Dataset.open(capitals, classes=CLASSES)
    launched = launch(dataset, asked, said.append)
    config = settings.read_yaml(launched.job.run.config, RunConfig)
    assert Path(config.data).samefile(capitals)
    assert config.classes == launched.job.train.classes == CLASSES
    assert config.model.classes == 3
    assert launched.job.train.records[0] is dataset.split("train").records[0]


def test_its_classes_are_known_to_a_resume_and_to_an_evaluation(
    capitals: Path, asked: dict, said: list[str]
) -> None:
    launched = launch(Dataset.open(capitals, classes=CLASSES), asked, said.append)
    figures = train(launched, Quiet())
    run = launched.job.run
    again = launch(None, {"resume": run.path, "device": "cpu"}, said.append)
    assert again.job.train.classes == CLASSES
    assert train(again, Quiet()) is None  # nothing is left, and nothing is refused
    measured = measure(run.path, {"device": "cpu", "quiet": True}, said.append)
    assert measured.figures == figures
    opened = Dataset.open(capitals, classes=CLASSES)
    assert launch(opened, {"resume": run.path, "device": "cpu"}, said.append).job.val.classes == (
        CLASSES
    )


def test_what_was_changed_in_reading_weights_is_said(
    capitals: Path, options: Callable, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = ("bfloat16 weights became float32",)
    weights = BackboneWeights(tensors={}, preprocessing=TORCHVISION, origin="theirs", notes=notes)
    monkeypatch.setattr(run, "backbone_weights", lambda *_: weights)
    launch(Dataset.open(capitals, classes=CLASSES), options(), said.append)
    assert "backbone weights: bfloat16 weights became float32" in said


def test_a_start_from_random_numbers_is_told_where_nothing_else_is(
    capitals: Path, options: Callable, said: list[str]
) -> None:
    dataset = Dataset.open(capitals, classes=CLASSES)
    launch(dataset, options(), lambda _: None, said.append)
    assert said[0].startswith("warning: the published weights cannot be had")
    assert "random numbers" in said[1]


def test_they_can_be_named_as_a_setting(capitals: Path, asked: dict, said: list[str]) -> None:
    with pytest.raises(DataError, match="RC232") as caught:
        launch(capitals, asked, said.append)
    assert "--set classes=[...]" in caught.value.fix
    named = {**asked, "settings": [*asked["settings"], "classes=[red, blue, Red]"]}
    assert launch(capitals, named, said.append).job.train.classes == CLASSES


@pytest.mark.parametrize(
    ("asked", "layout"),
    [("auto", torch.channels_last), ("contiguous", torch.contiguous_format)],
)
def test_weights_lie_in_memory_as_it_was_asked_for(
    rectangles: Path,
    options: Callable,
    said: list[str],
    asked: str,
    layout: torch.memory_format,
) -> None:
    settings_of = options(
        "training.schedule.steps=1", f"training.memory_format={asked}", backbone_weights="none"
    )
    launched = launch(rectangles, settings_of, said.append)
    figures = train(launched, Quiet())
    assert launched.job.model.rpn.conv.weight.is_contiguous(memory_format=layout)
    path = launched.job.run.path
    assert measure(path, {"device": "cpu", "quiet": True}, said.append).figures == figures
