"""Which detections are reported: the four choices that a caller may change from call to call.

Names are those of the command line (`--conf --iou --max-det --classes`). What is not chosen is as
the model's settings have it.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from frcnn import settings
from frcnn.errors import ConfigError
from frcnn.model.postprocess import PostprocessConfig
from frcnn.ops import boxes as box_ops
from frcnn.types import Detections


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What to report; None leaves a thing as the model's settings have it."""

    conf: float | None = None
    """Lowest score reported, in [0, 1)."""
    iou: float | None = None
    """Of two boxes of one class that overlap by more, the better one stays; in (0, 1]."""
    max_det: int | None = None
    """Most detections of one picture, the best of the chosen classes; >= 1."""
    classes: Collection[str | int] | None = None
    """Names or ids of the classes to report; the others are left out."""
    probabilities: bool = False
    """Report every class's probability with each detection."""

    def __post_init__(self) -> None:
        _require("conf", self.conf, low=0.0, high=1.0, want="a number in [0, 1)")
        _require("iou", self.iou, low=0.0, high=1.0, want="a number in (0, 1]")
        if self.conf == 1 or self.iou == 0:
            name, value = ("conf", self.conf) if self.conf == 1 else ("iou", self.iou)
            raise _out_of_range(name, value, "conf below 1 and iou above 0")
        _require("max_det", self.max_det, low=1, high=math.inf, want="a whole number >= 1")
        if isinstance(self.max_det, float):
            raise _out_of_range("max_det", self.max_det, "a whole number >= 1")


class Rules(NamedTuple):
    """A choice, worked out for one model."""

    postprocess: PostprocessConfig
    """For the network."""
    labels: Tensor | None
    """[K] int64, the class ids that are reported; None for all."""
    max_det: int
    probabilities: bool


def rules_of(choice: Choice, config: PostprocessConfig, classes: Sequence[str]) -> Rules:
    """Work a choice out for a model.

    NMS never looks at two classes at once, so leaving classes out before or after it is the
    same. The limit on detections is applied after it, to the chosen classes alone.

    Args:
        choice: what the caller wants.
        config: the model's own settings.
        classes: names of class ids 0 ... C-1.

    Returns:
        The rules. ConfigError RC387 when a class is not one of the model's.
    """
    max_det = config.max_detections if choice.max_det is None else choice.max_det
    labels = None
    if choice.classes is not None:
        labels = torch.tensor([_label(c, classes) for c in _listed(choice.classes)]).long()
    every = 1_000_000_000  # more than any picture has
    postprocess = replace(
        config,
        score_threshold=config.score_threshold if choice.conf is None else float(choice.conf),
        nms_iou=config.nms_iou if choice.iou is None else float(choice.iou),
        max_detections=max_det if labels is None else every,
    )
    return Rules(postprocess, labels, max_det, choice.probabilities)


def apply(found: Detections, rules: Rules) -> Detections:
    """Bring detections to the CPU and to the choice, as tensors that anything may be done with.

    Args:
        found: of one picture, on any device, highest score first.
        rules: the choice.

    Returns:
        The chosen ones that have an area.
    """
    labels, boxes = found.labels.cpu(), found.boxes.cpu()
    w, h = box_ops.sides(boxes)
    chosen = (w > 0) & (h > 0)
    if rules.labels is not None:
        chosen &= torch.isin(labels, rules.labels)
    rows = chosen.nonzero()[:, 0][: rules.max_det]
    return Detections(  # indexing makes normal tensors of those that belong to inference mode
        boxes=boxes[rows],
        scores=found.scores.cpu()[rows],
        labels=labels[rows],
        proposals=_picked(found.proposals, rows),
        probabilities=_picked(found.probabilities, rows) if rules.probabilities else None,
    )


def require_names(classes: tuple[str, ...], count: int) -> None:
    """Refuse names that do not fit a network.

    Args:
        classes: names of class ids 0 ... C-1.
        count: C of the network.

    Raises:
        ConfigError: there are others than C, or two are the same (RC386).
    """
    if len(classes) != count or len(set(classes)) != count:
        raise ConfigError(
            "RC386",
            "Detector: classes",
            "the names do not fit the network",
            got=f"{len(classes)} names, {len(set(classes))} different",
            want=f"{count} different names",
            fix="pass the names the network was trained with, in their order",
        )


def _picked(values: Tensor | None, rows: Tensor) -> Tensor | None:
    return None if values is None else values.cpu()[rows]


def _listed(classes: Collection[str | int]) -> Collection[str | int]:
    return [classes] if isinstance(classes, str | int) else classes


def _label(wanted: str | int, classes: Sequence[str]) -> int:
    if isinstance(wanted, str) and wanted in classes:
        return classes.index(wanted)
    if not isinstance(wanted, str | bool) and 0 <= wanted < len(classes):
        return int(wanted)
    near = settings.nearest(str(wanted), classes)
    raise ConfigError(
        "RC387",
        "predict: classes",
        "the model has no such class",
        got=repr(wanted),
        want=f"a name among {', '.join(classes)}, or an id in 0 ... {len(classes) - 1}",
        fix=f"did you mean {near!r}?" if near else "use one of the model's class names",
    )


def _require(name: str, value: float | None, *, low: float, high: float, want: str) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _out_of_range(name, value, want)


def _out_of_range(name: str, value: object, want: str) -> ConfigError:
    return ConfigError(
        "RC381",
        f"predict: {name}",
        "not a value that can be chosen",
        got=repr(value),
        want=want,
        fix=f"leave {name} out to take the model's own setting",
    )
