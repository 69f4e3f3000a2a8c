"""Checkpoints: exactly what a run needs to go on to the bit, and nothing else.

Saved: the weights, the optimizer's buffers, the running average, the scaler, and the number of
steps taken. Not saved, because it follows from the seed and the step: the order of the pictures,
every random draw, the learning rate. Not saved, because the diary has it: the best figure.

A checkpoint is written beside the last one and then renamed, so there is always a whole one; two
generations are kept, and a damaged one is named and the one before it used.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from frcnn import files
from frcnn.errors import ConfigError, DiskError, ModelFileError
from frcnn.run_folder import RunFolder
from frcnn.settings import differences
from frcnn.training.agreement import require_same_processes
from frcnn.weights import file as weights_file
from frcnn.weights.file import Header

_NAME = re.compile(r"step-(\d{9})\.safetensors")
_HARMLESS = (
    "training.batches.workers",
    "training.batches.timeout",
    "training.checkpoint.",
    "training.distributed.",
)
"""Settings that change no weight and no figure."""


@dataclass(frozen=True, kw_only=True)
class CheckpointConfig:
    """How much work a crash may cost."""

    minutes: float = 5.0
    """A checkpoint is written at the first step after this long, and before every evaluation."""
    generations: int = 2
    """How many are kept; with one, a damaged file loses the run."""

    def __post_init__(self) -> None:
        if self.minutes < 0 or self.generations < 1:
            raise ConfigError(
                "RC350",
                "checkpoint",
                "nothing would be kept",
                got=f"minutes {self.minutes}, generations {self.generations}",
                want="minutes >= 0 and generations >= 1",
                fix="5 minutes and 2 generations are sensible",
            )


@dataclass(eq=False, kw_only=True)
class Progress:
    """Everything that changes while a run goes on."""

    module: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    average: dict[str, Tensor] | None
    step: int = 0
    """Steps taken."""


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a run must find again to go on to the bit; differences are told, not hidden."""

    classes: tuple[str, ...]
    model: Mapping[str, Any]
    """The model's settings, as `settings.to_mapping` gives them."""
    training: Mapping[str, Any]
    """The training's settings."""
    data: str
    """Fingerprint of the training pictures."""
    machine: Mapping[str, Any]
    """What of this machine changes bits: threads, version of torch, processor, number format."""
    processes: int = 1
    """How many train it together."""


def save(run: RunFolder, progress: Progress, around: Circumstances, generations: int) -> Path:
    """Write a checkpoint and remove those that are older than the kept generations.

    Args:
        run: its folder `state` holds them.
        progress: what is saved.
        around: what the run stands on; kept in the header.
        generations: how many stay.

    Returns:
        The file.

    Raises:
        DiskError: it could not be written; the older ones are intact.
    """
    tensors, extra = state_of(progress)
    extra |= {
        "training": dict(around.training),
        "data": around.data,
        "machine": dict(around.machine),
        "processes": around.processes,
    }
    header = Header(classes=around.classes, config=dict(around.model), extra=extra)
    path = _path(run, progress.step)
    try:
        run.state.mkdir(exist_ok=True)
        weights_file.save(path, tensors, header)
        files.reached("before_prune")
        _prune(run, path, generations)
    except OSError as error:
        if isinstance(error, DiskError):
            raise
        raise files.disk_error(error, path) from error
    return path


def forget(run: RunFolder, step: int) -> None:
    """Remove the checkpoint of a step, if there is another one to go on from."""
    if len(checkpoints(run)) > 1:
        _path(run, step).unlink(missing_ok=True)


def checkpoints(run: RunFolder) -> list[Path]:
    """List a run's checkpoints, newest first."""
    found = run.state.iterdir() if run.state.is_dir() else ()
    return sorted((path for path in found if _NAME.fullmatch(path.name)), reverse=True)


def restore(run: RunFolder, progress: Progress, around: Circumstances) -> list[str]:
    """Go back to the newest whole checkpoint.

    Args:
        run: whose checkpoints.
        progress: filled in place.
        around: compared with what the checkpoint was made under.

    Returns:
        Warnings for the reader: damaged files passed over, circumstances that differ.

    Raises:
        ModelFileError: no checkpoint is whole (RC530), or the newest is of other classes (RC531),
            another model (RC532), optimizer (RC533) or number of processes (RC538), or a newer
            version (RC508).
    """
    warnings: list[str] = []
    for path in checkpoints(run):
        try:
            header, tensors = weights_file.load(path)
        except ModelFileError as error:
            if error.code == "RC508":
                raise
            warnings.append(f"{path.name} is damaged and passed over ({error.code}: {error.what})")
            continue
        _require_same_model(path, header, around)
        _require_same_optimizer(path, header, around)
        require_same_processes(str(path), header.extra.get("processes", 1), around.processes)
        warnings += _differences(header.extra, around)
        fill(progress, tensors, header.extra)
        return warnings
    kept = next((f", or with --init {path}" for path in (run.best, run.last) if path.exists()), "")
    raise ModelFileError(
        "RC530",
        str(run.state),
        "no checkpoint to go on from",
        got="; ".join(warnings) or "none",
        want="one that is whole",
        fix=f"start anew without --resume{kept}",
    )


