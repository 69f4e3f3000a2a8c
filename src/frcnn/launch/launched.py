"""A run that is ready to train, in the world of the processes that train it together."""

from dataclasses import dataclass, replace

import torch

from frcnn import machine
from frcnn.data.records import Split
from frcnn.launch.options import TrainOptions
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.prediction.counting import Counting, counting, uncounted
from frcnn.presets import RunConfig
from frcnn.run_folder import RunFolder
from frcnn.training import start
from frcnn.training.course import first_network
from frcnn.training.distributed import World
from frcnn.training.job import Job
from frcnn.training.joining import require_agreement
from frcnn.training.precision import Precision


@dataclass(frozen=True, eq=False, kw_only=True)
class Launched:
    """A run that is ready to train."""

    job: Job
    config: RunConfig


def own_device(options: TrainOptions, world: World) -> torch.device:
    """Choose where this process computes.

    Args:
        options: as they were said.
        world: the processes of the run.

    Returns:
        The device; of several cards this process's own.

    Raises:
        ConfigError: there is no such device (RC360, RC361), or none for this process (RC364).
    """
    return world.own_device(machine.resolve_device(options.get("device", "auto")))


def own_counting(options: TrainOptions, world: World) -> Counting:
    """Choose who shows how far the preparation has come.

    Args:
        options: as they were said; whether little is to be said.
        world: the processes of the run; one of them shows it.

    Returns:
        `counting` or `uncounted`.
    """
    return uncounted if options.get("quiet", False) or not world.leads else counting


def new_network(config: RunConfig) -> FasterRCNN:
    """Make the network that a run's scheme begins with.

    Args:
        config: of the run.

    Returns:
        It, of the seed's random numbers.
    """
    scheme = config.training.scheme
    return start.new_model(first_network(config.model, scheme), config.training.seed)


def put_together(  # a run's parts, put together in this one place
    run: RunFolder,
    model: FasterRCNN,
    splits: tuple[Split, Split],
    config: RunConfig,
    options: TrainOptions,
    world: World,
) -> Launched:
    """Put a run together, and refuse what is not the same in all of its processes.

    Args:
        run: its folder.
        model: where it shall compute.
        splits: pictures to train and to validate on.
        config: its settings.
        options: as they were said; the functions in them are read.
        world: the processes that train it.

    Returns:
        The run.

    Raises:
        TrainingError: another process has something else (RC423).
    """
    device = next(model.parameters()).device
    dtype = machine.resolve_precision(config.training.precision, device)
    layout = machine.resolve_memory_format(config.training.memory_format, device)
    job = Job(
        run=run,
        model=model.to(memory_format=layout),
        train=splits[0],
        val=splits[1],
        config=config.training,
        precision=Precision(device=device, dtype=dtype),
        transform=options.get("augment"),
        callbacks=tuple(options.get("callbacks", ())),
    )
    return Launched(job=_in_world(job, world), config=config)


def _in_world(job: Job, world: World) -> Job:
    """Let the processes train the job together."""
    if world.size == 1:
        return job
    world = world.for_training(job.precision.device, job.config.distributed.timeout)
    around = job.circumstances
    seen = {
        "classes": around.classes,
        "settings": (around.model, around.training),
        "training pictures": around.data,
        "validation pictures": job.val.fingerprint,
        "version of torch": around.machine["torch"],
        "number format": around.machine["precision"],
    }
    require_agreement(world, seen)
    return replace(job, world=world)
