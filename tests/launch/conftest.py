"""Runs as a person starts them, small enough for tests."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from frcnn.launch import measure, run


@pytest.fixture(autouse=True)
def _thin(thin_backbone: None) -> None:
    """Every ResNet-18 here is a thin one."""


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No published weights: none in a cache, none to be downloaded."""
    monkeypatch.setenv("FRCNN_OFFLINE", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no-cache"))


@pytest.fixture
def pictures() -> None:
    """Asked for by a test that wants curves and plots drawn."""


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Curves and plots take longer than the rest of a tiny run; they are drawn where asked for."""
    if "pictures" not in request.fixturenames:
        monkeypatch.setattr(run, "draw_curves", lambda *_: None)
        monkeypatch.setattr(measure, "draw_plots", lambda *_: None)
        monkeypatch.setattr(measure, "draw_proposal_plots", lambda *_: None)


@pytest.fixture
def options(tiny: Sequence[str], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Options of a tiny training: `options("training.seed=1", init=path)`."""

    def make(*settings: str, **more: Any) -> dict[str, Any]:
        own = {"model": "resnet18", "out": tmp_path / "runs", "device": "cpu", "quiet": True}
        return {**own, "settings": [*tiny, *settings], **more}

    return make


@pytest.fixture
def said() -> list[str]:
    """What was said, line by line; pass `said.append`."""
    return []
