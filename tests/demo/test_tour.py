"""The tour: every step is one that its commands repeat, on scenes that are drawn once."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from frcnn.cli import app
from frcnn.data.dataset import Dataset
from frcnn.demo import tour
from frcnn.demo.tour import Tour, TourOptions, take_tour
from frcnn.errors import ConfigError, DiskError
from frcnn.prediction.sources import expand
from frcnn.training.progress import Quiet
from frcnn.weights.file import read_header

CLASSES = ("five", "four", "one", "six", "three", "two")
SETTINGS = (
    "model.pictures.shorter_side=60",
    "model.pictures.longer_side=80",
    "model.rpn.channels=16",
    "model.box_head.width=16",
    "training.batches.size=4",
    "training.schedule.warmup_steps=1",
)


def asked(out: Path, **more: Any) -> TourOptions:
    """The smallest tour there is: eight scenes, seen once."""
    small = {"scenes": 8, "epochs": 1.0, "seed": 3, "device": "cpu", "precision": "float32"}
    return {**small, "settings": SETTINGS, "out": out, "quiet": True, **more}  # type: ignore[return-value]


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the tour said."""
    return []


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory, said: list[str]) -> Tour:
    """A tour from its start to its end."""
    out = tmp_path_factory.mktemp("my runs")  # a blank, as many folders have
    return take_tour(asked(out), Quiet(), said.append)


def words_of(command: str) -> list[str]:
    """A printed command as a shell reads it, without the program's name."""
    first, *rest = shlex.split(command)
    assert first == "frcnn"
    return rest


def understood(command: str) -> tuple[str, dict[str, Any]]:
    """Parse a command with the real command line; nothing is run."""
    verb, bound, _ = app.build().parse_args(
        words_of(command), print_error=False, exit_on_error=False
    )
    options = bound.kwargs.get("options") or bound.arguments["options"]
    return verb.__name__.rstrip("_"), vars(options)


def test_scenes_are_a_data_set_in_voc_layout(taken: Tour) -> None:
    data = Dataset.open(taken.scenes)
    assert taken.scenes.name == "dice-8-seed3"
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 8,
        "val": 1,
        "test": 2,
    }
    assert set(data.classes) <= set(CLASSES)
    assert not data.report.errors


def test_the_run_was_trained_as_asked(taken: Tour) -> None:
    assert taken.run.parent == taken.scenes.parent
    assert taken.run.name == "dice-8-seed3-001"
    assert len((taken.run / "metrics.jsonl").read_text().splitlines()) == 2  # 8 scenes, 4 a step
    config = (taken.run / "config.yaml").read_text()
    assert "preset: resnet18_scratch" in config
    assert "started_from: random numbers" in config
    assert "seed: 3" in config


def test_measured_on_scenes_that_training_never_met(taken: Tour) -> None:
    assert (taken.measured.split, taken.measured.figures.pictures) == ("test", 2)
    assert (taken.measured.folder / "metrics.json").is_file()


def test_pictures_with_boxes_of_the_test_scenes(taken: Tour) -> None:
    assert taken.predicted.out == taken.run / "predictions"
    assert (taken.predicted.done, taken.predicted.failures) == (2, ())
    written = json.loads((taken.predicted.out / "predictions.json").read_text())
    test = Dataset.open(taken.scenes).split("test").records
    assert [row["path"] for row in written["pictures"]] == [str(r.path) for r in test]
    assert written["run"]["sha256"] == read_header(taken.run / "best.safetensors").sha256
    assert len(list((taken.predicted.out / "pictures").iterdir())) == 2


def test_what_it_said(taken: Tour, said: list[str]) -> None:
    assert said[0] == f"drawing 11 scenes with dice into {taken.scenes}"
    assert f"run {taken.run}" in said
    assert "evaluating on the test scenes" in said


def test_what_a_person_reads(taken: Tour) -> None:
    text = str(taken)
    assert text.startswith("COCO AP ")
    assert taken.measured.figures.table() in text
    assert f"pictures with boxes: {taken.predicted.out}" in text
    curves = taken.run / "plots" / "curves.png"
    assert f"curves: {curves}" in text
    assert curves.is_file()
    assert text.splitlines()[-3:] == [f"  {command}" for command in taken.commands]


def test_what_a_program_reads(taken: Tour) -> None:
    answer = json.loads(json.dumps(taken.to_json(), allow_nan=False))
    assert answer == {
        "scenes": str(taken.scenes),
        "run": str(taken.run),
        "evaluation": taken.measured.to_json(),
        "predictions": str(taken.predicted.out),
        "commands": list(taken.commands),
    }


