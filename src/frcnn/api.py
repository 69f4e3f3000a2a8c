"""The few verbs that a program needs; each says what it decided, and returns plain values.

detector = frcnn.load("runs/screws-003")
run = frcnn.train("screws/", model="vgg16", epochs=20, seed=0)
figures = frcnn.evaluate(run.best, frcnn.Dataset.open("screws/").split("test"))
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Unpack, overload

from frcnn import machine
from frcnn.data.dataset import Dataset
from frcnn.data.problems import Report
from frcnn.data.records import Split
from frcnn.data.tiling import Tiled
from frcnn.demo.tour import Tour, TourOptions, take_tour
from frcnn.errors import ConfigError
from frcnn.evaluation.proposals import ProposalFigures
from frcnn.evaluation.report import Figures
from frcnn.launch import launch
from frcnn.launch import train as train_launched
from frcnn.launch.check import Checked, CheckOptions, check_report, look_over
from frcnn.launch.finished import Run, finished
from frcnn.launch.measure import MeasureOptions, measure
from frcnn.launch.measured import DetectionMetric, Measured, Metric, require_metric
from frcnn.launch.options import PredictOptions, TrainOptions
from frcnn.launch.predict import predict as predict_launched
from frcnn.launch.propose import ProposeOptions
from frcnn.launch.propose import propose as propose_launched
from frcnn.launch.tile import TileOptions, tile_folder
from frcnn.prediction.predictor import Detector
from frcnn.prediction.proposing import Proposed
from frcnn.prediction.saved import load_detector
from frcnn.prediction.summary import Summary
from frcnn.settings import nearest
from frcnn.training.joining import joined
from frcnn.training.progress import Quiet, Silent, display_for
from frcnn.training.validation import figures_of, proposal_figures_of

Named = str | os.PathLike[str] | Run
"""A run folder or a weights file of ours; what `frcnn.train` returns stands for its folder."""


def load(
    source: Named, *, device: str = "auto", precision: str = "auto", batch: int = 1
) -> Detector:
    """Make a detector of a run's best weights, or of a weights file.

    Args:
        source: a run folder or a .safetensors file of ours, or what `frcnn.train` returned.
        device: `auto`, `cpu`, `cuda` or `mps`.
        precision: `auto`, `float32`, `bfloat16` or `float16`.
        batch: most pictures computed at once.

    Returns:
        The detector; `detector.predict(picture)` finds objects.

    Raises:
        ConfigError: the folder is no run, or the device is not there.
        ModelFileError: the file is damaged, not ours, or of an unknown network.
    """
    machine.keep_freed_memory()
    return load_detector(_path(source, "load"), device=device, precision=precision, batch=batch)


def train(data: str | Path | Dataset | None = None, **options: Unpack[TrainOptions]) -> Run:
    """Train a detector.

    Args:
        data: folder of the data, or the data set opened from it; may be left out with `resume`
            and `config`, which name it.
        **options: as on the command line: `model`, `epochs`, `batch`, `seed`, `device`, ...

    Returns:
        The run; `run.best` is a detector.

    Raises:
        FrcnnError: what is wrong, where, and what to do about it.
    """
    _require_known("train", options, TrainOptions)
    with joined() as world:
        quiet = options.get("quiet", False) or not world.leads
        display = (Quiet() if quiet else display_for()) if world.leads else Silent()
        launched = launch(data, options, _silent if quiet else _say, display.warn, world)
        figures = train_launched(launched, display)
    return finished(launched, figures)


@overload
def evaluate(
    detector: Detector | Named, split: Split, *, metric: DetectionMetric = ...
) -> Figures: ...


@overload
def evaluate(
    detector: Detector | Named, split: Split, *, metric: Literal["proposals"]
) -> ProposalFigures: ...


def evaluate(
    detector: Detector | Named, split: Split, *, metric: Metric = "coco"
) -> Figures | ProposalFigures:
    """Measure a detector, or its first stage alone, on a split that is already open.

    Args:
        detector: weights and thresholds; of a run its best weights.
        split: pictures with true boxes, of the detector's classes; for proposals of any.
        metric: `coco`, `voc07` or `voc`, whose figures all come together, or `proposals`.

    Returns:
        COCO's and VOC's figures, in all and by class; for `proposals` their recall.

    Raises:
        ConfigError: no such metric (RC338), or arguments of another kind (RC319).
    """
    require_metric(metric)
    if not isinstance(detector, Detector):
        detector = load(detector)
    if not isinstance(split, Split):
        raise _other_kind("evaluate: split", split, 'frcnn.Dataset.open(DIR).split("test")')
    if metric == "proposals":
        return proposal_figures_of(detector, split)
    return figures_of(detector, split)


def evaluate_run(run: Named, **options: Unpack[MeasureOptions]) -> Measured:
    """Evaluate a run or a weights file, and write figures and plots; `frcnn eval`.

    Args:
        run: a run folder or a weights file of ours.
        **options: as on the command line: `data`, `split`, `metric`, `out`, `device`, `quiet`, ...

    Returns:
        The figures, and where they are written.

    Raises:
        FrcnnError: what is wrong, where, and what to do about it.
    """
    _require_known("evaluate_run", options, MeasureOptions)
    return measure(
        _path(run, "evaluate_run"), options, _silent if options.get("quiet", False) else _say
    )


def propose(run: Named, out: str | Path, **options: Unpack[ProposeOptions]) -> Proposed:
    """Store the first stage's proposals in every picture of a split; `frcnn propose`.

    Args:
        run: a run folder or a weights file of ours.
        out: the file to write, which training then takes.
        **options: as on the command line: `data`, `split`, `proposals`, `mirrored`, `device`, ...

    Returns:
        How many there are, and where.

    Raises:
        FrcnnError: what is wrong, where, and what to do about it.
    """
    _require_known("propose", options, ProposeOptions)
    say = _silent if options.get("quiet", False) else _say
    return propose_launched(_path(run, "propose"), out, options, say)


def predict_files(run: Named, sources: Sequence[str], **options: Unpack[PredictOptions]) -> Summary:
    """Find objects in pictures and videos, and write the results; `frcnn predict`.

    Args:
        run: a run folder or a weights file of ours.
        sources: pictures and videos, folders of them, patterns, lists, addresses, cameras.
        **options: as on the command line: `conf`, `save`, `out`, ...

    Returns:
        What it came to; a picture that cannot be read is one entry in its failures.

    Raises:
        DataError: there is not one picture (RC114, RC115); nothing is written.
        FrcnnError: what is wrong, where, and what to do about it.
    """
    _require_known("predict_files", options, PredictOptions)
    say = _silent if options.get("quiet", False) else _say
    return predict_launched(_path(run, "predict_files"), sources, options, say)


def demo(**options: Unpack[TourOptions]) -> Tour:
    """Draw scenes with dice, train on them, evaluate and predict, all offline; `frcnn demo`.

    Args:
        **options: as on the command line: `scenes`, `epochs`, `out`, `seed`, ...

    Returns:
        What was made, with the commands that make it again.

    Raises:
        FrcnnError: what is wrong, where, and what to do about it.
    """
    _require_known("demo", options, TourOptions)
    quiet = options.get("quiet", False)
    display = Quiet() if quiet else display_for()
    return take_tour(options, display, _silent if quiet else _say)


def check(data: str | Path | Dataset) -> Report:
    """Look a data set over; every picture is decoded.

    Args:
        data: folder of the data, or the data set opened from it.

    Returns:
        The report, however much is wrong. DataError when the data cannot be used at all.
    """
    return check_report(data)


def check_data(data: str | Path, **options: Unpack[CheckOptions]) -> Checked:
    """Look a data set over, write the report and a repaired copy; `frcnn data check`.

    Args:
        data: its folder, or its annotation file.
        **options: as on the command line: `layout`, `report`, `fix`, `no_pictures`, ...

    Returns:
        What was found, even where the data cannot be used.
    """
    _require_known("check_data", options, CheckOptions)
    return look_over(data, options)


def tile_data(
    data: str | Path, out: str | Path, tile: int, **options: Unpack[TileOptions]
) -> Tiled:
    """Cut a data set's pictures and boxes into tiles to train on; `frcnn data tile`.

    Args:
        data: its folder, or its annotation file.
        out: a new or empty folder, outside the data's own.
        tile: side of a tile, pixels.
        **options: as on the command line: `tile_overlap`, `least_visible`, `to`, ...

    Returns:
        What was written, and what became of the objects.

    Raises:
        FrcnnError: what is wrong, where, and what to do about it.
    """
    _require_known("tile_data", options, TileOptions)
    return tile_folder(data, out, tile, options)


def _path(named: Named, verb: str) -> Path:
    if isinstance(named, Run):
        return named.path
    if not isinstance(named, str | os.PathLike):
        raise _other_kind(verb, named, "the path of a run folder or weights file")
    return Path(named)


def _other_kind(place: str, got: object, want: str) -> ConfigError:
    kind = type(got).__name__
    what, fix = "an argument of another kind", f"pass {want}"
    return ConfigError("RC319", f"frcnn.{place}", what, got=kind, want=want, fix=fix)


def _require_known(verb: str, options: Mapping[str, object], kind: type) -> None:
    """Refuse a keyword that no option has: Python itself does not look into `**options`."""
    known = list(kind.__annotations__)
    for name in options:
        if name not in known:
            near = nearest(name, known)
            raise ConfigError(
                "RC310",
                f"frcnn.{verb}",
                "no such option",
                got=name,
                want=", ".join(known),
                fix=f"did you mean {near}?" if near else "settings go into settings=[...]",
            )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _silent(_text: str) -> None:
    """Say nothing."""
