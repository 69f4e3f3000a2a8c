"""The curves of a run as pictures: losses, learning rate and validation figures over the steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frcnn import files
from frcnn.run_folder import RunFolder
from frcnn.training.log import Diary, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TERMS = ("loss", "rpn_objectness", "rpn_boxes", "head_classes", "head_boxes")
_FIGURES = ("val_AP", "val_AP50", "val_AP75", "val_voc07_map", "val_AR_300", "val_recall50_300")


def draw_curves(run: RunFolder) -> Path | None:
    """Draw `plots/curves.png` from the run's diary.

    Args:
        run: whose `metrics.jsonl` and `metrics.csv` are read.

    Returns:
        The picture; None where no step was taken yet.

    Raises:
        DiskError: it could not be written.
    """
    from matplotlib.figure import Figure  # late: it costs a quarter of a second

    diary = Diary(run)
    steps, evaluations = diary.steps(), diary.evaluations()
    if not steps:
        return None
    figure = Figure(figsize=(12, 4), layout="constrained")
    losses, rates, figures = figure.subplots(1, 3)
    _draw_losses(losses, steps, evaluations)
    rates.plot(_column(steps, "step"), _column(steps, "learning_rate"))
    rates.set(title="learning rate", xlabel="step", ylim=(0, None))
    _draw_figures(figures, evaluations)
    for axes in (losses, rates, figures):
        axes.grid(alpha=0.3)
        # there is no step 1.2
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    files.require_writable(run.plots)
    path = run.plots / "curves.png"
    files.write_atomically(path, lambda stream: figure.savefig(stream, format="png", dpi=120))
    return path


def _draw_losses(axes: "Axes", steps: Sequence[Row], evaluations: Sequence[Row]) -> None:
    window = max(1, len(steps) // 50)
    at = _column(steps, "step")
    for name in (term for term in _TERMS if term in steps[-1]):
        means = _running_mean(_column(steps, name), window)
        axes.plot(at, means, label=name, linewidth=2 if name == "loss" else 1)
    measured = [row for row in evaluations if row.get("val_loss") is not None]
    if measured:
        points = _column(measured, "step"), _column(measured, "val_loss")
        axes.plot(*points, "o--", color="black", markersize=3, label="validation loss")
    title = "losses" if window == 1 else f"losses, mean of {window} steps"
    axes.set(title=title, xlabel="step", ylim=(0, None))
    axes.legend(fontsize="small", loc="upper right")


def _draw_figures(axes: "Axes", evaluations: Sequence[Row]) -> None:
    for name in _FIGURES:
        known = [row for row in evaluations if row.get(name) is not None]
        if not known:  # figures of detections, or of proposals
            continue
        points = _column(known, "step"), _column(known, name)
        axes.plot(*points, "o-", markersize=3, label=name.removeprefix("val_"))
    axes.set(title="validation", xlabel="step", ylim=(0, 1))
    if axes.lines:
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))  # beside it


def _column(rows: Sequence[Row], name: str) -> list[Any]:
    return [row[name] for row in rows]


def _running_mean(values: Sequence[float], window: int) -> list[float]:
    """Average each value with those before it, at most `window` in all."""
    sums = [0.0]
    for value in values:
        sums.append(sums[-1] + value)
    starts = [max(0, end - window) for end in range(1, len(sums))]
    return [
        (sums[end] - sums[start]) / (end - start)
        for end, start in zip(range(1, len(sums)), starts, strict=True)
    ]
