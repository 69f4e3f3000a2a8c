"""A training run from its first step to its last, or from wherever it was killed.

The loop is: a step, a line in the diary, a checkpoint when one is due, an evaluation when one is
due. All that is random or scheduled follows from (seed, step), so going on after a kill is the
same as never having been killed.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

from frcnn import machine
from frcnn.data.records import Record
from frcnn.errors import DiskError, ModelFileError, TrainingError
from frcnn.training import checkpoint, keep
from frcnn.training.averaging import start_average, update_average
from frcnn.training.batches import Example, Visit
from frcnn.training.checkpoint import Progress
from frcnn.training.distributed import ToldElsewhere
from frcnn.training.feed import Parts, feed
from frcnn.training.job import Job, length_of
from frcnn.training.judge import Judge
from frcnn.training.log import Diary
from frcnn.training.lost import ENDED, HANGS
from frcnn.training.optimizer import make_optimizer, set_learning_rate
from frcnn.training.parallel import hand_out, shared_losses
from frcnn.training.progress import Display, Quiet
from frcnn.training.schedule import factor, mostly_warmup
from frcnn.training.signals import Interrupted, StopRequest, stop_requests
from frcnn.training.step import (
    NotFiniteError,
    StepReport,
    diverged,
    exploded,
    lengthened,
    out_of_memory,
    take_step,
)
from frcnn.training.timer import Timer
from frcnn.training.validation import AnyFigures


def fit(job: Job, display: Display, listening: StopRequest | None = None) -> AnyFigures | None:
    """Train from the start, or go on from the run's newest checkpoint if it has one.

    Args:
        job: the run; its folder is locked by the caller.
        display: where progress is shown.
        listening: as `stop_requests` takes it.

    Returns:
        The last evaluation's figures; None when there was nothing left to do.

    Raises:
        TrainingError: a loss, a weight or what the network computes is not finite, a reader died,
            memory ran out.
        DiskError: a checkpoint could not be written.
        Interrupted: a signal asked to stop; everything is saved.
    """
    with display, stop_requests(listening) as stop:
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
        losses = job.phase.objective(job.model, job.config.seed, job.precision)
        self.losses_of = shared_losses(losses, job, self.progress.optimizer)
        self.diary_is_kept_back = False
        self.norm_before: float | None = None
        self.began = time.monotonic()

    def run(self) -> AnyFigures | None:
        figures = self._begin()
        timer = Timer(self.job.config.checkpoint.minutes)
        with closing(self._steps_left()) as steps:
            for parts in steps:
                self._step(parts)
                if self._is_stopping():
                    self._stop()
                evaluates = self.length.is_evaluated_after(self.progress.step)
                if evaluates or timer.is_due:
                    self._save()
                    timer.restart()
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
        self.job.world.of_leader(self._go_back)
        hand_out(self.progress, self.job.world)
        step = self.progress.step
        is_missing = self.length.is_evaluated_after(step) and not self.judge.has_evaluated(step)
        return self._evaluate() if is_missing else None

    def _go_back(self) -> None:
        resumes = bool(checkpoint.checkpoints(self.job.run))
        if resumes or self.diary.has_begun:
            for warning in checkpoint.restore(self.job.run, self.progress, self.job.circumstances):
                self.display.warn(f"warning: {warning}")
        step = self.progress.step
        for warning in self.diary.rewind(step):
            self.display.warn(f"warning: {warning}")
        if not resumes:
            self._save()
        for old in checkpoint.checkpoints(self.job.run)[self.job.config.checkpoint.generations :]:
            old.unlink(missing_ok=True)  # a kill came after the newest was written
        if step:
            self.display.say(f"going on after step {step} of {self.length.total}")
        elif note := mostly_warmup(self.length.total, self.job.config.schedule):
            self.display.warn(f"warning: {note}")

    def _evaluate(self) -> AnyFigures:
        """Judge the network; one that has exploded is no place to go on from."""
        try:
            return self.judge.evaluate(self.progress)
        except ModelFileError as error:
            if not (error.code == "RC520" or error.code == "RC525"):
                raise
            step = self.progress.step
            self._forget()
            raise exploded(error, step, self._rate_of(max(step - 1, 0))) from error
        except ToldElsewhere as told:
            if told.code != ModelFileError.exit_code:
                raise
            self._forget()
            raise ToldElsewhere(TrainingError.exit_code) from told
        except (MemoryError, RuntimeError) as error:
            if not machine.is_out_of_memory(error):
                raise
            raise out_of_memory("an evaluation", "a picture at a time") from error

    def _forget(self) -> None:
        if self.job.world.leads:
            checkpoint.forget(self.job.run, self.progress.step)

    def _steps_left(self) -> Generator[Parts, None, None]:
        if self.progress.step and self.judge.has_stalled():
            return
        with closing(feed(self.job, self.length, self.progress.step, self._excuse)) as steps:
            while (parts := self._next(steps)) is not None:
                yield parts

    def _next(self, steps: Iterator[Parts]) -> Parts | None:
        """Wait for the next step's batches; whoever stopped us may have stopped the readers."""
        try:
            with self.job.world.together():
                return next(steps, None)
        except (TrainingError, ToldElsewhere) as error:
            lost = error.code in (HANGS, ENDED)  # then the signal came because of that
            if not lost and self._is_stopping():
                self._stop()
            raise

    def _excuse(self, died: TrainingError, step: int) -> None:
        """Let readers of this process that died have one more try, unless we were stopped."""
        if self.stop.signal is not None:
            raise died
        world, why = self.job.world, f"{died.what} ({died.got}); step {step} is read again"
        if world.leads:
            self.display.warn(f"warning: {why}")
        else:  # the others know nothing of it
            Quiet().warn(f"warning: process {world.rank} of {world.size}: {why}")

    def _step(self, parts: Parts) -> None:
        job, config, progress = self.job, self.job.config, self.progress
        rate = self._rate_of(progress.step)
        set_learning_rate(progress.optimizer, rate)
        try:
            with job.world.watched():
                losses, norm = take_step(
                    self.losses_of,
                    parts,
                    progress.optimizer,
                    progress.scaler,
                    config.optimizer.clip_norm,
                    job.world,
                )
        except NotFiniteError as error:
            raise self._diverged(error, parts, rate) from error
        except (MemoryError, RuntimeError) as error:
            if not machine.is_out_of_memory(error):
                raise
            raise out_of_memory("a step", _sizes_of(parts)) from error
        progress.step += 1
        if progress.average is not None and config.average_decay is not None:
            update_average(progress.average, self.job.model, progress.step, config.average_decay)
        report = StepReport(
            step=progress.step,
            learning_rate=rate,
            losses=losses,
            gradient_norm=norm,
            pictures=tuple(self._record(visit).name for part in parts for visit in part.visits),
        )
        if self.job.world.leads:
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
        if exploding := lengthened(report, self.norm_before):
            self.display.warn(f"warning: {exploding}")
        self.norm_before = report.gradient_norm or self.norm_before
        for callback in self.job.callbacks:
            try:
                callback(report)
            except Exception as error:
                self._save()
                name = getattr(callback, "__qualname__", repr(callback))
                error.add_note(f"raised by the callback {name}, step {report.step}; state saved")
                raise

    def _record(self, visit: Visit) -> Record:
        return self.job.train.records[visit.picture]

    def _diverged(self, error: NotFiniteError, parts: Parts, rate: float) -> BaseException:
        """Say it once, with the pictures of the processes that are to blame."""
        world = self.job.world
        blamed = parts if error.part is None else [parts[error.part]]
        mine = [example for part in blamed for example in part]
        bring = not error.ranks or world.rank in error.ranks
        brought = world.gathered(lambda: mine if bring else [])
        if not world.leads:
            return ToldElsewhere(TrainingError.exit_code)
        examples = [example for each in brought for example in each]
        names = [str(self._record(example.visit).path) for example in examples]
        return diverged(error, self.progress.step + 1, rate, names, self._set_aside(examples))

    def _set_aside(self, examples: Sequence[Example]) -> str:
        try:
            return f"the batch is in {keep.failing_batch(self.job.run, examples)}"
        except DiskError as error:
            return f"the batch could not be kept ({error.got})"

    def _save(self) -> None:
        """Write a checkpoint of weights that can be used, behind a diary that is complete."""
        if not self.job.world.leads:
            return
        keep.require_finite_weights(self.job.model, self.progress.step)
        self.diary.flush()
        generations = self.job.config.checkpoint.generations
        checkpoint.save(self.job.run, self.progress, self.job.circumstances, generations)

    def _stop(self) -> None:
        """Save, and only then end all processes: a launcher ends the leader after any other."""
        with self.job.world.together():
            self._save()
            if self.job.world.leads:
                raise self._interrupted()

    def _is_stopping(self) -> bool:
        """Whether a process was asked to stop; all stop after the same step."""
        heard = [each for each in self.job.world.gathered(lambda: self.stop.signal) if each]
        if heard:
            self.stop.signal = heard[0]
        return bool(heard)

    def _heed(self) -> None:
        """Stop between two pictures of an evaluation; the checkpoint before it is written."""
        if self.stop.signal is not None:
            raise self._interrupted()

    def _interrupted(self) -> Interrupted:
        return Interrupted(self.progress.step, self.stop.exit_code, self.job.run.path)


def _sizes_of(parts: Parts) -> str:
    sizes = sorted({tuple(e.prepared.pixels.shape[1:]) for part in parts for e in part})
    return f"{len(parts[0])} pictures at once, sized {', '.join(map(str, sizes))}"
