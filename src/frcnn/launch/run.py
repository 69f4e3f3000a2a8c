"""A run: its folder with its papers, its job, and the training itself."""

import json
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from frcnn import files, machine, settings
from frcnn.data.dataset import Dataset
from frcnn.data.problems import Report
from frcnn.launch.announcing import (
    announce_open,
    announce_settings,
    announce_usable,
    announce_without_small_boxes,
)
from frcnn.launch.asked import (
    first_settings,
    fitted_settings,
    with_whole_paths,
)
from frcnn.launch.contradictions import (
    require_possible,
    require_read,
    require_resumable,
    require_start,
)
from frcnn.launch.launched import (
    Launched,
    new_network,
    own_counting,
    own_device,
    put_together,
)
from frcnn.launch.material import Say, backbone_weights, fill
from frcnn.launch.options import TrainOptions
from frcnn.launch.resumed import go_on
from frcnn.launch.scheme import (
    discard_proposals,
    given_proposals,
    keep_proposals,
    open_proposals,
    require_proposals,
    require_proposals_of,
)
from frcnn.launch.surprises import too_many_readers
from frcnn.launch.transform import asked_name, require_transform
from frcnn.presets import RunConfig, StartConfig
from frcnn.run_folder import RunFolder
from frcnn.training.agreement import require_pictures_for_all
from frcnn.training.card import write_card
from frcnn.training.course import Course, require_same_run
from frcnn.training.curves import draw_curves
from frcnn.training.distributed import ALONE, World
from frcnn.training.job import Job
from frcnn.training.joining import require_agreement
from frcnn.training.progress import Display
from frcnn.training.restart import begun_before, remember
from frcnn.training.schemes import SCHEMES
from frcnn.training.signals import Interrupted, stop_requests
from frcnn.training.validation import AnyFigures


def launch(
    data: str | Path | Dataset | None,
    options: TrainOptions,
    say: Say,
    warn: Say | None = None,
    world: World = ALONE,
) -> Launched:
    """Prepare a run, new or resumed.

    Args:
        data: folder of the data, or the data set opened from it; None takes the config's.
        options: what was asked for.
        say: told in one line each what was decided.
        warn: told what changes what comes out, and of a download, even where little is said;
            None: `say`.
        world: the processes that train it together; each prepares everything, one writes.

    Returns:
        The run, its folder written but for what training adds.

    Raises:
        ConfigError: an option or setting is wrong.
        DataError: the data cannot be used.
        ModelFileError: the weights to start from cannot be used.
        DiskError: the run folder cannot be written.
    """
    says = (say, warn or say)
    begun = world.of_leader(lambda: _begun(data, options))
    if begun is not None:
        return go_on(begun, data, options, says, world)
    return _new(data, options, says, world)


def _begun(data: str | Path | Dataset | None, options: TrainOptions) -> Path | None:
    """Find the run to go on with: the one that was named, or that this job has begun before."""
    resumed = options.get("resume")
    if resumed is not None:
        require_resumable(options)
        return Path(resumed)
    before = begun_before(_asked(data, options))
    return None if before is None else Path(before)


def _new(
    data: str | Path | Dataset | None,
    options: TrainOptions,
    says: tuple[Say, Say],
    world: World,
) -> Launched:
    say, warn = says
    out, count = Path(options.get("out", "runs")), own_counting(options, world)
    with world.together():
        device = own_device(options, world)
        config = first_settings(data, options)
        require_start(options, config)
        require_read(options, config.training.scheme)
        require_proposals(config)
        machine.resolve_precision(config.training.precision, device)  # before pictures are decoded
        dataset, train, val = announce_open(config, data, say)
        if world.leads:
            files.require_writable(out)
            require_proposals_of(config, train, config.max_bad * (len(train) + len(val)))
        weights = backbone_weights(config, warn, count)
        train, val, report = announce_usable(dataset, (train, val), config.max_bad, say, count)
        config = with_whole_paths(fitted_settings(config, train, weights, options))
        require_possible(config, device, len(train.classes))
        require_transform(config, options)
        require_pictures_for_all(world.size, config.training.batches.size)
        train, report = announce_without_small_boxes(train, report, config, say)
        model = new_network(config)
        config = replace(config, started_from=fill(model, config, train.classes, weights))
        for note in weights.notes if weights else ():
            say(f"backbone weights: {note}")
        announce_settings(config, model, train, options, says)
        model = model.to(device)

    def new_run() -> tuple[RunFolder, StartConfig]:
        stored = open_proposals(config, train, out, say)
        run, kept = _create(out, dataset.name, config, stored)
        _write_papers(run, kept, report)
        remember(_asked(data, options), run.path)
        return run, kept.start

    run, begin = world.of_leader(new_run)  # it says where the leader keeps the proposals
    say(f"run {run.path}")
    if report.problems:
        say(f"  {run.data_check.name} in it lists every problem of the data")
    config = replace(config, start=begin)
    return put_together(run, model, (train, val), config, options, world)


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
    if note := too_many_readers(job.config.batches.workers, job.world.size):
        display.warn(f"warning: {note}")
    with ExitStack() as held:
        job.world.of_leader(lambda: held.enter_context(job.run.lock()))
        job.world.of_leader(lambda: _keep_settings(launched))
        machine.keep_freed_memory()
        try:
            figures = _learn(launched, display)
        except BaseException as error:
            _draw_what_there_is(job, error)
            raise
        job.world.of_leader(lambda: _finish(launched))
    return figures


def _learn(launched: Launched, display: Display) -> AnyFigures | None:
    job = launched.job
    with job.world.together():
        given = given_proposals(launched.config, job.train)
    require_agreement(job.world, {"stored proposals": str(given and given.about)})
    with stop_requests() as listening:
        course = Course(job=job, display=display, given_proposals=given, listening=listening)
        return SCHEMES[job.config.scheme](course).figures


def _draw_what_there_is(job: Job, error: BaseException) -> None:
    """Draw the curves of a run that ended early.

    Not after an error of one of several processes: the others have ended, and a launcher waits to
    end this one before it could tell.
    """
    is_waited_for = job.world.size > 1 and not isinstance(error, Interrupted)
    if job.world.leads and not is_waited_for:
        with suppress(BaseException):  # what ended the training is what must be told
            draw_curves(job.run)


def _finish(launched: Launched) -> None:
    job, config = launched.job, launched.config
    draw_curves(job.run)
    write_card(job.run, {"train": job.train, "val": job.val}, config.preset, config.started_from)


def _asked(data: str | Path | Dataset | None, options: TrainOptions) -> str:
    """Write down all that was asked for: the same words, the same text."""
    root = data.root if isinstance(data, Dataset) else data
    told = {name: str(value) for name, value in options.items() if name != "callbacks"}
    return repr((str(root), sorted((told | {"augment": asked_name(options)}).items())))


def _keep_settings(launched: Launched) -> None:
    """Write the settings that a resume was asked to change, unless its checkpoints refuse them."""
    run, config = launched.job.run, launched.config
    if settings.read_yaml(run.config, RunConfig) != config:
        require_same_run(launched.job, config.model)
        settings.write_yaml(run.config, config)


def _write_papers(run: RunFolder, config: RunConfig, report: Report) -> None:
    """Write what the run stands on; the settings last, because with them it can be resumed."""
    about = {**machine.describe(), "seed": config.training.seed}
    files.write_text(run.env, json.dumps(about, indent=2, allow_nan=False) + "\n")
    check = json.dumps(report.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
    files.write_text(run.data_check, check + "\n")
    settings.write_yaml(run.config, config)
