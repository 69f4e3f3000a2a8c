"""A run that goes on where it stopped."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from frcnn import files, machine
from frcnn.data.dataset import Dataset
from frcnn.data.records import Split
from frcnn.errors import ModelFileError
from frcnn.launch.announcing import announce_open, announce_usable, announce_without_small_boxes
from frcnn.launch.asked import on_data, overridden
from frcnn.launch.contradictions import (
    require_possible,
    require_read,
    require_same_pictures,
    require_same_scheme,
)
from frcnn.launch.kept import kept_data, kept_settings
from frcnn.launch.launched import (
    Launched,
    new_network,
    own_counting,
    own_device,
    put_together,
)
from frcnn.launch.material import FROM_SCRATCH, Say, backbone_weights, fill
from frcnn.launch.options import TrainOptions
from frcnn.launch.transform import require_transform
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.presets import RunConfig
from frcnn.run_folder import RunFolder
from frcnn.training.agreement import require_pictures_for_all
from frcnn.training.distributed import World
from frcnn.training.steps import has_begun


def go_on(
    path: Path,
    data: str | Path | Dataset | None,
    options: TrainOptions,
    says: tuple[Say, Say],
    world: World,
) -> Launched:
    """Prepare to go on with a run.

    Args:
        path: its folder; only the leading process needs to see it.
        data: folder of the data, or the data set opened from it; None takes the run's.
        options: what was asked for.
        says: told what was decided, and what changes what comes out.
        world: the processes that go on with it.

    Returns:
        The run; nothing in its folder is changed yet.

    Raises:
        ConfigError: it is no run folder, or an option or setting is wrong.
        DataError: the data cannot be used.
        ModelFileError: it cannot begin again as it began (RC534).
    """
    say, warn = says
    count = own_counting(options, world)
    run, kept, begun = world.of_leader(lambda: _opened(path))
    with world.together():
        device = own_device(options, world)
        began = on_data(kept, data)
        config = overridden(began, options)
        require_same_pictures(began, config)
        require_same_scheme(began, config)
        require_read(options, config.training.scheme)
        require_transform(config, options)
        require_pictures_for_all(world.size, config.training.batches.size)
        machine.resolve_precision(config.training.precision, device)
        if world.leads:
            files.require_writable(run.path)
        say(f"run {run.path}, " + ("resumed" if begun else "begun again: no step of it was kept"))
        with kept_data() if data is None else nullcontext():
            dataset, train, val = announce_open(config, data, say)
        config = replace(config, data=str(Path(config.data).absolute()))
        train, val, report = announce_usable(dataset, (train, val), config.max_bad, say, count)
        train, _ = announce_without_small_boxes(train, report, config, say)
        model = new_network(config)
        if not begun:
            require_possible(config, device, len(train.classes))
        if world.leads and not begun:  # the others are given its weights
            _begin_again(run, model, config, train, warn)
        model = model.to(device)
    return put_together(run, model, (train, val), config, options, world)


def _opened(path: Path) -> tuple[RunFolder, RunConfig, bool]:
    run = RunFolder.open(path)
    return run, kept_settings(run), has_begun(run)


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
