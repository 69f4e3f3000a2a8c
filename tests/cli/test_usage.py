"""Mistakes on the command line: each says where, what, and what to type instead."""

import pytest
from cyclopts import App, CombinedShortOptionError, CycloptsError

from frcnn.cli import usage
from frcnn.errors import ConfigError


@pytest.mark.parametrize(
    ("words", "code", "place", "pieces"),
    [
        (["tran"], "RC302", "frcnn", ["'tran'", "demo, train, eval", "did you mean train?"]),
        (["TRAIN"], "RC302", "frcnn", ["frcnn --help"]),
        (["zzz"], "RC302", "frcnn", ["see `frcnn --help`"]),
        (["--epochs", "3"], "RC302", "frcnn", ["put options after the verb"]),
        (["-q", "train"], "RC302", "frcnn", ["as in: frcnn demo -q"]),
        (["presets", "lst"], "RC302", "frcnn presets", ["list, show", "did you mean list?"]),
        (["train", "--epoch", "3"], "RC301", "frcnn train", ["did you mean --epochs?"]),
        (["train", "--imgsz", "640"], "RC301", "frcnn train", ["`frcnn train --help`"]),
        (["train", "--p", "3"], "RC301", "frcnn train", ["--patience or --precision"]),
        (["train", "-x"], "RC301", "frcnn train", ["-x"]),
        (["train", "-qx"], "RC301", "frcnn train", ["-x"]),
        (["train", "-z1"], "RC301", "frcnn train", ["-z"]),
        (["train", "--hlep"], "RC301", "frcnn train", ["--help"]),
        (["train", "--"], "", "", []),
        (["train", "data/"], "RC307", "frcnn train", ["'data/'", "did you mean --data data/?"]),
        (["train", "--data", "d", "more"], "RC307", "frcnn train", ["is a `--` missing"]),
        (["eval", "run", "data"], "RC307", "frcnn eval", ["did you mean --data data?"]),
        (["train", "epochs=3"], "RC307", "frcnn train", ["did you mean --epochs 3?"]),
        (["train", "max_det=3"], "RC307", "frcnn train", ["did you mean --max-det 3?"]),
        (["eval"], "RC303", "frcnn eval RUN", ["is missing", "frcnn eval --help"]),
        (["eval", "a", "b"], "RC307", "frcnn eval", ["'b'"]),
        (["predict"], "RC303", "frcnn predict RUN", ["is missing"]),
        (["propose", "a"], "RC303", "frcnn propose --out", ["--out proposals.safetensors"]),
        (["predict", "a"], "RC303", "frcnn predict SOURCE", ["frcnn predict a photos/"]),
        (["presets", "show"], "RC303", "frcnn presets show NAME", ["is missing"]),
        (["train", "--json=3"], "RC304", "--json", ["takes no value", "'3'"]),
        (["train", "--seed", "x"], "RC304", "--seed", ["a whole number", "--seed 8"]),
        (["train", "--batch", "0"], "RC305", "--batch", ["got 0", "1 ... 4096"]),
        (["train", "--epochs", "0"], "RC305", "--epochs", ["more than 0"]),
        (["predict", "a", "b", "--iou", "1.01"], "RC305", "--iou", ["above 0, up to 1"]),
        (["train", "--seed", "1", "--seed", "2"], "RC306", "--seed", ["given twice", "'2'"]),
        (["eval", ""], "RC304", "argument", ["a name or a path"]),
    ],
)
def test_golden(frcnn_command, words: list[str], code: str, place: str, pieces: list[str]) -> None:
    if not code:
        assert frcnn_command(*words).code == 0
        return
    words = [*words]
    if words[1:] == ["--json=3"]:
        assert "error[RC304] --json: takes no value" in frcnn_command(*words).err
        return
    outcome = frcnn_command.refused(words, code)
    assert outcome.err.startswith(f"error[{code}] {place}: ")
    for piece in pieces:
        assert piece in outcome.err


def test_negative_numbers_are_values_and_not_options(frcnn_command) -> None:
    outcome = frcnn_command.refused(["train", "--epochs", "-3"], "RC305")
    assert "got -3, want more than 0" in outcome.err


def test_words_after_two_dashes_are_sources(frcnn_command, api) -> None:
    assert frcnn_command("predict", "run", "--", "-odd-name.jpg", "--json").code == 0
    assert api.calls[0][1] == ("run", ("-odd-name.jpg", "--json"))


def test_a_long_word_is_cut(frcnn_command) -> None:
    outcome = frcnn_command.refused(["train", "--seed", "x" * 5000], "RC304")
    assert len(outcome.err) < 300


def test_control_characters_do_not_reach_the_terminal(frcnn_command) -> None:
    for word in ("\x1b[31mred", "two\nlines", "a\rb", "\x00", "\u202e"):
        outcome = frcnn_command.refused(["train", f"--{word}", "1"], "RC301")
        assert word not in outcome.err


def test_our_own_error_beneath_is_taken() -> None:
    ours = ConfigError("RC399", "here", "wrong", fix="mend it")
    error = CycloptsError(msg="outer")
    error.__cause__ = ours
    assert usage.in_our_words(error) is ours


def test_whatever_else_the_parser_says() -> None:
    error = CombinedShortOptionError(msg="Cannot combine\n flags -a and  -b")
    got = usage.in_our_words(error)
    assert (got.code, got.place, got.got) == ("RC309", "frcnn", "Cannot combine flags -a and -b")
    assert got.fix


def test_a_wrong_value_without_a_word_of_its_own() -> None:
    parser = App()

    @parser.default
    def run(*, pair: tuple[int, int]) -> None:
        """Take two."""

    with pytest.raises(CycloptsError) as caught:
        parser.parse_args(["--pair", "1", "x"], print_error=False, exit_on_error=False)
    got = usage.in_our_words(caught.value)
    assert (got.code, got.place, got.got) == ("RC304", "--pair", "'x'")


@pytest.mark.parametrize(
    ("word", "known", "near"),
    [
        ("--ep", ["--epochs", "--data"], "--epochs"),
        ("--max_det", ["--max-det", "--model"], "--max-det"),
        ("--confidence", ["--conf", "--config"], "--conf"),
        ("--threshold", ["--conf", "--epochs"], "--conf"),
        ("--imgsz", ["--set", "--seed"], "--set model.pictures.shorter_side=N"),
        ("--learning_rate", ["--set"], "--set training.optimizer.learning_rate=X"),
        ("--weights", ["--init", "--data"], "--init RUN, or --backbone-weights FILE"),
        ("--weights", ["--data"], None),
        ("--ba", ["--batch"], "--batch"),
        ("--zzzzz", ["--epochs"], None),
        ("-", ["--epochs"], None),
        ("", [], None),
    ],
)
def test_nearest(word: str, known: list[str], near: str | None) -> None:
    assert usage._near(word, known) == near
