"""--processes N: the same words once more."""

import sys
from typing import Any

import pytest

from frcnn.cli import app, several
from frcnn.cli.options import TrainOptions
from frcnn.cli.several import words_of

ALL = (
    *("train", "--data=my data", "--model=vgg16", "--epochs=2.5", "--batch=4", "--seed=0"),
    *("--set=training.schedule.steps=6", "--set", "model.anchors.sides=[16.0, 24.0]", "-q"),
    *("--json", "--device=cpu"),
)


def understood(words: tuple[str, ...] | list[str]) -> TrainOptions:
    _, bound, _ = app.build().parse_args(list(words), exit_on_error=False, print_error=False)
    options: TrainOptions = bound.arguments["options"]
    return options


def test_words_are_understood_the_same_again() -> None:
    said = understood([*ALL, "--processes=2"])
    assert said.processes == 2
    again = understood(["train", *words_of(said)])
    assert again == said
    assert understood(["train", *words_of(said, "processes")]) == understood(ALL)


def test_what_was_not_said_has_no_words() -> None:
    assert words_of(TrainOptions()) == []
    assert words_of(TrainOptions(seed=0, quiet=True)) == ["--quiet", "--seed=0"]


def test_the_verb_starts_the_others(frcnn_command: Any, api: Any, monkeypatch: Any) -> None:
    asked: list[Any] = []

    class Processes:
        @staticmethod
        def run_together(*arguments: Any) -> int:
            asked.append(arguments)
            return 4

    monkeypatch.setitem(sys.modules, "frcnn.launch.processes", Processes)
    outcome = frcnn_command("train", "--data", "x", "--processes", "2")
    assert outcome.code == 4
    assert asked == [(2, "auto", ["train", "--data=x"])]
    assert api.calls == []
    assert several.in_processes(TrainOptions(processes=3, device="cuda")) == 4
    assert asked[1] == (3, "cuda", ["train", "--device=cuda"])


def test_one_process_is_this_one(frcnn_command: Any, api: Any) -> None:
    assert frcnn_command("train", "--data", "x", "--processes", "1").code == 0
    assert api.calls[0][0] == "train"


@pytest.mark.parametrize("count", ["0", "-1", "2000"])
def test_counts_that_are_none(frcnn_command: Any, count: str) -> None:
    frcnn_command.refused(["train", "--data", "x", "--processes", count], "RC305")


def test_those_who_follow_print_nothing(frcnn_command: Any, api: Any) -> None:
    api.rank = 1
    outcome = frcnn_command("train", "--data", "x")
    assert outcome.code == 0
    assert "42" not in outcome.out
