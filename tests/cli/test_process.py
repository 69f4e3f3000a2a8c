"""How the process ends: each thing that can be raised, its exit code, and what is shown."""

import contextlib
import errno
import json
import os
import signal
import sys
import threading

import pytest

from frcnn.cli import process
from frcnn.errors import ConfigError, FrcnnError


def ended(error: BaseException | None, *words: str) -> int:
    def run() -> int:
        if error is not None:
            raise error
        return 0

    return process.guarded(run, words)


def test_what_the_verb_says() -> None:
    for code in (0, 3):
        assert process.guarded(lambda code=code: code, []) == code


class TestOurErrors:
    def test_two_lines(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert ended(ConfigError("RC399", "a", "b", got="1", want="2", fix="c")) == 2
        out, err = capsys.readouterr()
        assert (out, err) == ("", "error[RC399] a: b; got 1, want 2\n  fix: c\n")

    def test_the_traceback_only_under_debug(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert ended(ConfigError("RC399", "a", "b", fix="c"), "train", "--debug") == 2
        err = capsys.readouterr().err
        assert "Traceback" in err
        assert err.endswith("error[RC399] a: b\n  fix: c\n")

    def test_words_after_two_dashes_are_no_options(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ended(ConfigError("RC399", "a", "b", fix="c"), "predict", "--", "--debug", "--json")
        out, err = capsys.readouterr()
        assert out == ""
        assert "Traceback" not in err

    def test_as_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        ended(ConfigError("RC399", "a\n", "b", fix="c"), "--json")
        assert json.loads(capsys.readouterr().out)["place"] == "a\n"

    def test_names_of_files_stay_on_their_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        ended(ConfigError("RC399", "a\nb\x1b[2J\udcff.jpg", "w", got="x\ry", fix="c\td"))
        err = capsys.readouterr().err
        assert err == ("error[RC399] a\\nb\\x1b[2J\\udcff.jpg: w; got x\\ry\n  fix: c\\td\n")


class TestBugs:
    def test_one_error_and_no_traceback(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert ended(ZeroDivisionError("division by zero")) == 1
        assert capsys.readouterr().err.splitlines() == [
            "error[RC001] frcnn: this is a bug of frcnn; "
            "got ZeroDivisionError: division by zero, want no exception",
            "  fix: run it again with --debug and report what it shows",
        ]

    @pytest.mark.parametrize(
        "error", [KeyError(), RecursionError("deep"), ExceptionGroup("two", [ValueError("x")])]
    )
    def test_of_all_kinds(self, capsys: pytest.CaptureFixture[str], error: Exception) -> None:
        assert ended(error) == 1
        assert f"got {type(error).__name__}" in capsys.readouterr().err

    def test_with_its_traceback_under_debug(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert ended(KeyError("x"), "--debug") == 1
        assert "Traceback" in capsys.readouterr().err

    def test_many_lines_become_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        ended(RuntimeError("one\ntwo\nthree"))
        assert len(capsys.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (MemoryError(), "RC002", 1),
        (RuntimeError("could not create a primitive"), "RC002", 1),
        (ModuleNotFoundError("No module named 'safetensors'", name="safetensors"), "RC003", 1),
        (ModuleNotFoundError("No module named 'frcnn.x'", name="frcnn.x"), "RC001", 1),
        (ImportError("cannot import name"), "RC001", 1),
        (OSError(errno.ENOSPC, "No space left on device", "a.txt"), "RC601", 6),
        (OSError(errno.EROFS, "Read-only file system", "a.txt"), "RC602", 6),
        (PermissionError(errno.EACCES, "Permission denied", "a.txt"), "RC602", 6),
        (OSError(errno.EIO, "Input/output error"), "RC603", 6),
        (FileNotFoundError(errno.ENOENT, "No such file", "a.txt"), "RC001", 1),
    ],
)
def test_what_is_not_ours_but_no_bug(
    capsys: pytest.CaptureFixture[str], error: Exception, code: str, exit_code: int
) -> None:
    assert ended(error) == exit_code
    err = capsys.readouterr().err
    assert err.startswith(f"error[{code}] ")
    assert "  fix: " in err


class _Stopped(KeyboardInterrupt):
    exit_code = 143


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (_Stopped("stopped after step 7"), 143, "interrupted: stopped after step 7\n"),
        (process.Terminated(), 143, "terminated\n"),
        (SystemExit(5), 5, ""),
        (SystemExit(None), 0, ""),
        (SystemExit("text"), 1, ""),
    ],
)
def test_interruptions(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, text: str
) -> None:
    assert ended(error) == code
    assert capsys.readouterr().err == text


def test_sigterm_unwinds_the_stack_and_the_old_handler_returns() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def run() -> int:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.sigtimedwait([], 5)
        finally:
            seen.append("unwound")
        return 0

    assert process.guarded(run, []) == 143
    assert seen == ["unwound"]
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_does_not_disturb_the_last_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    real = process._say

    def say(text: str) -> None:
        os.kill(os.getpid(), number)
        real(text)

    monkeypatch.setattr(process, "_say", say)
    assert ended(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_a_second_signal_just_before_the_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def hear_no_more() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise process.Terminated

    monkeypatch.setattr(process, "_hear_no_more", hear_no_more)
    assert ended(KeyboardInterrupt()) == 143


@pytest.mark.parametrize(
    ("first", "code", "text"),
    [
        (ConfigError("RC399", "a", "b", fix="c"), 2, "error[RC399] a: b\n  fix: c\n"),
        (_Stopped("stopped; go on with: x"), 143, "interrupted: stopped; go on with: x\n"),
        (SystemExit(5), 5, ""),  # another process tells
        (KeyboardInterrupt(), 143, "terminated\n"),
        (KeyError("looked up"), 143, "terminated\n"),
    ],
)
def test_sigterm_does_not_take_the_place_of_what_is_to_be_told(
    capsys: pytest.CaptureFixture[str], first: BaseException, code: int, text: str
) -> None:
    """A launcher sends it as soon as another process has ended because of the same."""

    def run() -> int:
        try:
            raise first
        finally:
            with contextlib.suppress(OSError):
                raise OSError
            os.kill(os.getpid(), signal.SIGTERM)
            signal.sigtimedwait([], 5)

    assert process.guarded(run, []) == code
    assert capsys.readouterr().err == text


def test_an_error_that_was_dealt_with_is_not_told_at_sigterm(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run() -> int:
        with contextlib.suppress(ConfigError):
            raise ConfigError("RC399", "a", "b", fix="c")
        os.kill(os.getpid(), signal.SIGTERM)
        signal.sigtimedwait([], 5)
        return 0

    assert process.guarded(run, []) == 143
    assert capsys.readouterr().err == "terminated\n"


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    codes = []
    thread = threading.Thread(target=lambda: codes.append(ended(None)))
    thread.start()
    thread.join()
    assert codes == [0]


def test_a_broken_pipe_inside_the_program_is_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(BrokenPipeError(errno.EPIPE, "Broken pipe")) == 1
    assert "error[RC001]" in capsys.readouterr().err


class _Gone:
    """A stdout whose reader has left."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def write(self, _: str) -> int:
        raise self.error

    def flush(self) -> None:
        raise self.error

    def fileno(self) -> int:
        raise ValueError("no file")


@pytest.mark.parametrize(
    ("raised", "flushed", "code"),
    [
        (None, BrokenPipeError(), 141),
        (BrokenPipeError(), BrokenPipeError(), 141),
        (None, OSError(errno.ENOSPC, "full"), 6),
        (ConfigError("RC399", "a", "b", fix="c"), OSError(errno.ENOSPC, "full"), 2),
        (None, ValueError("closed"), 1),
    ],
)
def test_a_stdout_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException | None,
    flushed: Exception,
    code: int,
) -> None:
    monkeypatch.setattr(sys, "stdout", _Gone(flushed))
    assert ended(raised) == code


def test_a_stderr_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", _Gone(BrokenPipeError()))
    assert ended(ConfigError("RC399", "a", "b", fix="c")) == 2


def test_every_error_of_ours_keeps_its_exit_code() -> None:
    for kind in FrcnnError.__subclasses__():
        assert 2 <= kind.exit_code <= 6
