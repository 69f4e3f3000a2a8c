"""Another process died, or hangs: who it is, and an end to those that would never end.

When a connection breaks, or nothing came over it in time, every process that still runs leaves a
sign of life where all can read it, in the store that the launcher keeps. Whoever left none is the
one that is lost. A stopped process can neither end itself nor be asked to: torchrun would wait
another half minute for it, so its neighbours of the same launcher end it.
"""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import torch.distributed as dist
from torch._C._distributed_c10d import TCPStore
from torch.distributed.distributed_c10d import ProcessGroup

from frcnn.errors import TrainingError

HANGS, ENDED = "RC420", "RC421"
_MOMENT = 1.0
"""Seconds for the others to leave a sign, and for the one that failed to tell first."""
_OF_CONNECTIONS = ("gloo", "nccl", "onnection closed", "onnection reset", "imed out")


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Where a process is."""

    pid: int
    launcher: str
    """The torchrun that started it, by its number in the job; empty where there is none."""
    life: str
    """Tells this start of the training from those before a restart."""

    @classmethod
    def here(cls) -> "Peer":
        """Describe this process."""
        pid = os.getpid()
        launcher = os.environ.get("GROUP_RANK", "")
        return cls(pid=pid, launcher=launcher, life=f"{pid}-{time.time_ns()}")


@dataclass(frozen=True, eq=False, kw_only=True)
class Link:
    """How the processes of a training reach each other."""

    objects: ProcessGroup
    """For plain values."""
    gradients: ProcessGroup | None = None
    statistics: ProcessGroup | None = None
    """Of batches, for their normalisation."""
    peers: tuple[Peer, ...] = field(default=())
    """All processes, in order."""


def connection_error(error: RuntimeError, link: Link, rank: int) -> TrainingError | None:
    """Say who is lost, and end it where it hangs beside us.

    Args:
        error: what an exchange between processes raised.
        link: to the others.
        rank: of this process.

    Returns:
        The error to raise instead; None where it is about something else.
    """
    text = str(error)
    if not isinstance(error, dist.DistError) and not any(word in text for word in _OF_CONNECTIONS):
        return None
    hangs = "imed out" in text or "imeout" in text
    lost = _without_sign(link, rank)
    if hangs:
        _end_neighbours(link, rank, lost)
    named = " and ".join(map(str, lost)) or "unknown"
    return TrainingError(
        HANGS if hangs else ENDED,
        f"process {rank} of {len(link.peers)}",
        "another process hangs" if hangs else "another process ended",
        got=f"no answer from process {named}",
        want="an answer in time (in training: training.distributed.timeout)"
        if hangs
        else "all of them",
        fix="see what that process or its machine said; then go on with --resume",
    )


def ended_by_signal(rank: int, size: int, name: str, pid: int) -> TrainingError:
    """Say that a signal which nobody here sent ended a process.

    Args:
        rank: of the process.
        size: how many processes there were.
        name: of the signal.
        pid: of the process.

    Returns:
        The error to raise.
    """
    return TrainingError(
        ENDED,
        f"process {rank} of {size}",
        "it was ended by a signal, and the others with it",
        got=f"{name}, pid {pid}",
        want="nobody to end it; SIGKILL may mean that memory ran out",
        fix="go on with --resume",
    )


def notes(patience: float) -> TCPStore | None:
    """Give the store that this job's launcher keeps for as long as the job lasts.

    Args:
        patience: seconds to wait for it.

    Returns:
        It; None where there is no launcher, or it cannot be reached.
    """
    address, port = os.environ.get("MASTER_ADDR"), os.environ.get("MASTER_PORT", "")
    if not address or not port.isdigit():
        return None
    with suppress(RuntimeError):
        return TCPStore(address, int(port), is_master=False, timeout=timedelta(seconds=patience))
    return None


def _without_sign(link: Link, rank: int) -> list[int]:
    store = notes(2 * _MOMENT)  # it may be gone, too
    time.sleep(_MOMENT if store is None else 0)
    if store is None or not link.peers:
        return []
    signs = [f"frcnn/alive/{peer.life}" for peer in link.peers]
    with suppress(RuntimeError):
        store.set(signs[rank], "")
        time.sleep(_MOMENT)
        return [other for other, sign in enumerate(signs) if not store.check([sign])]
    return []


def _end_neighbours(link: Link, rank: int, lost: list[int]) -> None:
    launcher = link.peers[rank].launcher if link.peers else ""
    for other in lost:
        if launcher and link.peers[other].launcher == launcher:
            with suppress(OSError):
                os.kill(link.peers[other].pid, signal.SIGKILL)
