"""A stop that loses nothing: the first Ctrl-C or SIGTERM ends the step, the second is at once.

And news of processes that died is kept back until somebody can act on it: torch's loader raises
it wherever the program happens to be, in the middle of a step too.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether somebody asked the training to stop, and by which signal."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self.signal: signal.Signals | None = None

    @property
    def exit_code(self) -> int:
        """130 for Ctrl-C, 143 for SIGTERM: 128 and the signal's number."""
        return 128 + (self.signal or signal.SIGINT)


class Interrupted(KeyboardInterrupt):
    """Training stopped on request; what was saved is enough to go on."""

    def __init__(self, step: int | None, exit_code: int, run: Path) -> None:
        """Keep where it stopped.

        Args:
            step: the last one that was taken; None between two trainings of a scheme.
            exit_code: what the process should end with.
            run: the run's folder, to say how to go on.
        """
        after = "" if step is None else f" after step {step}"
        super().__init__(f"stopped{after}; go on with: frcnn train --resume {run}")
        self.step, self.exit_code = step, exit_code

    def of(self, run: Path) -> "Interrupted":
        """Say the same of another folder: of the run that a step's folder lies in."""
        return Interrupted(self.step, self.exit_code, run)


@contextmanager
def stop_requests(listening: StopRequest | None = None) -> Iterator[StopRequest]:
    """Listen for the two signals; the handlers from before are restored at the end.

    Args:
        listening: a request for which somebody around this listens already; it is given back.

    Yields:
        The request, empty until a signal comes. Outside the main thread nothing is heard.
    """
    request = listening or StopRequest()
    if listening or not _is_main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def hear(number: int, _frame: FrameType | None) -> None:
        request.signal = signal.Signals(number)
        restore()  # a second one is at once

    try:
        for number in SIGNALS:
            signal.signal(number, hear)
        yield request
    finally:
        restore()


def ignore_interrupts(_worker: int) -> None:
    """Leave Ctrl-C, which the terminal sends to every process, to the one that trains.

    Args:
        _worker: number of the reading process this is called in.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def news_of_children_kept() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Keep news of children that died (SIGCHLD) for the moments when somebody asks.

    Yields:
        A function that makes a context; news that comes, or came before, is raised inside it by
        the handler that was in place. Outside the main thread all is as it was.
    """
    theirs = signal.getsignal(signal.SIGCHLD)
    if not _is_main_thread() or not callable(theirs):
        yield nullcontext
        return
    kept: list[int] = []

    def keep(number: int, _frame: FrameType | None) -> None:
        kept.append(number)

    @contextmanager
    def asking() -> Iterator[None]:
        signal.signal(signal.SIGCHLD, theirs)
        try:
            while kept:
                theirs(kept.pop(), None)
            yield
        finally:
            signal.signal(signal.SIGCHLD, keep)

    signal.signal(signal.SIGCHLD, keep)
    try:
        yield asking
    finally:
        signal.signal(signal.SIGCHLD, theirs)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
