"""Which pictures each step sees, and how each is drawn: functions of (seed, epoch, picture) alone.

Nothing here remembers anything, so the number of workers, a kill and a resume change no picture.
Faster R-CNN §3.3 (one scale), Fast R-CNN §2.3 (mirrored with probability 1/2).
"""

import hashlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch
from torch.utils.data import DataLoader, Dataset

from frcnn.data.records import Split
from frcnn.errors import ConfigError, FrcnnError, TrainingError
from frcnn.model.batch import PictureConfig, Prepared, prepare, resized
from frcnn.ops import boxes as box_ops
from frcnn.ops import pictures
from frcnn.training.signals import ignore_interrupts, news_of_children_kept
from frcnn.types import Size, Target


@dataclass(frozen=True, kw_only=True)
class BatchConfig:
    """How the pictures are put together and varied."""

    size: int = 1
    """Pictures in a batch; the authors' joint training: 1."""
    flip: Literal["none", "random", "double"] = "random"
    """Mirror left and right: each visit with probability 1/2, or every picture twice an epoch,
    as it is and mirrored (the authors' code)."""
    flip_vertical: Literal["none", "random"] = "none"
    """Mirror top and bottom, for pictures that have no up: cells, things on a table, aerial."""
    group: Literal["aspect", "none"] = "aspect"
    """Put landscape pictures with landscape ones, so that less is padded; authors' code."""
    workers: int = 0
    """Processes that read pictures; no number of them changes a result."""
    timeout: float = 60.0
    """Seconds to wait for a worker before it counts as hanging."""

    def __post_init__(self) -> None:
        if self.size < 1 or self.workers < 0 or self.timeout <= 0:
            raise ConfigError(
                "RC350",
                "batches",
                "no batch could be made",
                got=f"size {self.size}, workers {self.workers}, timeout {self.timeout}",
                want="size >= 1, workers >= 0, timeout > 0",
                fix="the authors' batch size is 1; 0 workers read in the training process",
            )


class Visit(NamedTuple):
    """One picture, seen in one epoch."""

    epoch: int
    picture: int
    """Its place in the split."""
    copy: int
    """0, or 1 for the mirrored copy of `flip: double`."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Example:
    """One picture ready to be learnt from."""

    name: str
    visit: Visit
    prepared: Prepared
    target: Target
    """Pixels of the resized picture."""


def seed_of(*parts: object) -> int:
    """Make one 63-bit seed of anything printable: the same parts, the same seed, anywhere."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little") >> 1


def generator_of(*parts: object) -> torch.Generator:
    """Make a generator on the CPU that depends on the parts alone."""
    return torch.Generator().manual_seed(seed_of(*parts))


def epoch_batches(
    sizes: Sequence[Size], seed: int, epoch: int, config: BatchConfig
) -> list[list[Visit]]:
    """Deal one epoch into batches; each picture comes once (twice with `flip: double`).

    Args:
        sizes: of all pictures.
        seed: of the run.
        epoch: from 0.
        config: size, grouping, doubling.

    Returns:
        Batches of at most `config.size`; only the last of a group, and of all, may be smaller.
    """
    copies = 2 if config.flip == "double" else 1
    visits = [Visit(epoch, i, c) for i in range(len(sizes)) for c in range(copies)]
    generator = generator_of("order", seed, epoch)
    visits = _shuffled(visits, generator)
    if config.group == "none" or config.size == 1:
        return _cut(visits, config.size)
    wide = [v for v in visits if sizes[v.picture].width >= sizes[v.picture].height]
    tall = [v for v in visits if sizes[v.picture].width < sizes[v.picture].height]
    batches = _cut(wide, config.size) + _cut(tall, config.size)
    full = [b for b in batches if len(b) == config.size]
    rest = [v for b in batches if len(b) < config.size for v in b]
    return _shuffled(full + _cut(rest, config.size), generator)


