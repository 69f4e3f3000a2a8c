"""What a number of processes must fit: the machine, the batch, the checkpoint to go on from."""

import torch

from frcnn.errors import ConfigError, ModelFileError


def require_room(processes: int, device: torch.device, cores: int | None = None) -> None:
    """Refuse more processes than a machine has cards, or cores where they compute on those.

    Args:
        processes: on this machine.
        device: where they compute.
        cores: that may be used; None: as many as they like.

    Raises:
        ConfigError: there are too many (RC364).
    """
    cards = torch.cuda.device_count() if device.type == "cuda" else 1
    room = cores if device.type == "cpu" else cards
    if room is None or (processes <= room and device.index is None):
        return
    what = "cores" if device.type == "cpu" else "cards"
    raise ConfigError(
        "RC364",
        "--processes",
        f"more processes than {what}",
        got=f"{processes} processes on {device}, {room} {what}",
        want=f"1 ... {room}" if device.index is None else "a device without a number",
        fix=f"start at most {room} on this machine, and more on others; docs/many_machines.md",
    )


def require_pictures_for_all(size: int, batch: int) -> None:
    """Refuse batches that leave a process without a picture.

    Args:
        size: how many processes.
        batch: pictures in a step, over all processes.

    Raises:
        ConfigError: there are fewer pictures than processes (RC350).
    """
    if batch < size:
        raise ConfigError(
            "RC350",
            "training.batches.size",
            "fewer pictures in a batch than processes",
            got=f"{batch} pictures, {size} processes",
            want=f"{size} or more; they are shared out among the processes",
            fix=f"--batch {size}, or fewer processes",
        )


def require_same_processes(place: str, before: int, now: int) -> None:
    """Refuse to go on with another number of processes than a run began with.

    Args:
        place: the checkpoint.
        before: how many wrote it.
        now: how many there are.

    Raises:
        ModelFileError: the numbers differ (RC538).
    """
    if before != now:
        raise ModelFileError(
            "RC538",
            place,
            "the checkpoint is of another number of processes",
            got=f"{before} trained it, {now} now",
            want=str(before),
            fix=f"resume with --processes {before}, or start anew with --init",
        )
