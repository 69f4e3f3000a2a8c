"""From a call to an exit code: errors in two lines, signals, broken pipes, closed streams.

Nothing but this file decides how the process ends. Everything that a verb raises comes out here.
"""

import contextlib
import errno
import json
import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

from frcnn import files, machine
from frcnn.errors import FrcnnError

BUG = 1
DISK = 6
INTERRUPTED = 130
BROKEN_PIPE = 141
TERMINATED = 143

_INTERRUPTING = (signal.SIGINT, signal.SIGTERM)
_OF_THE_DISK = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EIO,
    errno.EACCES,
    errno.EPERM,
}


class Terminated(BaseException):
    """SIGTERM came; the stack unwinds, so that locks are let go and half-written files removed."""


def guarded(run: Callable[[], int], words: Sequence[str]) -> int:
    """Run, whatever happens, and give the exit code; signals are heard as before afterwards.

    Args:
        run: the whole of the program.
        words: the command line; `--debug` and `--json` in it decide how an error is shown.

    Returns:
        What `run` returned, or the code of what it raised.
    """
    before = {number: signal.getsignal(number) for number in _INTERRUPTING}
    try:
        return to_the_end(run, words)
    finally:
        if _may_listen():
            for number, handler in before.items():
                signal.signal(number, handler)


def to_the_end(run: Callable[[], int], words: Sequence[str]) -> int:
    """The same for a process that ends then: no signal disturbs its last words.

    Args:
        run: as `guarded` has it.
        words: as `guarded` has them.

    Returns:
        As `guarded` does.
    """
    options = set(words[: words.index("--")] if "--" in words else words)
    show = _Shown(debug="--debug" in options, as_json="--json" in options)
    with _streams():
        try:
            _listen()
            code = run()
            sys.stdout.flush()
            _hear_no_more()
        except BaseException as error:  # the last line of defence
            try:
                code = _ended(show, error)
            except (KeyboardInterrupt, Terminated) as second:  # as good as the first
                code = _ended(show, second)
        return _flushed(code)


def _ended(show: "_Shown", error: BaseException) -> int:
    """Show what was raised, undisturbed by another signal."""
    _hear_no_more()
    return show(_on_its_way(error) or error)


def _on_its_way(error: BaseException) -> BaseException | None:
    """Find what SIGTERM met on its way out: a launcher sends it because of just that.

    Where one of several processes has failed, the others end at once, and their launcher ends the
    one that is about to tell.
    """
    before: BaseException | None = error if isinstance(error, Terminated) else None
    while before is not None:
        before = before.__cause__ or before.__context__
        says_how_to_go_on = isinstance(before, KeyboardInterrupt) and bool(before.args)
        if isinstance(before, FrcnnError | SystemExit) or says_how_to_go_on:
            return before
    return None


def tell(error: FrcnnError) -> None:
    """Write an error to stderr in its two lines, whatever characters are in it.

    Args:
        error: ours.
    """
    fields = {name: _one_line(value) for name, value in error.to_json().items()}
    code, place, what = fields.pop("code"), fields.pop("place"), fields.pop("what")
    fix = fields.pop("fix")
    _say(str(FrcnnError(code, place, what, **fields, fix=fix)))


class _Shown:
    """Shows what was raised, and gives its exit code."""

    def __init__(self, *, debug: bool, as_json: bool) -> None:
        self.debug, self.as_json = debug, as_json

    def __call__(self, error: BaseException) -> int:
        if isinstance(error, KeyboardInterrupt):
            _say(f"interrupted: {error}" if str(error) else "interrupted")
            code: int = getattr(error, "exit_code", INTERRUPTED)
            return code
        if isinstance(error, Terminated):
            _say("terminated")
            return TERMINATED
        if isinstance(error, SystemExit):
            return error.code if isinstance(error.code, int) else int(error.code is not None)
        if isinstance(error, BrokenPipeError) and _stdout_is_gone():
            return BROKEN_PIPE
        if self.debug:
            traceback.print_exception(error)
        ours = error if isinstance(error, FrcnnError) else _wrapped(error)
        self._print(ours)
        return ours.exit_code

    def _print(self, error: FrcnnError) -> None:
        tell(error)
        if self.as_json:
            with contextlib.suppress(OSError, ValueError):
                print(json.dumps(error.to_json()), flush=True)


def _wrapped(error: BaseException) -> FrcnnError:
    """Give what is not our error the form of one."""
    name = type(error).__name__
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("frcnn"):
        return FrcnnError(
            "RC003",
            "frcnn",
            "a package that it needs is not there",
            got=f"no {error.name}",
            want="what `pip install frcnn` installs",
            fix="install again in a fresh virtual environment, and run without python's -S",
        )
    if machine.is_out_of_memory(error):
        return FrcnnError(
            "RC002",
            "frcnn",
            "not enough memory",
            got=str(error) or name,
            want="memory for pictures, weights and gradients",
            fix="use a smaller --batch, fewer --workers, or smaller pictures",
        )
    if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
        return files.disk_error(error, Path(str(error.filename or "stdout")))
    return FrcnnError(
        "RC001",
        "frcnn",
        "this is a bug of frcnn",
        got=f"{name}: {error}" if str(error) else name,
        want="no exception",
        fix="run it again with --debug and report what it shows",
    )


def _one_line(text: str) -> str:
    """Write what would break the line, or the terminal, as an escape."""
    shown = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return "".join(shown)


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # nobody listens
        print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def _streams() -> Iterator[None]:
    """Give every stream that the caller closed to the null device, so that no file takes its place.

    Names of files that are not text are written with escapes instead of ending the program.
    """
    opened = []
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened.append(os.open(os.devnull, os.O_RDWR))  # takes the lowest number, which is this
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+" if number else "r"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    yield


def _listen() -> None:
    """Let SIGTERM unwind the stack."""
    if not _may_listen():
        return
    own = os.getpid()

    def end(_number: int, _frame: FrameType | None) -> None:
        if os.getpid() != own:  # a worker that inherited this handler
            os._exit(TERMINATED)
        raise Terminated

    signal.signal(signal.SIGTERM, end)


def _hear_no_more() -> None:
    """Ignore what would interrupt the process: it is at its end."""
    if _may_listen():
        for number in _INTERRUPTING:
            signal.signal(number, signal.SIG_IGN)


def _may_listen() -> bool:
    return threading.current_thread() is threading.main_thread()


def _stdout_is_gone() -> bool:
    """Find out whether it is our own reader who left, and not a pipe inside the program."""
    try:
        sys.stdout.flush()
        poll = select.poll()
        poll.register(sys.stdout.fileno(), select.POLLERR)
        return any(state & (select.POLLERR | select.POLLHUP) for _, state in poll.poll(0))
    except BrokenPipeError:
        return True
    except (OSError, ValueError, AttributeError):  # no file behind it, or no poll here
        return False


def _flushed(code: int) -> int:
    """Write out what is left; a reader who has gone, or a full disk, changes the code."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        return BROKEN_PIPE
    except (OSError, ValueError):
        _forget_stdout()
        return code or DISK
    return code


def _forget_stdout() -> None:
    """Send the rest to the null device, or Python complains about it at its end."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