class Examples(Dataset[Example]):
    """The training pictures, each drawn as its visit says."""

    def __init__(
        self, split: Split, seed: int, pictures_config: PictureConfig, config: BatchConfig
    ) -> None:
        """Keep what is needed to draw any visit.

        Args:
            split: the pictures.
            seed: of the run.
            pictures_config: resizing and normalisation.
            config: the flips.
        """
        self.split, self.seed = split, seed
        self.pictures_config, self.config = pictures_config, config

    def __getitem__(self, visit: Visit) -> Example:
        """Read, mirror and resize one picture.

        Args:
            visit: which, and when.

        Returns:
            The example; the same visit always gives the same one.
        """
        sample = self.split[visit.picture]
        original = Size(*sample.picture.shape[1:])
        chance = torch.rand(2, generator=generator_of("flip", self.seed, *visit))
        picture, boxes = sample.picture, sample.target.boxes
        if visit.copy == 1 or (self.config.flip == "random" and chance[0] < 0.5):
            picture, boxes = pictures.mirror(picture), box_ops.mirror(boxes, original)
        if self.config.flip_vertical == "random" and chance[1] < 0.5:
            picture = pictures.mirror_vertical(picture)
            boxes = box_ops.mirror_vertical(boxes, original)
        boxes = box_ops.scale(boxes, original, resized(original, self.pictures_config))
        return Example(
            name=sample.name,
            visit=visit,
            prepared=prepare(picture, self.pictures_config),
            target=replace(sample.target, boxes=boxes),
        )


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
    config = examples.config
    asked: deque[Sequence[Visit]] = deque()
    loader: DataLoader[Example | Exception] = DataLoader(
        _Reading(examples),
        batch_sampler=_noted(batches, asked),  # type: ignore[arg-type]  # visits serve as keys
        num_workers=config.workers,
        collate_fn=_as_list,
        timeout=config.timeout if config.workers else 0,
        generator=torch.Generator().manual_seed(0),  # or it draws from the global one
        worker_init_fn=ignore_interrupts,
    )
    reader = iter(loader)
    with news_of_children_kept() as asking:
        while (read := _wait(reader, asking, examples, asked)) is not None:
            asked.popleft()
            yield [_or_raise(example) for example in read]


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


def _noted(
    batches: Iterable[Sequence[Visit]], asked: deque[Sequence[Visit]]
) -> Iterator[Sequence[Visit]]:
    """Note what the readers were asked for; what came back is taken off the front.

    Yields:
        The batches.
    """
    for batch in batches:
        asked.append(batch)
        yield batch


def _wait(
    reader: Iterator[list["Example | Exception"]],
    asking: Callable[[], AbstractContextManager[None]],
    examples: Examples,
    asked: Iterable[Sequence[Visit]],
) -> list["Example | Exception"] | None:
    try:
        with asking():
            return next(reader, None)
    except RuntimeError as error:
        raise _lost_worker(examples, asked, error) from error


def _or_raise(read: "Example | Exception") -> Example:
    if isinstance(read, Exception):
        raise read
    return read


def _as_list(examples: list["Example | Exception"]) -> list["Example | Exception"]:
    return examples


def _lost_worker(
    examples: Examples, asked: Iterable[Sequence[Visit]], error: RuntimeError
) -> FrcnnError:
    """Name all pictures that were asked for and did not come: one of them may be the cause."""
    pictures = dict.fromkeys(visit.picture for batch in asked for visit in batch)
    names = ", ".join(str(examples.split.records[picture].path) for picture in pictures)
    hangs = "timed out" in str(error)
    return TrainingError(
        "RC410" if hangs else "RC411",
        names,
        "a reading process hangs" if hangs else "a reading process died",
        got=str(error).splitlines()[0],
        want=f"an answer within {examples.config.timeout:g} s" if hangs else "",
        fix="go on with --resume; --workers 0 reads in the training process and shows the cause",
    )


def _shuffled(items: list, generator: torch.Generator) -> list:  # type: ignore[type-arg]
    return [items[i] for i in torch.randperm(len(items), generator=generator).tolist()]


def _cut(visits: list[Visit], size: int) -> list[list[Visit]]:
    return [visits[i : i + size] for i in range(0, len(visits), size)]
