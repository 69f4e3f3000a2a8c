"""Pictures of an evaluation: precision over recall, and the confusion matrix.

Drawn on figures of their own: nothing of matplotlib's global state is read or changed but its
settings file. matplotlib is imported late: it costs a quarter of a second.

Letters: C classes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from frcnn import files
from frcnn.evaluation.confusion import confusion_matrix
from frcnn.evaluation.curves import ClassCurve
from frcnn.evaluation.judged import Judged
from frcnn.evaluation.plot_text import drawable
from frcnn.evaluation.verdicts import Ids, Numbers
from frcnn.evaluation.voc import VOCFigures, voc

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

IOU, SCORE = 0.5, 0.5
"""From which overlap a detection is right, and from which score it counts."""
_COLOURED = 10
"""Classes with a colour of their own; more could not be told apart."""
_COUNTED = 25
"""Rows of a confusion matrix whose counts are written into the cells."""
_NAMED = 120
"""Rows of a confusion matrix whose names can be read."""
_DARK = 0.6
"""Share from which a cell is too dark for black letters."""
_COLOURS = ("C0", "C1", "C2", "C3", "C4", "C5", "C6", "black", "C8", "C9")
"""matplotlib's ten, without the grey."""
PLOTS = ("precision_recall.png", "confusion.png")
"""The files that `draw_plots` writes."""


def draw_plots(folder: Path, pairs: Sequence[Judged], classes: Sequence[str]) -> list[Path]:
    """Write `precision_recall.png` and `confusion.png`, both at IoU 0.5.

    Args:
        folder: for both; it exists.
        pairs: pictures with detections and true boxes, pixels of the original picture.
        classes: names of the class ids 0 ... C-1.

    Returns:
        The two files.

    Raises:
        ConfigError: values that cannot be judged (RC334, RC335).
        DiskError: a file could not be written.
    """
    made = {
        PLOTS[0]: precision_recall(voc(pairs, classes, iou=IOU), classes),
        PLOTS[1]: confusion(confusion_matrix(pairs, classes, iou=IOU, score=SCORE), classes),
    }
    for name, figure in made.items():
        save(figure, folder / name)
    return [folder / name for name in made]


