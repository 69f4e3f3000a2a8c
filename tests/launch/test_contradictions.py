"""Options that exclude each other: nothing that was said is left out of account."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from frcnn import presets
from frcnn.errors import ConfigError
from frcnn.launch.asked import overridden
from frcnn.launch.contradictions import (
    require_read,
    require_resumable,
    require_same_pictures,
    require_start,
)
from frcnn.launch.run import launch
from frcnn.presets import RunConfig, StartConfig
from frcnn.run_folder import RunFolder
from frcnn.training.job import TrainingConfig
from frcnn.training.plans import Scheme

PUBLISHED = "ResNet18_Weights.IMAGENET1K_V1"


@pytest.fixture
def begun(rectangles: Path, options: Callable, said: list[str]) -> RunFolder:
    """A run that was launched, not trained."""
    return launch(rectangles, options(backbone_weights="none"), said.append).job.run


def contradiction(check: Callable[..., None], *arguments: Any) -> ConfigError:
    with pytest.raises(ConfigError, match="contradicts another option") as caught:
        check(*arguments)
    assert caught.value.code == "RC308"
    return caught.value


@pytest.mark.parametrize(
    "name", ["model", "init", "backbone_weights", "preprocessing", "config", "out"]
)
def test_a_resumed_run_goes_on_as_it_began(name: str) -> None:
    error = contradiction(require_resumable, {"resume": "runs/a", name: "x"})
    assert error.place == "--resume"
    assert error.got == f"--resume with --{name.replace('_', '-')}"
    assert "new run without --resume" in error.fix


def test_what_may_change_on_resume() -> None:
    require_resumable({"resume": "a", "device": "cpu", "workers": 2, "epochs": 30.0, "seed": 0})


@pytest.mark.parametrize(
    ("change", "got"),
    [
        ({"seed": 3}, "--resume with the seed 3 for 0"),
        ({"settings": ["training.seed=3"]}, "--resume with the seed 3 for 0"),
        ({"settings": ["validation_share=0.5"]}, "--resume with validation_share 0.5 for 0.2"),
    ],
)
def test_d09_the_pictures_are_not_dealt_anew(
    begun: RunFolder, said: list[str], change: dict[str, Any], got: str
) -> None:
    before = {path: path.read_bytes() for path in begun.path.iterdir()}
    asked = {"resume": begun.path, "device": "cpu", **change}
    assert contradiction(launch, None, asked, said.append).got == got
    assert {path: path.read_bytes() for path in begun.path.iterdir()} == before


def test_the_same_seed_may_be_said_again(begun: RunFolder, said: list[str]) -> None:
    launch(None, {"resume": begun.path, "device": "cpu", "seed": 0}, said.append)
    require_same_pictures(presets.resnet18(), replace(presets.resnet18(), data="moved"))


@pytest.mark.parametrize("pair", ["training.schedule.steps=5", "training.schedule.steps\t= 5"])
def test_one_length(pair: str, said: list[str], rectangles: Path, tmp_path: Path) -> None:
    asked = {"epochs": 3.0, "settings": ["training.seed=1", pair], "out": tmp_path}
    error = contradiction(launch, rectangles, asked, said.append)
    assert error.place == "--epochs"
    assert "--set training.schedule.steps=5" in error.got
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"epochs": 3.0},
        {"settings": ["training.schedule.steps=5"]},
        {"epochs": 3.0, "settings": ["training.schedule.steps=null", "training.seed=1"]},
        {"epochs": 3.0, "settings": ["training.schedule.steps=~"]},
    ],
)
def test_lengths_that_are_one(asked: dict[str, Any]) -> None:
    overridden(presets.resnet18(), asked)


@pytest.mark.parametrize(
    ("said", "start", "place", "got"),
    [
        ({"backbone_weights": "a.pth"}, {"init": "run"}, "--init", "--backbone-weights"),
        ({"preprocessing": "caffe"}, {"init": "run"}, "--preprocessing", "--init"),
        ({"preprocessing": "caffe"}, {}, "--preprocessing", "no --backbone-weights"),
        (
            {"preprocessing": "caffe"},
            {"backbone_weights": "none"},
            "--preprocessing",
            "--backbone-weights none",
        ),
        (
            {"preprocessing": "caffe"},
            {"backbone_weights": PUBLISHED},
            "--preprocessing",
            f"--backbone-weights {PUBLISHED}",
        ),
    ],
)
def test_one_start_with_its_own_preprocessing(
    said: dict[str, Any], start: dict[str, str], place: str, got: str
) -> None:
    error = contradiction(require_start, said, RunConfig(start=StartConfig(**start)))
    assert (error.place, error.got) == (place, f"{place} with {got}")


def test_starts_that_are_one() -> None:
    def begin(scheme: Scheme = "joint", **start: str) -> RunConfig:
        training = TrainingConfig(scheme=scheme)
        return RunConfig(start=StartConfig(**start), training=training)

    require_start({}, begin(init="run", preprocessing="caffe"))  # a run's config.yaml
    require_start({"preprocessing": "caffe"}, begin(backbone_weights="a.pth"))
    require_start({"backbone_weights": "none"}, begin(backbone_weights="none"))
    # there `init` only proposes, however the scheme was chosen
    require_start(
        {"backbone_weights": "a.pth"}, begin("head", init="run", backbone_weights="a.pth")
    )


def test_it_is_said_before_anything_is_made(
    rectangles: Path, options: Callable, said: list[str]
) -> None:
    asked = options(preprocessing="caffe")
    contradiction(launch, rectangles, asked, said.append)
    assert not said
    assert not asked["out"].exists()


@pytest.mark.parametrize(
    ("scheme", "name", "want"),
    [
        ("head", "last_layers=kept", "--scheme alternating"),
        ("unshared", "last_layers=kept", "--scheme alternating"),
        ("unshared", "rpn_layers.steps=3", "--scheme alternating"),
        ("joint", "detector.steps=3", "--scheme alternating or unshared"),
        ("rpn", " of_mirrored = computed", "--scheme alternating or unshared"),
    ],
)
def test_a_setting_that_the_scheme_never_reads_is_refused(
    scheme: Scheme, name: str, want: str
) -> None:
    pair = f"training.alternating.{name}".replace(". ", ".")
    error = contradiction(require_read, {"settings": ["training.seed=1", pair]}, scheme)
    assert (error.place, error.want) == (f"--set {pair}", want)
    assert scheme in error.got


@pytest.mark.parametrize(
    ("scheme", "pair"),
    [
        ("alternating", "training.alternating.last_layers=kept"),
        ("unshared", "training.alternating.detector.steps=3"),
        ("unshared", "training.alternating.of_mirrored=computed"),
        ("head", "training.seed=3"),
        ("head", "training.alternatingly=3"),  # no setting: told elsewhere
    ],
)
def test_a_setting_that_the_scheme_reads(scheme: Scheme, pair: str) -> None:
    require_read({"settings": [pair]}, scheme)


def test_neither_a_new_run_nor_one_that_goes_on_is_given_what_it_never_reads(
    rectangles: Path, options: Callable, begun: RunFolder
) -> None:
    kept = "training.alternating.last_layers=kept"
    with pytest.raises(ConfigError, match=r"RC308.*the scheme joint, which never reads it"):
        launch(rectangles, options(kept), lambda _: None)
    with pytest.raises(ConfigError, match=r"RC308.*the scheme joint, which never reads it"):
        launch(None, {"resume": begun.path, "settings": [kept]}, lambda _: None)
