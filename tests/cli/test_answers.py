"""Answers: text or one JSON object on stdout, strictly."""

import io
import json
import sys

import pytest

from frcnn.cli.answers import alone_on_stdout, give, give_json
from frcnn.cli.options import Shared


class Found:
    def to_json(self) -> dict[str, object]:
        return {"n": 1, "name": "ä\udcff"}

    def __str__(self) -> str:
        return "one"


def test_text_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    give(Found(), Shared())
    assert capsys.readouterr().out == "one\n"
    give(Found(), Shared(json=True))
    assert json.loads(capsys.readouterr().out)["n"] == 1


def test_json_is_plain_ascii_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    give(Found(), Shared(json=True))
    out = capsys.readouterr().out
    assert out.isascii()
    assert out.count("\n") == 1


def test_json_is_indented_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    give_json({"a": 1})
    assert terminal.getvalue() == '{\n  "a": 1\n}\n'


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), {"a": [float("nan")]}])
def test_nan_is_no_json(wrong: object) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        give_json(wrong)


def test_what_is_printed_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    for options in (Shared(), Shared(json=True)):
        with alone_on_stdout(options):
            print("progress")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("progress\n", "progress\n")
