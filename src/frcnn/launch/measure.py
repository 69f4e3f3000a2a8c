"""A trained detector, measured on a split; what `frcnn eval` does.

On the validation pictures of its own run it gives what training printed, to the bit: the same
weights, the same pictures one by one, the same precision, the same code.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

from frcnn import files, machine, settings
from frcnn.data.dataset import Dataset
from frcnn.data.pixel_check import check_pixels
from frcnn.data.records import Split
from frcnn.errors import ConfigError
from frcnn.evaluation.judged import Judged
from frcnn.evaluation.plots import draw_plots
from frcnn.evaluation.report import Figures, evaluate
from frcnn.launch.material import open_data
from frcnn.prediction.predictor import Detector, detect_split
from frcnn.prediction.saved import load_detector
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
    """Which; `test` where the data has one, else `val`."""
    metric: Metric
    """Which figure is the headline."""
    out: str | Path
    """Folder for the results; `eval/SPLIT` of the run where none is named."""
    device: str
    precision: str
    batch: int
    """Most pictures computed at once."""


def measure(named: str | Path, options: MeasureOptions) -> Measured:
    """Evaluate a run or a weights file, and write figures and plots.

    Args:
        named: a run folder or a weights file of ours.
        options: what was asked for.

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
    chosen = _split(named, options.get("data"), options.get("split"), detector)
    machine.keep_freed_memory()
    folder = _folder(named, chosen, options.get("out"))
    judged = detect_split(detector, chosen)
    figures = evaluate(judged, chosen.classes)
    _write(folder, figures, judged, chosen)
    metric = options.get("metric", "coco")
    return Measured(figures=figures, split=chosen.name, folder=folder, metric=metric)


def _split(
    named: str | Path, data: str | Path | None, split: str | None, detector: Detector
) -> Split:
    """Choose the pictures: those of the run that were named, or a folder's."""
    if data is not None:
        dataset = Dataset.open(data, classes=detector.classes)
        return dataset.split(split or ("test" if "test" in dataset.splits else "val"))
    if not Path(named).is_dir():
        raise ConfigError(
            "RC354",
            "--data",
            "no data to evaluate on",
            got="a weights file, which knows no data",
            want="a folder of pictures with boxes",
            fix=f"name it: frcnn eval {named} --data DIR",
        )
    config = settings.read_yaml(RunFolder.open(Path(named)).config, RunConfig)
    dataset, train, val = open_data(config)
    own = {"train": train, "val": val}
    wanted = split or ("test" if "test" in dataset.splits else "val")
    if wanted in own:  # training left out what cannot be read, and said so
        return check_pixels(own[wanted])[0]
    return dataset.split(wanted)


def _folder(named: str | Path, split: Split, out: str | Path | None) -> Path:
    if out is not None:
        folder = Path(out)
    elif Path(named).is_dir():
        folder = RunFolder.open(Path(named)).eval / split.name
    else:
        folder = Path(named).with_suffix("").parent / f"eval-{split.name}"
    files.require_writable(folder)
    return folder


def _write(folder: Path, figures: Figures, judged: list[Judged], split: Split) -> None:
    text = json.dumps(figures.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
    files.write_text(folder / "metrics.json", text + "\n")
    draw_plots(folder, judged, split.classes)
