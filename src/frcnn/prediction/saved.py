"""Detectors from weights files of ours: the header says which network it is and what it knows."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from frcnn import machine, settings
from frcnn.errors import ConfigError, ModelFileError
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.prediction.predictor import Detector
from frcnn.prediction.result import text_of
from frcnn.run_folder import RunFolder
from frcnn.weights import file as weights_file
from frcnn.weights.fit import load_into


@dataclass(frozen=True, eq=False, kw_only=True)
class Saved:
    """A detector, and the file that it was read from."""

    detector: Detector
    path: Path
    header: weights_file.Header

    @property
    def whole(self) -> Detector:
        """The detector, for who asks both stages. ModelFileError RC539: its head never learnt."""
        if not self.header.has_head:
            raise ModelFileError(
                "RC539",
                str(self.path),
                "the weights are those of an RPN: the head behind it was never trained",
                got="a run that trained the first stage alone",
                want="a detector",
                fix="use what it has: frcnn propose, or frcnn eval --metric proposals",
            )
        return self.detector

    @property
    def category_ids(self) -> tuple[int | str, ...] | None:
        """What the training data's own file calls the classes; None where it has names alone."""
        ids = tuple(self.header.extra.get("category_ids", ()))
        return ids if len(ids) == len(self.header.classes) else None

    @property
    def about(self) -> Mapping[str, str]:
        """Which weights these are, wherever the file is moved to: two names and the checksum."""
        path = self.path.resolve()
        return {
            "weights": text_of(Path(path.parent.name, path.name)),
            "sha256": self.header.sha256,
        }


def load_detector(
    named: str | Path, *, device: str = "auto", precision: str = "auto", batch: int = 1
) -> Detector:
    """Make a detector of a run's best weights, or of a weights file.

    Args:
        named: a run folder or a .safetensors file of ours.
        device: as `read_saved` takes it.
        precision: as `read_saved` takes it.
        batch: most pictures computed at once.

    Returns:
        The detector.

    Raises:
        ConfigError: the folder is no run, or the device is not there.
        ModelFileError: the file is damaged, not ours, or of an unknown network, or its head was
            never trained (RC539).
    """
    return read_saved(named, device=device, precision=precision, batch=batch).whole


@dataclass(frozen=True, kw_only=True)
class _Named:
    """The settings of a network, under the name that they have among those of a run."""

    model: FasterRCNNConfig


def read_saved(
    named: str | Path,
    *,
    device: str = "auto",
    precision: str = "auto",
    batch: int = 1,
    changes: Sequence[str] = (),
) -> Saved:
    """Read a run's best weights, or a weights file, and make a detector of them.

    Args:
        named: a run folder or a .safetensors file of ours.
        device: `auto`, `cpu`, `cuda` or `mps`.
        precision: `auto`, `float32`, `bfloat16` or `float16`; auto takes what the network was
            trained in where the device has it natively.
        batch: most pictures computed at once.
        changes: `name=value` pairs, laid over the network's settings; such as no weight depends on.

    Returns:
        The detector, with the file's path and header.

    Raises:
        ConfigError: the folder is no run, the device is not there, or a pair is wrong.
        ModelFileError: the file is damaged, not ours, or of an unknown network.
    """
    path = weights_path(named)
    header, tensors = weights_file.load(path)
    own = _Named(model=network_settings(path, header))
    config = settings.apply_overrides(own, changes).model
    with torch.device("meta"):  # no memory and no random numbers for what the file brings
        model = FasterRCNN(config)
    load_into(model, tensors, str(path))
    where = machine.resolve_device(device)
    dtype = _resolve_precision(header, precision, where)
    detector = Detector(model, header.classes, device=where, precision=dtype, batch=batch)
    return Saved(detector=detector, path=path, header=header)


def weights_path(named: str | Path) -> Path:
    """Find the weights that a run folder or a file stands for: a run's best.

    Args:
        named: a run folder or a .safetensors file.

    Returns:
        The file.

    Raises:
        ConfigError: the folder is no run (RC370), or has no best weights (RC371).
    """
    path = Path(named)
    if not path.is_dir() and (path.exists() or path.suffix):
        return path
    run = RunFolder.open(path)
    if run.best.exists():
        return run.best
    resume = f"frcnn train --resume {shlex.quote(str(path))}"
    if run.last.exists():  # never taken for the best without a word
        what = "the run's best weights are not there"
        fix = f"let it train on: {resume}; or name the last ones, {run.last}"
    else:
        what = "the run has no weights yet"
        fix = f"let it train on: {resume}; at a lower rate where it diverged: "
        fix += "--set training.optimizer.learning_rate=X"
    raise ConfigError("RC371", str(path), what, want=run.best.name, fix=fix)


def network_settings(path: Path, header: weights_file.Header) -> FasterRCNNConfig:
    """Read which network a weights file of ours is of.

    Args:
        path: of the file, for messages.
        header: of the file.

    Returns:
        The network's settings.

    Raises:
        ModelFileError: this version knows no such network (RC536), or the classes' names are not
            as many as its classes (RC537).
    """
    try:
        config = settings.from_mapping(FasterRCNNConfig, header.config, place=str(path))
    except ConfigError as error:
        raise ModelFileError(
            "RC536",
            str(path),
            "the header describes a network that this version does not know",
            got=f"{error.place}: {error.what}" + (f"; got {error.got}" if error.got else ""),
            want="the settings of a Faster R-CNN of ours",
            fix=f"use the version that wrote it ({header.made_by})",
        ) from error
    if len(header.classes) != config.classes:
        raise ModelFileError(
            "RC537",
            str(path),
            "the class names do not fit the network in the file",
            got=f"{len(header.classes)} names",
            want=f"{config.classes}, one for each class",
            fix="use the file as frcnn wrote it",
        )
    return config


def trained_precision(header: weights_file.Header, device: torch.device) -> torch.dtype | None:
    """Give the numbers that training measured with, so that its figures come out again to the bit.

    Args:
        header: of a weights file.
        device: where they shall be computed.

    Returns:
        The type, where the device can compute it, emulated too; None where it cannot, or the file
        does not say.
    """
    trained = str(header.extra.get("precision"))
    if trained not in machine.PRECISIONS:
        return None
    try:
        return machine.resolve_precision(trained, device)
    except ConfigError:
        return None


def _resolve_precision(
    header: weights_file.Header, asked: str, device: torch.device
) -> torch.dtype:
    """Take what training measured with, but leave what the device only emulates: it is slow."""
    auto = machine.resolve_precision("auto", device)
    trained = trained_precision(header, device)
    if asked != "auto" or trained is None:
        return machine.resolve_precision(asked, device)
    is_emulated = trained == torch.bfloat16 and auto != torch.bfloat16
    return auto if is_emulated else trained
