"""Detectors from weights files of ours: the header says which network it is and what it knows."""

from pathlib import Path

from frcnn import machine, settings
from frcnn.errors import ConfigError, ModelFileError
from frcnn.model.faster_rcnn import FasterRCNN, FasterRCNNConfig
from frcnn.prediction.predictor import Detector
from frcnn.run_folder import RunFolder
from frcnn.weights import file as weights_file
from frcnn.weights.fit import load_into


def load_detector(
    named: str | Path, *, device: str = "auto", precision: str = "auto", batch: int = 1
) -> Detector:
    """Make a detector of a run's best weights, or of a weights file.

    Args:
        named: a run folder or a .safetensors file of ours.
        device: `auto`, `cpu`, `cuda` or `mps`.
        precision: `auto`, `float32`, `bfloat16` or `float16`; auto takes what the network was
            trained in where the device has it natively.
        batch: most pictures computed at once.

    Returns:
        The detector.

    Raises:
        ConfigError: the folder is no run, or the device is not there.
        ModelFileError: the file is damaged, not ours, or of an unknown network.
    """
    path = weights_path(named)
    header, tensors = weights_file.load(path)
    model = FasterRCNN(network_settings(path, header))
    load_into(model, tensors, str(path))
    where = machine.resolve_device(device)
    dtype = machine.resolve_precision(_precision(header, precision), where)
    return Detector(model, header.classes, device=where, precision=dtype, batch=batch)


def weights_path(named: str | Path) -> Path:
    """Find the weights that a run folder or a file stands for: a run's best.

    Args:
        named: a run folder or a .safetensors file.

    Returns:
        The file.

    Raises:
        ConfigError: the folder is no run (RC370), or has no weights yet (RC371).
    """
    path = Path(named)
    if not path.is_dir():
        return path
    run = RunFolder.open(path)
    for found in (run.best, run.last):
        if found.exists():
            return found
    raise ConfigError(
        "RC371",
        str(path),
        "the run has no weights yet",
        want="a run that came to its first evaluation",
        fix=f"let it train on: frcnn train --resume {path}",
    )


def network_settings(path: Path, header: weights_file.Header) -> FasterRCNNConfig:
    """Read which network a weights file of ours is of.

    Args:
        path: of the file, for messages.
        header: of the file.

    Returns:
        The network's settings.

    Raises:
        ModelFileError: this version knows no such network (RC536).
    """
    try:
        return settings.from_mapping(FasterRCNNConfig, header.config, place=str(path))
    except ConfigError as error:
        raise ModelFileError(
            "RC536",
            str(path),
            "the header describes a network that this version does not know",
            got=f"{error.place}: {error.what}" + (f"; got {error.got}" if error.got else ""),
            want="the settings of a Faster R-CNN of ours",
            fix=f"use the version that wrote it ({header.made_by})",
        ) from error


def _precision(header: weights_file.Header, asked: str) -> str:
    """Take what training measured with, so that its figures come out again to the bit."""
    trained = header.extra.get("precision")
    if asked == "auto" and trained == "float32":
        return "float32"
    return asked
