"""A trained detector, measured on a split; what `frcnn eval` does.

On the validation pictures of its own run it gives what training printed, to the bit: the same
weights, the same pictures one by one, the same precision, the same code.
"""

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypedDict

from frcnn import files, machine, settings
from frcnn.data.dataset import Dataset
from frcnn.data.problems import Problem, Report
from frcnn.data.records import Split
from frcnn.data.voc_layout import SPLIT_NAMES
from frcnn.errors import ConfigError, PictureError
from frcnn.evaluation.judged import Judged
from frcnn.evaluation.plots import draw_plots
from frcnn.evaluation.report import Figures, evaluate
from frcnn.launch.material import Say, open_data
from frcnn.prediction.counting import counting, silent
from frcnn.prediction.predictor import Detector
from frcnn.prediction.saved import load_detector
from frcnn.prediction.splits import detect_split
from frcnn.presets import RunConfig
from frcnn.run_folder import RunFolder

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
    material = _material(Path(named), options, detector)
    if summary := material.report.summary():
        say(summary)
    machine.keep_freed_memory()
    folder = Path(options.get("out", material.folder))
    files.require_writable(folder)
    quiet, split = options.get("quiet", False), material.split
    left_out: list[Problem] = []

    def leave_out(error: PictureError) -> None:
        left_out.append(Problem.of(error, effect="picture skipped"))

    with nullcontext(silent) if quiet else counting("pictures", len(split)) as tell:
        judged = detect_split(
            detector,
            split,
            on_picture=tell,
            on_unreadable=leave_out if material.is_own else None,
        )
    if left_out:
        say(Report(tuple(left_out)).summary())
    figures = evaluate(judged, split.classes)
    _write(folder, figures, judged, split)
    metric = options.get("metric", "coco")
    return Measured(figures=figures, split=split.name, folder=folder, metric=metric)


class _Material(NamedTuple):
    """What is measured on, and where the results belong if nobody says otherwise."""

    split: Split
    report: Report
    folder: Path
    is_own: bool = False
    """Whether the run was trained or validated on it, without the pictures that cannot be read."""


def _material(named: Path, options: MeasureOptions, detector: Detector) -> _Material:
    """Choose the pictures: those that the run was trained and validated on, or a folder's."""
    data, wanted = options.get("data"), options.get("split")
    run = RunFolder.open(named) if named.is_dir() else None
    config = settings.read_yaml(run.config, RunConfig) if run and run.config.exists() else None
    if run and config and (data is None or _is_same(data, config.data)):
        return _of_run(run, config, wanted)
    if data is None:
        raise ConfigError(
            "RC354",
            "--data",
            "no data to evaluate on",
            got="weights without a run's settings, which know no data",
            want="a folder of pictures with boxes",
            fix=f"name it: frcnn eval {named} --data DIR",
        )
    dataset = Dataset.open(data, classes=detector.classes)
    split = dataset.split(wanted or _usual(dataset))
    name = f"{dataset.name}-{split.name}"
    folder = run.eval / name if run else named.parent / f"eval-{name}"
    return _Material(split, dataset.report, folder)


def _of_run(run: RunFolder, config: RunConfig, wanted: str | None) -> _Material:
    """Choose among the pictures of a run's data, the validation pictures that it took included."""
    dataset, train, val = open_data(config)
    name = wanted or ("test" if "test" in dataset.splits else "val")
    mine = {train.name: train, "val": val}
    if "train" not in dataset.splits:
        mine["train"] = train
    own = mine.get(SPLIT_NAMES.get(name.lower(), name))
    split = dataset.split(name) if own is None else own
    return _Material(split, dataset.report, run.eval / split.name, is_own=own is not None)


def _usual(dataset: Dataset) -> str:
    """Take what no training has seen; of a folder with one split that one."""
    names = [name for name in ("test", "val") if name in dataset.splits]
    only = list(dataset.splits) if len(dataset.splits) == 1 else []
    return (names + only + ["test"])[0]


def _is_same(data: str | Path, other: str) -> bool:
    return bool(other) and Path(data).resolve() == Path(other).resolve()


def _write(folder: Path, figures: Figures, judged: list[Judged], split: Split) -> None:
    text = json.dumps(figures.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
    files.write_text(folder / "metrics.json", text + "\n")
    draw_plots(folder, judged, split.classes)
