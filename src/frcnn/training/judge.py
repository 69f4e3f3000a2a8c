"""The judge of a run: evaluates, keeps the best weights, and says when to stop.

It remembers nothing of its own: the best figure so far is read from the diary.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.prediction.counting import Tell
from frcnn.prediction.predictor import Detector
from frcnn.training import keep
from frcnn.training.checkpoint import Progress
from frcnn.training.job import Job, Length
from frcnn.training.log import Diary, Row
from frcnn.training.objectives import Objective, first_stage_losses, joint_losses
from frcnn.training.progress import Display, table_row
from frcnn.training.validation import (
    AnyFigures,
    averaged,
    figures_of,
    proposal_figures_of,
    summary,
    validation_loss,
)
from frcnn.types import name_of

_SHOWN = ("step", "epoch", "loss", "val_loss")


@dataclass(frozen=True, kw_only=True)
class _View:
    """Whose loss is measured, and which figures are shown."""

    objective: Objective
    """Whose loss is measured on the validation pictures."""
    shown: tuple[str, ...]


_DETECTIONS = _View(
    objective=joint_losses,
    shown=(*_SHOWN, "val_AP", "val_AP50", "val_voc07_map"),
)
_PROPOSALS = _View(
    objective=first_stage_losses,
    shown=(*_SHOWN, "val_AR_300", "val_recall50_300"),
)


class Judge:
    """Looks at the validation pictures for one job."""

    def __init__(
        self,
        job: Job,
        length: Length,
        diary: Diary,
        display: Display,
        heed: Callable[[], None],
    ) -> None:
        """Keep what is needed to judge.

        Args:
            job: the network and its validation pictures.
            length: to count passes over the data.
            diary: rows are added to it, and the past is read from it.
            display: told of every evaluation.
            heed: called between two pictures; it raises when training shall stop.
        """
        self.job, self.length, self.diary, self.display = job, length, diary, display
        self._heed = heed
        self.metric, self._view = f"val_{job.config.evaluation.metric}", _DETECTIONS
        if job.phase.judged_by == "proposals":
            self.metric, self._view = "val_AR_300", _PROPOSALS
        self._began = time.monotonic()

    def evaluate(self, progress: Progress) -> AnyFigures:
        """Measure the network as it is, and keep its weights as last, and as best if they are.

        Weights are written first and the diary's row last: a kill in between repeats the
        evaluation, with the same result.

        Args:
            progress: the weights, or their average where one is kept.

        Returns:
            The figures.

        Raises:
            DiskError: weights or row could not be written.
            Interrupted: a signal asked to stop; the evaluation is made when the run goes on.
        """
        step = progress.step
        model = averaged(self.job.model, progress.average)
        figures, losses = self._look(model)
        self.job.world.of_leader(lambda: self._write(model, step, figures, losses))
        return figures

    def _write(
        self, model: FasterRCNN, step: int, figures: AnyFigures, losses: Mapping[str, float]
    ) -> None:
        row = {
            "step": step,
            "epoch": self.length.epochs_at(step),
            **self.diary.means_since_evaluation(),
            **summary(figures, losses),
        }
        is_best = self._is_best(row)
        about = {"step": step, "figures": figures.to_json(), "table": figures.table()}
        self._keep(model, about, best=is_best)
        seconds = round(time.monotonic() - self._began, 3)
        self.diary.add_evaluation({**row, "seconds": seconds})
        self.display.say(table_row(row, self._view.shown) + ("  best" if is_best else ""))

    def _look(self, model: FasterRCNN) -> tuple[AnyFigures, dict[str, float]]:
        """Look at the validation pictures, at the first of them twice: for the loss, too."""
        job, world = self.job, self.job.world
        first = min(job.config.evaluation.loss_pictures, len(job.val))

        def heeding(tell: Tell, pictures: int) -> Tell:
            def on_picture(mine: int) -> None:
                tell(min(mine * world.size, pictures))  # the others are about as far
                self._heed()

            return on_picture

        with self.display.counting("validation losses", first) as tell:
            losses = validation_loss(
                model,
                job.val,
                self._view.objective(model, job.config.seed, job.precision),
                pictures=first,
                on_picture=heeding(tell, first),
                world=world,
            )
        device, dtype = job.precision.device, job.precision.dtype
        with world.together():
            detector = Detector(model, job.train.classes, device=device, precision=dtype)
        judge = proposal_figures_of if self._view is _PROPOSALS else figures_of
        with self.display.counting("validation pictures", len(job.val)) as tell:
            on_picture = heeding(tell, len(job.val))
            return judge(detector, job.val, on_picture=on_picture, world=world), losses

    def has_evaluated(self, step: int) -> bool:
        """Say whether the diary has the evaluation after a step."""
        rows = self.job.world.of_leader(self.diary.evaluations)
        return bool(rows) and rows[-1]["step"] == step

    def has_stalled(self) -> bool:
        """Say whether the figure has not risen for as many evaluations as patience allows."""
        patience = self.job.config.evaluation.patience
        if patience is None:
            return False
        past = self.job.world.of_leader(self.diary.evaluations)
        rows = [row.get(self.metric) for row in past]
        values = [-1.0 if value is None else value for value in rows]  # None: no object at all
        best = values.index(max(values)) if values else 0
        stalled = len(values) - 1 - best >= patience
        if stalled:
            self.display.say(f"stopped early: {self.metric} did not rise in {patience} evaluations")
        return stalled

    def _is_best(self, row: Row) -> bool:
        value = row[self.metric]
        before = [past.get(self.metric) for past in self.diary.evaluations()]
        known = [past for past in before if past is not None]
        return value is not None and value > max(known, default=-1.0)

    def _keep(self, model: FasterRCNN, about: dict[str, Any], *, best: bool) -> None:
        run, classes = self.job.run, self.job.train.classes
        about = {**about, "judged_by": self.job.phase.judged_by}
        if self.job.train.category_ids:
            about["category_ids"] = list(self.job.train.category_ids)
        precision = name_of(self.job.precision.dtype)
        keep.weights(run.last, model, classes, {**about, "precision": precision})
        if best or not run.best.exists():
            keep.weights(run.best, model, classes, {**about, "precision": precision})
