"""How the processes of a training come together.

torchrun, and whatever speaks as it does, tells every process its place in environment variables:
RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import torch.distributed as dist
from torch._C._distributed_c10d import PrefixStore, TCPStore

from frcnn.errors import ConfigError, TrainingError
from frcnn.training.distributed import ALONE, World
from frcnn.training.lost import Link, Peer

PREPARING = 600.0
"""Seconds that processes wait for each other before training: disks differ more than steps."""
_BETWEEN_LOOKS = 0.02
"""Seconds."""


@contextmanager
def joined() -> Iterator[World]:
    """Join the other processes that the environment speaks of; leave them at the end.

    Yields:
        The world; of one process where the environment speaks of no others.

    Raises:
        ConfigError: the environment is not whole (RC369).
        TrainingError: the processes did not find each other (RC422).
    """
    size = _number("WORLD_SIZE", 1)
    if size == 1:
        yield ALONE
        return
    rank = _number("RANK", None)
    if not 0 <= rank < size:
        raise _environment("RANK", str(rank), f"0 ... {size - 1}")
    if not os.environ.get("MASTER_ADDR"):
        raise _environment("MASTER_ADDR", "nothing", "the address of process 0")
    port = _number("MASTER_PORT", None)
    world = World(rank=rank, size=size, local_rank=_number("LOCAL_RANK", 0))
    try:
        patience = timedelta(seconds=PREPARING)
        store = _store(rank, port, patience)
        ours = PrefixStore(f"frcnn/{_called(store, rank, size)}", store)
        dist.init_process_group("gloo", timeout=patience, store=ours, rank=rank, world_size=size)
    except (RuntimeError, ValueError) as error:
        raise _nobody_there(rank, size, error) from error
    try:
        assert dist.group.WORLD is not None  # noqa: S101  # it was just made
        first = replace(world, link=Link(objects=dist.group.WORLD))
        peers = tuple(first.gathered(Peer.here))
        yield replace(first, link=replace(first.link, peers=peers))  # type: ignore[type-var]
    finally:
        dist.destroy_process_group()


def require_agreement(world: World, seen: Mapping[str, object]) -> None:
    """Refuse to train where processes would not do the same.

    Args:
        world: the processes.
        seen: what must be equal everywhere, by name, in plain values.

    Raises:
        TrainingError: a process has something else than the leader (RC423).
    """

    def compare() -> None:
        for rank, theirs in enumerate(everywhere):
            different = [name for name in seen if theirs[name] != seen[name]]
            if different:
                raise TrainingError(
                    "RC423",
                    f"process {rank} of {world.size}",
                    "it would not train the same as process 0",
                    got=f"other {' and '.join(different)}",
                    want="the same everywhere",
                    fix="give all machines the same version, options, weights and pictures",
                )

    everywhere = world.gathered(lambda: seen)
    world.of_leader(compare)


def _store(rank: int, port: int, patience: timedelta) -> TCPStore:
    """Reach the launcher's store; where there is no launcher, the leader keeps one."""
    keeps = rank == 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
    address = os.environ["MASTER_ADDR"]
    return TCPStore(
        address, port, is_master=keeps, timeout=patience, wait_for_workers=False, multi_tenant=True
    )


def _called(store: TCPStore, rank: int, size: int) -> str:
    """Agree on a name for this start of the training, which no earlier start had.

    The launcher's store outlives its processes, and the addresses that those of an earlier start
    left in it look like ours. So the leader calls by a new name, every process answers that call
    with a name of its own, and the leader says it back.
    """
    own, end = Peer.here().life, time.monotonic() + PREPARING
    if rank == 0:
        store.set("frcnn/call", own)
        answers = [f"frcnn/{own}/{other}" for other in range(1, size)]
        store.wait(answers, timedelta(seconds=PREPARING))
        for answer in answers:
            store.set(f"frcnn/{own}/{store.get(answer).decode()}", "")
        return own
    while time.monotonic() < end:
        call = store.get("frcnn/call").decode()
        store.set(f"frcnn/{call}/{rank}", own)
        if store.check([f"frcnn/{call}/{own}"]):
            return call
        time.sleep(_BETWEEN_LOOKS)
    raise RuntimeError("the leader does not answer")


def _number(name: str, missing: int | None) -> int:
    text = os.environ.get(name, "")
    if not text and missing is not None:
        return missing
    if not text.isdigit():
        raise _environment(name, text or "nothing", "a whole number")
    return int(text)


def _environment(name: str, got: str, want: str) -> ConfigError:
    return ConfigError(
        "RC369",
        f"environment variable {name}",
        "the processes of this training cannot be told apart",
        got=got,
        want=want,
        fix="start them with torchrun or with --processes, or unset RANK and WORLD_SIZE",
    )


def _nobody_there(rank: int, size: int, error: Exception) -> TrainingError:
    address = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
    return TrainingError(
        "RC422",
        f"process {rank} of {size}",
        "it did not find the others",
        got=(str(error).splitlines() or [type(error).__name__])[0],
        want=f"all of them at {address} within {PREPARING:g} s",
        fix="see that every machine was started and reaches that address; docs/many_machines.md",
    )
