"""FRCNN_OFFLINE forbids the network."""

import pytest

from frcnn import machine


@pytest.mark.parametrize(("value", "want"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_golden(monkeypatch: pytest.MonkeyPatch, value: str, want: bool) -> None:
    monkeypatch.setenv("FRCNN_OFFLINE", value)
    assert machine.is_offline() is want


def test_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRCNN_OFFLINE", raising=False)
    assert not machine.is_offline()
