"""One repetition of each detector that is compared: a training step, an inference, its memory.

A repetition is a function without arguments. Ours starts from the 8-bit picture, torchvision's
from the floating one that it wants; both normalise it and, as it has the right size, do not
resize it.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from detectors import CLASSES, Scene, Sides, ours, scene, theirs
from torch import Tensor
from torchvision.models.detection import FasterRCNN as TorchvisionsFasterRCNN

from frcnn import machine
from frcnn.model.batch import prepare, to_batch
from frcnn.prediction.predictor import Detector
from frcnn.training.optimizer import OptimizerConfig, make_optimizer
from frcnn.training.precision import Precision
from frcnn.training.step import take_step

OPTIMIZER = OptimizerConfig(learning_rate=1e-6)  # so small that the work stays the same
STEPS_OF_MEMORY = 3


def precision_of(variant: str) -> Precision:
    """Give the precision that a variant of ours is named after."""
    device = torch.device("cpu")
    dtype = torch.float32 if variant == "float32" else machine.resolve_precision("auto", device)
    return Precision(device=device, dtype=dtype)


def step(size: Sides, head_width: int, variant: str) -> Callable[[], object]:
    """Make a training step: losses, gradients, update.

    Args:
        size: of the picture.
        head_width: of fc6 and fc7.
        variant: `torchvision`, or a precision of ours.

    Returns:
        One step.
    """
    if variant == "torchvision":
        return _their_step(theirs(size, head_width).train(), scene(size))
    model, seen, precision = ours(size, head_width).train(), scene(size), precision_of(variant)
    optimizer, scaler = make_optimizer(model, OPTIMIZER), precision.scaler()
    generator = torch.Generator().manual_seed(0)

    def losses_of(shown: Scene) -> Mapping[str, Tensor]:
        pictures = model.config.pictures
        batch = to_batch([prepare(shown.picture, pictures)], pictures)
        with precision.autocast():
            return model.losses(batch, [shown.target], [generator]).named()

    return lambda: take_step(losses_of, [seen], optimizer, scaler, None)


def _their_step(model: TorchvisionsFasterRCNN, shown: Scene) -> Callable[[], object]:
    """As torchvision's own training script has it, without its printing."""
    picture = shown.picture.float() / 255
    target = {"boxes": shown.target.boxes, "labels": shown.target.labels + 1}
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(
        trained,
        lr=OPTIMIZER.learning_rate,
        momentum=OPTIMIZER.momentum,
        weight_decay=OPTIMIZER.weight_decay,
    )

    def take_one() -> float:
        total = sum(model([picture], [target]).values())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        return float(total.detach())

    return take_one


def inference(size: Sides, head_width: int, variant: str) -> Callable[[], object]:
    """Make an inference: from the picture to the number of detections.

    Args:
        size: of the picture.
        head_width: of fc6 and fc7.
        variant: `torchvision`, or a precision of ours.

    Returns:
        One inference.
    """
    picture = scene(size).picture
    if variant == "torchvision":
        model, floating = theirs(size, head_width).eval(), picture.float() / 255

        def look() -> int:
            with torch.inference_mode():
                return len(model([floating])[0]["boxes"])

        return look
    names = [str(number) for number in range(CLASSES)]
    detector = Detector(ours(size, head_width), names, precision=precision_of(variant).dtype)
    return lambda: len(detector.detect([picture])[0].boxes)


def peak(size: Sides, head_width: int, variant: str) -> Callable[[], float]:
    """Make a measurement of memory (Linux); call it once, in a process that has imported all.

    Args:
        size: of the picture.
        head_width: of fc6 and fc7.
        variant: `torchvision`, or a precision of ours.

    Returns:
        Takes a few training steps and gives their peak above the process before, in GiB.
    """
    before = _resident()

    def measure() -> float:
        repetition = step(size, head_width, variant)
        for _ in range(STEPS_OF_MEMORY):
            repetition()
        return (machine.peak_memory() - before) / 2**30

    return measure


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
