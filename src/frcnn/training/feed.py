"""What the steps of a training are fed with: this process's share of their batches, in order."""

import itertools
from collections.abc import Callable, Generator, Iterable
from contextlib import closing

from frcnn.errors import TrainingError
from frcnn.training.batches import Batch, Examples, dealt_batches
from frcnn.training.job import Job, Length
from frcnn.training.reading import load

Parts = list[Batch]
"""This process's shares of one step's batches: one, or several whose gradients are averaged."""
DIED = "RC411"


def feed(
    job: Job, length: Length, step: int, excuse: Callable[[TrainingError, int], None]
) -> Generator[Parts, None, None]:
    """Read the pictures of all steps to come; readers that died get one more try for a step.

    Args:
        job: the pictures, and the processes that share them.
        length: how many steps there are, and of how many batches each is.
        step: how many are done.
        excuse: told that readers died before which step, counted from 1; it raises where that
            ends the training.

    Yields:
        This process's shares of the next step's batches. Which pictures the batches are of
        follows from the step's number alone.

    Raises:
        TrainingError: readers died twice before the same step (RC411), or whatever else `load`
            raises.
    """
    tried = -1
    while step < length.total:
        with closing(_read_on(job, length, step)) as steps:
            done, died = yield from _until_they_die(steps)
        step += done
        if died is None:
            return
        if tried == step:
            raise died
        tried = step
        excuse(died, step + 1)


def _until_they_die(
    steps: Iterable[Parts],
) -> Generator[Parts, None, tuple[int, TrainingError | None]]:
    done = 0
    try:
        for parts in steps:
            yield parts
            done += 1
    except TrainingError as error:
        if error.code != DIED:
            raise
        return done, error
    return done, None


def _read_on(job: Job, length: Length, step: int) -> Generator[Parts, None, None]:
    config, accumulate = job.config, length.accumulate
    examples = Examples(
        job.train,
        config.seed,
        job.model.config.pictures,
        config.batches,
        job.proposals,
        job.augmentation,
    )
    sizes = [record.size for record in job.train.records]
    dealt = dealt_batches(sizes, config.seed, step * accumulate, config.batches)
    count = (length.total - step) * accumulate
    whole, shared = itertools.tee(itertools.islice(dealt, count))
    with closing(load(examples, map(job.world.share, shared))) as read:
        batches = map(Batch, read, whole)
        while parts := list(itertools.islice(batches, accumulate)):
            yield parts
