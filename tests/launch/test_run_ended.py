"""How a run ends early: what ended it is told, whatever comes while the rest is tidied up."""

import contextlib
import io
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from frcnn.cli import process
from frcnn.launch import run as run_module
from frcnn.launch.run import launch, train
from frcnn.run_folder import RunFolder
from frcnn.training import checkpoint
from frcnn.training.distributed import World
from frcnn.training.progress import Quiet
from frcnn.training.signals import Interrupted
from frcnn.training.step import StepReport

SHORT = ("training.schedule.steps=2", "training.evaluation.loss_pictures=1")


@pytest.fixture
def ended(rectangles: Path, options: Callable, said: list[str]) -> RunFolder:
    """A run of two steps."""
    launched = launch(rectangles, options(*SHORT, backbone_weights="none"), said.append)
    train(launched, Quiet())
    return launched.job.run


@pytest.fixture
def together(in_processes: Callable) -> Callable[..., list[Any]]:
    """Trains by two processes, and plays their launcher: it ends the leader after the other.

    `together(source, options, wait)` gives exit code and stderr of each; the launcher waits so many
    seconds before it does so.
    """

    def run(source: Path | None, options: dict[str, Any], wait: float) -> list[Any]:
        def work(world: World) -> tuple[int, str]:
            pids = world.gathered(os.getpid)

            def main() -> int:
                try:
                    train(launch(source, options, lambda _: None, world=world), Quiet())
                finally:
                    if not world.leads:
                        time.sleep(wait)
                        with contextlib.suppress(ProcessLookupError):  # it has told
                            os.kill(pids[0], signal.SIGTERM)
                return 0

            with contextlib.redirect_stderr(io.StringIO()) as shown:
                code = process.to_the_end(main, ["train"])
            return code, shown.getvalue()

        return in_processes(work)

    return run


def slowly(*_: Any) -> None:
    """Draw curves on a slow disk: matplotlib alone may take seconds to be imported there."""
    time.sleep(5)


@pytest.mark.parametrize("wait", [0, 1])
def test_an_error_of_two_processes_is_told_although_the_launcher_ends_the_leader(
    ended: RunFolder, together: Callable, monkeypatch: pytest.MonkeyPatch, wait: float
) -> None:
    monkeypatch.setattr(run_module, "draw_curves", slowly)
    leader, other = together(None, {"resume": ended.path, "device": "cpu"}, wait)
    assert leader.value[0] == other.value[0] == 5
    assert leader.value[1].startswith("error[RC538]")
    assert "fix: resume with --processes 1" in leader.value[1]
    assert other.value[1] == ""


@pytest.mark.parametrize("wait", [0, 0.5])
def test_a_stop_of_two_processes_is_told_although_the_launcher_ends_the_leader(
    rectangles: Path,
    options: Callable,
    together: Callable,
    monkeypatch: pytest.MonkeyPatch,
    wait: float,
) -> None:
    """Somebody asked the leader alone to stop; it saves and draws while the others are done."""
    save, saved = checkpoint.save, []

    def save_slowly(*arguments: Any) -> None:
        saved.append(arguments)
        time.sleep(1 if len(saved) > 1 else 0)
        save(*arguments)

    def stop(_: StepReport) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(checkpoint, "save", save_slowly)
    monkeypatch.setattr(run_module, "draw_curves", slowly)
    leader, other = together(rectangles, options(*SHORT, callbacks=[stop]), wait)
    assert leader.value[0] == other.value[0] == 143
    told = leader.value[1].splitlines()[-1]
    assert told.startswith("interrupted: stopped after step 1; go on with: frcnn train --resume")
    assert other.value[1] == ""
    (run,) = Path(told.split()[-1]).parent.glob("rectangles-*")
    assert len(checkpoint.checkpoints(RunFolder(run))) == 2, "as it began, and after step 1"


@pytest.mark.parametrize("cut", [KeyboardInterrupt, process.Terminated, OSError])
def test_whatever_comes_while_curves_are_drawn_the_first_error_stays(
    rectangles: Path, options: Callable, cut: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(*_: Any) -> None:
        raise cut

    def enough(_: StepReport) -> None:
        raise RuntimeError("enough")

    monkeypatch.setattr(run_module, "draw_curves", draw)
    launched = launch(rectangles, options(*SHORT, callbacks=[enough]), lambda _: None)
    with pytest.raises(RuntimeError, match="enough"):
        train(launched, Quiet())


def test_curves_are_drawn_of_a_run_that_was_stopped(
    rectangles: Path, options: Callable, pictures: None
) -> None:
    def stop(_: StepReport) -> None:
        signal.raise_signal(signal.SIGINT)

    launched = launch(rectangles, options(*SHORT, callbacks=[stop]), lambda _: None)
    with pytest.raises(Interrupted):
        train(launched, Quiet())
    assert (launched.job.run.plots / "curves.png").exists()


class StopsBetween(Quiet):
    """Sends SIGTERM where nothing is trained and nothing stored: as a scheme's step is closed."""

    def say(self, text: str) -> None:
        if text.startswith("proposals of"):
            signal.raise_signal(signal.SIGTERM)

    def begin(self, title: str) -> None:
        if title.startswith("step 2"):
            signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize("titles", [True, False])
def test_a_stop_at_any_moment_of_a_scheme_says_how_to_go_on(
    rectangles: Path, options: Callable, *, titles: bool
) -> None:
    display = StopsBetween()
    if titles:
        display.say = lambda _: None  # type: ignore[method-assign]
    launched = launch(rectangles, options(*SHORT, scheme="unshared"), lambda _: None)
    with pytest.raises(Interrupted, match=r"^stopped; go on with: frcnn train --resume") as caught:
        train(launched, display)
    assert caught.value.exit_code == 143
    again = launch(None, {"resume": launched.job.run.path, "device": "cpu"}, lambda _: None)
    train(again, Quiet())
    assert again.job.run.last.exists()
