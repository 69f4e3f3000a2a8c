"""A command line whose verbs reach a stand-in for `frcnn.api`, and what it was asked."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

import frcnn
from frcnn import cli
from frcnn.data.problems import Problem


@dataclass
class StandIn:
    """Takes the place of `frcnn.api`: remembers each call, answers or raises."""

    calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    raises: BaseException | None = None
    failures: Sequence[Problem] = ()
    is_empty: bool = False
    rank: int = 0

    def to_json(self) -> Mapping[str, object]:
        return {"answer": 42}

    def __str__(self) -> str:
        return "the answer is 42"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*arguments: Any, **options: Any) -> "StandIn":
            self.calls.append((name, arguments, options))
            print("working")
            if self.raises is not None:
                raise self.raises
            return self

        return call


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    module: Any = stand_in
    monkeypatch.setitem(sys.modules, "frcnn.api", module)
    monkeypatch.setattr(frcnn, "api", module, raising=False)
    assert isinstance(frcnn, ModuleType)
    return stand_in


@dataclass
class Outcome:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


class Command:
    """Runs `frcnn` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *words: str) -> Outcome:
        code = cli.main(list(words))
        out, err = self.capsys.readouterr()
        return Outcome(code, out, err)

    def refused(self, words: Sequence[str], code: str) -> Outcome:
        """Run what must be refused: exit 2, two lines, no traceback, nothing on stdout."""
        outcome = self(*words)
        assert outcome.code == 2, outcome
        lines = outcome.err.splitlines()
        assert len(lines) == 2, outcome.err
        assert lines[0].startswith(f"error[{code}] "), outcome.err
        assert lines[1].startswith("  fix: "), outcome.err
        assert len(lines[1]) > len("  fix: ")
        assert "Traceback" not in outcome.err
        assert outcome.out == ""
        return outcome


@pytest.fixture
def frcnn_command(capsys: pytest.CaptureFixture[str], api: StandIn) -> Command:
    assert api is not None
    return Command(capsys)