def require_same(run: RunFolder, around: Circumstances) -> None:
    """Refuse what `restore` would refuse, before anything of the run is changed.

    Args:
        run: whose checkpoints; only headers are read.
        around: what the run is to go on under.

    Raises:
        ModelFileError: the newest whole checkpoint is of other classes (RC531), another model
            (RC532), optimizer (RC533) or number of processes (RC538), or a newer version (RC508).
    """
    for path in checkpoints(run):
        try:
            header = weights_file.read_header(path)
        except ModelFileError as error:
            if error.code == "RC508":
                raise
            continue  # `restore` names it
        _require_same_model(path, header, around)
        _require_same_optimizer(path, header, around)
        require_same_processes(str(path), header.extra.get("processes", 1), around.processes)
        return


def _path(run: RunFolder, step: int) -> Path:
    return run.state / f"step-{step:09d}.safetensors"


def _prune(run: RunFolder, newest: Path, generations: int) -> None:
    """Remove what is too old, and what claims to be newer: it was damaged and passed over."""
    found = checkpoints(run)
    place = found.index(newest)
    for path in (*found[:place], *found[place + generations :]):
        path.unlink(missing_ok=True)


def state_of(progress: Progress) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Give all that `fill` needs, as tensors by name and plain values; nothing is copied."""
    tensors = {f"model.{n}": t for n, t in progress.module.state_dict().items()}
    for name, tensor in (progress.average or {}).items():
        tensors[f"average.{name}"] = tensor
    for row, buffers in progress.optimizer.state_dict()["state"].items():
        for name, value in buffers.items():
            if value is not None:
                tensors[f"optimizer.{row}.{name}"] = torch.as_tensor(value)
    scaler = json.dumps(progress.scaler.state_dict())
    return tensors, {"step": progress.step, "scaler": scaler}


def fill(progress: Progress, tensors: dict[str, Tensor], extra: Mapping[str, Any]) -> None:
    """Put back what `state_of` gave, in place; weights on any device."""
    progress.module.load_state_dict(_under("model.", tensors))
    # a run that went on without an average, and now has one, starts it from the weights
    average = _under("average.", tensors) or _under("model.", tensors)
    for name, tensor in (progress.average or {}).items():
        tensor.copy_(average[name])
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in _under("optimizer.", tensors).items():
        row, _, name = key.partition(".")
        state.setdefault(int(row), {})[name] = tensor
    parameters = [p for group in progress.optimizer.param_groups for p in group["params"]]
    for place, buffers in state.items():  # the parameter's own memory layout, or sums differ
        own = parameters[place]
        for name, tensor in buffers.items():
            if tensor.shape == own.shape:
                buffers[name] = torch.empty_like(own).copy_(tensor)
    whole = progress.optimizer.state_dict()
    progress.optimizer.load_state_dict({**whole, "state": state})
    scaler = json.loads(extra["scaler"])
    if scaler:  # empty: in another precision there was none
        progress.scaler.load_state_dict(scaler)
    progress.step = int(extra["step"])


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def _require_same_model(path: Path, header: Header, around: Circumstances) -> None:
    if tuple(header.classes) != tuple(around.classes):
        raise ModelFileError(
            "RC531",
            str(path),
            "the checkpoint knows other classes than the data",
            got=", ".join(header.classes),
            want=", ".join(around.classes),
            fix="resume with the same data, or start anew with --init",
        )
    different = differences(header.config, around.model)
    if different:
        raise ModelFileError(
            "RC532",
            str(path),
            "the checkpoint is of another model",
            got="; ".join(different[:10]),
            want="the settings that the run was started with",
            fix="resume without --set model..., or start anew with --init",
        )


def _require_same_optimizer(path: Path, header: Header, around: Circumstances) -> None:
    old = header.extra["training"]["optimizer"]["method"]
    new = around.training["optimizer"]["method"]
    if old != new:
        raise ModelFileError(
            "RC533",
            str(path),
            "the checkpoint is of another optimizer",
            got=old,
            want=new,
            fix=f"resume with --set training.optimizer.method={old}, or start anew with --init",
        )


def _differences(extra: Mapping[str, Any], around: Circumstances) -> list[str]:
    rows = differences(extra["training"], around.training, "training.")
    rows = [row for row in rows if not row.startswith(_HARMLESS)]
    rows += differences(extra["machine"], around.machine, "machine.")
    if extra["data"] != around.data:
        rows.append("the training pictures or their boxes changed since")
    return [f"resumed under other circumstances: {row}" for row in rows]
