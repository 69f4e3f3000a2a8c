"""All figures of one evaluation in one value, as a table for people and JSON for programs.

Letters: C classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from frcnn.evaluation.coco import coco
from frcnn.evaluation.curves import OperatingPoint
from frcnn.evaluation.judged import Judged
from frcnn.evaluation.table import aligned, number
from frcnn.evaluation.voc import voc


@dataclass(frozen=True, kw_only=True)
class ClassFigures:
    """One class's row; None where it has no object."""

    name: str
    objects: int
    """True boxes that are not difficult."""
    ap: float | None
    """COCO's AP."""
    ap50: float | None
    """COCO's AP at IoU 0.5."""
    voc07: float | None
    """VOC 2007's eleven-point AP."""
    voc: float | None
    """VOC 2010's AP by area."""
    best_f1: OperatingPoint | None
    """The score from which detections are worth most; None where none is right."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How good detections are; None where a figure is not defined."""

    pictures: int
    coco: Mapping[str, float | None]
    """COCO's twelve, by name; see `coco.NAMES`."""
    voc07_map: float | None
    """Mean of VOC 2007's eleven-point AP over the classes that have objects."""
    voc_map: float | None
    """Mean of VOC 2010's AP by area over the classes that have objects."""
    per_class: tuple[ClassFigures, ...]
    """[C] in the order of the class ids."""

    def named(self) -> dict[str, float | None]:
        """Give the figures over all classes by name."""
        return {"voc07_map": self.voc07_map, "voc_map": self.voc_map, **self.coco}

    def to_json(self) -> dict[str, Any]:
        """Give all figures as values of strict JSON: None for what is not defined, never NaN."""
        return {
            "pictures": self.pictures,
            "coco": dict(self.coco),
            "voc07_map": self.voc07_map,
            "voc_map": self.voc_map,
            "per_class": [asdict(row) for row in self.per_class],
        }

    def table(self) -> str:
        """Write the figures for people; `-` where one is not defined.

        The last four columns are the best F1 of the class, the score from which detections reach
        it, and precision and recall there.
        """
        heads = ["class", "objects", "AP", "AP50", "VOC07", "VOC", "F1", "score", "P", "R"]
        rows = [_class_row(row) for row in self.per_class]
        objects = str(sum(row.objects for row in self.per_class))
        means = (self.coco["AP"], self.coco["AP50"], self.voc07_map, self.voc_map)
        rows.append(["all", objects, *map(number, means), "", "", "", ""])
        others = [f"{name} {number(value)}" for name, value in self.coco.items()]
        return "\n".join(
            [*aligned([heads, *rows]), "", *("  ".join(others[at : at + 6]) for at in (0, 6))]
        )


def evaluate(pairs: Sequence[Judged], classes: Sequence[str]) -> Figures:
    """Judge detections by all rules.

    Args:
        pairs: pictures with detections and true boxes, pixels of the original picture.
        classes: names of the class ids 0 ... C-1.

    Returns:
        The figures; the same pairs in any order give the same, to the bit.

    Raises:
        ConfigError: values that cannot be judged (RC334, RC335).
    """
    by_voc, by_coco = voc(pairs, classes), coco(pairs, classes)
    rows = tuple(
        ClassFigures(
            name=name,
            objects=by_voc.curves[label].objects,
            ap=by_coco.per_class_ap[label],
            ap50=by_coco.per_class_ap50[label],
            voc07=by_voc.ap_11point[label],
            voc=by_voc.ap_area[label],
            best_f1=by_voc.curves[label].best_f1(),
        )
        for label, name in enumerate(classes)
    )
    return Figures(
        pictures=len(pairs),
        coco=by_coco.values,
        voc07_map=by_voc.map_11point,
        voc_map=by_voc.map_area,
        per_class=rows,
    )


def _class_row(row: ClassFigures) -> list[str]:
    aps = (row.ap, row.ap50, row.voc07, row.voc)
    point = row.best_f1
    best = (point.f1, point.score, point.precision, point.recall) if point else (None,) * 4
    return [row.name, str(row.objects), *map(number, (*aps, *best))]
