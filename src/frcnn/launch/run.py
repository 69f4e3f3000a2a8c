"""A run: its folder with its papers, its job, and the training itself."""

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from frcnn import files, machine, settings
from frcnn.data.dataset import Dataset
from frcnn.data.problems import Report
from frcnn.data.records import Split
from frcnn.errors import DataError, FrcnnError, ModelFileError
from frcnn.launch.announcing import (
    announce_settings,
    announce_usable,
    announce_without_small_boxes,
)
from frcnn.launch.asked import (
    first_settings,
    fitted_settings,
    on_data,
    overridden,
    with_whole_paths,
)
from frcnn.launch.contradictions import (
    require_possible,
    require_resumable,
    require_same_pictures,
    require_same_scheme,
    require_start,
)
from frcnn.launch.kept import kept_settings
from frcnn.launch.material import (
    FROM_SCRATCH,
    Say,
    backbone_weights,
    fill,
    open_data,
)
from frcnn.launch.options import TrainOptions
from frcnn.launch.scheme import (
    discard_proposals,
    given_proposals,
    keep_proposals,
    open_proposals,
    require_proposals,
)
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.prediction.counting import Counting, counting, uncounted
from frcnn.presets import RunConfig
from frcnn.run_folder import RunFolder
from frcnn.training import start
from frcnn.training.card import write_card
from frcnn.training.course import Course, first_network, has_begun, require_same_run
from frcnn.training.curves import draw_curves
from frcnn.training.job import Job
from frcnn.training.precision import Precision
from frcnn.training.progress import Display
from frcnn.training.schemes import SCHEMES
from frcnn.training.validation import AnyFigures

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False, kw_only=True)
class Launched:
    """A run that is ready to train."""

    job: Job
    config: RunConfig


def launch(
    data: str | Path | Dataset | None, options: TrainOptions, say: Say, warn: Say | None = None
) -> Launched:
    """Prepare a run, new or resumed.

    Args:
        data: folder of the data, or the data set opened from it; None takes the config's.
        options: what was asked for.
        say: told in one line each what was decided.
        warn: told what changes what comes out, and of a download, even where little is said;
            None: `say`.

    Returns:
        The run, its folder written but for what training adds.

    Raises:
        ConfigError: an option or setting is wrong.
        DataError: the data cannot be used.
        ModelFileError: the weights to start from cannot be used.
        DiskError: the run folder cannot be written.
    """
    warn = warn or say
    resumed = options.get("resume")
    if resumed is not None:
        require_resumable(options)
        return _resumed(RunFolder.open(Path(resumed)), data, options, say, warn)
    device = machine.resolve_device(options.get("device", "auto"))
    config = first_settings(data, options)
    require_start(options, config)
    require_proposals(config)
    machine.resolve_precision(config.training.precision, device)  # before pictures are decoded
    dataset, train, val = _open(config, data, say)
    out = Path(options.get("out", "runs"))
    files.require_writable(out)
    count = _counting(options)
    weights = backbone_weights(config, warn, count)
    train, val, report = announce_usable(dataset, (train, val), config.max_bad, say, count)
    config = with_whole_paths(fitted_settings(config, train, weights, options))
    require_possible(config, device, len(train.classes))
    train, small = announce_without_small_boxes(train, config, say)
    model = _new_network(config)
    config = replace(config, started_from=fill(model, config, train.classes, weights))
    for note in weights.notes if weights else ():
        say(f"backbone weights: {note}")
    announce_settings(config, model, options, say, warn)
    stored = open_proposals(config, train, out, say)
    run, config = _create(out, dataset.name, config, stored)
    _write_papers(run, config, report.plus(small.problems))
    say(f"run {run.path}")
    return Launched(job=_job(run, model, (train, val), config, device, options), config=config)


def _create(
    out: Path, name: str, config: RunConfig, stored: Path | None
) -> tuple[RunFolder, RunConfig]:
    """Make the run folder, with what came out of a pickle in it."""
    try:
        run = RunFolder.create(out, name)
        return run, keep_proposals(stored, run, config)
    except BaseException:
        discard_proposals(stored, config)
        raise


