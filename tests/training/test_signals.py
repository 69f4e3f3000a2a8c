"""Signals: the first is noted, the second is at once, and news of children waits (D07)."""

import multiprocessing
import os
import pickle
import signal
import threading
from pathlib import Path
from types import FrameType

import pytest

from frcnn.training.signals import (
    SIGNALS,
    Interrupted,
    StopRequest,
    ignore_interrupts,
    news_of_children_kept,
    stop_requests,
)


@pytest.fixture(autouse=True)
def _handlers_are_as_before() -> None:
    before = {number: signal.getsignal(number) for number in (*SIGNALS, signal.SIGCHLD)}
    yield
    after = {number: signal.getsignal(number) for number in before}
    for number, handler in before.items():
        signal.signal(number, handler)
    assert after == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_is_noted_and_the_second_is_at_once(number: signal.Signals, code: int) -> None:
    class AtOnceError(Exception):
        pass

    def at_once(_number: int, _frame: FrameType | None) -> None:
        raise AtOnceError

    before = signal.signal(number, at_once)
    with stop_requests() as stop:
        assert stop.signal is None
        signal.raise_signal(number)
        assert stop.signal == number
        assert stop.exit_code == code
        with pytest.raises(AtOnceError):
            signal.raise_signal(number)
    assert signal.getsignal(number) is at_once
    signal.signal(number, before)


def test_one_of_the_other_kind_is_a_second_one() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    with stop_requests() as stop:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert stop.signal == signal.SIGINT
    assert heard == [signal.SIGTERM]
    signal.signal(signal.SIGTERM, before)


def test_handlers_come_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="mine"), stop_requests():
        raise ValueError("mine")
    assert signal.getsignal(signal.SIGINT) == before


def test_in_another_thread_nothing_is_heard_and_nothing_fails() -> None:
    found: list[StopRequest] = []

    def work() -> None:
        with stop_requests() as stop, news_of_children_kept() as asking, asking():
            found.append(stop)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0].signal is None
    assert found[0].exit_code == 130


def test_who_listens_already_hears_it_and_the_second_is_at_once() -> None:
    # a shell lets what it starts in the background ignore Ctrl-C
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with stop_requests() as outer:
        with stop_requests(outer) as inner:
            signal.raise_signal(signal.SIGINT)
        assert inner is outer
        assert outer.signal == signal.SIGINT
        with stop_requests(outer) as later:
            assert later.signal == signal.SIGINT
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def test_an_interruption_says_how_to_go_on() -> None:
    error = Interrupted(7, 143, Path("runs/a-001"))
    assert isinstance(error, KeyboardInterrupt)
    assert str(error) == "stopped after step 7; go on with: frcnn train --resume runs/a-001"
    assert (error.step, error.exit_code) == (7, 143)
    between = Interrupted(None, 130, Path("step-1")).of(Path("runs/a-001"))
    assert str(between) == "stopped; go on with: frcnn train --resume runs/a-001"


def test_readers_leave_ctrl_c_to_the_one_that_trains() -> None:
    before = signal.getsignal(signal.SIGINT)
    ignore_interrupts(0)
    signal.raise_signal(signal.SIGINT)  # nothing
    signal.signal(signal.SIGINT, before)
    assert pickle.loads(pickle.dumps(ignore_interrupts)) is ignore_interrupts


class DeathError(Exception):
    """What a handler raises, as torch's does."""


def raises(_number: int, _frame: FrameType | None) -> None:
    raise DeathError


def a_child_dies() -> None:
    child = multiprocessing.get_context("fork").Process(target=os._exit, args=(0,))
    child.start()
    child.join()


def test_news_of_children_waits_until_somebody_asks() -> None:
    before = signal.signal(signal.SIGCHLD, raises)
    with news_of_children_kept() as asking:
        a_child_dies()  # in the middle of anything
        with pytest.raises(DeathError), asking():
            pass
        with asking():  # told once
            pass
        with pytest.raises(DeathError), asking():
            a_child_dies()
    assert signal.getsignal(signal.SIGCHLD) is raises
    signal.signal(signal.SIGCHLD, before)


def test_without_a_handler_there_is_nothing_to_keep() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with news_of_children_kept() as asking:
        a_child_dies()
        with asking():
            assert signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL
    signal.signal(signal.SIGCHLD, before)
