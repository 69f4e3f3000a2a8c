"""How far a long count has come: a bar on a terminal, a plain line now and then elsewhere.

What takes less than two seconds shows nothing.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

FIRST_AFTER = 2.0
"""Seconds until something is shown."""
NEXT_AFTER = 15.0
"""Seconds between two lines."""

Tell = Callable[[int], None]
"""Told how many are done."""


def silent(_done: int) -> None:
    """Show nothing."""


Counting = Callable[[str, int | None], AbstractContextManager[Tell]]
"""`counting` or `uncounted`."""


@contextmanager
def uncounted(_what: str, _total: int | None) -> Iterator[Tell]:
    """Show nothing while it goes on.

    Yields:
        A function to be told how many are done.
    """
    yield silent


@contextmanager
def counting(what: str, total: int | None, stream: TextIO | None = None) -> Iterator[Tell]:
    """Show a count while it goes on.

    Args:
        what: is counted, as `pictures`.
        total: where it ends; None where nobody knows.
        stream: None means stderr.

    Yields:
        A function to be told how many are done.
    """
    stream = stream or sys.stderr
    if not stream.isatty():
        yield _Lines(what, total, stream)
        return
    columns = (TextColumn(what), MofNCompleteColumn(), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


class _Lines:
    """Plain lines for logs and pipes."""

    def __init__(self, what: str, total: int | None, stream: TextIO) -> None:
        self._what, self._total, self._stream = what, total, stream
        self._due = time.monotonic() + FIRST_AFTER

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if now < self._due or done == self._total:
            return
        self._due = now + NEXT_AFTER
        of = "" if self._total is None else f" of {self._total}"
        self._stream.write(f"{done}{of} {self._what}\n")
        self._stream.flush()
