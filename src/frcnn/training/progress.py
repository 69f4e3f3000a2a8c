"""What a person sees while a network learns: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from frcnn.prediction.counting import Tell, counting, uncounted
from frcnn.training.step import StepReport

_SECONDS_BETWEEN_LINES = 15.0


class Display(Protocol):
    """Where a training reports to."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(self, *error: object) -> None:
        """End, leaving the terminal as it was."""

    def begin(self, title: str) -> None:
        """Begin a phase: say which, and count its steps anew."""

    def step(self, report: StepReport, total: int) -> None:
        """Show one step."""

    def say(self, text: str) -> None:
        """Show a line that stays."""

    def warn(self, text: str) -> None:
        """Show a line that stays, however little else is shown: it changes what comes out."""

    def counting(self, what: str, total: int) -> AbstractContextManager[Tell]:
        """Show how far something between two steps has come."""


class Quiet:
    """Shows warnings alone."""

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(self, *error: object) -> None:
        """Do nothing."""

    def begin(self, title: str) -> None:
        """Do nothing."""

    def step(self, report: StepReport, total: int) -> None:
        """Do nothing."""

    def say(self, text: str) -> None:
        """Do nothing."""

    def warn(self, text: str) -> None:
        """Write the line to stderr."""
        print(text, file=sys.stderr, flush=True)

    def counting(self, what: str, total: int) -> AbstractContextManager[Tell]:
        """Show nothing."""
        return uncounted(what, total)


class Silent(Quiet):
    """Shows nothing: another process of the same training shows it."""

    def warn(self, text: str) -> None:
        """Do nothing."""


class Lines:
    """A plain line every few seconds, for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        """Write to a stream.

        Args:
            stream: usually stderr.
        """
        self._stream = stream
        self._rate = _Rate()
        self._last = -_SECONDS_BETWEEN_LINES

    def __enter__(self) -> Self:
        """Begin to count."""
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to restore."""

    def begin(self, title: str) -> None:
        """Write the title, and measure the time anew."""
        self._rate, self._last = _Rate(), -_SECONDS_BETWEEN_LINES
        self.say(title)

    def step(self, report: StepReport, total: int) -> None:
        """Write a line if the last one is old enough, or this is the last step."""
        left = self._rate.seconds_left(report.step, total)
        now = time.monotonic()
        if now - self._last < _SECONDS_BETWEEN_LINES and report.step != total:
            return
        self._last = now
        self.say(f"step {report.step}/{total}  {losses_text(report)}  {_clock(left)} left")

    def say(self, text: str) -> None:
        """Write the line at once."""
        self._stream.write(text + "\n")
        self._stream.flush()

    def warn(self, text: str) -> None:
        """Write the line at once."""
        self.say(text)

    def counting(self, what: str, total: int) -> AbstractContextManager[Tell]:
        """Write a line now and then."""
        return counting(what, total, self._stream)


class Bar:
    """A bar that stays on its line, with the losses and the time left."""

    def __init__(self, stream: TextIO) -> None:
        """Draw on a terminal.

        Args:
            stream: usually stderr.
        """
        whole, rest = Column(no_wrap=True), Column(no_wrap=True, overflow="ellipsis", ratio=1)
        self._progress = Progress(
            TextColumn("{task.description}", table_column=whole),
            MofNCompleteColumn(table_column=whole),
            BarColumn(bar_width=10),
            TimeRemainingColumn(table_column=whole),
            TextColumn("{task.fields[losses]}", table_column=rest),  # what has no room is cut off
            console=Console(file=stream),
            speed_estimate_period=120,
            expand=True,
        )
        self._task = self._progress.add_task("step", total=None, losses="")

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the last state on the screen."""
        self._progress.stop()

    def begin(self, title: str) -> None:
        """Print the title above a bar that is empty again."""
        self.say(title)
        head, _, _ = title.partition(":")
        self._progress.reset(self._task, description=f"{head}, step", total=None, losses="")

    def step(self, report: StepReport, total: int) -> None:
        """Move the bar."""
        self._progress.update(
            self._task, completed=report.step, total=total, losses=losses_text(report)
        )

    def say(self, text: str) -> None:
        """Print above the bar."""
        self._progress.console.print(text, markup=False, highlight=False)

    def warn(self, text: str) -> None:
        """Print above the bar."""
        self.say(text)

    @contextmanager
    def counting(self, what: str, total: int) -> Iterator[Tell]:
        """Show the count where the losses stand.

        Yields:
            A function to be told how many are done.
        """
        yield lambda done: self._progress.update(self._task, losses=f"{done} of {total} {what}")


def display_for(stream: TextIO | None = None) -> Display:
    """Choose a bar on a terminal, lines elsewhere.

    Args:
        stream: None means stderr.

    Returns:
        A display that has not begun yet.
    """
    stream = stream or sys.stderr
    return Bar(stream) if stream.isatty() else Lines(stream)


def losses_text(report: StepReport) -> str:
    """Write the loss and its terms in one line."""
    terms = "  ".join(f"{name} {value:.3f}" for name, value in report.losses.items())
    return f"loss {report.total:.3f}  {terms}"


def table_row(cells: Mapping[str, float | int | None], names: Sequence[str]) -> str:
    """Write one evaluation in a line; `-` where a figure is undefined."""
    shown = (f"{name} {'-' if cells.get(name) is None else f'{cells[name]:.4g}'}" for name in names)
    return "  ".join(shown)


class _Rate:
    """Steps per second since the first one seen, evaluations included."""

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None

    def seconds_left(self, step: int, total: int) -> float | None:
        now = time.monotonic()
        if self._first is None:
            self._first = (step, now)
        done, since = step - self._first[0], now - self._first[1]
        return None if done == 0 else (total - step) * since / done


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
