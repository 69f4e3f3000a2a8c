"""The verbs: what is passed on, what is printed where, and how each ends."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from frcnn import doctor, launch
from frcnn.cli import options, predict_options, propose_options
from frcnn.data.problems import Problem
from frcnn.demo.tour import TourOptions
from frcnn.doctor import Check, Findings
from frcnn.errors import AnnotationError, ConfigError, DiskError, ModelFileError, TrainingError
from frcnn.launch import propose as launch_propose
from frcnn.launch.measure import MeasureOptions
from frcnn.launch.options import PredictOptions


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch) -> list[Check]:
    """A doctor who finds what stands in this list."""
    checks = [Check(name="torch", state="ok", found="2.15.0")]
    monkeypatch.setattr(
        doctor, "examine", lambda: Findings(machine={"cores": 2}, checks=tuple(checks))
    )
    return checks


@pytest.mark.parametrize(
    ("words", "call"),
    [
        (["demo"], ("demo", (), {})),
        (["demo", "--seed", "0", "--out", "o"], ("demo", (), {"seed": 0, "out": "o"})),
        (["train", "--data", "d"], ("train", ("d",), {})),
        (["train", "--resume", "runs/a"], ("train", (None,), {"resume": "runs/a"})),
        (
            ["train", "--data", "d", "--set", "a.b=1", "--set", "c=2", "-q"],
            ("train", ("d",), {"settings": ("a.b=1", "c=2"), "quiet": True}),
        ),
        (["eval", "runs/a"], ("evaluate_run", ("runs/a",), {})),
        (
            ["eval", "--split", "val", "runs/a", "--metric", "voc07"],
            ("evaluate_run", ("runs/a",), {"split": "val", "metric": "voc07"}),
        ),
        (
            ["eval", "runs/a", "--metric", "proposals", "--batch", "2"],
            ("evaluate_run", ("runs/a",), {"metric": "proposals", "batch": 2}),
        ),
        (
            ["eval", "runs/a", "--set", "a.b=1", "--set", "c=null"],
            ("evaluate_run", ("runs/a",), {"settings": ("a.b=1", "c=null")}),
        ),
        (["propose", "r", "--out", "p"], ("propose", ("r", "p"), {})),
        (
            ["propose", "r", "--out", "p", "--set", "a.b=1"],
            ("propose", ("r", "p"), {"settings": ("a.b=1",)}),
        ),
        (
            ["propose", "r", "--out", "p", "--proposals", "9", "--mirrored", "--split", "val"],
            ("propose", ("r", "p"), {"proposals": 9, "mirrored": True, "split": "val"}),
        ),
        (["predict", "r", "a", "b"], ("predict_files", ("r", ("a", "b")), {})),
        (["predict", "r", "-"], ("predict_files", ("r", ("/dev/stdin",)), {})),
        (
            ["predict", "r", "webcam:0", "--vid-stride", "2", "--max-frames", "9"],
            ("predict_files", ("r", ("webcam:0",)), {"vid_stride": 2, "max_frames": 9}),
        ),
        (
            ["predict", "r", "a", "--conf", "0", "--save", "json,csv", "--max-det", "7"],
            ("predict_files", ("r", ("a",)), {"conf": 0.0, "save": ("json", "csv"), "max_det": 7}),
        ),
        (
            ["predict", "r", "a", "--tile", "512", "--tile-overlap", "0", "--tiles-only"],
            ("predict_files", ("r", ("a",)), {"tile": 512, "tile_overlap": 0, "tiles_only": True}),
        ),
        (
            ["predict", "r", "a", "--tile", "64", "--tile-merge", "nms", "--tile-match", "iou"],
            (
                "predict_files",
                ("r", ("a",)),
                {"tile": 64, "tile_merge": "nms", "tile_match": "iou"},
            ),
        ),
    ],
)
def test_only_what_was_said_is_passed_on(frcnn_command, api, words, call) -> None:
    outcome = frcnn_command(*words)
    assert (outcome.code, outcome.err) == (0, "")
    assert api.calls == [call]


def test_every_option_of_train_arrives(frcnn_command, api) -> None:
    words = {
        "model": "vgg16",
        "epochs": "2.5",
        "batch": "4",
        "workers": "2",
        "seed": "7",
        "patience": "3",
        "init": "runs/b",
        "backbone-weights": "w.pth",
        "preprocessing": "caffe",
        "out": "o",
        "config": "c.yaml",
        "device": "cpu",
        "precision": "float32",
    }
    line = [word for name, value in words.items() for word in (f"--{name}", value)]
    assert frcnn_command("train", "--data", "d", *line).code == 0
    ((_, _, options),) = api.calls
    assert options == {
        **{name.replace("-", "_"): value for name, value in words.items()},
        "epochs": 2.5,
        "batch": 4,
        "workers": 2,
        "seed": 7,
        "patience": 3,
    }


TRAIN_WORDS = {"data", "json", "debug", "processes"}


@pytest.mark.parametrize(
    ("words", "python", "only_words", "only_python"),
    [
        (options.TrainOptions, launch.TrainOptions, TRAIN_WORDS, {"callbacks", "augment"}),
        (options.DemoOptions, TourOptions, {"config", "json", "debug"}, set()),
        (options.EvalOptions, MeasureOptions, {"config", "json", "debug"}, set()),
        (
            predict_options.PredictOptions,
            PredictOptions,
            {"config", "json", "debug", "strict"},
            set(),
        ),
        (
            propose_options.ProposeOptions,
            launch_propose.ProposeOptions,
            {"config", "json", "debug", "out"},
            set(),
        ),
    ],
    ids=["train", "demo", "eval", "predict", "propose"],
)
def test_words_and_python_agree(words, python, only_words, only_python) -> None:
    """What can be typed can be passed from Python, under the same name, and the other way."""
    typed = {each.name for each in fields(words)} - only_words
    assert typed == set(python.__annotations__) - only_python


def test_every_option_but_those_of_the_command_line_itself_is_passed_on(frcnn_command, api) -> None:
    words = {"seed": "1", "out": "o", "workers": "0", "device": "cpu", "precision": "auto"}
    words |= {"scenes": "20", "epochs": "0.5"}
    line = [word for name, value in words.items() for word in (f"--{name}", value)]
    assert frcnn_command("demo", *line, "--set", "a=1", "-q").code == 0
    own = {"json", "debug", "config"}
    assert set(api.calls[0][2]) == {each.name for each in fields(options.DemoOptions)} - own


def test_people_read_text_on_stdout(frcnn_command) -> None:
    outcome = frcnn_command("eval", "runs/a")
    assert outcome.out == "working\nthe answer is 42\n"


@pytest.mark.parametrize(
    "words",
    [
        ["demo"],
        ["train", "--data", "d"],
        ["eval", "r"],
        ["propose", "r", "--out", "p"],
        ["predict", "r", "a"],
    ],
)
def test_json_is_alone_on_stdout(frcnn_command, words: list[str]) -> None:
    outcome = frcnn_command(*words, "--json")
    assert json.loads(outcome.out) == {"answer": 42}
    assert outcome.err == "working\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("RC399", "a", "b", fix="c"), 2),
        (AnnotationError("RC299", "a", "b", fix="c"), 3),
        (TrainingError("RC499", "a", "b", fix="c"), 4),
        (ModelFileError("RC599", "a", "b", fix="c"), 5),
        (DiskError("RC699", "a", "b", fix="c"), 6),
    ],
)
def test_exit_codes(frcnn_command, api, error: Exception, code: int) -> None:
    api.raises = error
    outcome = frcnn_command("train", "--data", "d")
    assert outcome.code == code
    assert outcome.err == f"{error}\n"


def test_errors_as_json(frcnn_command, api) -> None:
    api.raises = AnnotationError("RC299", "a.xml:3", "bad", got="1", want="2", fix="mend")
    outcome = frcnn_command("train", "--data", "d", "--json")
    assert json.loads(outcome.out) == {
        "code": "RC299",
        "place": "a.xml:3",
        "what": "bad",
        "got": "1",
        "want": "2",
        "fix": "mend",
    }
    assert "error[RC299] a.xml:3: bad" in outcome.err


@pytest.mark.parametrize(
    ("strict", "failures", "is_empty", "code"),
    [
        (False, 2, False, 0),
        (False, 2, True, 3),
        (True, 2, False, 3),
        (True, 0, False, 0),
        (False, 0, True, 0),
    ],
)
def test_bad_pictures_fail_only_strict_predictions_and_those_without_a_good_one(
    frcnn_command, api, *, strict: bool, failures: int, is_empty: bool, code: int
) -> None:
    fault = Problem(code="RC102", place="a\n.jpg", what="cut short", fix="copy it again")
    api.failures, api.is_empty = [fault] * failures, is_empty
    words = ["predict", "r", "a"] + ["--strict"] * strict
    outcome = frcnn_command(*words)
    assert outcome.code == code
    told = "error[RC102] a\\n.jpg: cut short\n  fix: copy it again\n"
    assert outcome.err == (told if code else "")


def test_options_from_a_file(frcnn_command, api, tmp_path: Path) -> None:
    path = tmp_path / "o.yaml"
    path.write_text("conf: 0.25\nsave: csv\n")
    assert frcnn_command("predict", "r", "a", "--config", str(path), "--conf", "0.5").code == 0
    assert api.calls[0][2] == {"conf": 0.5, "save": ("csv",)}
    path.write_text("conf: 0.25\nsvae: csv\n")
    outcome = frcnn_command.refused(["predict", "r", "a", "--config", str(path)], "RC344")
    assert f"{path}:2:1" in outcome.err


def test_settings_of_a_training_are_not_options(frcnn_command, api, tmp_path: Path) -> None:
    """`train --config` holds settings; the library reads them."""
    assert frcnn_command("train", "--data", "d", "--config", "c.yaml").code == 0
    assert api.calls[0][2] == {"config": "c.yaml"}


class TestDoctor:
    def test_all_is_well(self, frcnn_command, healthy: list[Check]) -> None:
        outcome = frcnn_command("doctor")
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out == "ok       torch  2.15.0\nall that was tried works\n"

    def test_something_is_broken(self, frcnn_command, healthy: list[Check]) -> None:
        healthy.append(Check(name="nms", state="broken", found="gone", fix="install anew"))
        outcome = frcnn_command("doctor")
        assert outcome.code == 2
        assert "fix: install anew" in outcome.out

    def test_json(self, frcnn_command, healthy: list[Check]) -> None:
        outcome = frcnn_command("doctor", "--json")
        assert json.loads(outcome.out) == {
            "ok": True,
            "machine": {"cores": 2},
            "checks": [{"name": "torch", "state": "ok", "found": "2.15.0", "fix": ""}],
        }


@pytest.mark.parametrize("kind", ["json", "csv", "images"])
def test_a_second_word_of_save_is_no_source(frcnn_command, api, kind: str) -> None:
    outcome = frcnn_command.refused(["predict", "run", "photos", "--save", "images", kind], "RC307")
    assert f"got {kind!r}" in outcome.err
    assert "--save images,json" in outcome.err
    assert api.calls == []


@pytest.mark.parametrize("words", [["images"], ["json", "--save", "csv"]])
def test_a_source_that_is_missing_is_not_blamed_on_save(frcnn_command, api, words) -> None:
    frcnn_command("predict", "run", *words)
    assert api.calls[0][1] == ("run", (words[0],))


def test_a_folder_of_that_name_is_one(frcnn_command, api, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images").mkdir()
    frcnn_command("predict", "run", "images")
    assert api.calls[0][1] == ("run", ("images",))