class TestCommands:
    def test_train(self, taken: Tour) -> None:
        verb, options = understood(taken.commands[0])
        assert verb == "train"
        given = {name: value for name, value in options.items() if value not in (None, False, ())}
        assert given == {
            "data": str(taken.scenes),
            "model": "resnet18_scratch",
            "backbone_weights": "none",
            "epochs": 1.0,
            "seed": 3,
            "device": "cpu",
            "precision": "float32",
            "settings": SETTINGS,
            "out": str(taken.scenes.parent),
        }

    def test_eval(self, taken: Tour) -> None:
        verb, options = understood(taken.commands[1])
        assert verb == "eval"
        assert words_of(taken.commands[1])[1] == str(taken.run)
        assert (options["split"], options["device"]) == ("test", "cpu")
        assert options["precision"] == "float32"

    def test_predict(self, taken: Tour) -> None:
        verb, options = understood(taken.commands[2])
        assert verb == "predict"
        assert (options["conf"], options["precision"]) == (0.5, "float32")
        words = words_of(taken.commands[2])
        sources = words[2 : words.index("--conf")]
        written = json.loads((taken.predicted.out / "predictions.json").read_text())
        found = expand(sources)
        assert [str(p.path) for p in found.pictures] == [r["path"] for r in written["pictures"]]
        assert written["run"]["conf"] == 0.5

    def test_what_was_not_asked_for_is_not_there(self, taken: Tour) -> None:
        plain = tour._commands(taken.scenes, taken.run, ["a b.jpg"], {"model": "resnet18"})
        assert shlex.split(plain[0])[2:] == ["--data", str(taken.scenes), "--model", "resnet18"]
        assert plain[1] == shlex.join(["frcnn", "eval", str(taken.run), "--split", "test"])
        assert plain[2].endswith("'a b.jpg' --conf 0.5")


def test_many_test_scenes_are_named_by_a_pattern(tmp_path: Path) -> None:
    """Ten and more: the pattern stands for ten test scenes and no other."""
    folder = tour._scenes({"scenes": 34, "out": tmp_path}, lambda _: None)
    (pattern,) = tour._sources(folder)
    assert pattern == str(folder / "JPEGImages" / "scene_0000?.jpg")
    test = Dataset.open(folder).split("test").records
    assert len(test) == 10
    assert [p.path for p in expand([pattern]).pictures] == [r.path for r in test]


def test_scenes_that_were_drawn_before_are_taken(taken: Tour) -> None:
    before = {p: p.stat().st_mtime_ns for p in taken.scenes.rglob("*")}
    said: list[str] = []
    again = take_tour(asked(taken.scenes.parent), Quiet(), said.append)
    assert said[0] == f"scenes {taken.scenes}, drawn before"
    assert again.scenes == taken.scenes
    assert {p: p.stat().st_mtime_ns for p in taken.scenes.rglob("*")} == before
    assert again.run.name == "dice-8-seed3-002", "a run is never overwritten"
    assert again.measured.figures.to_json() == taken.measured.figures.to_json()


def test_what_is_no_scenes_of_ours_is_never_taken_for_them(tmp_path: Path) -> None:
    folder = tmp_path / "dice-8-seed3"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match="RC331"):
        take_tour(asked(tmp_path), Quiet(), lambda _: None)
    assert [path.name for path in tmp_path.rglob("*")] == ["dice-8-seed3", "mine.txt"]


def test_another_seed_or_number_means_other_scenes(tmp_path: Path) -> None:
    folders = [
        tour._scenes({"scenes": 8, "seed": seed, "out": tmp_path}, lambda _: None)
        for seed in (0, 1)
    ]
    first, second = ((f / "JPEGImages" / "scene_00000.jpg").read_bytes() for f in folders)
    assert first != second


def test_it_tells_how_far_drawing_has_come(tmp_path: Path, monkeypatch) -> None:
    def draw(folder: Path, config: Any, progress: Any) -> None:
        for done in range(1, config.count + 1):
            progress(done, config.count)

    monkeypatch.setattr(tour, "draw_scenes", draw)
    said: list[str] = []
    tour._scenes({"out": tmp_path}, said.append)
    assert said[0].startswith("drawing 600 scenes with dice into ")
    assert said[1:] == [f"  {done} of 600" for done in range(100, 600, 100)]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"settings": ("model.pictures.shorter=9",)}, "RC344"),
        ({"epochs": -1.0}, "RC350"),
        ({"device": "tpu"}, "RC360"),
        ({"precision": "float16"}, "RC363"),
        ({"settings": ("model.classes=5",)}, "RC359"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_drawn(
    tmp_path: Path, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        take_tour(asked(tmp_path, **given), Quiet(), lambda _: None)
    assert raised.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DiskError) as raised:
        take_tour(asked(tmp_path / "file" / "runs"), Quiet(), lambda _: None)
    assert raised.value.exit_code == 6
    assert (tmp_path / "file").read_text() == "mine"
