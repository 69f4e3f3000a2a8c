"""What verbs can be told: ranges at birth, files of options, and what was said."""

from pathlib import Path
from typing import get_args

import pytest

from frcnn.cli import options
from frcnn.cli.options import (
    DemoOptions,
    DoctorOptions,
    EvalOptions,
    PredictOptions,
    PresetsOptions,
    TrainOptions,
    with_file,
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
        (lambda: PredictOptions(max_det=0), "--max-det", "1 ... 100000"),
        (lambda: PredictOptions(conf=float("nan")), "--conf", "0 ... 1"),
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


class TestFiles:
    def write(self, folder: Path, text: str) -> str:
        path = folder / "options.yaml"
        path.write_text(text)
        return str(path)

    def test_without_a_file(self) -> None:
        assert with_file(None, EvalOptions) == EvalOptions()
        typed = EvalOptions(split="val")
        assert with_file(typed, EvalOptions) is typed

    def test_golden(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, "conf: 0.3\nmax_det: 5\nsave: csv\nquiet: true\n")
        got = with_file(PredictOptions(config=path), PredictOptions)
        assert (got.conf, got.max_det, got.kinds, got.quiet) == (0.3, 5, ("csv",), True)

    def test_names_as_they_are_typed(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, "max-det: 5\nconf: 0.1\n")
        assert with_file(PredictOptions(config=path), PredictOptions).max_det == 5
        path = self.write(tmp_path, "set: [training.seed=1]\nscenes: 9\n")
        assert with_file(DemoOptions(config=path), DemoOptions).settings == ("training.seed=1",)
        assert with_file(PresetsOptions(config=self.write(tmp_path, "json: true")), PresetsOptions)

    def test_one_option_under_two_names(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, "max-det: 5\nconf: 0.1\nmax_det: 6\n")
        with pytest.raises(ConfigError, match="RC343") as caught:
            with_file(PredictOptions(config=path), PredictOptions)
        assert caught.value.place.startswith(f"{path}:3")
        assert f"{path}:1" in caught.value.want

    def test_a_name_like_no_option(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, "zzz: 5")
        with pytest.raises(ConfigError, match="RC344") as caught:
            with_file(EvalOptions(config=path), EvalOptions)
        assert caught.value.fix == "`frcnn eval --help` lists the options"
        assert caught.value.fix in str(caught.value)

    def test_what_is_typed_has_the_last_word(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, "conf: 0.3\nmax_det: 5\n")
        got = with_file(PredictOptions(config=path, conf=0.0), PredictOptions)
        assert (got.conf, got.max_det) == (0.0, 5)

    @pytest.mark.parametrize(
        ("text", "code", "line", "piece"),
        [
            ("conf: 0.3\nmaxdet: 5", "RC344", 2, "max_det"),
            ("conf: high", "RC345", 1, "a number"),
            ("conf: 0.1\nmax-det: 0", "RC305", 2, "1 ... 100000"),
            ("iou: 0.5\nconf: 1.5", "RC305", 2, "0 ... 1"),
            ("device: gpu", "RC360", 1, "cuda"),
            ("save: xml", "RC304", 1, "images, json, csv"),
            ("resume: true", "RC308", 1, "--out"),
            ("conf: 0.3\nconf: 0.4", "RC343", 2, "second time"),
        ],
    )
    def test_a_wrong_file_is_named_with_its_line(
        self, tmp_path: Path, text: str, code: str, line: int, piece: str
    ) -> None:
        path = self.write(tmp_path, text)
        with pytest.raises(ConfigError) as caught:
            with_file(PredictOptions(config=path), PredictOptions)
        assert caught.value.code == code
        assert caught.value.place.startswith(f"{path}:{line}")
        assert piece in str(caught.value)

    def test_a_file_names_no_other_file(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, "config: other.yaml")
        with pytest.raises(ConfigError, match=r"remove the line `config`") as caught:
            with_file(DemoOptions(config=path), DemoOptions)
        assert caught.value.code == "RC308"

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError) as caught:
            with_file(DoctorOptions(config=str(tmp_path / "none")), DoctorOptions)
        assert caught.value.code == "RC349"


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
