"""Several processes on this machine: torchrun's own launcher, its rendezvous on the loopback.

Every process runs the same command and finds its place in the environment. The first that fails
ends the others; what it said stands on stderr already.
"""

import logging
import os
import signal
import socket
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from torch.distributed.elastic.multiprocessing.api import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from frcnn import machine
from frcnn.errors import ConfigError
from frcnn.training.agreement import require_room
from frcnn.training.lost import ended_by_signal

_LOOPBACK = "127.0.0.1"


def run_together(processes: int, device: str, words: Sequence[str]) -> int:
    """Run frcnn in several processes, and wait for them.

    Args:
        processes: how many; their threads share this machine's cores.
        device: where each will compute, to see whether there is room.
        words: the command line of each, without the program's name.

    Returns:
        0, or the exit code of the process that failed first; 130 or 143 after a signal.

    Raises:
        ConfigError: there are more processes than cores or cards (RC364), or this process is
            one of several already (RC308).
        TrainingError: a signal that nobody here sent ended a process (RC421).
    """
    if "WORLD_SIZE" in os.environ:
        raise ConfigError(
            "RC308",
            "--processes",
            "contradicts torchrun",
            got=f"{processes} processes, in a process that torchrun started",
            want="one of the two",
            fix="leave out --processes",
        )
    require_room(processes, machine.resolve_device(device), machine.cores())
    with _environment(processes), tempfile.TemporaryDirectory() as logs:
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=processes,
            run_id=str(uuid.uuid4()),
            rdzv_backend="c10d",
            rdzv_endpoint=f"{_LOOPBACK}:0",
            local_addr=_LOOPBACK,
            max_restarts=0,
            shutdown_timeout=_GRACE,
            logs_specs=DefaultLogsSpecs(log_dir=logs),
        )
        try:
            elastic_launch(config, sys.executable)("-m", "frcnn", *words)
        except SignalException as error:
            return 128 + error.sigval
        except ChildFailedError as error:
            return _code_of(error, processes)
    return 0


_GRACE = 600
"""Seconds that processes have, after a signal, to finish their step and save."""


@contextmanager
def _environment(processes: int) -> Iterator[None]:
    """Share out the cores, stay on this machine, and leave the talking to the processes."""
    mine = {"OMP_NUM_THREADS": str(max(1, machine.cores() // processes))}
    names = {name for _, name in socket.if_nameindex()}
    for loopback in names & {"lo", "lo0"}:
        mine["GLOO_SOCKET_IFNAME"] = loopback
    added = {name: value for name, value in mine.items() if name not in os.environ}
    os.environ.update(added)
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        for name in added:
            os.environ.pop(name, None)


def _code_of(error: ChildFailedError, processes: int) -> int:
    rank, failure = error.get_first_failure()
    if failure.exitcode > 0:
        return int(failure.exitcode)
    name = str(-failure.exitcode)
    with suppress(ValueError):
        name = signal.Signals(-failure.exitcode).name
    raise ended_by_signal(rank, processes, name, failure.pid)
