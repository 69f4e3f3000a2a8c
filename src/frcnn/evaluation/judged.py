"""What an evaluation looks at: one picture's detections beside its true boxes.

Nothing here knows our network: detections may come from any detector, so values are checked here.

Letters: N detections, G true boxes of a picture; C classes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from frcnn.errors import ConfigError, ShapeError
from frcnn.types import Detections, Target


@dataclass(frozen=True, eq=False, kw_only=True)
class Judged:
    """One picture, looked at and labelled. Boxes in pixels of the original picture."""

    name: str
    """Of the picture; pictures are judged in the order of their names."""
    detections: Detections
    """Scores of any finite scale; only where a figure says so do they have to lie in [0, 1]."""
    target: Target
    areas: NDArray[np.float64] | None = None
    """[G] square pixels, for COCO's figures by size, where a file states them: of the outline, NaN
    where it has none. None: the boxes' own."""

    def __post_init__(self) -> None:
        if self.areas is not None and self.areas.shape != (len(self.target.boxes),):
            raise ShapeError(
                "Judged.areas",
                got=f"{list(self.areas.shape)}",
                want=f"[{len(self.target.boxes)}], one for each true box",
            )


class _Words(NamedTuple):
    """What is said of a row that is refused."""

    code: str
    what: str
    want: str
    fix: str


_FINITE = _Words(
    code="RC334",
    what="not finite",
    want="finite numbers",
    fix="look for the first number that is not finite in what the detector computes",
)
_UPRIGHT = _Words(
    code="RC334",
    what="inverted box",
    want="(x1, y1, x2, y2) with x1 <= x2 and y1 <= y2",
    fix="give corners, not a corner with width and height",
)


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
    _require(boxes.isfinite().all(dim=1), boxes, f"{place}: box of {what}", _FINITE)
    upright = (boxes[:, 2:] >= boxes[:, :2]).all(dim=1)
    _require(upright, boxes, f"{place}: {what}", _UPRIGHT)


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
        areas=pair.areas,
    )
    place = f"picture {pair.name}"
    scores = here.detections.scores
    _require(scores.isfinite(), scores[:, None], f"{place}: score of detection", _FINITE)
    for what, boxes in (("detection", here.detections.boxes), ("true box", here.target.boxes)):
        require_boxes(place, what, boxes)
    for what, labels in (("detection", here.detections.labels), ("true box", here.target.labels)):
        known = (labels >= 0) & (labels < classes)
        _require(known, labels[:, None], f"{place}: {what}", _known(classes))
    return here


def _on_cpu(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu()


def _require(fits: Tensor, rows: Tensor, place: str, words: _Words) -> None:
    """Refuse the first row that does not fit."""
    if fits.all():
        return
    row = int((~fits).nonzero()[0, 0])
    shown = (value if isinstance(value, int) else f"{value:g}" for value in rows[row].tolist())
    raise ConfigError(
        words.code,
        f"{place} {row}",
        words.what,
        got=", ".join(map(str, shown)),
        want=words.want,
        fix=words.fix,
    )


def _known(classes: int) -> _Words:
    return _Words(
        code="RC335",
        what="class id without a name",
        want=f"0 ... {classes - 1}" if classes else "no box at all: there are no classes",
        fix="judge with the class names that the ids stand for; background is none of them",
    )


def _content(pair: Judged) -> bytes:
    found, true = pair.detections, pair.target
    parts = (true.boxes, true.labels, true.difficult, found.boxes, found.scores, found.labels)
    areas = b"" if pair.areas is None else pair.areas.tobytes()
    return b"|".join([*(part.numpy().tobytes() for part in parts), areas])
