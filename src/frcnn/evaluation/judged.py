"""What an evaluation looks at: one picture's detections beside its true boxes.

Nothing here knows our network: detections may come from any detector, so values are checked here.

Letters: N detections, G true boxes of a picture; C classes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.types import Detections, Target


@dataclass(frozen=True, eq=False, kw_only=True)
class Judged:
    """One picture, looked at and labelled. Boxes in pixels of the original picture."""

    name: str
    """Of the picture; pictures are judged in the order of their names."""
    detections: Detections
    """Scores of any finite scale; only where a figure says so do they have to lie in [0, 1]."""
    target: Target


def in_order(pairs: Iterable[Judged], classes: Sequence[str]) -> list[Judged]:
    """Check what is to be judged and sort it by name.

    No figure depends on the order in which pictures were read: names of two pictures that are
    equal are told apart by what was found and what is true. Within a picture, detections of equal
    score keep the order they were given in.

    Args:
        pairs: pictures with detections and true boxes, pixels of the original picture.
        classes: names of the class ids 0 ... C-1.

    Returns:
        The same pictures in order, on the CPU.

    Raises:
        ConfigError: a box or score is not finite or a box is inverted (RC334), or a class id has
            no name (RC335).
    """
    here = [_checked(pair, len(classes)) for pair in pairs]
    return sorted(here, key=lambda pair: (pair.name, _content(pair)))


def require_boxes(place: str, what: str, boxes: Tensor) -> None:
    """Refuse boxes that cannot be held against others.

    Args:
        place: where they are, for the message, as `picture NAME`.
        what: each of them is, as `true box`.
        boxes: [N, 4] on the CPU.

    Raises:
        ConfigError: a number is not finite, or a box is inverted (RC334).
    """
    _require_finite(f"{place}: box of {what}", boxes)
    _require_upright(f"{place}: {what}", boxes)


def require_share(name: str, value: float) -> None:
    """Refuse a threshold that is not between 0 and 1.

    Args:
        name: of the threshold, for the message.
        value: its value.

    Raises:
        ConfigError: it is not in [0, 1] (RC336).
    """
    if not 0.0 <= value <= 1.0:
        raise ConfigError(
            "RC336",
            name,
            "no such threshold",
            got=f"{value}",
            want="a number from 0 to 1",
            fix="0.5 is the usual one",
        )


def _checked(pair: Judged, classes: int) -> Judged:
    found, true = pair.detections, pair.target
    here = Judged(
        name=pair.name,
        detections=Detections(
            boxes=_on_cpu(found.boxes), scores=_on_cpu(found.scores), labels=_on_cpu(found.labels)
        ),
        target=Target(
            boxes=_on_cpu(true.boxes),
            labels=_on_cpu(true.labels),
            difficult=_on_cpu(true.difficult),
        ),
    )
    place = f"picture {pair.name}"
    _require_finite(f"{place}: score of detection", here.detections.scores[:, None])
    for what, boxes in (("detection", here.detections.boxes), ("true box", here.target.boxes)):
        require_boxes(place, what, boxes)
    for what, labels in (("detection", here.detections.labels), ("true box", here.target.labels)):
        _require_known(f"{place}: {what}", labels, classes)
    return here


def _on_cpu(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu()


def _require_finite(place: str, rows: Tensor) -> None:
    bad = ~torch.isfinite(rows).all(dim=1)
    if bad.any():
        row = int(bad.nonzero()[0, 0])
        raise ConfigError(
            "RC334",
            f"{place} {row}",
            "not finite",
            got=", ".join(f"{value:g}" for value in rows[row].tolist()),
            want="finite numbers",
            fix="look for the first number that is not finite in what the detector computes",
        )


def _require_upright(place: str, boxes: Tensor) -> None:
    bad = (boxes[:, 2:] < boxes[:, :2]).any(dim=1)
    if bad.any():
        row = int(bad.nonzero()[0, 0])
        raise ConfigError(
            "RC334",
            f"{place} {row}",
            "inverted box",
            got=", ".join(f"{value:g}" for value in boxes[row].tolist()),
            want="(x1, y1, x2, y2) with x1 <= x2 and y1 <= y2",
            fix="give corners, not a corner with width and height",
        )


def _require_known(place: str, labels: Tensor, classes: int) -> None:
    bad = (labels < 0) | (labels >= classes)
    if bad.any():
        row = int(bad.nonzero()[0, 0])
        raise ConfigError(
            "RC335",
            f"{place} {row}",
            "class id without a name",
            got=f"{int(labels[row])}",
            want=f"0 ... {classes - 1}" if classes else "no box at all: there are no classes",
            fix="judge with the class names that the ids stand for; background is none of them",
        )


def _content(pair: Judged) -> bytes:
    found, true = pair.detections, pair.target
    parts = (true.boxes, true.labels, true.difficult, found.boxes, found.scores, found.labels)
    return b"|".join(part.numpy().tobytes() for part in parts)
