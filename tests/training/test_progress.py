"""What a person sees: a bar on a terminal, lines elsewhere, nothing when it was asked for."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest

from frcnn.prediction import counting
from frcnn.training import progress
from frcnn.training.progress import Bar, Lines, Quiet, Silent, display_for, losses_text, table_row
from frcnn.training.step import StepReport


def report(step: int) -> StepReport:
    return StepReport(
        step=step,
        learning_rate=0.1,
        losses={"rpn_boxes": 0.25, "head_boxes": 1.0},
        gradient_norm=None,
        pictures=("a",),
    )


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])

    def forward(seconds: float) -> None:
        now[0] += seconds

    return forward


def test_golden_texts() -> None:
    assert losses_text(report(1)) == "loss 1.250  rpn_boxes 0.250  head_boxes 1.000"
    cells = {"step": 30, "val_AP": 0.123456, "val_AP50": None}
    assert table_row(cells, ("step", "val_AP", "val_AP50", "gone")) == (
        "step 30  val_AP 0.1235  val_AP50 -  gone -"
    )


def test_a_warning_is_shown_however_little_else_is(capsys: pytest.CaptureFixture[str]) -> None:
    for display in (Lines(stream := io.StringIO()), Bar(terminal := Terminal()), Quiet()):
        display.say("a remark")
        display.warn("warning: look")
    assert stream.getvalue() == "a remark\nwarning: look\n"
    assert "warning: look" in terminal.getvalue()
    assert capsys.readouterr() == ("", "warning: look\n")


def test_what_lies_between_two_steps_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(counting.time, "monotonic", lambda: now[0])
    for display in (Lines(stream := io.StringIO()), bar := Bar(Terminal()), Quiet()):
        with display.counting("pictures", 9) as tell:
            now[0] += 3.0
            tell(4)
    assert stream.getvalue() == "4 of 9 pictures\n"
    assert bar._progress.tasks[0].fields["losses"] == "4 of 9 pictures"


def test_lines_come_now_and_then_and_at_the_end(clock: Callable[[float], None]) -> None:
    stream = io.StringIO()
    with Lines(stream) as display:
        for step in range(1, 6):
            display.step(report(step), 5)
            clock(10)
        display.say("done")
    lines = stream.getvalue().splitlines()
    assert [line.split()[1] for line in lines[:-1]] == ["1/5", "3/5", "5/5"]
    assert lines[0].endswith("? left")
    assert lines[1].endswith("0:00:20 left")
    assert lines[-1] == "done"


def test_hours_are_written_out(clock: Callable[[float], None]) -> None:
    stream = io.StringIO()
    display = Lines(stream)
    display.step(report(1), 1000)
    clock(20)
    display.step(report(2), 1000)
    assert stream.getvalue().splitlines()[1].endswith("5:32:40 left")


def test_a_bar_shows_steps_losses_and_what_is_said() -> None:
    stream = Terminal()
    with Bar(stream) as display:
        display.step(report(2), 7)
        display.say("step 2 [best]")
    text = stream.getvalue()
    assert "2/7" in text
    assert "loss 1.250" in text
    assert "step 2 [best]" in text  # brackets are not taken for markup


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_bar_keeps_step_and_time_and_cuts_the_terms(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    losses = dict.fromkeys(("rpn_objectness", "rpn_boxes", "head_classes", "head_boxes"), 0.25)
    with Bar(stream := Terminal()) as display:
        display.begin("step 2 of 4: Fast R-CNN on stored proposals")
        display.step(replace(report(12), losses=losses), 700)
    line = stream.getvalue().rpartition("\r")[2]
    for piece in ("step 2 of 4, step", "12/700", "-:--:--", "loss 1.000"):
        assert piece in line
    assert ("head_boxes 0.250" in line) == (width == 200)


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Quiet() as display:
        display.step(report(1), 2)
        display.say("never")
    assert capsys.readouterr() == ("", "")


def test_what_another_process_shows_is_not_shown_twice(capsys: pytest.CaptureFixture[str]) -> None:
    with Silent() as display:
        display.begin("step 1 of 4")
        display.step(report(1), 2)
        display.say("never")
        display.warn("warning: look")
    assert capsys.readouterr() == ("", "")


def test_the_stream_decides() -> None:
    assert isinstance(display_for(Terminal()), Bar)
    assert isinstance(display_for(io.StringIO()), Lines)
    assert isinstance(display_for(), Lines | Bar)


def test_a_display_lets_errors_through() -> None:
    for display in (Quiet(), Lines(io.StringIO()), Bar(Terminal())):
        with pytest.raises(ValueError, match="mine"), display:
            raise ValueError("mine")
