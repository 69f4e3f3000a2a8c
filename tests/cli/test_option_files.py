"""Files of options: under what was typed, with the line of a mistake."""

from pathlib import Path

import pytest

from frcnn.cli.data_options import CheckOptions
from frcnn.cli.option_files import with_file
from frcnn.cli.options import (
    DemoOptions,
    DoctorOptions,
    EvalOptions,
    PresetsOptions,
)
from frcnn.cli.predict_options import PredictOptions
from frcnn.errors import ConfigError


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
        with pytest.raises(ConfigError, match="RC344") as caught:
            with_file(CheckOptions(config=path), CheckOptions)
        assert caught.value.fix == "`frcnn data check --help` lists the options"

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
            ("iou: 0.5\nconf: 1.5", "RC305", 2, "0 or more, below 1"),
            ("device: gpu", "RC360", 1, "cuda"),
            ("save: xml", "RC304", 1, "images, crops, json"),
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
