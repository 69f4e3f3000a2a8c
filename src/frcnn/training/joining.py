"""How the processes of a training come together.

torchrun, and whatever speaks as it does, tells every process its place in environment variables:
RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import torch.distributed as dist

from frcnn.errors import ConfigError, TrainingError
from frcnn.training.distributed import ALONE, World
from frcnn.training.lost import Link, Peer

PREPARING = 600.0
"""Seconds that processes wait for each other before training: disks differ more than steps."""


@contextmanager
def joined() -> Iterator[World]:
    """Join the other processes that the environment speaks of; leave them at the end.

    Yields:
        The world; of one process where the environment speaks of no others.

    Raises:
        ConfigError: the environment is not whole (RC369).
        TrainingError: the processes did not find each other (RC422).
    """
    rank, size = _number("RANK", 0), _number("WORLD_SIZE", 1)
    if size == 1:
        yield ALONE
        return
    if not 0 <= rank < size:
        raise _environment("RANK", str(rank), f"0 ... {size - 1}")
    if not os.environ.get("MASTER_ADDR"):
        raise _environment("MASTER_ADDR", "nothing", "the address of process 0")
    _number("MASTER_PORT", None)
    world = World(rank=rank, size=size, local_rank=_number("LOCAL_RANK", 0))
    try:
        dist.init_process_group(
            "gloo", timeout=timedelta(seconds=PREPARING), rank=rank, world_size=size
        )
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
