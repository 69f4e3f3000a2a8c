"""What the functions of Python are given: a run for its path, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

import frcnn
from frcnn import api
from frcnn.errors import ConfigError


@pytest.fixture(scope="module")
def run(
    rectangles: Path, tiny: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> api.Run:
    """A run of two steps."""
    length = ("training.schedule.steps=2", "training.schedule.warmup_steps=1")
    return frcnn.train(
        rectangles,
        model="resnet18",
        backbone_weights="none",
        device="cpu",
        settings=(*tiny, *length),
        out=tmp_path_factory.mktemp("runs"),
        quiet=True,
    )


def test_a_run_serves_as_its_path(run: api.Run, rectangles: Path) -> None:
    val = frcnn.Dataset.open(rectangles).split("val")
    figures = frcnn.evaluate(run.best, val)
    assert frcnn.evaluate(run, val) == figures
    assert frcnn.evaluate(str(run.path), val) == figures
    assert frcnn.load(run).classes == run.best.classes


@pytest.mark.parametrize("split", ["val", 3, None])
def test_what_is_no_split_is_refused(run: api.Run, split: object) -> None:
    with pytest.raises(ConfigError, match="RC319") as caught:
        frcnn.evaluate(run, split)  # type: ignore[call-overload]
    assert caught.value.got == type(split).__name__
    assert "Dataset.open" in caught.value.fix


def test_a_whole_data_set_is_no_split(run: api.Run, rectangles: Path) -> None:
    with pytest.raises(ConfigError, match="got Dataset"):
        frcnn.evaluate(run, frcnn.Dataset.open(rectangles))  # type: ignore[call-overload]


@pytest.mark.parametrize("verb", [frcnn.load, api.evaluate_run, api.predict_files, api.propose])
def test_what_is_no_path_is_refused(verb: Callable) -> None:
    more = {api.predict_files: (["a.png"],), api.propose: ("out",)}.get(verb, ())
    with pytest.raises(ConfigError, match="RC319") as caught:
        verb(3, *more)
    assert caught.value.place == f"frcnn.{verb.__name__}"


def test_settings_may_be_a_mapping(rectangles: Path) -> None:
    """A wrong value shows that it arrived, with its name and its kind."""
    with pytest.raises(ConfigError, match="RC345") as caught:
        frcnn.train(rectangles, settings={"model.pictures": {"shorter_side": "wide"}})
    assert caught.value.place == "--set model.pictures.shorter_side=wide"


@pytest.mark.parametrize("verb", [frcnn.train, api.demo])
def test_settings_that_are_one_text_are_refused(verb: Callable) -> None:
    with pytest.raises(ConfigError, match="RC347") as caught:
        verb(settings="model.pictures.shorter_side=480")
    assert caught.value.place == "settings"
    assert "settings={'model.pictures.shorter_side': 480}" in caught.value.fix
