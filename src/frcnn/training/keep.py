"""What a run leaves behind beside its checkpoints: weights to use, and batches to look at."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
from torch import nn

from frcnn import files
from frcnn.errors import TrainingError
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.run_folder import RunFolder
from frcnn.settings import to_mapping
from frcnn.training.batches import Example
from frcnn.weights import file as weights_file
from frcnn.weights.file import Header


def weights(
    path: Path, model: FasterRCNN, classes: Sequence[str], about: Mapping[str, Any]
) -> None:
    """Write weights that `frcnn.load` reads: with class names and settings in the header.

    Args:
        path: of the file, replaced in one piece.
        model: its weights and settings.
        classes: their names, in the order of the class ids.
        about: step, figures and whatever else should travel with them.

    Raises:
        DiskError: it could not be written; the file from before is intact.
    """
    header = Header(classes=tuple(classes), config=to_mapping(model.config), extra=dict(about))
    weights_file.save(path, model.state_dict(), header)


def failing_batch(run: RunFolder, examples: Sequence[Example]) -> Path:
    """Write the pictures and boxes of a batch whose loss was not finite.

    Args:
        run: its folder gets the file `failing_batch.safetensors`.
        examples: of the batch.

    Returns:
        The file.

    Raises:
        DiskError: it could not be written.
    """
    tensors = {}
    for row, example in enumerate(examples):
        tensors[f"{row}.pixels"] = example.prepared.pixels
        tensors[f"{row}.boxes"] = example.target.boxes
        tensors[f"{row}.labels"] = example.target.labels
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    path = run.path / "failing_batch.safetensors"
    names = json.dumps([example.name for example in examples])
    data = safetensors.torch.save(tensors, {"pictures": names})
    files.write_atomically(path, lambda stream: stream.write(data), size=len(data))
    return path


def require_finite_weights(model: nn.Module, step: int) -> None:
    """Refuse to keep weights that nothing can be learnt from any more.

    Args:
        model: the network, on any device.
        step: how many it has taken, for the message.

    Raises:
        TrainingError: a weight is NaN or infinite (RC402).
    """
    for name, tensor in model.named_parameters():
        # a sum is not finite where a term is not; only then is it worth looking at each
        if not tensor.sum().isfinite() and not tensor.isfinite().all():
            raise TrainingError(
                "RC402",
                f"step {step}",
                f"the weights {name} are not finite; they are not saved",
                got="NaN or infinity after a step whose loss was finite",
                want="finite weights",
                fix="go on from the last checkpoint with --resume and a gradient that is clipped, "
                "--set training.optimizer.clip_norm=10, or with a lower learning rate",
            )
