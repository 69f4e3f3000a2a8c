"""A training run from its first step to its last, or from wherever it was killed.

The loop is: a step, a line in the diary, a checkpoint when one is due, an evaluation when one is
due. All that is random or scheduled follows from (seed, step), so going on after a kill is the
same as never having been killed.
"""

import itertools
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

from frcnn import machine
from frcnn.errors import DiskError, FrcnnError, ModelFileError, TrainingError
from frcnn.training import checkpoint, keep
from frcnn.training.averaging import start_average, update_average
from frcnn.training.batches import Example, Examples, Visit, epoch_batches
from frcnn.training.checkpoint import Progress
from frcnn.training.job import Job, length_of
from frcnn.training.judge import Judge
from frcnn.training.log import Diary
from frcnn.training.optimizer import make_optimizer, set_learning_rate
from frcnn.training.progress import Display
from frcnn.training.reading import load
from frcnn.training.schedule import factor
from frcnn.training.signals import Interrupted, StopRequest, stop_requests
from frcnn.training.step import NotFiniteError, StepReport, diverged, exploded, take_step
from frcnn.training.timer import Timer
from frcnn.training.validation import AnyFigures

_EXPLODED = 1e4
"""So many times the gradient's length of the step before are worth a warning."""
Parts = list[list[Example]]
"""The batches of one step: one, or several whose gradients are averaged."""


def fit(job: Job, display: Display) -> AnyFigures | None:
    """Train from the start, or go on from the run's newest checkpoint if it has one.

    Args:
        job: the run; its folder is locked by the caller.
        display: where progress is shown.

    Returns:
        The last evaluation's figures; None when there was nothing left to do.

    Raises:
        TrainingError: a loss, a weight or what the network computes is not finite, a reader died,
            memory ran out.
        DiskError: a checkpoint could not be written.
        Interrupted: a signal asked to stop; everything is saved.
    """
    with display, stop_requests() as stop:
        return _Fit(job, display, stop).run()


