"""The plots: what is drawn, in words and numbers, whatever the names and however many."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frcnn.errors import DiskError
from frcnn.evaluation.confusion import confusion_matrix
from frcnn.evaluation.plots import confusion, draw_plots, precision_recall
from frcnn.evaluation.voc import voc

ONE = (0.0, 0.0, 10.0, 10.0)
AWAY = (50.0, 50.0, 60.0, 60.0)
FILES = ["precision_recall.png", "confusion.png"]


def legend(figure) -> list[str]:
    return [text.get_text() for one in figure.legends for text in one.get_texts()]


def cell_texts(figure) -> dict[tuple[int, int], str]:
    """(row, column) -> text."""
    return {
        (int(text.get_position()[1]), int(text.get_position()[0])): text.get_text()
        for text in figure.axes[0].texts
    }


def many(judged, classes: int):
    """One picture, in which class k is found k times beside one object."""
    found = [(ONE, 0.9, k) for k in range(classes)]
    found += [(AWAY, 0.95, k) for k in range(classes) for _ in range(k)]
    return [judged("a", found, [(ONE, k) for k in range(classes)])]


def test_both_files_are_pictures(random_pairs, tmp_path: Path) -> None:
    paths = draw_plots(tmp_path, *random_pairs(2))
    assert [path.name for path in paths] == FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    for path in paths:
        with Image.open(path) as picture:
            picture.load()
            assert picture.format == "PNG"
            assert min(picture.size) > 400


def test_the_same_to_the_bit_in_any_order(random_pairs, tmp_path: Path) -> None:
    pairs, classes = random_pairs(4)
    drawn = []
    for turn, some in enumerate((pairs, pairs[::-1])):
        folder = tmp_path / str(turn)
        folder.mkdir()
        drawn.append([path.read_bytes() for path in draw_plots(folder, some, classes)])
    assert drawn[0] == drawn[1]


def test_the_legend_says_ap_class_and_best_score(judged) -> None:
    found = [(ONE, 0.9, 0), (AWAY, 0.8, 0), (AWAY, 0.5, 1)]
    pair = judged("a", found, [(ONE, 0), (ONE, 1)])
    figure = precision_recall(voc([pair], ["x", "y"]), ["x", "y"])
    assert legend(figure) == ["0.000  y  (none right)", "1.000  x  (F1 1.00 from score 0.90)"]
    assert figure.axes[0].get_title() == "Precision over recall at IoU 0.5, mean AP 0.500"


def test_the_curve_is_the_classes_own(judged) -> None:
    pair = judged("a", [(AWAY, 0.9, 0), (ONE, 0.8, 0)], [(ONE, 0)])
    figure = precision_recall(voc([pair], ["x"]), ["x"])
    curves = [line for line in figure.axes[0].lines if line.get_color() == "C0"]
    line, dot = curves
    assert line.get_xdata().tolist() == [0.0, 0.0, 1.0]
    assert line.get_ydata().tolist() == [0.0, 0.0, 0.5]
    assert (list(dot.get_xdata()), list(dot.get_ydata())) == ([1.0], [0.5])


def test_classes_without_objects_have_no_curve(judged) -> None:
    pair = judged("a", [(ONE, 0.9, 1)], [(ONE, 0)])
    assert len(legend(precision_recall(voc([pair], ["x", "y"]), ["x", "y"]))) == 1


def test_of_many_classes_the_ten_worst_have_a_colour(judged) -> None:
    classes = [f"c{k}" for k in range(14)]
    shown = legend(precision_recall(voc(many(judged, 14), classes), classes))
    assert len(shown) == 11
    assert [row.split()[1] for row in shown[:-1]] == [f"c{k}" for k in range(13, 3, -1)]
    assert shown[-1] == "4 classes with as high an AP or a higher one"


def test_no_objects_at_all() -> None:
    figure = precision_recall(voc([], ["x"]), ["x"])
    assert "no objects" in figure.axes[0].get_title()
    assert legend(figure) == []


def test_cells_have_count_and_share(judged) -> None:
    found = [(ONE, 0.9, 0), (AWAY, 0.9, 0), (AWAY, 0.8, 0)]
    figure = confusion(confusion_matrix([judged("a", found, [(ONE, 0), (ONE, 1)])], "xy"), "xy")
    assert cell_texts(figure) == {(0, 0): "1\n100%", (1, 2): "1\n100%", (2, 0): "2\n67%"}
    axes = figure.axes[0]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["x", "y", "background"]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["x (1)", "y (1)", "background"]


def test_letters_are_light_on_dark_cells() -> None:
    figure = confusion(np.array([[9, 1], [0, 0]]), ["x"])
    colours = {text.get_text(): text.get_color() for text in figure.axes[0].texts}
    assert colours == {"9\n90%": "white", "1\n10%": "black"}


@pytest.mark.parametrize(("classes", "counts", "names"), [(24, 1, 25), (25, 0, 26), (120, 0, 0)])
def test_large_matrices_have_no_counts_then_no_names(classes: int, counts: int, names: int) -> None:
    matrix = np.zeros((classes + 1, classes + 1), dtype=np.int64)
    matrix[0, 0] = 1
    figure = confusion(matrix, [f"c{k}" for k in range(classes)])
    assert len(figure.axes[0].texts) == counts
    assert len(figure.axes[0].get_xticks()) == names


@pytest.mark.parametrize("names", [["猫", "$a$ and $b$"], ["_x", "two\nlines"], ["a" * 200, "%d"]])
def test_any_name_can_be_drawn(judged, tmp_path: Path, names: list[str]) -> None:
    """Warnings are errors here: a letter that the font lacks would be one."""
    pair = judged("a", [(ONE, 0.9, 0), (AWAY, 0.9, 1)], [(ONE, 0), (AWAY, 1)])
    assert len(draw_plots(tmp_path, [pair], names)) == 2


def test_nothing_in(tmp_path: Path) -> None:
    assert len(draw_plots(tmp_path, [], [])) == 2


def test_nothing_global_is_touched(tmp_path: Path) -> None:
    """pyplot keeps a list of figures; ours are not on it."""
    code = (
        "import sys, pathlib, matplotlib\n"
        "before = matplotlib.rcParams.copy()\n"
        "from frcnn.evaluation.plots import draw_plots\n"
        "draw_plots(pathlib.Path(sys.argv[1]), [], ['x'])\n"
        "assert matplotlib.rcParams.copy() == before\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def test_matplotlib_is_imported_late() -> None:
    """In all files that draw: `proposal_plots` imports `plots`."""
    code = "import sys, frcnn.evaluation.proposal_plots; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_wrong_in(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="RC603"):
        draw_plots(tmp_path / "gone", [], ["x"])
