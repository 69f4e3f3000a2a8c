"""Which steps of a training look at some of its pictures: what `feed` will deal, without a network.

The deal follows from the seed and the settings alone, so it can be known before a training begins.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from frcnn.errors import ConfigError
from frcnn.training.batches import Visit, dealt_batches
from frcnn.training.job import Length, TrainingConfig
from frcnn.types import Size


class Look(NamedTuple):
    """One picture, seen in one step."""

    step: int
    """From 1."""
    visit: Visit


@dataclass(frozen=True, kw_only=True)
class LookPlan:
    """Which looks are wanted."""

    step: int = 1
    """The first one that counts, from 1."""
    pictures: int = 6
    """The first ones that are looked at from there on."""
    looks: int = 3
    """At each of them, in as many steps as it takes; fewer where the training ends before."""

    def __post_init__(self) -> None:
        if min(self.step, self.pictures, self.looks) < 1:
            raise ConfigError(
                "RC350",
                "looks",
                "there would be nothing to look at",
                got=f"step {self.step}, pictures {self.pictures}, looks {self.looks}",
                want="whole numbers >= 1",
                fix="leave them out: 3 looks at 6 pictures, from step 1 on, are usual",
            )


def looks_at(
    sizes: Sequence[Size],
    wanted: Collection[int],
    config: TrainingConfig,
    length: Length,
    plan: LookPlan,
) -> dict[int, list[Look]]:
    """Find the looks at pictures.

    Args:
        sizes: of all training pictures.
        wanted: which of them count.
        config: of the training; of a scheme of several steps that of one of these.
        length: of the same.
        plan: how many, and from where.

    Returns:
        The looks at each picture, both in the order of the training.

    Raises:
        ConfigError: the training ends before the first step that counts (RC350).
    """
    if plan.step > length.total:
        raise ConfigError(
            "RC350",
            "step",
            "the training ends before this step",
            got=str(plan.step),
            want=f"1 ... {length.total}",
            fix="name an earlier step, or train longer: --set training.schedule.epochs=N",
        )
    count = min(plan.pictures, len(wanted))
    found: dict[int, list[Look]] = {}
    open_ones = count
    for look in _dealt(sizes, config, length, plan.step) if count else ():
        picture = look.visit.picture
        if picture not in wanted or (picture not in found and len(found) == count):
            continue
        looks = found.setdefault(picture, [])
        if len(looks) < plan.looks:
            looks.append(look)
            open_ones -= len(looks) == plan.looks
        if not open_ones:
            break
    return found


def _dealt(
    sizes: Sequence[Size], config: TrainingConfig, length: Length, step: int
) -> Iterator[Look]:
    accumulate = length.accumulate
    first, last = (step - 1) * accumulate, length.total * accumulate
    batches = dealt_batches(sizes, config.seed, first, config.batches)
    for number, batch in enumerate(islice(batches, last - first), start=first):
        for visit in batch:
            yield Look(number // accumulate + 1, visit)
