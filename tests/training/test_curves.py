"""The curves of a run as a picture."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from frcnn.errors import DiskError
from frcnn.run_folder import RunFolder
from frcnn.training.curves import _running_mean, draw_curves
from frcnn.training.log import Diary
from frcnn.training.step import StepReport

TERMS = ("rpn_objectness", "rpn_boxes", "head_classes", "head_boxes")


def filled(run: RunFolder, steps: int) -> Diary:
    diary = Diary(run)
    for step in range(1, steps + 1):
        losses = {name: 1 / step + row for row, name in enumerate(TERMS)}
        report = StepReport(
            step=step, learning_rate=0.1, losses=losses, gradient_norm=None, pictures=("a",)
        )
        diary.add_step(report, step / 10, 1.0)
    return diary


def evaluation(step: int, ap: float | None) -> dict[str, float | int | None]:
    return {
        "step": step,
        "val_loss": None if ap is None else 1.0,
        "val_AP": ap,
        "val_AP50": ap,
        "val_AP75": None,
        "val_voc07_map": ap,
    }


def test_golden_running_means() -> None:
    assert _running_mean([1.0, 3.0, 5.0, 7.0], 2) == [1.0, 2.0, 4.0, 6.0]
    assert _running_mean([1.0, 3.0], 5) == [1.0, 2.0]
    assert _running_mean([], 3) == []


@pytest.mark.parametrize("steps", [1, 120])
def test_a_picture_is_written(tmp_path: Path, steps: int) -> None:
    run = RunFolder(tmp_path)
    diary = filled(run, steps)
    diary.add_evaluation(evaluation(1, None))
    diary.add_evaluation(evaluation(steps, 0.5))
    path = draw_curves(run)
    assert path == run.plots / "curves.png"
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.size == (1440, 480)
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 50


def test_steps_are_whole_and_no_curve_is_searched_for_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Figure] = []
    real = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda figure, *a, **k: (drawn.append(figure), real(figure, *a, **k))[1]
    )
    run = RunFolder(tmp_path)
    filled(run, 3).add_evaluation(evaluation(3, 0.5))
    draw_curves(run)
    for axes in drawn[0].axes:
        assert all(float(tick).is_integer() for tick in axes.get_xticks())
        legend = axes.get_legend()
        assert legend is None or legend._loc != 0  # 0 is "best", which is slow and warns


def test_without_an_evaluation_there_are_losses(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    filled(run, 3)
    assert draw_curves(run) is not None


def test_without_a_step_there_is_nothing_to_draw(tmp_path: Path) -> None:
    assert draw_curves(RunFolder(tmp_path)) is None
    assert not list(tmp_path.iterdir())


def test_drawn_again_it_is_replaced(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    filled(run, 3)
    draw_curves(run)
    draw_curves(run)
    assert [path.name for path in run.plots.iterdir()] == ["curves.png"]


def test_a_file_in_the_way(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    filled(run, 3)
    run.plots.write_text("mine")
    with pytest.raises(DiskError, match="RC603"):
        draw_curves(run)
