"""A process that died or hangs ends the others, with a message, in time (D15)."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
import torch.distributed as dist

from frcnn.training import lost
from frcnn.training.distributed import World
from frcnn.training.lost import Link, Peer, connection_error, notes

TIMEOUT = 2.0


def joined_for_training(world: World, timeout: float) -> World:
    """Channels for training; nobody goes on before all have them."""
    ready = world.for_training(torch.device("cpu"), timeout)
    ready.gathered(lambda: None)
    return ready


def test_d15_a_process_that_is_killed(in_processes: Callable) -> None:
    def work(world: World) -> None:
        ready = joined_for_training(world, 60.0)
        if world.rank == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        ready.gathered(lambda: None)

    *left, killed = in_processes(work, 3)
    assert killed.code == -signal.SIGKILL
    for rank, ended in enumerate(left):
        assert ended.code == 4
        assert f"error[RC421] process {rank} of 3: another process ended" in ended.value
        assert "no answer from process 2, want" in ended.value
        assert "--resume" in ended.value


def test_d15_a_process_that_raises(in_processes: Callable) -> None:
    def work(world: World) -> None:
        ready = joined_for_training(world, 60.0)
        if world.rank == 1:
            raise ValueError("a bug in one of them")
        ready.gathered(lambda: None)

    left, failed = in_processes(work)
    assert failed.kind == "ValueError"
    assert "RC421" in left.value


def test_d15_a_process_that_is_stopped_is_ended_by_its_neighbour(in_processes: Callable) -> None:
    def work(world: World) -> None:
        ready = joined_for_training(world, TIMEOUT)
        if world.rank == 1:
            os.kill(os.getpid(), signal.SIGSTOP)
        ready.gathered(lambda: None)

    left, stopped = in_processes(work)
    assert "error[RC420] process 0 of 2: another process hangs" in left.value
    assert "no answer from process 1" in left.value
    assert "training.distributed.timeout" in left.value
    assert left.seconds >= TIMEOUT
    assert stopped.code == -signal.SIGKILL


def test_d15_a_process_that_is_slow_is_not_ended_on_other_machines(in_processes: Callable) -> None:
    def work(world: World) -> str:
        assert world.link is not None
        peers = tuple(replace(p, launcher=str(i)) for i, p in enumerate(world.link.peers))
        far = replace(world, link=replace(world.link, peers=peers))
        ready = far.for_training(torch.device("cpu"), 1.0)
        if world.rank == 1:
            time.sleep(4)
            return "alive"
        ready.gathered(lambda: None)
        return ""

    left, slow = in_processes(work)
    assert "RC420" in left.value
    assert slow.value == "alive"


@pytest.mark.parametrize("text", ["shapes do not match", "out of memory"])
def test_other_errors_are_about_something_else(text: str) -> None:
    link = Link(objects=None)  # type: ignore[arg-type]
    assert connection_error(RuntimeError(text), link, 0) is None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("[gloo/transport/tcp/pair.cc:538] Connection closed by peer"), "RC421"),
        (RuntimeError("Timed out waiting 2000ms for recv operation to complete"), "RC420"),
        (dist.DistBackendError("NCCL error in: ncclCommAbort"), "RC421"),
    ],
)
def test_errors_of_connections_are_known(
    monkeypatch: pytest.MonkeyPatch, error: RuntimeError, code: str
) -> None:
    monkeypatch.setattr(lost, "_MOMENT", 0.0)
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    peers = (Peer(pid=1, launcher="", life="a"), Peer(pid=2, launcher="", life="b"))
    found = connection_error(error, Link(objects=None, peers=peers), 1)  # type: ignore[arg-type]
    assert found is not None
    assert found.code == code
    assert found.place == "process 1 of 2"
    assert found.got == "no answer from process unknown"


def test_there_are_no_notes_without_a_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    assert notes(1.0) is None
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", "here")
    assert notes(1.0) is None


def test_every_life_is_another() -> None:
    assert Peer.here().life != Peer.here().life
    assert Peer.here().pid == os.getpid()
