"""The timer: by a clock of its own."""

import pytest

from frcnn.training import timer as timer_module
from frcnn.training.timer import Timer


def test_the_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(timer_module.time, "monotonic", lambda: now[0])
    timer = Timer(1.0)
    assert not timer.is_due
    now[0] = 160.0
    assert timer.is_due
    timer.restart()
    assert not timer.is_due
    assert Timer(0.0).is_due
