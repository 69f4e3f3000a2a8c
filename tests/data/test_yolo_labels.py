"""Label files: B01, B02, B03, B07 and B16 of the catalogue for YOLO."""

from pathlib import Path

import pytest

from frcnn.data.problems import Problem
from frcnn.data.seen import Declared, Rows
from frcnn.data.yolo_labels import LabelReader, read_lines
from frcnn.errors import AnnotationError
from frcnn.types import Size

SIZE = Size(height=40, width=60)


def reader() -> LabelReader:
    return LabelReader(Declared(("dog", "cat"), (0, 1), "names"))


def read(path: Path, text: str | bytes) -> tuple[Rows, list[Problem]]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    problems: list[Problem] = []
    return reader().rows(path, SIZE, problems), problems


def test_golden_lines(tmp_path: Path) -> None:
    rows, problems = read(tmp_path / "a.txt", "1 0.5 0.5 0.5 0.5\n\n0\t0.25  0.25 .1 1e-1 \r\n")
    assert rows.boxes.ravel().tolist() == pytest.approx([15, 10, 45, 30, 12, 8, 18, 12])
    assert rows.names == ("cat", "dog")
    assert rows.numbers.tolist() == [1, 3]
    assert not rows.difficult.any()
    assert problems == []


def test_outlines_become_the_boxes_around_them(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("1 0.5 0.25 0.75 0.5 0.25 1.0\n")
    labels = reader()
    assert labels.rows(path, SIZE, []).boxes.tolist() == [[15, 10, 45, 40]]
    assert labels.outlines == 1


def test_a_pose_is_behind_its_box(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("0 0.5 0.5 0.5 0.5 0.1 0.1 0.12 0.1\n")
    labels = LabelReader(Declared(("dog",), (0,), "names"), key_points=4)
    assert labels.rows(path, SIZE, []).boxes.tolist() == [[15, 10, 45, 30]]
    assert labels.outlines == 0


def test_what_six_decimals_put_beyond_the_border_is_on_it(tmp_path: Path) -> None:
    rows, _ = read(tmp_path / "a.txt", "1 0.333333 0.5 0.666668 1.000000\n")
    assert rows.boxes[0, 0] == 0
    rows, _ = read(tmp_path / "a.txt", "1 0.3 0.5 0.7 1\n")
    assert rows.boxes[0, 0] == pytest.approx(-3)


@pytest.mark.parametrize(
    ("line", "code", "where"),
    [
        ("0 0.5 0.5 0.5", "RC278", ":2"),
        ("0 0.5 0.5 0.5 0.5 0.9", "RC278", ":2"),
        ("0,0.5,0.5,0.5,0.5", "RC278", ":2"),
        ("0.0 0.5 0.5 0.5 0.5", "RC278", ":2"),
        ("-1 0.5 0.5 0.5 0.5", "RC278", ":2"),
        ("cat 0.5 0.5 0.5 0.5", "RC278", ":2"),
        ("2 0.5 0.5 0.5 0.5", "RC214", ":2:1"),
        ("0 0.5 nan 0.5 0.5", "RC279", ":2:7"),
        ("0 0.5 0.5 1.5 0.5", "RC279", ":2:11"),
        ("0 250 0.5 0.5 0.5", "RC279", ":2:3"),
        ("0 0.5 0.5 inf 0.5", "RC279", ":2:11"),
        ("0 0.5 0.5 0.5 -0.5", "RC279", ":2:15"),
        ("0 0.5 0.5 0.5 0", "RC207", ":2"),
    ],
)
def test_b16_lines_that_are_no_boxes(tmp_path: Path, line: str, code: str, where: str) -> None:
    rows, (problem,) = read(tmp_path / "a.txt", f"1 0.5 0.5 0.5 0.5\n{line}\n")
    assert (problem.code, problem.place) == (code, f"{tmp_path / 'a.txt'}{where}")
    assert problem.effect == "box dropped"
    assert problem.fix
    assert rows.usable().names == ("cat",), "the other box is kept"


def test_lines_that_are_no_boxes_say_where_they_would_be(tmp_path: Path) -> None:
    text = "0 0.5 0.5 0.5 0\n0 1.5 0.5 0.5 0.5\n0 nan 0.5 0.5 0.5\n"
    rows, problems = read(tmp_path / "a.txt", text)
    spots = [(problem.code, problem.spot.box) for problem in problems]
    assert spots == [("RC207", (15, 20, 45, 20)), ("RC279", (75, 10, 105, 30)), ("RC279", None)]
    assert rows.boxes.tolist() == [[15, 20, 45, 20], [75, 10, 105, 30]], "kept for the searches"
    assert rows.usable().names == ()


def test_nothing_in(tmp_path: Path) -> None:
    assert reader().rows(None, SIZE, []).boxes.shape == (0, 4)
    assert read(tmp_path / "a.txt", "")[0].names == ()


def test_wrong_in_a_file_that_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="RC278"):
        read(tmp_path / "a.txt", b"\xff\xfe\x00")
    with pytest.raises(AnnotationError, match="RC278"):
        read_lines(tmp_path / "nowhere.txt")
