"""A trained detector, measured on a split; what `frcnn eval` does.

On the validation pictures of its own run it gives what training printed, to the bit: the same
weights, the same pictures one by one, the same precision, the same code.
"""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from frcnn import files, machine, settings
from frcnn.data.dataset import Dataset
from frcnn.data.pixel_check import check_pixels
from frcnn.data.problems import Report
from frcnn.data.records import Split
from frcnn.data.voc_layout import SPLIT_NAMES
from frcnn.errors import ConfigError
from frcnn.evaluation.plots import draw_plots
from frcnn.evaluation.proposal_plots import draw_proposal_plots
from frcnn.evaluation.report import evaluate
from frcnn.launch.material import Say, open_data
from frcnn.launch.measured import (
    DetectionMetric,
    Measured,
    MeasuredDetections,
    MeasuredProposals,
    Metric,
    require_metric,
)
from frcnn.prediction.counting import Tell, counting, silent
from frcnn.prediction.predictor import Detector
from frcnn.prediction.saved import load_detector
from frcnn.prediction.splits import detect_split
from frcnn.presets import RunConfig
from frcnn.run_folder import RunFolder
from frcnn.training.validation import proposal_figures_of


class MeasureOptions(TypedDict, total=False):
    """What can be asked of an evaluation, in the words of the command line."""

    data: str | Path
    """Folder of the data; the run's own where none is named."""
    split: str
    """Which; where none is named, `test`, else `val`, else the only one there is."""
    metric: Metric
    """Which figure is the headline; `proposals` judges the first stage alone."""
    out: str | Path
    """Folder for the results; where none is named, `eval/SPLIT` of the run, and
    `eval/DATA-SPLIT` for other data than the run's; for proposals with `-proposals` at its end."""
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
        ConfigError: no such metric; or no data, no such split, or no folder to write to is known.
        DataError: the data cannot be used.
        ModelFileError: the weights cannot be used, or know other classes.
    """
    metric = options.get("metric", "coco")
    require_metric(metric)
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
    usual = material.folder
    if metric == "proposals":  # beside what the detections of the split gave
        usual = usual.with_name(f"{usual.name}-proposals")
    folder = Path(options.get("out", usual))
    files.require_writable(folder)
    task = _Task(detector, material.split, folder, options.get("quiet", False))
    return _proposals(task) if metric == "proposals" else _detections(task, metric)


class _Task(NamedTuple):
    """Who looks at which pictures, and where the results go."""

    detector: Detector
    split: Split
    folder: Path
    quiet: bool

    def counting(self) -> AbstractContextManager[Tell]:
        return nullcontext(silent) if self.quiet else counting("pictures", len(self.split))


def _detections(task: _Task, metric: DetectionMetric) -> Measured:
    split, folder = task.split, task.folder
    with task.counting() as tell:
        judged = detect_split(task.detector, split, on_picture=tell)
    figures = evaluate(judged, split.classes)
    _write(folder, figures.to_json())
    draw_plots(folder, judged, split.classes)
    return MeasuredDetections(figures=figures, split=split.name, folder=folder, metric=metric)


def _proposals(task: _Task) -> Measured:
    with task.counting() as tell:
        figures = proposal_figures_of(task.detector, task.split, on_picture=tell)
    _write(task.folder, figures.to_json())
    draw_proposal_plots(task.folder, figures)
    return MeasuredProposals(figures=figures, split=task.split.name, folder=task.folder)


class _Material(NamedTuple):
    """What is measured on, and where the results belong if nobody says otherwise."""

    split: Split
    report: Report
    folder: Path


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
    own = {"train": train, "val": val}.get(SPLIT_NAMES.get(name.lower(), name))
    if own is None:
        split, report = dataset.split(name), dataset.report
    else:  # training left out what cannot be read
        split, found = check_pixels(own)
        report = dataset.report.plus(found.problems)
    return _Material(split, report, run.eval / split.name)


def _usual(dataset: Dataset) -> str:
    """Take what no training has seen; of a folder with one split that one."""
    names = [name for name in ("test", "val") if name in dataset.splits]
    only = list(dataset.splits) if len(dataset.splits) == 1 else []
    return (names + only + ["test"])[0]


def _is_same(data: str | Path, other: str) -> bool:
    return bool(other) and Path(data).resolve() == Path(other).resolve()


def _write(folder: Path, figures: Mapping[str, Any]) -> None:
    text = json.dumps(figures, indent=2, allow_nan=False, ensure_ascii=False)
    files.write_text(folder / "metrics.json", text + "\n")
