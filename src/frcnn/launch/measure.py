"""A trained detector, measured on a split; what `frcnn eval` does.

On the validation pictures of its own run it gives what training printed, to the bit: the same
weights, the same pictures one by one, the same precision, the same code.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypedDict

from frcnn import files, machine
from frcnn.data.records import Split
from frcnn.evaluation.confusion import confusion_matrix
from frcnn.evaluation.devkit import write_results
from frcnn.evaluation.judged import Judged
from frcnn.evaluation.plots import IOU, PLOTS, SCORE, draw_plots
from frcnn.evaluation.proposal_plots import PROPOSAL_PLOTS, draw_proposal_plots
from frcnn.evaluation.report import evaluate
from frcnn.launch.after_training import Reader, require_read, set_otherwise
from frcnn.launch.chosen import Chosen, Wanted, choose_pictures
from frcnn.launch.material import Say
from frcnn.launch.measured import (
    DetectionMetric,
    Measured,
    MeasuredDetections,
    MeasuredProposals,
    Metric,
    require_form,
    require_metric,
    written,
)
from frcnn.prediction.counting import Tell, counting, uncounted
from frcnn.prediction.own_files import require_free
from frcnn.prediction.predictor import Detector
from frcnn.prediction.saved import Saved, read_saved, trained_precision, weights_path
from frcnn.prediction.splits import detect_split
from frcnn.training.validation import proposal_figures_of
from frcnn.types import name_of
from frcnn.weights import file as weights_file

METRICS = "metrics.json"
"""The file of all figures in an evaluation's folder."""


class MeasureOptions(TypedDict, total=False):
    """What can be asked of an evaluation, in the words of the command line."""

    data: str | Path
    """Folder of the data; the run's own where none is named."""
    layout: str
    """Of `data`: `voc`, `coco`, `yolo` or `csv`; found by looking where none is named."""
    split: str
    """Which; where none is named, `test`, else `val`, else the only one there is."""
    metric: Metric
    """Which figure is the headline; `proposals` judges the first stage instead."""
    out: str | Path
    """Folder for the results; where none is named, `eval/SPLIT` of the run, `eval/SPLIT-last` for
    its last weights, and `eval/DATA-SPLIT` for other data than the run's; for proposals with
    `-proposals` behind it, and with each of `settings`."""
    save: Literal["voc"]
    """What else to write: the results files of the VOC devkit."""
    device: str
    precision: str
    batch: int
    """Most pictures computed at once."""
    settings: Sequence[str]
    """`name=value` pairs, laid over the network's own; of `model.proposals_test` and
    `model.postprocess`."""
    quiet: bool


def measure(named: str | Path, options: MeasureOptions, say: Say) -> Measured:
    """Evaluate a run or a weights file, and write figures and plots.

    Args:
        named: a run folder or a weights file of ours.
        options: what was asked for.
        say: told what was left out of the data, and in which numbers it is computed, where these
            are not training's, or slow.

    Returns:
        The figures.

    Raises:
        ConfigError: no data, no such split or metric, or no folder to write to is known, files of
            the user's are in that folder's way (RC372), or a setting is not read here (RC393).
        DataError: the data cannot be used.
        ModelFileError: the weights cannot be used, or know other classes.
    """
    metric = options.get("metric", "coco")
    require_metric(metric)
    require_form(options.get("save"))
    changes = options.get("settings", ())
    require_read(changes, _reader(metric))
    saved = _saved(Path(named), options, say)
    detector = saved.detector if metric == "proposals" else saved.whole
    said = set_otherwise(detector.module.config, changes)
    wanted = Wanted(
        verb="eval",
        data=options.get("data"),
        split=options.get("split"),
        usual=_usual,
        layout=options.get("layout", ""),
    )
    chosen = choose_pictures(Path(named), wanted, detector.classes)
    if chosen.report.problems:
        say(chosen.report.summary())
    machine.keep_freed_memory()
    folder = Path(options.get("out", _usual_folder(Path(named), chosen, metric, said)))
    if "out" in options and not _is_ours(folder):
        require_free(folder, _results(folder, metric))
    files.require_writable(folder)
    quiet = options.get("quiet", False)
    task = _Task(detector, chosen.split, folder, options.get("save"), said, quiet)
    return _proposals(task) if metric == "proposals" else _detections(task, metric)


def _reader(metric: Metric) -> Reader:
    return "eval --metric proposals" if metric == "proposals" else "eval"


