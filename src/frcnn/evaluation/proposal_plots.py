"""Pictures of proposals: recall over IoU (the paper's figure 4), and AR over their number.

matplotlib is imported late, and figures are of their own, as in `plots`.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from frcnn.evaluation.plots import save
from frcnn.evaluation.proposals import LIMITS, OVERLAPS, SIZES, ProposalFigures
from frcnn.evaluation.table import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {"all": "black", "small": "C0", "medium": "C1", "large": "C2"}
_STYLES = {"all": "o-", "small": "v--", "medium": "s-.", "large": "^:"}
"""Marker and dashes of each size, so that curves on top of each other are all seen."""
_MARKERS = "osDv^P"
"""Of the curves of recall, the most proposals first."""
_FEW = 30
"""Objects, under which a curve is drawn pale: one object moves it by more than three points."""
_LIGHTEST = 0.8
"""Place in matplotlib's `viridis` of the last curve; what follows is too light on white."""


PROPOSAL_PLOTS = ("recall_over_iou.png", "average_recall.png")
"""The files that `draw_proposal_plots` writes."""


def draw_proposal_plots(folder: Path, figures: ProposalFigures) -> list[Path]:
    """Write `recall_over_iou.png` and `average_recall.png`.

    Args:
        folder: for both; it exists.
        figures: of one evaluation.

    Returns:
        The two files.

    Raises:
        DiskError: a file could not be written.
    """
    made = {
        PROPOSAL_PLOTS[0]: recall_over_iou(figures),
        PROPOSAL_PLOTS[1]: average_recall(figures),
    }
    for name, figure in made.items():
        save(figure, folder / name)
    return [folder / name for name in made]


def recall_over_iou(figures: ProposalFigures) -> "Figure":
    """Draw recall over the overlap that is asked for, one curve for each number of proposals.

    Args:
        figures: of one evaluation.

    Returns:
        The figure, with AR in its legend.
    """
    from matplotlib import colormaps

    figure, axes = _empty(figures, "Recall over IoU")
    drawn = _different(figures)
    for place, limit in enumerate(reversed(drawn)):
        curve = figures.recall(limit)
        if curve is None:
            continue
        colour = colormaps["viridis"](_LIGHTEST * place / max(1, len(drawn) - 1))
        label = f"{number(figures.average_recall(limit))} | {_amount(figures, limit)}"
        # later ones are thinner, so that curves on top of each other are all seen
        width, style = 3.2 - 0.4 * place, _MARKERS[place] + ("-" if place % 2 == 0 else "--")
        axes.plot(OVERLAPS, curve, style, color=colour, linewidth=width, markersize=5, label=label)
    axes.set(xlabel="IoU that a proposal must reach", xlim=(0.49, 0.96), xticks=OVERLAPS)
    _explain(figure, "AR | best N of a picture")
    _caption(
        figure,
        "As the paper's figure 4, which has 300, 1000 and 2000 proposals on VOC 2007 test. Here a "
        "proposal counts for one object only.",
    )
    return figure


def average_recall(figures: ProposalFigures) -> "Figure":
    """Draw AR over the number of proposals, one curve for each size of objects.

    Args:
        figures: of one evaluation.

    Returns:
        The figure; sizes without objects have no curve.
    """
    figure, axes = _empty(figures, "Average recall over the number of proposals")
    for size in SIZES:
        if not figures.objects[size]:
            continue
        curve = [figures.average_recall(limit, size) for limit in LIMITS]
        is_sure = figures.objects[size] >= _FEW
        few = "" if is_sure else ", few"
        axes.plot(
            LIMITS,
            np.array(curve, dtype=np.float64),
            _STYLES[size],
            color=_COLOURS[size],
            linewidth=3.2 if size == "all" else 1.6,
            markersize=4 if size == "all" else 7,
            markerfacecolor=_COLOURS[size] if size == "all" else "none",
            alpha=1.0 if is_sure else 0.5,
            label=f"{size} ({figures.objects[size]}{few})",
        )
    axes.set(xlabel="best proposals of a picture", xscale="log", xlim=(9, 2200))
    axes.set_xticks(LIMITS, [str(limit) for limit in LIMITS])
    axes.minorticks_off()
    axes.set_ylabel("AR: mean recall over IoU 0.50 to 0.95")
    _explain(figure, "size (objects)")
    _caption(
        figure,
        "One point is the mean of one curve of recall over IoU. The paper has no such figure; its "
        f"Table 2 varies the number. Under {_FEW} objects a curve is pale.",
    )
    return figure


def _empty(figures: ProposalFigures, head: str) -> tuple["Figure", "Axes"]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.6), layout="constrained")
    axes = figure.subplots()
    objects = figures.objects["all"]
    found_in = f"{objects or 'no'} objects in {figures.pictures} pictures"
    axes.set(title=f"{head}, {found_in}", ylabel="recall: share of the objects", ylim=(-0.02, 1.02))
    axes.grid(alpha=0.3)
    return figure, axes


def _different(figures: ProposalFigures) -> list[int]:
    """Leave out numbers of proposals that are never reached: a smaller one gives the same boxes."""
    counts = [figures.proposals[limit] for limit in LIMITS]
    return [limit for place, limit in enumerate(LIMITS) if counts[place] not in counts[:place]]


def _amount(figures: ProposalFigures, limit: int) -> str:
    """Say how many proposals there were, where it was fewer than asked for."""
    mean = figures.proposals[limit] / figures.pictures
    larger = any(
        count == figures.proposals[limit] for n, count in figures.proposals.items() if n > limit
    )
    named = f"{limit} and more" if larger else str(limit)
    return named if mean == limit else f"{named} (mean {mean:.1f})"


def _caption(figure: "Figure", text: str) -> None:
    figure.supxlabel(text, x=0.01, ha="left", fontsize="small", color="0.35")


def _explain(figure: "Figure", title: str) -> None:
    handles, labels = figure.axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(
            handles,
            labels,
            loc="outside right upper",
            title=title,
            alignment="left",
            fontsize="small",
            frameon=False,
        )