def precision_recall(figures: VOCFigures, classes: Sequence[str]) -> "Figure":
    """Draw precision over recall of every class that has objects; a dot where F1 is highest.

    Args:
        figures: curves and average precisions.
        classes: names of the class ids 0 ... C-1.

    Returns:
        The figure. Of more than ten classes the ten with the lowest AP have a colour, the others
        are grey.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 5.6), layout="constrained")
    axes = figure.subplots()
    known = [(ap, k) for k, ap in enumerate(figures.ap_area) if ap is not None]
    shown = [k for _, k in sorted(known)[:_COLOURED]]
    others = [k for _, k in known if k not in shown]
    _draw_f1_lines(axes)
    for k in others:
        axes.plot(*_points(figures.curves[k]), color="0.8", linewidth=0.8)
    handles = [_draw_curve(axes, figures.curves[k], place) for place, k in enumerate(shown)]
    labels = [_caption(figures, k, classes) for k in shown]
    if others:
        handles += axes.plot([], [], color="0.8", linewidth=0.8)
        labels.append(f"{len(others)} classes with as high an AP or a higher one")
    mean = "no objects" if figures.map_area is None else f"mean AP {figures.map_area:.3f}"
    axes.set(
        title=f"Precision over recall at IoU 0.5, {mean}",
        xlabel="recall: share of the objects found",
        ylabel="precision: share of the detections that are right",
        xlim=(0, 1.02),
        ylim=(0, 1.04),
    )
    axes.grid(alpha=0.3)
    if handles:
        figure.legend(
            handles,
            labels,
            loc="outside right upper",
            title="AP  class  (dot: best F1)",
            alignment="left",
            fontsize="small",
            frameon=False,
        )
    return figure


def confusion(counts: Ids, classes: Sequence[str]) -> "Figure":
    """Draw a confusion matrix: what is right in blue, what is wrong in orange.

    A cell's shade is its share of the row's objects; in the background's row, where there are no
    objects, its share of the column's detections.

    Args:
        counts: [C+1, C+1] as `confusion_matrix` gives them, background last.
        classes: names of the class ids 0 ... C-1.

    Returns:
        The figure; without counts for more than 24 classes, without names for more than 119.
    """
    from matplotlib.figure import Figure

    size = len(counts)
    cell = max(0.7, 3.2 / size) if size <= _COUNTED else 0.22 if size <= _NAMED else 24 / size
    figure = Figure(figsize=(cell * size + 3.6, cell * size + 2.2), layout="constrained")
    axes = figure.subplots()
    shares = _shares(counts)
    right, empty = np.eye(size, dtype=bool), counts == 0
    axes.imshow(np.where(right | empty, np.nan, shares), cmap="Oranges", vmin=0, vmax=1)
    blue = axes.imshow(np.where(~right | empty, np.nan, shares), cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="found as", ylabel="true class (objects)")
    _name_ticks(axes, counts, classes)
    if size <= _COUNTED:
        _write_counts(axes, counts, shares)
    head = "What objects were taken for (blue: right, orange: wrong)"
    figure.suptitle(f"{head}\nscore {SCORE} or higher, IoU above {IOU}")
    figure.colorbar(blue, label="share of the objects (last row: of the detections)", shrink=0.9)
    return figure


def _draw_f1_lines(axes: "Axes") -> None:
    """Draw where F1 is 0.2, 0.4, ...: F1 = 2 p r / (p + r), so p = F1 r / (2 r - F1)."""
    for f1 in (0.2, 0.4, 0.6, 0.8):
        recall = np.linspace(f1 / (2 - f1), 1, 100)
        axes.plot(recall, f1 * recall / (2 * recall - f1), ":", color="0.6", linewidth=0.8)
        axes.annotate(
            f"F1 {f1}",
            (1.02, f1 / (2 - f1)),
            xytext=(4, 0),
            textcoords="offset points",
            color="0.5",
            fontsize="x-small",
            va="center",
            annotation_clip=False,
        )


def _draw_curve(axes: "Axes", curve: ClassCurve, place: int) -> "Line2D":
    # later ones are thinner, so that curves on top of each other are all seen
    (line,) = axes.plot(
        *_points(curve), color=_COLOURS[place], linewidth=3.2 - 0.2 * place, solid_capstyle="butt"
    )
    best = curve.best_f1()
    if best is not None:
        axes.plot(
            best.recall,
            best.precision,
            "o",
            color=_COLOURS[place],
            markeredgecolor="white",
            markersize=8,
            clip_on=False,
            zorder=3,
        )
    return line


def _points(curve: ClassCurve) -> tuple[list[float], list[float]]:
    """Recall and precision, from recall 0 on."""
    precision = curve.precision.tolist()
    return [0.0, *curve.recall.tolist()], [*precision[:1], *precision] if precision else [0.0]


def _caption(figures: VOCFigures, label: int, classes: Sequence[str]) -> str:
    best = figures.curves[label].best_f1()
    point = f"  (F1 {best.f1:.2f} from score {best.score:.2f})" if best else "  (none right)"
    return f"{figures.ap_area[label]:.3f}  {drawable(classes[label], f'class {label}')}{point}"


def _name_ticks(axes: "Axes", counts: Ids, classes: Sequence[str]) -> None:
    size = len(counts)
    if size > _NAMED:
        axes.set(xticks=[], yticks=[])
        return
    names = [drawable(name, f"class {k}") for k, name in enumerate(classes)]
    totals = counts.sum(axis=1)
    letters = "medium" if size <= _COUNTED else 7
    axes.set_xticks(range(size), [*names, "background"], fontsize=letters, rotation=90)
    named = [f"{name} ({total})" for name, total in zip(names, totals[:-1], strict=True)]
    axes.set_yticks(range(size), [*named, "background"], fontsize=letters)


def _shares(counts: Ids) -> Numbers:
    """Shares of the row, in the last row of the column."""
    shares: Numbers = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shares[-1] = counts[-1] / np.maximum(counts.sum(axis=0), 1)
    return shares


def _write_counts(axes: "Axes", counts: Ids, shares: Numbers) -> None:
    for row, column in np.argwhere(counts).tolist():
        share = shares[row, column]
        axes.text(
            column,
            row,
            f"{counts[row, column]}\n{share:.0%}",
            ha="center",
            va="center",
            fontsize="small",
            color="white" if share > _DARK else "black",
        )


def save(figure: "Figure", path: Path) -> None:
    """Write a figure as a PNG file, whole or not at all.

    Args:
        figure: drawn.
        path: of the file; its folder exists.

    Raises:
        DiskError: the file could not be written.
    """
    files.write_atomically(path, lambda stream: figure.savefig(stream, format="png", dpi=120))