class _Fit:
    """The state of one `fit` call; what must survive it is in the checkpoint and the diary."""

    def __init__(self, job: Job, display: Display, stop: StopRequest) -> None:
        self.job, self.display, self.stop = job, display, stop
        self.length = length_of(job)
        self.diary = Diary(job.run)
        self.judge = Judge(job, self.length, self.diary, display, self._heed)
        job.phase.prepare(job.model)
        self.progress = Progress(
            module=job.model,
            optimizer=make_optimizer(job.model, job.config.optimizer),
            scaler=job.precision.scaler(),
            average=start_average(job.model) if job.config.average_decay else None,
        )
        self.losses_of = job.phase.objective(job.model, job.config.seed, job.precision)
        self.diary_is_kept_back = False
        self.norm_before: float | None = None
        self.began = time.monotonic()

    def run(self) -> AnyFigures | None:
        figures = self._begin()
        timer = Timer(self.job.config.checkpoint.minutes)
        with closing(self._steps_left()) as steps:
            for parts in steps:
                self._step(parts)
                evaluates = self.length.is_evaluated_after(self.progress.step)
                stopping = self.stop.signal is not None
                if evaluates or timer.is_due or stopping:
                    self._save()
                    timer.restart()
                if stopping:
                    raise self._interrupted()
                if evaluates:
                    figures = self._evaluate()
                    timer.restart()  # an evaluation loses nothing that a checkpoint could keep
                if evaluates and self.judge.has_stalled():
                    break
        return figures

    def _begin(self) -> AnyFigures | None:
        """Start, or go back to the newest checkpoint and make up for a lost evaluation.

        The start is a checkpoint, too: what the run began with is asked for only once.
        """
        resumes = bool(checkpoint.checkpoints(self.job.run))
        if resumes or self.diary.has_begun:
            around = self.job.circumstances
            for warning in checkpoint.restore(self.job.run, self.progress, around):
                self.display.warn(f"warning: {warning}")
        step = self.progress.step
        for warning in self.diary.rewind(step):
            self.display.warn(f"warning: {warning}")
        if not resumes:
            self._save()
        if step:
            self.display.say(f"going on after step {step} of {self.length.total}")
        if self.length.is_evaluated_after(step) and not self.judge.has_evaluated(step):
            return self._evaluate()
        return None

    def _evaluate(self) -> AnyFigures:
        """Judge the network; one that has exploded is no place to go on from."""
        try:
            return self.judge.evaluate(self.progress)
        except ModelFileError as error:
            if not (error.code == "RC520" or error.code == "RC525"):
                raise
            step = self.progress.step
            checkpoint.forget(self.job.run, step)
            raise exploded(error, step, self._rate_of(max(step - 1, 0))) from error
        except (MemoryError, RuntimeError) as error:
            if not machine.is_out_of_memory(error):
                raise
            raise _out_of_memory("an evaluation", "a picture at a time") from error

    def _steps_left(self) -> Generator[Parts, None, None]:
        """Read the pictures of all steps to come; readers that died get one more try for a step.

        Yields:
            The batches of the next step. Which they are follows from its number alone.
        """
        if self.progress.step and self.judge.has_stalled():
            return
        tried = -1
        while True:
            try:
                yield from self._read_on()
                return
            except TrainingError as error:
                if error.code != "RC411" or tried == self.progress.step:
                    raise
                tried, why = self.progress.step, f"{error.what} ({error.got})"
            self.display.warn(f"warning: {why}; step {tried + 1} is read again")

    def _read_on(self) -> Generator[Parts, None, None]:
        accumulate = self.length.accumulate
        first = self.progress.step * accumulate
        count = self.length.total * accumulate - first
        if count <= 0:
            return
        config = self.job.config
        job = self.job
        examples = Examples(
            job.train, config.seed, job.model.config.pictures, config.batches, job.proposals
        )
        batches = itertools.islice(self._deal(first), count)
        with closing(load(examples, batches)) as read:
            while parts := self._next(read, accumulate):
                yield parts

    def _deal(self, first: int) -> Iterator[list[Visit]]:
        """Deal the endless sequence of epochs into batches, from batch number `first` on.

        Yields:
            Which pictures make the next batch.
        """
        config = self.job.config
        sizes = [record.size for record in self.job.train.records]
        epoch, skipped = divmod(first, self.length.batches_per_epoch)
        for number in itertools.count(epoch):
            yield from epoch_batches(sizes, config.seed, number, config.batches)[skipped:]
            skipped = 0

    def _next(self, read: Iterator[list[Example]], accumulate: int) -> Parts:
        """Wait for the next step's batches; whoever stopped us may have stopped the readers."""
        try:
            return list(itertools.islice(read, accumulate))
        except TrainingError as error:
            if self.stop.signal is None:
                raise
            self._save()
            raise self._interrupted() from error

    def _step(self, parts: Parts) -> None:
        config, progress = self.job.config, self.progress
        rate = self._rate_of(progress.step)
        set_learning_rate(progress.optimizer, rate)
        try:
            losses, norm = take_step(
                self.losses_of,
                parts,
                progress.optimizer,
                progress.scaler,
                config.optimizer.clip_norm,
            )
        except NotFiniteError as error:
            raise self._diverged(error, parts, rate) from error
        except (MemoryError, RuntimeError) as error:
            if not machine.is_out_of_memory(error):
                raise
            raise _out_of_memory("a step", _sizes_of(parts)) from error
        progress.step += 1
        if progress.average is not None and config.average_decay is not None:
            update_average(progress.average, self.job.model, progress.step, config.average_decay)
        report = StepReport(
            step=progress.step,
            learning_rate=rate,
            losses=losses,
            gradient_norm=norm,
            pictures=tuple(example.name for part in parts for example in part),
        )
        self._tell(report)

    def _rate_of(self, step: int) -> float:
        """Give the learning rate of a step, counted from 0."""
        config = self.job.config
        return config.optimizer.learning_rate * factor(step, self.length.total, config.schedule)

    def _tell(self, report: StepReport) -> None:
        epoch = self.length.epochs_at(report.step)
        try:
            self.diary.add_step(report, epoch, time.monotonic() - self.began)
        except DiskError as error:  # what the diary keeps back it writes before a checkpoint
            if not self.diary_is_kept_back:
                why = f"{error.place}: {error.what} ({error.got})"
                self.display.warn(f"warning: {why}; training goes on until the next checkpoint")
            self.diary_is_kept_back = True
        self.display.step(report, self.length.total)
        self._mind_the_norm(report)
        for callback in self.job.callbacks:
            try:
                callback(report)
            except Exception as error:
                self._save()
                name = getattr(callback, "__qualname__", repr(callback))
                error.add_note(f"raised by the callback {name}, step {report.step}; state saved")
                raise

    def _mind_the_norm(self, report: StepReport) -> None:
        norm, before = report.gradient_norm, self.norm_before
        if norm is not None and before is not None and norm > _EXPLODED * before:
            self.display.warn(
                f"warning: step {report.step}: the gradient is {norm / before:.0f} times as long "
                f"as in the step before ({norm:.3g}); it was clipped"
            )
        self.norm_before = norm or before

    def _diverged(self, error: NotFiniteError, parts: Parts, rate: float) -> FrcnnError:
        blamed = parts if error.part is None else [parts[error.part]]
        examples = [example for part in blamed for example in part]
        names = [str(self.job.train.records[example.visit.picture].path) for example in examples]
        return diverged(error, self.progress.step + 1, rate, names, self._set_aside(examples))

    def _set_aside(self, examples: Sequence[Example]) -> str:
        try:
            return f"the batch is in {keep.failing_batch(self.job.run, examples)}"
        except DiskError as error:
            return f"the batch could not be kept ({error.got})"

    def _save(self) -> None:
        """Write a checkpoint of weights that can be used, behind a diary that is complete."""
        keep.require_finite_weights(self.job.model, self.progress.step)
        self.diary.flush()
        generations = self.job.config.checkpoint.generations
        checkpoint.save(self.job.run, self.progress, self.job.circumstances, generations)

    def _heed(self) -> None:
        """Stop between two pictures of an evaluation; the checkpoint before it is written."""
        if self.stop.signal is not None:
            raise self._interrupted()

    def _interrupted(self) -> Interrupted:
        return Interrupted(self.progress.step, self.stop.exit_code, self.job.run.path)


def _sizes_of(parts: Parts) -> str:
    sizes = sorted({tuple(e.prepared.pixels.shape[1:]) for part in parts for e in part})
    return f"{len(parts[0])} pictures at once, sized {', '.join(map(str, sizes))}"


def _out_of_memory(what: str, got: str) -> TrainingError:
    return TrainingError(
        "RC412",
        "memory",
        f"there is not enough of it for {what}",
        got=got,
        want="what fits",
        fix="go on with --resume RUN and a lower --batch: the last checkpoint is whole; or start a "
        "new run with a lower model.pictures.shorter_side",
    )
