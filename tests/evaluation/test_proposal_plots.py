"""The plots of proposals: curves, captions and files, whatever there is to draw."""

from dataclasses import replace
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


def test_recall_has_a_curve_for_each_number_of_proposals_that_is_reached(
    figures: ProposalFigures,
) -> None:
    figure = recall_over_iou(figures)
    drawn = curves(figure)
    assert [xs for xs, _ in drawn] == [list(OVERLAPS)] * 3  # 100 and more are the same 60
    assert drawn[0][1] == [1.0] * 7 + [0.5] * 3
    assert drawn[-1][1] == [0.5] * 7 + [0.0] * 3
    assert figure.axes[0].get_title() == "Recall over IoU, 2 objects in 1 pictures"


def test_the_legend_says_ar_and_how_many_proposals_there_were(figures: ProposalFigures) -> None:
    assert legend(recall_over_iou(figures)) == [
        "0.850 | 100 and more (mean 60.0)",
        "0.350 | 50",
        "0.350 | 10",
    ]
    assert recall_over_iou(figures).legends[0].get_title().get_text() == "AR | best N of a picture"


def test_a_number_that_some_pictures_reach_has_a_curve_of_its_own() -> None:
    """2,500 boxes in one picture, 1,500 in another: 2,000 is not reached by one of them."""
    target = Target(
        boxes=torch.tensor([[0.0, 0, 10, 10]]),
        labels=torch.tensor([0]),
        difficult=torch.tensor([False]),
    )
    boxes = torch.tensor([[0.0, 0, 10, 10]]).expand(2500, 4)
    figures = evaluate_proposals(
        Proposed(name=str(n), boxes=boxes[:n], target=target) for n in (2500, 1500)
    )
    found = [text.partition(" | ")[2] for text in legend(recall_over_iou(figures))]
    assert found == ["2000 (mean 1750.0)", "1000", "300", "100", "50", "10"]


def test_no_curve_hides_another_or_the_axis(figures: ProposalFigures) -> None:
    for make in (recall_over_iou, average_recall):
        axes = make(figures).axes[0]
        styles = {(line.get_marker(), line.get_color()) for line in axes.lines}
        assert len(styles) == len(axes.lines)
        assert axes.get_ylim()[0] < 0


def test_a_caption_says_what_it_has_to_do_with_the_paper(figures: ProposalFigures) -> None:
    for make in (recall_over_iou, average_recall):
        caption = make(figures)._supxlabel
        assert "paper" in caption.get_text()


def test_a_curve_of_few_objects_is_pale(figures: ProposalFigures) -> None:
    many = replace(figures, objects={**figures.objects, "large": 30})
    pale = {line.get_label(): line.get_alpha() < 1 for line in average_recall(many).axes[0].lines}
    assert pale == {"all (2, few)": True, "small (1, few)": True, "large (30)": False}


def test_average_recall_has_a_curve_for_each_size_with_objects(figures: ProposalFigures) -> None:
    figure = average_recall(figures)
    assert legend(figure) == ["all (2, few)", "small (1, few)", "large (1, few)"]
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
