"""A trained detector, measured on a split; what `frcnn eval` does.

On the validation pictures of its own run it gives what training printed, to the bit: the same
weights, the same pictures one by one, the same precision, the same code.
"""

import json
from collections.abc import Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

from frcnn import files, machine
from frcnn.data.records import Split
from frcnn.evaluation.judged import Judged
from frcnn.evaluation.plots import draw_plots
from frcnn.evaluation.report import Figures, evaluate
from frcnn.launch.chosen import Wanted, choose_pictures
from frcnn.launch.material import Say
from frcnn.prediction.counting import counting, silent
from frcnn.prediction.saved import load_detector
from frcnn.prediction.splits import detect_split

Metric = Literal["coco", "voc07", "voc"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Measured:
    """What an evaluation found, and where it is written."""

    figures: Figures
    split: str
    folder: Path
    metric: Metric = "coco"

    @property
    def headline(self) -> float | None:
        """The figure of the metric that was asked for."""
        known = {
            "coco": self.figures.coco["AP"],
            "voc07": self.figures.voc07_map,
            "voc": self.figures.voc_map,
        }
        return known[self.metric]

    def __str__(self) -> str:
        shown = "-" if self.headline is None else f"{self.headline:.4f}"
        head = f"{self.metric} {shown} on {self.split}, {self.figures.pictures} pictures"
        return f"{head}\n{self.figures.table()}\nsaved in {self.folder}"

    def to_json(self) -> Mapping[str, Any]:
        """Give all of it as plain values."""
        return {
            "metric": self.metric,
            "value": self.headline,
            "split": self.split,
            "folder": str(self.folder),
            **self.figures.to_json(),
        }


class MeasureOptions(TypedDict, total=False):
    """What can be asked of an evaluation, in the words of the command line."""

    data: str | Path
    """Folder of the data; the run's own where none is named."""
    split: str
    """Which; where none is named, `test`, else `val`, else the only one there is."""
    metric: Metric
    """Which figure is the headline."""
    out: str | Path
    """Folder for the results; where none is named, `eval/SPLIT` of the run, and
    `eval/DATA-SPLIT` for other data than the run's."""
    device: str
    precision: str
    batch: int
    """Most pictures computed at once."""
    quiet: bool


def measure(named: str | Path, options: MeasureOptions, say: Say) -> Measured:
    """Evaluate a run or a weights file, and write figures and plots.

    Args:
        named: a run folder or a weights file of ours.
        options: what was asked for.
        say: told what was left out of the data.

    Returns:
        The figures.

    Raises:
        ConfigError: no data, no such split, or no folder to write to is known.
        DataError: the data cannot be used.
        ModelFileError: the weights cannot be used, or know other classes.
    """
    detector = load_detector(
        named,
        device=options.get("device", "auto"),
        precision=options.get("precision", "auto"),
        batch=options.get("batch", 1),
    )
    wanted = Wanted(verb="eval", data=options.get("data"), split=options.get("split"), usual=_usual)
    chosen = choose_pictures(Path(named), wanted, detector.classes)
    if summary := chosen.report.summary():
        say(summary)
    machine.keep_freed_memory()
    run, name = chosen.run, chosen.name
    folder = Path(options.get("out", run.eval / name if run else _beside(Path(named), name)))
    files.require_writable(folder)
    quiet, split = options.get("quiet", False), chosen.split
    with nullcontext(silent) if quiet else counting("pictures", len(split)) as tell:
        judged = detect_split(detector, split, on_picture=tell)
    figures = evaluate(judged, split.classes)
    _write(folder, figures, judged, split)
    metric = options.get("metric", "coco")
    return Measured(figures=figures, split=split.name, folder=folder, metric=metric)


def _beside(weights: Path, name: str) -> Path:
    """Name the folder for results of a bare weights file."""
    return weights.parent / f"eval-{name}"


def _usual(names: Collection[str]) -> str:
    """Take what no training has seen; of a folder with one split that one."""
    known = [name for name in ("test", "val") if name in names]
    only = list(names) if len(names) == 1 else []
    return (known + only + ["test"])[0]


def _write(folder: Path, figures: Figures, judged: list[Judged], split: Split) -> None:
    text = json.dumps(figures.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
    files.write_text(folder / "metrics.json", text + "\n")
    draw_plots(folder, judged, split.classes)
