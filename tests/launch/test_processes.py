"""--processes: what is refused before anything starts, and how the end of a process is told."""

import logging
import os
import signal
from collections.abc import Sequence
from typing import Any

import pytest
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from frcnn import machine
from frcnn.errors import ConfigError, TrainingError
from frcnn.launch import processes
from frcnn.launch.processes import run_together


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A launcher that starts nothing: it keeps its config, its words and its environment."""
    seen: list[Any] = []

    class Launcher:
        def __init__(self, config: Any, program: str) -> None:
            seen.append(config)
            seen.append(program)

        def __call__(self, *words: str) -> None:
            seen.append(words)
            seen.append(dict(os.environ))
            seen.append(logging.root.manager.disable)
            if len(seen) > 5:
                raise seen[0]

    monkeypatch.setattr(processes, "elastic_launch", Launcher)
    monkeypatch.setattr(machine, "cores", lambda: 4)
    for name in ("OMP_NUM_THREADS", "GLOO_SOCKET_IFNAME", "WORLD_SIZE", "RANK"):
        monkeypatch.delenv(name, raising=False)
    return seen


def failed(*ends: tuple[int, int]) -> ChildFailedError:
    """What the launcher raises: rank and exit code of each that failed, the first one first."""
    failures = {
        rank: ProcessFailure(local_rank=rank, pid=70 + rank, exitcode=code, error_file="none")
        for rank, code in ends
    }
    return ChildFailedError("frcnn", failures)


def test_every_process_says_the_same_words(launched: list[Any]) -> None:
    assert run_together(2, "cpu", ["train", "--data=x"]) == 0
    config, program, words, environment, silenced = launched
    assert words == ("-m", "frcnn", "train", "--data=x")
    assert program.endswith("python") or "python" in program
    assert (config.nproc_per_node, config.max_nodes, config.max_restarts) == (2, 1, 0)
    assert (config.rdzv_endpoint, config.local_addr) == ("127.0.0.1:0", "127.0.0.1")
    assert environment["OMP_NUM_THREADS"] == "2"
    assert silenced == logging.CRITICAL
    assert logging.root.manager.disable == logging.NOTSET
    assert "OMP_NUM_THREADS" not in os.environ


def test_threads_that_were_asked_for_stay(
    launched: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    run_together(4, "cpu", ["train"])
    assert launched[3]["OMP_NUM_THREADS"] == "3"
    assert os.environ["OMP_NUM_THREADS"] == "3"


def test_more_processes_than_cores_are_refused_before_anything_starts(launched: list[Any]) -> None:
    with pytest.raises(ConfigError, match="5 processes on cpu, 4 cores") as caught:
        run_together(5, "cpu", ["train"])
    assert caught.value.code == "RC364"
    assert launched == []


def test_processes_of_processes_are_refused(
    launched: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match=r"RC308.*torchrun"):
        run_together(2, "cpu", ["train"])
    assert launched == []


def raising(launched: list[Any], error: BaseException) -> None:
    launched.append(error)


@pytest.mark.parametrize("ends", [[(1, 3), (0, 4)], [(0, 3), (1, -15)], [(1, 3)]])
def test_the_code_is_that_of_the_first_that_failed(
    launched: list[Any], ends: Sequence[tuple[int, int]]
) -> None:
    raising(launched, failed(*ends))
    assert run_together(2, "cpu", ["train"]) == 3


@pytest.mark.parametrize(("code", "name"), [(-9, "SIGKILL"), (-11, "SIGSEGV"), (-63, "63")])
def test_d15_a_signal_that_ended_a_process_is_named(
    launched: list[Any], code: int, name: str
) -> None:
    raising(launched, failed((1, code), (0, 4)))
    with pytest.raises(TrainingError, match="RC421") as caught:
        run_together(2, "cpu", ["train"])
    assert caught.value.place == "process 1 of 2"
    assert caught.value.got == f"{name}, pid 71"
    assert "--resume" in caught.value.fix


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_launcher_gives_its_code(launched: list[Any], number: int) -> None:
    raising(launched, SignalException("stop", sigval=signal.Signals(number)))
    assert run_together(2, "cpu", ["train"]) == 128 + number
