"""counting: nothing for what is quick, a line now and then for logs, a bar for people."""

import io

import pytest

from frcnn.prediction import counting
from frcnn.prediction.counting import FIRST_AFTER, NEXT_AFTER


class Terminal(io.StringIO):
    """A stream that is watched by a person."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands at the last number of this list."""
    times = [100.0]
    monkeypatch.setattr(counting.time, "monotonic", lambda: times[-1])
    return times


def test_what_is_quick_shows_nothing(clock: list[float]) -> None:
    stream = io.StringIO()
    with counting.counting("pictures", 3, stream) as tell:
        for done in (1, 2, 3):
            clock.append(100 + FIRST_AFTER * done / 4)
            tell(done)
    assert stream.getvalue() == ""


def test_a_line_now_and_then(clock: list[float]) -> None:
    stream = io.StringIO()
    with counting.counting("pictures", 100, stream) as tell:
        for done in range(1, 101):  # one a second
            clock.append(100.0 + done)
            tell(done)
    first, step = int(FIRST_AFTER), int(NEXT_AFTER)
    want = [f"{done} of 100 pictures" for done in range(first, 100, step)]
    assert stream.getvalue().splitlines() == want


def test_nothing_at_all(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with counting.uncounted("pictures", 100) as tell:
        clock.append(1000.0)
        tell(50)
    assert capsys.readouterr() == ("", "")


def test_the_end_is_for_the_result_to_tell(clock: list[float]) -> None:
    stream = io.StringIO()
    with counting.counting("pictures", 1, stream) as tell:
        clock.append(1000.0)
        tell(1)
    assert stream.getvalue() == ""


def test_to_stderr_by_itself(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with counting.counting("pictures", 9) as tell:
        clock.append(200.0)
        tell(4)
    assert capsys.readouterr() == ("", "4 of 9 pictures\n")


def test_a_bar_on_a_terminal_that_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with counting.counting("pictures", 4, stream) as tell:
        for done in range(1, 5):
            tell(done)
    text = stream.getvalue()
    assert "pictures" in text
    assert "4/4" in text
    assert text.endswith("\x1b[2K"), "the line is wiped"


def test_an_error_passes_through() -> None:
    with pytest.raises(KeyError), counting.counting("pictures", 4, Terminal()):
        raise KeyError("x")


def test_an_end_that_nobody_knows(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with counting.counting("frames", None) as tell:
        clock.append(200.0)
        tell(4)
    assert capsys.readouterr() == ("", "4 frames\n")
    with counting.counting("frames", None, Terminal()) as tell:
        tell(4)


def test_nothing_to_count() -> None:
    with counting.counting("pictures", 0, io.StringIO()):
        pass
    counting.silent(3)
