"""The plots of proposals: curves, captions and files, whatever there is to draw."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from frcnn.errors import DiskError
from frcnn.evaluation.proposal_plots import average_recall, draw_proposal_plots, recall_over_iou
from frcnn.evaluation.proposals import (
    LIMITS,
    OVERLAPS,
    ProposalFigures,
    Proposed,
    evaluate_proposals,
)
from frcnn.types import Target

FILES = ["recall_over_iou.png", "average_recall.png"]


def legend(figure) -> list[str]:
    return [text.get_text() for one in figure.legends for text in one.get_texts()]


def curves(figure) -> list[tuple[list[float], list[float]]]:
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in figure.axes[0].lines]


@pytest.fixture
def figures() -> ProposalFigures:
    """A small object, IoU 0.8 with the best of 60 proposals, and a large one, with the last."""
    small, large = [0.0, 0, 10, 10], [100.0, 100, 300, 300]
    boxes = torch.tensor([[0.0, 0, 8, 10], *([[50.0, 50, 60, 60]] * 58), large])
    target = Target(
        boxes=torch.tensor([small, large]),
        labels=torch.tensor([0, 1]),
        difficult=torch.tensor([False, False]),
    )
    return evaluate_proposals([Proposed(name="a", boxes=boxes, target=target)])


def test_both_files_are_pictures(figures: ProposalFigures, tmp_path: Path) -> None:
    paths = draw_proposal_plots(tmp_path, figures)
    assert [path.name for path in paths] == FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    for path in paths:
        with Image.open(path) as picture:
            picture.load()
            assert picture.format == "PNG"
            assert min(picture.size) > 400


def test_recall_has_a_curve_for_each_number_of_proposals(figures: ProposalFigures) -> None:
    figure = recall_over_iou(figures)
    drawn = curves(figure)
    assert [xs for xs, _ in drawn] == [list(OVERLAPS)] * len(LIMITS)
    assert drawn[0][1] == [1.0] * 7 + [0.5] * 3
    assert drawn[-1][1] == [0.5] * 7 + [0.0] * 3
    assert figure.axes[0].get_title() == "Recall over IoU, 2 objects in 1 pictures"


def test_the_legend_says_ar_and_how_many_proposals_there_were(figures: ProposalFigures) -> None:
    assert legend(recall_over_iou(figures)) == [
        *(f"0.850  {limit} (mean 60.0)" for limit in (2000, 1000, 300, 100)),
        "0.350  50",
        "0.350  10",
    ]


def test_average_recall_has_a_curve_for_each_size_with_objects(figures: ProposalFigures) -> None:
    figure = average_recall(figures)
    assert legend(figure) == ["all (2)", "small (1)", "large (1)"]
    every, small, large = curves(figure)
    assert every == (list(LIMITS), [0.35, 0.35, 0.85, 0.85, 0.85, 0.85])
    assert small[1] == [0.7] * 6
    assert large[1] == [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]
    ticks = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert ticks == ["10", "50", "100", "300", "1000", "2000"]


def test_nothing_in(tmp_path: Path) -> None:
    nothing = evaluate_proposals([])
    assert len(draw_proposal_plots(tmp_path, nothing)) == 2
    for figure in (recall_over_iou(nothing), average_recall(nothing)):
        assert "no objects in 0 pictures" in figure.axes[0].get_title()
        assert legend(figure) == []
        assert curves(figure) == []


def test_wrong_in(figures: ProposalFigures, tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="RC603"):
        draw_proposal_plots(tmp_path / "gone", figures)
