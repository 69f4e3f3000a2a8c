"""The processes of one training: which one this is, and the few things that they do together.

One process is a world of its own, and everything here then costs nothing. How several come
together is in `joining.py`.

Processes are counted from 0. Process 0 leads: it alone writes, shows and decides. The others do
as it says, and end quietly where it, or whoever fails first, tells what went wrong.

Plain values travel through gloo, on any machine; gradients and statistics through gloo on a CPU
and NCCL on CUDA, each kind in a group of its own, because their order differs among processes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from frcnn.errors import ConfigError, TrainingError
from frcnn.training.agreement import require_room
from frcnn.training.lost import Link, connection_error
from frcnn.training.signals import Interrupted

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class DistributedConfig:
    """How processes wait for each other."""

    timeout: float = 120.0
    """Seconds without an answer after which another process counts as hanging; PyTorch: 1800."""

    def __post_init__(self) -> None:
        if self.timeout <= 0:
            raise ConfigError(
                "RC350",
                "distributed.timeout",
                "no process could answer in time",
                got=f"{self.timeout:g}",
                want="seconds > 0",
                fix="120 is enough where steps and evaluations are evenly shared",
            )


class ToldElsewhere(SystemExit):
    """Ends this process with the exit code of what another process has told already."""


@dataclass(frozen=True, eq=False, kw_only=True)
class World:
    """All processes of a training, seen from one of them."""

    rank: int = 0
    """Which this one is, from 0."""
    size: int = 1
    local_rank: int = 0
    """Which of its machine's processes this one is."""
    link: Link | None = None
    """How the others are reached; None in a world of one."""

    @property
    def leads(self) -> bool:
        """Whether this process writes, shows and decides."""
        return self.rank == 0

    def __deepcopy__(self, _memo: dict[int, object]) -> Self:
        """A frozen value is its own copy; a layer that is copied stays in its world."""
        return self

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """Give this process's part: item i goes to process i mod size."""
        return items[self.rank :: self.size]

    def rounds(self, count: int, each: int) -> Iterator[range]:
        """Cut items into pieces, so that no process waits long for another.

        Args:
            count: how many there are.
            each: how many of a piece one process gets.

        Yields:
            The numbers of the items of each piece, to be shared; all at once in a single process.
        """
        piece = max(1, count if self.link is None else each * self.size)
        for start in range(0, max(1, count), piece):
            yield range(start, min(start + piece, count))

    def joined_shares(self, shares: Sequence[Sequence[T]]) -> list[T]:
        """Undo `share`: one item of each process in turn, which is their old order."""
        return [shares[i % self.size][i // self.size] for i in range(sum(map(len, shares)))]

    def gathered(self, make: Callable[[], T]) -> list[T]:
        """Let every process make something, and give each process all of it.

        Args:
            make: called here.

        Returns:
            What each process made, in their order.

        Raises:
            ToldElsewhere: it failed in another process, which tells why.

        Where it fails in several processes, the first of them tells. Whatever `make` raises ends
        all processes.
        """
        if self.link is None:
            return [make()]
        made, failure = None, None
        try:
            made = make()
        except (Exception, Interrupted, ToldElsewhere) as error:
            failure = error
        codes, values = zip(*self._exchanged((_code_of(failure), made), failure), strict=True)
        failed = [rank for rank, code in enumerate(codes) if code is not None]
        if failed and failure is not None and failed[0] == self.rank:
            raise failure
        if failed:
            raise ToldElsewhere(codes[failed[0]])
        return list(values)

    def of_leader(self, make: Callable[[], T]) -> T:
        """Let the leader make something, and give it to every process.

        Args:
            make: called in the leader only.

        Returns:
            What it made there. ToldElsewhere where it failed there.
        """
        if self.link is None:
            return make()
        return self.gathered(lambda: make() if self.leads else None)[0]  # type: ignore[return-value]

    @contextmanager
    def together(self) -> Iterator[None]:
        """Go on only if what stands inside failed in no process; as `gathered`, without values.

        Yields:
            Nothing; inside no process may wait for another.
        """
        failure = None
        try:
            yield
        except (Exception, Interrupted, ToldElsewhere) as error:
            if self.link is None:
                raise
            failure = error
        if self.link is not None:
            self.gathered(lambda: _raise(failure))

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Say in our words when another process died or hangs while something is exchanged.

        Yields:
            Nothing.

        Raises:
            TrainingError: another process hangs (RC420) or ended (RC421).
        """
        try:
            yield
        except RuntimeError as error:
            lost = self.link and connection_error(error, self.link, self.rank)
            if not lost:
                raise
            raise lost from error

    def copy_from_leader(self, tensor: Tensor) -> None:
        """Overwrite a contiguous CPU tensor with the leader's; the same shape in all processes."""
        if self.link is not None:
            with self.watched():
                dist.broadcast(tensor, src=0, group=self.link.objects)

    def own_device(self, device: torch.device) -> torch.device:
        """Give this process its card, where cards are shared out.

        Args:
            device: as it was asked for.

        Returns:
            The same; of CUDA's the one with this process's number on its machine.

        Raises:
            ConfigError: there are more processes than cards (RC364).
        """
        if self.size == 1:
            return device
        if device.type != "cuda":
            require_room(self.size, device)
            return device
        require_room(self.local_rank + 1, device)
        torch.cuda.set_device(self.local_rank)
        return torch.device("cuda", self.local_rank)

    def for_training(self, device: torch.device, timeout: float) -> "World":
        """Make the channels that training needs; all processes at once.

        Args:
            device: where gradients are.
            timeout: seconds that processes wait for each other from now on.

        Returns:
            The same world with them.
        """
        if self.link is None:
            return self
        backend = "nccl" if device.type == "cuda" else "gloo"
        with self.watched():
            link = replace(
                self.link,
                objects=_group("gloo", timeout),
                gradients=_group(backend, timeout),
                statistics=_group(backend, timeout),
            )
        return replace(self, link=link)

    def _exchanged(
        self, mine: tuple[int | None, object], failure: BaseException | None
    ) -> list[tuple[int | None, Any]]:
        assert self.link is not None  # noqa: S101  # the callers looked
        everything: list[Any] = [None] * self.size
        try:
            with self.watched():
                dist.all_gather_object(everything, mine, group=self.link.objects)
        except TrainingError as lost:
            if isinstance(failure, Interrupted):  # a launcher's signal: it came because of that
                raise lost from None
            raise failure or lost from None  # what went wrong here is the better news
        except BaseException as cut:  # a signal; what it cuts off is told instead
            raise cut from failure
        return everything


ALONE = World()
"""The world of a single process."""


def _raise(error: BaseException | None) -> None:
    if error is not None:
        raise error


def _code_of(error: BaseException | None) -> int | None:
    if error is None:
        return None
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    return int(getattr(error, "exit_code", 1))


def _group(backend: str, timeout: float) -> dist.ProcessGroup:
    group = dist.new_group(backend=backend, timeout=timedelta(seconds=timeout))
    assert isinstance(group, dist.ProcessGroup)  # noqa: S101  # every process is in it
    return group
