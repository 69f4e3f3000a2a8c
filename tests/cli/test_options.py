"""What verbs can be told: ranges at birth, files of options, and what was said."""

from typing import get_args

import pytest

from frcnn.cli import options
from frcnn.cli.options import (
    DemoOptions,
    DoctorOptions,
    EvalOptions,
    PredictOptions,
    TrainOptions,
)
from frcnn.errors import ConfigError


def test_nothing_said_is_nothing_passed_on() -> None:
    for cls in (DemoOptions, TrainOptions, EvalOptions, PredictOptions, DoctorOptions):
        made = cls()
        assert made.said(*vars(made)) == {}


def test_what_was_said_is_passed_on() -> None:
    made = TrainOptions(epochs=3, seed=0, quiet=True, settings=("a=b",))
    said = made.said("epochs", "batch", "seed", "quiet", "settings")
    assert said == {"epochs": 3, "seed": 0, "quiet": True, "settings": ("a=b",)}


def test_the_borders_of_ranges_are_inside() -> None:
    TrainOptions(epochs=0.1, batch=1, workers=0, seed=0, patience=1)
    TrainOptions(batch=4096, workers=256, seed=2**32 - 1)
    PredictOptions(conf=0.0, iou=1.0, max_det=1)


@pytest.mark.parametrize(
    ("make", "place", "want"),
    [
        (lambda: TrainOptions(epochs=0.0), "--epochs", "more than 0"),
        (lambda: TrainOptions(batch=4097), "--batch", "1 ... 4096"),
        (lambda: TrainOptions(patience=0), "--patience", "1 or more"),
        (lambda: DemoOptions(seed=2**32), "--seed", "0 ... 4.29497e+09"),
        (lambda: DemoOptions(workers=-1), "--workers", "0 ... 256"),
        (lambda: PredictOptions(conf=1.0), "--conf", "0 or more, below 1"),
        (lambda: PredictOptions(iou=0.0), "--iou", "above 0, up to 1"),
        (lambda: PredictOptions(max_det=0), "--max-det", "1 ... 100000"),
        (lambda: PredictOptions(conf=float("nan")), "--conf", "0 or more, below 1"),
    ],
)
def test_out_of_range(make, place: str, want: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    error = caught.value
    assert (error.code, error.place) == ("RC305", place)
    assert error.want.startswith(want.split(" ... 4.2")[0])


def test_resuming_a_prediction_needs_its_folder() -> None:
    with pytest.raises(ConfigError, match="--out DIR") as caught:
        PredictOptions(resume=True)
    assert caught.value.code == "RC308"
    PredictOptions(resume=True, out="a")


def test_what_to_save_is_split() -> None:
    assert PredictOptions().kinds is None
    assert PredictOptions(save="csv").kinds == ("csv",)
    assert PredictOptions(save="images, json").kinds == ("images", "json")


def test_names_are_written_as_on_the_command_line() -> None:
    assert options._option("max_det") == "--max-det"


def test_the_choices_are_those_of_the_code_behind_them() -> None:
    """They are written out here, so that `--help` need not import torch."""
    from frcnn.launch.measure import Metric
    from frcnn.prediction.folder import Kind
    from frcnn.weights.backbone import PREPROCESSING

    assert set(options.METRICS) == set(get_args(Metric))
    assert set(options.PREPROCESSING) == set(PREPROCESSING)
    assert set(options.SAVE) == set(get_args(Kind))