class _Task(NamedTuple):
    """Who looks at which pictures, and where the results go."""

    detector: Detector
    split: Split
    folder: Path
    save: str | None
    settings: Mapping[str, object]
    quiet: bool

    def counting(self) -> AbstractContextManager[Tell]:
        count = uncounted if self.quiet else counting
        return count("pictures", len(self.split))


def _detections(task: _Task, metric: DetectionMetric) -> Measured:
    split, folder = task.split, task.folder
    with task.counting() as tell:
        judged = detect_split(task.detector, split, on_picture=tell)
    figures = evaluate(judged, split.classes)
    measured = MeasuredDetections(
        figures=figures, split=split.name, folder=folder, metric=metric, settings=task.settings
    )
    _write(folder, {**measured.to_file(), "confusion": _confusion(judged, split)})
    draw_plots(folder, judged, split.classes)
    if task.save == "voc":
        found = {pair.name: pair.detections for pair in judged}
        write_results(folder, found, split.classes, split=split.name)
    return measured


def _results(folder: Path, metric: Metric) -> tuple[str, ...]:
    """List the files that an evaluation may write over."""
    if metric == "proposals":
        return (METRICS, *PROPOSAL_PLOTS)
    return (METRICS, *PLOTS, *(path.name for path in folder.glob("comp4_det_*")))


def _saved(named: Path, options: MeasureOptions, say: Say) -> Saved:
    """Read the detector, to compute in what training measured with, if the device can at all."""
    asked, device = options.get("precision", "auto"), options.get("device", "auto")
    header = weights_file.read_header(weights_path(named))
    trained = trained_precision(header, machine.resolve_device(device))
    if asked == "auto" and trained is not None:
        asked = name_of(trained)
    saved = read_saved(
        named,
        device=device,
        precision=asked,
        batch=options.get("batch", 1),
        changes=options.get("settings", ()),
    )
    used = name_of(saved.detector.precision)
    said = header.extra.get("precision", used)
    if used != said:
        say(f"warning: training measured in {said}, this is {used}: figures differ a little")
    elif used == "bfloat16" != name_of(machine.resolve_precision("auto", saved.detector.device)):
        say("computed in bfloat16, as in training, which this device only emulates: it is slow")
    return saved


def _confusion(judged: list[Judged], split: Split) -> Mapping[str, Any]:
    """Count which class was taken for which, as the plot shows it."""
    counts = confusion_matrix(judged, split.classes, iou=IOU, score=SCORE).tolist()
    names = [*split.classes, "background"]
    return {"iou": IOU, "score": SCORE, "classes": names, "counts": counts}


def _proposals(task: _Task) -> Measured:
    with task.counting() as tell:
        figures = proposal_figures_of(task.detector, task.split, on_picture=tell)
    measured = MeasuredProposals(
        figures=figures, split=task.split.name, folder=task.folder, settings=task.settings
    )
    _write(task.folder, measured.to_file())
    draw_proposal_plots(task.folder, figures)
    return measured


def _usual_folder(
    named: Path, chosen: Chosen, metric: Metric, settings: Mapping[str, object]
) -> Path:
    """Name the folder for the results: in the run's, or beside a bare weights file."""
    folder = chosen.run.eval / chosen.name if chosen.run else named.parent / f"eval-{chosen.name}"
    if chosen.run and named.name == chosen.run.last.name:
        folder = folder.with_name(f"{folder.name}-last")
    # beside what the detections of the split gave, and the network as it was trained
    kind = "-proposals" if metric == "proposals" else ""
    changes = "".join(f"-{row.removeprefix('model.')}" for row in written(settings))
    return folder.with_name(f"{folder.name}{kind}{changes}")


def _usual(names: Collection[str], _learnt: str | None) -> str:
    """Take what no training has seen; of a folder with one split that one."""
    known = [name for name in ("test", "val") if name in names]
    only = list(names) if len(names) == 1 else []
    return (known + only + ["test"])[0]


def _is_ours(folder: Path) -> bool:
    """Tell whether an evaluation of ours is in the folder, which a new one may replace."""
    try:
        found = json.loads((folder / METRICS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    ours = ({"coco", "voc07_map", "per_class"}, {"proposals", "iou", "recall"})
    return isinstance(found, dict) and any(found.keys() >= names for names in ours)


def _write(folder: Path, figures: Mapping[str, Any]) -> None:
    text = json.dumps(figures, indent=2, allow_nan=False, ensure_ascii=False)
    files.write_text(folder / METRICS, text + "\n")
