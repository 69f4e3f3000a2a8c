"""Who reads the pictures: this process, or others a few batches ahead; no result depends on it.

Whatever goes wrong there comes home with the names of the pictures that it may be about.
"""

import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing

import torch
from torch.utils.data import DataLoader, Dataset

from frcnn.errors import FrcnnError, TrainingError, first_line
from frcnn.training.batches import Example, Examples, Visit
from frcnn.training.signals import ignore_interrupts, news_of_children_kept


def load(
    examples: Examples, batches: Iterable[Sequence[Visit]]
) -> Generator[list[Example], None, None]:
    """Read batches in order, with as many processes as the config says, a few batches ahead.

    Args:
        examples: the pictures.
        batches: which visits make each batch; read a few ahead, and from the start to the end by
            the same processes.

    Yields:
        Each batch's examples.

    Raises:
        TrainingError: a reading process died (RC411) or hangs (RC410), or reading a picture
            failed in a way that nobody foresaw (RC413); the message names the pictures.
        FrcnnError: whatever reading a picture raises, the same with any number of processes.
    """
    readers = _Readers(examples, batches)
    with news_of_children_kept() as asking, closing(readers):
        while (read := readers.wait(asking)) is not None:
            yield [_or_raise(example) for example in read]


class _Readers:
    """The reading processes, and what they were asked for; closed, they are gone at once."""

    def __init__(self, examples: Examples, batches: Iterable[Sequence[Visit]]) -> None:
        self._examples, config = examples, examples.config
        self._asked: deque[Sequence[Visit]] = deque()
        with warnings.catch_warnings():  # of more readers than cores we warn in our own words
            warnings.filterwarnings("ignore", "This DataLoader will create")
            loader: DataLoader[Example | Exception] = DataLoader(
                _Reading(examples),
                batch_sampler=self._noted(batches),  # type: ignore[arg-type]  # visits are keys
                num_workers=config.workers,
                collate_fn=_as_list,
                timeout=config.timeout if config.workers else 0,
                generator=torch.Generator().manual_seed(0),  # or it draws from the global one
                worker_init_fn=ignore_interrupts,
            )
            self._reader = iter(loader)

    def wait(
        self, asking: Callable[[], AbstractContextManager[None]]
    ) -> list["Example | Exception"] | None:
        """Wait for the next batch; None after the last one."""
        read, lost = None, None
        try:
            with asking():
                read = next(self._reader, None)
        except (RuntimeError, OSError, EOFError) as error:
            lost = self._lost(error)
        if lost is not None:  # raised here, without torch's error: it would keep the reader alive,
            raise lost  # which would then raise news of dead processes at any time later
        if read is not None:
            self._asked.popleft()
        return read

    def close(self) -> None:
        """End the processes."""
        del self._reader

    def _noted(self, batches: Iterable[Sequence[Visit]]) -> Iterator[Sequence[Visit]]:
        for batch in batches:
            self._asked.append(batch)
            yield batch

    def _lost(self, error: Exception) -> FrcnnError:
        """Name all pictures that were asked for and did not come: one may be the cause."""
        split, seconds = self._examples.split, self._examples.config.timeout
        pictures = dict.fromkeys(visit.picture for batch in self._asked for visit in batch)
        hangs = "timed out" in str(error)
        return TrainingError(
            "RC410" if hangs else "RC411",
            ", ".join(str(split.records[picture].path) for picture in pictures),
            "a reading process hangs" if hangs else "a reading process died",
            got=first_line(error),
            want=f"an answer within {seconds:g} s" if hangs else "",
            fix="go on with --resume; --workers 0 reads in the training process and shows the "
            "cause",
        )


class _Reading(Dataset["Example | Exception"]):
    """Examples, or what reading them raised: torch would not bring our errors home whole."""

    def __init__(self, examples: Examples) -> None:
        self.examples = examples

    def __getitem__(self, visit: Visit) -> "Example | Exception":
        try:
            return self.examples[visit]
        except (FrcnnError, MemoryError) as error:
            return error
        except Exception as error:  # whatever else: say at least which picture it was
            failure = TrainingError(
                "RC413",
                str(self.examples.split.records[visit.picture].path),
                "this picture could not be read for training",
                got=f"{type(error).__name__}: {error}",
                fix="look at the picture; --workers 0 --debug shows where it fails; then --resume",
            )
            failure.__cause__ = error
            return failure


def _or_raise(read: "Example | Exception") -> Example:
    if isinstance(read, Exception):
        raise read
    return read


def _as_list(examples: list["Example | Exception"]) -> list["Example | Exception"]:
    return examples
