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
    for place, limit in enumerate(reversed(LIMITS)):
        curve = figures.recall(limit)
        if curve is None:
            continue
        colour = colormaps["viridis"](_LIGHTEST * place / (len(LIMITS) - 1))
        label = f"{number(figures.average_recall(limit))}  {_amount(figures, limit)}"
        # later ones are thinner, so that curves on top of each other are all seen
        width = 3.2 - 0.4 * place
        axes.plot(OVERLAPS, curve, "o-", color=colour, linewidth=width, markersize=4, label=label)
    axes.set(xlabel="IoU that a proposal must reach", xlim=(0.49, 0.96), xticks=OVERLAPS)
    _explain(figure, "AR  best proposals of a picture")
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
        label = f"{size} ({figures.objects[size]})"
        width = 3.2 if size == "all" else 1.6
        axes.plot(
            LIMITS,
            np.array(curve, dtype=np.float64),
            "o-",
            color=_COLOURS[size],
            linewidth=width,
            markersize=4,
            label=label,
        )
    axes.set(xlabel="best proposals of a picture", xscale="log", xlim=(9, 2200))
    axes.set_xticks(LIMITS, [str(limit) for limit in LIMITS])
    axes.minorticks_off()
    axes.set_ylabel("AR: mean recall over IoU 0.50 to 0.95")
    _explain(figure, "size (objects)")
    return figure


def _empty(figures: ProposalFigures, head: str) -> tuple["Figure", "Axes"]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.6), layout="constrained")
    axes = figure.subplots()
    objects = figures.objects["all"]
    found_in = f"{objects or 'no'} objects in {figures.pictures} pictures"
    axes.set(title=f"{head}, {found_in}", ylabel="recall: share of the objects", ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    return figure, axes


def _amount(figures: ProposalFigures, limit: int) -> str:
    """Say how many proposals there were, where it was fewer than asked for."""
    mean = figures.proposals[limit] / figures.pictures
    return str(limit) if mean == limit else f"{limit} (mean {mean:.1f})"


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
