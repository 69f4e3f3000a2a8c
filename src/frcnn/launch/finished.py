"""What a training says once it is over: of its best weights, and what to do next."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frcnn.launch.launched import Launched
from frcnn.prediction.predictor import Detector
from frcnn.prediction.saved import load_detector
from frcnn.run_folder import RunFolder
from frcnn.training.validation import AnyFigures
from frcnn.weights import file as weights_file


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """A training that came to its end."""

    folder: RunFolder
    figures: AnyFigures | None
    """The last evaluation's; None when there was nothing left to train."""
    kept: weights_file.Header | None
    """What `best.safetensors` said of itself when training ended: its `extra` has the `step`, the
    `figures` and their `table`. None where the file is gone."""
    rank: int = 0
    """Which of the processes that trained it together this one is."""

    @property
    def path(self) -> Path:
        """The run folder."""
        return self.folder.path

    @property
    def best(self) -> Detector:
        """The detector with the best validation figure, read from the run folder."""
        return load_detector(self.path)

    def __str__(self) -> str:
        path, best, kept = shlex.quote(str(self.path)), self.folder.best.name, self.kept
        lines = ["nothing left to train"] * (self.figures is None)
        then = f"frcnn eval {path}; frcnn predict {path} PICTURE..."
        if kept is None:
            lines.append(f"{best} is gone, {self.folder.last.name} is of the last step")
            then = f"frcnn eval {shlex.quote(str(self.folder.last))}"
        else:
            of_step = f"{best}, of step {kept.extra.get('step')}, on validation pictures:"
            lines += [of_step, str(kept.extra.get("table", "no figures"))]
        if kept is not None and not kept.has_head:
            then = f"frcnn eval {path} --metric proposals; frcnn propose {path} --out FILE"
        return "\n".join([*lines, f"run {self.path}", f"next: {then}"])

    def to_json(self) -> Mapping[str, Any]:
        """Give the folder, and step and figures of the best weights, as plain values."""
        best = self.kept.extra if self.kept else {}
        step, figures = best.get("step"), best.get("figures")
        return {"run": str(self.path), "step": step, "figures": figures}


def finished(launched: Launched, figures: AnyFigures | None) -> Run:
    """Read what a training leaves.

    Args:
        launched: the run.
        figures: the last evaluation's; None when there was nothing left to train.

    Returns:
        The same, with what the best weights say of themselves.

    Raises:
        ModelFileError: the best weights are there, but damaged.
    """
    run = launched.job.run
    kept = weights_file.read_header(run.best) if run.best.exists() else None
    return Run(folder=run, figures=figures, kept=kept, rank=launched.job.world.rank)