def train(launched: Launched, display: Display) -> AnyFigures | None:
    """Train a launched run to its end and write what belongs beside the weights.

    What a resume was asked to change is in `config.yaml` from then on.

    Args:
        launched: the run.
        display: where progress is shown.

    Returns:
        The last evaluation's figures; None when the run was already at its end.

    Raises:
        FrcnnError: whatever `training.fit.fit` raises; the run can be resumed then.
    """
    job = launched.job
    with job.run.lock():
        _keep_settings(launched)
        machine.keep_freed_memory()
        try:
            figures = _learn(launched, display)
        except BaseException:
            with suppress(Exception):  # what ended the training is what must be told
                draw_curves(job.run)
            raise
        draw_curves(job.run)
        splits = {"train": job.train, "val": job.val}
        write_card(job.run, splits, launched.config.preset, launched.config.started_from)
    return figures


def _learn(launched: Launched, display: Display) -> AnyFigures | None:
    job = launched.job
    course = Course(
        job=job, display=display, given_proposals=given_proposals(launched.config, job.train)
    )
    return SCHEMES[job.config.scheme](course).figures


def _resumed(
    run: RunFolder,
    data: str | Path | Dataset | None,
    options: TrainOptions,
    say: Say,
    warn: Say,
) -> Launched:
    device = machine.resolve_device(options.get("device", "auto"))
    began = on_data(kept_settings(run), data)
    config = overridden(began, options)
    require_same_pictures(began, config)
    require_same_scheme(began, config)
    machine.resolve_precision(config.training.precision, device)
    files.require_writable(run.path)
    say(f"run {run.path}, resumed")
    dataset, train, val = _open(config, data, say)
    config = replace(config, data=str(Path(config.data).absolute()))
    count = _counting(options)
    train, val, _ = announce_usable(dataset, (train, val), config.max_bad, say, count)
    train, _ = announce_without_small_boxes(train, config, say)
    model = _new_network(config)
    if not has_begun(run):
        require_possible(config, device, len(train.classes))
        _begin_again(run, model, config, train, warn)
    return Launched(job=_job(run, model, (train, val), config, device, options), config=config)


def _new_network(config: RunConfig) -> FasterRCNN:
    scheme = config.training.scheme
    return start.new_model(first_network(config.model, scheme), config.training.seed)


def _keep_settings(launched: Launched) -> None:
    """Write the settings that a resume was asked to change, unless its checkpoints refuse them."""
    run, config = launched.job.run, launched.config
    if settings.read_yaml(run.config, RunConfig) != config:
        require_same_run(launched.job, config.model)
        settings.write_yaml(run.config, config)


def _open(
    config: RunConfig, data: str | Path | Dataset | None, say: Say
) -> tuple[Dataset, Split, Split]:
    """Open the data; where it cannot be used, say all that is wrong with it before the error."""
    if isinstance(data, Dataset):
        return open_data(config, data)
    try:
        return open_data(config)
    except DataError:
        with suppress(FrcnnError):
            classes = config.classes or None
            found = Dataset.open(config.data, classes=classes, bad_data="report").report
            if found.problems:
                say(found.summary())
        raise


def _begin_again(
    run: RunFolder, model: FasterRCNN, config: RunConfig, train: Split, warn: Say
) -> None:
    """Start as a run started that was killed before its first checkpoint, or not at all."""
    from_scratch = config.started_from == FROM_SCRATCH
    weights = None if from_scratch else backbone_weights(config, warn)
    found = fill(model, config, train.classes, weights)
    if found != config.started_from:
        raise ModelFileError(
            "RC534",
            str(run.path),
            "the run cannot begin again as it began",
            got=found,
            want=config.started_from,
            fix="bring back the weights that it started from, or start a new run",
        )


def _job(  # a run's parts, put together in this one place
    run: RunFolder,
    model: FasterRCNN,
    splits: tuple[Split, Split],
    config: RunConfig,
    device: "torch.device",
    options: TrainOptions,
) -> Job:
    dtype = machine.resolve_precision(config.training.precision, device)
    layout = machine.resolve_memory_format(config.training.memory_format, device)
    return Job(
        run=run,
        model=model.to(device).to(memory_format=layout),
        train=splits[0],
        val=splits[1],
        config=config.training,
        precision=Precision(device=device, dtype=dtype),
        callbacks=tuple(options.get("callbacks", ())),
    )


def _counting(options: TrainOptions) -> Counting:
    return uncounted if options.get("quiet", False) else counting


def _write_papers(run: RunFolder, config: RunConfig, report: Report) -> None:
    """Write what the run stands on; the settings last, because with them it can be resumed."""
    about = {**machine.describe(), "seed": config.training.seed}
    files.write_text(run.env, json.dumps(about, indent=2, allow_nan=False) + "\n")
    check = json.dumps(report.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
    files.write_text(run.data_check, check + "\n")
    settings.write_yaml(run.config, config)
