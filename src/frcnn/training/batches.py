"""Which pictures each step sees, and how each is drawn: functions of (seed, epoch, picture) alone.

Nothing here remembers anything, so the number of workers, a kill and a resume change no picture.
Faster R-CNN §3.3 (one scale), Fast R-CNN §2.3 (mirrored with probability 1/2).
"""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset

from frcnn.data.proposals import StoredProposals
from frcnn.data.records import Split
from frcnn.errors import ConfigError
from frcnn.model.batch import PictureConfig, Prepared, enough, prepare, resized
from frcnn.ops import boxes as box_ops
from frcnn.ops import pictures
from frcnn.ops.picture_parts import whole
from frcnn.training.augmentation import Augmentation, cropped, distorted, jittered, transformed
from frcnn.training.shown import Shown
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
    proposals: Tensor | None = None
    """[P, 4] float32, stored ones, pixels of the resized picture."""


class Batch(list[Example]):
    """The examples of a batch, or this process's share of them, and what the whole batch is."""

    def __init__(self, examples: Iterable[Example], visits: Sequence[Visit]) -> None:
        """Keep both.

        Args:
            examples: in the order of their visits; a share may have none.
            visits: of the whole batch, over all processes.
        """
        super().__init__(examples)
        self.visits = tuple(visits)


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


def dealt_batches(
    sizes: Sequence[Size], seed: int, first: int, config: BatchConfig
) -> Iterator[list[Visit]]:
    """Deal the endless sequence of epochs into batches.

    Args:
        sizes: of all pictures.
        seed: of the run.
        first: number of the batch to begin with, from 0.
        config: size, grouping, doubling.

    Yields:
        Which pictures make the next batch.
    """
    epoch, skipped = divmod(first, len(epoch_batches(sizes, seed, 0, config)))
    for number in itertools.count(epoch):
        yield from epoch_batches(sizes, seed, number, config)[skipped:]
        skipped = 0


class Examples(Dataset[Example]):
    """The training pictures, each drawn as its visit says."""

    def __init__(
        self,
        split: Split,
        seed: int,
        pictures_config: PictureConfig,
        config: BatchConfig,
        proposals: StoredProposals | None = None,
        augmentation: Augmentation | None = None,
    ) -> None:
        """Keep what is needed to draw any visit.

        Args:
            split: the pictures.
            seed: of the run.
            pictures_config: resizing and normalisation.
            config: the flips.
            proposals: of the pictures; they are mirrored, cropped and resized with them.
            augmentation: what is varied beyond the flips; None: nothing.
        """
        self.split, self.seed, self.proposals = split, seed, proposals
        self.pictures_config, self.config = pictures_config, config
        self.augmentation = augmentation or Augmentation()

    def __getitem__(self, visit: Visit) -> Example:
        """Read, vary and resize one picture.

        Args:
            visit: which, and when.

        Returns:
            The example; the same visit always gives the same one.
        """
        record, varied = self.split.records[visit.picture], self.augmentation.config
        seed = seed_of("augmentation", self.seed, *visit)
        resizing = jittered(self.pictures_config, varied, seed)
        suffices = whole if self.augmentation.needs_all_pixels else enough(resizing)
        sample = self.split.read(visit.picture, suffices)
        shown = Shown(picture=sample.picture, size=sample.size, target=sample.target)
        shown = transformed(
            shown, self.augmentation, seed, len(self.split.classes), str(record.path)
        )
        shown = self._turned(shown, visit)
        shown = replace(shown, picture=distorted(shown.picture, varied, seed))
        shown = cropped(shown, varied, seed)
        size = resized(shown.size, resizing)
        target, proposals = shown.target, shown.proposals
        return Example(
            name=record.name,
            visit=visit,
            prepared=prepare(shown.picture, resizing, shown.size),
            target=replace(target, boxes=box_ops.scale(target.boxes, shown.size, size)),
            proposals=None if proposals is None else box_ops.scale(proposals, shown.size, size),
        )

    def _turned(self, shown: Shown, visit: Visit) -> Shown:
        """Mirror a picture as its visit says; its stored proposals come in with it."""
        turns = self._turns(visit)
        picture, boxes, size = shown.picture, shown.target.boxes, shown.size
        proposals = None
        if self.proposals is not None:
            proposals = self.proposals.of(visit.picture, mirrored=turns.mirrored).boxes
        if turns.mirrored:
            picture, boxes = pictures.mirror(picture), box_ops.mirror(boxes, size)
        if turns.upside_down:
            picture = pictures.mirror_vertical(picture)
            boxes = box_ops.mirror_vertical(boxes, size)
            proposals = None if proposals is None else box_ops.mirror_vertical(proposals, size)
        target = replace(shown.target, boxes=boxes)
        return Shown(picture=picture, size=size, target=target, proposals=proposals)

    def _turns(self, visit: Visit) -> "_Turns":
        chance = torch.rand(2, generator=generator_of("flip", self.seed, *visit))
        return _Turns(
            visit.copy == 1 or (self.config.flip == "random" and bool(chance[0] < 0.5)),
            self.config.flip_vertical == "random" and bool(chance[1] < 0.5),
        )


class _Turns(NamedTuple):
    """How a visit shows its picture."""

    mirrored: bool
    upside_down: bool


def _shuffled(items: list, generator: torch.Generator) -> list:  # type: ignore[type-arg]
    return [items[i] for i in torch.randperm(len(items), generator=generator).tolist()]


def _cut(visits: list[Visit], size: int) -> list[list[Visit]]:
    return [visits[i : i + size] for i in range(0, len(visits), size)]
