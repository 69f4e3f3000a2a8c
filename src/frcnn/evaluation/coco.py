"""COCO's twelve figures (Lin et al. 2014; cocodataset.org, detection evaluation).

faster-coco-eval computes them; here stands how our boxes reach it: from memory, without a file.
Ids are numbered anew from 1, because an id of 0 reads as "not matched" in COCO's own code.

A difficult box is given as a crowd, COCO's only kind of box that is neither found nor missed. So
detections that no object claims are left out of the count when most of their area (more than the
threshold) lies in a difficult box of their class, and one difficult box may take several of them.

Letters: C classes, T = 10 overlaps 0.50, 0.55, ... 0.95.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster
from numpy.typing import NDArray

from frcnn.evaluation.judged import Judged, in_order
from frcnn.evaluation.verdicts import Numbers

NAMES = (
    "AP",
    "AP50",
    "AP75",
    "AP_small",
    "AP_medium",
    "AP_large",
    "AR_1",
    "AR_10",
    "AR_100",
    "AR_small",
    "AR_medium",
    "AR_large",
)
"""The twelve, in COCO's order. AP: mean over the overlaps 0.50, 0.55, ... 0.95; AP50: at 0.5;
small: an area up to 32 x 32 pixels of the original picture, medium: up to 96 x 96. An object's area
is what a COCO file states, that of its outline; else it is that of the box. AR_n: mean recall with
the n best detections of each class in each picture."""

_ALL_AREAS, _HUNDRED = 0, -1  # places in COCO's arrays


@dataclass(frozen=True, kw_only=True)
class COCOFigures:
    """COCO's figures; None where nothing defines one: no object of that size or class."""

    values: Mapping[str, float | None]
    """The twelve, by the names in `NAMES`, each in [0, 1]."""
    per_class_ap: tuple[float | None, ...]
    """[C] AP of every class."""
    per_class_ap50: tuple[float | None, ...]
    """[C] AP50 of every class."""


def coco(pairs: Sequence[Judged], classes: Sequence[str]) -> COCOFigures:
    """Judge detections as COCO does: at most 100 of a class in a picture, the best ones.

    Args:
        pairs: pictures with detections and true boxes, pixels of the original picture.
        classes: names of the class ids 0 ... C-1.

    Returns:
        The twelve figures, and AP and AP50 of every class; difficult objects are neutral.

    Raises:
        ConfigError: values that cannot be judged (RC334, RC335).
    """
    ordered = in_order(pairs, classes)
    if not any(len(pair.target.boxes) for pair in ordered):
        nothing = (None,) * len(classes)
        return COCOFigures(
            values=dict.fromkeys(NAMES), per_class_ap=nothing, per_class_ap50=nothing
        )
    judge = _run(_true_rows(ordered), _found_rows(ordered), len(ordered), len(classes))
    precision: Numbers = judge.eval["precision"]  # [T, recalls, classes, areas, limits]
    by_class = [precision[:, :, k, _ALL_AREAS, _HUNDRED] for k in range(len(classes))]
    return COCOFigures(
        values={n: _known(v) for n, v in zip(NAMES, judge.stats, strict=True)},
        per_class_ap=tuple(_mean(values) for values in by_class),
        per_class_ap50=tuple(_mean(values[0]) for values in by_class),
    )


def _run(
    true: list[dict[str, Any]], found: list[dict[str, Any]], pictures: int, classes: int
) -> COCOeval_faster:
    frame = {
        "images": [{"id": number + 1} for number in range(pictures)],
        "categories": [{"id": k + 1} for k in range(classes)],
    }
    # The constructor indexes our rows as they are; `loadRes` would add a polygon to every one.
    both = [
        COCO({**frame, "annotations": rows}, print_function=_say_nothing) for rows in (true, found)
    ]
    judge = COCOeval_faster(*both, "bbox", print_function=_say_nothing)
    judge.evaluate()
    judge.accumulate()
    judge.summarize()
    return judge


def _true_rows(pairs: Sequence[Judged]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for picture, pair in enumerate(pairs, start=1):
        true = pair.target
        new = _rows(picture, true.boxes.numpy(), true.labels.tolist(), len(rows))
        for row, difficult in zip(new, true.difficult.tolist(), strict=True):
            row["iscrowd"] = int(difficult)
        for row, area in zip(new, () if pair.areas is None else pair.areas.tolist(), strict=False):
            row["area"] = row["area"] if math.isnan(area) else area
        rows += new
    return rows


def _found_rows(pairs: Sequence[Judged]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for picture, pair in enumerate(pairs, start=1):
        found = pair.detections
        new = _rows(picture, found.boxes.numpy(), found.labels.tolist(), len(rows))
        for row, score in zip(new, found.scores.tolist(), strict=True):
            row["score"] = score
        rows += new
    return rows


def _rows(
    picture: int, boxes: NDArray[np.float32], labels: Sequence[int], before: int
) -> list[dict[str, Any]]:
    """Write one picture's boxes as COCO's rows: corner and sides, in float64."""
    wide = boxes.astype(np.float64)
    wide[:, 2:] -= wide[:, :2]
    return [
        {
            "id": before + number,
            "image_id": picture,
            "category_id": label + 1,
            "bbox": box,
            "area": box[2] * box[3],
        }
        for number, (box, label) in enumerate(zip(wide.tolist(), labels, strict=True), start=1)
    ]


def _mean(values: Numbers) -> float | None:
    known = values[values > -1]  # COCO's mark for "no object"
    return float(np.mean(known)) if known.size else None


def _known(value: float) -> float | None:
    return None if value < 0 else float(value)


def _say_nothing(*_: object) -> None:
    """Take the place of the printed table."""
