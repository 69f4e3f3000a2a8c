"""frcnn: Faster R-CNN that you can train in one command, see through, and ship.

    detector = frcnn.load("runs/screws-003")
    found = detector.predict("street.jpg", conf=0.5)

Names are fetched when they are first used, so `import frcnn` is quick and does not import torch.
"""

import importlib
from typing import TYPE_CHECKING

from frcnn._version import __version__

if TYPE_CHECKING:
    from frcnn.api import check, evaluate, load, propose, train
    from frcnn.data.dataset import Dataset
    from frcnn.errors import FrcnnError
    from frcnn.prediction.predictor import Detector
    from frcnn.prediction.result import Result

__all__ = [
    "Dataset",
    "Detector",
    "FrcnnError",
    "Result",
    "__version__",
    "check",
    "evaluate",
    "load",
    "propose",
    "train",
]

_HOMES = {
    "Dataset": "frcnn.data.dataset",
    "Detector": "frcnn.prediction.predictor",
    "FrcnnError": "frcnn.errors",
    "Result": "frcnn.prediction.result",
    "check": "frcnn.api",
    "evaluate": "frcnn.api",
    "load": "frcnn.api",
    "propose": "frcnn.api",
    "train": "frcnn.api",
}
_ROOMS = {"data", "errors", "evaluation", "model", "ops", "presets", "settings", "types", "weights"}


def __getattr__(name: str) -> object:
    """Fetch a public name, or a room, at its first use."""
    if name in _HOMES:
        value: object = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value  # found without this function from now on
        return value
    if name in _ROOMS:
        return importlib.import_module(f"frcnn.{name}")
    raise AttributeError(f"module 'frcnn' has no attribute {name!r}", name=name, obj=None)


def __dir__() -> list[str]:
    """List what can be asked for, fetched or not."""
    return sorted({*globals(), *__all__, *_ROOMS})
