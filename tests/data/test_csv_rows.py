"""Tables of boxes: column names, no heading, and rows that are none."""

from pathlib import Path

import pytest

from frcnn.data.csv_rows import count_others, is_boxes, read_class_list, read_csv
from frcnn.data.problems import Problem
from frcnn.errors import AnnotationError
from frcnn.types import Size

HEAD = "filename,width,height,class,xmin,ymin,xmax,ymax\n"


def read(path: Path, text: str) -> tuple[list, list[Problem]]:
    path.write_text(text)
    problems: list[Problem] = []
    return read_csv(path, problems), problems


def test_golden_table(tmp_path: Path) -> None:
    text = HEAD + "a.png,60,40,cat,10,5,30,20\nb.png,60,40,,,,,\n\na.png,60,40,dog,1,2,3.5,4\n"
    (first, second), problems = read(tmp_path / "x.csv", text)
    assert (first.written, first.line, first.size) == ("a.png", 2, Size(40, 60))
    assert [box.box for box in first.boxes] == [(10, 5, 30, 20), (1, 2, 3.5, 4)]
    assert [box.line for box in first.boxes] == [2, 5]
    assert (second.written, second.boxes) == ("b.png", [])
    assert problems == []


@pytest.mark.parametrize(
    "text",
    [
        "a.png,10,5,30,20,cat\n",
        "image_path,x1,y1,x2,y2,label\na.png,10,5,30,20,cat\n",
        "class;filename;xmax;xmin;ymin;ymax\ncat;a.png;30;10;5;20\n",
        "\ufeffFile_Name\tLabel\tleft\ttop\tright\tbottom\na.png\tcat\t10\t5\t30\t20\n",
        '"filename","class","xmin","ymin","xmax","ymax"\r\n"a.png","cat",10,5,30,20\r\n',
    ],
)
def test_other_forms(tmp_path: Path, text: str) -> None:
    (picture,), problems = read(tmp_path / "x.csv", text)
    assert is_boxes(tmp_path / "x.csv")
    assert [(b.name, b.box) for b in picture.boxes] == [("cat", (10, 5, 30, 20))]
    assert picture.size is None
    assert problems == []


def test_numbers_without_end(tmp_path: Path) -> None:
    text = f"filename,width,height,class,xmin,ymin,xmax,ymax\na,{'9' * 5000},4,c,1,1,2,2\n"
    ((picture,), _) = read(tmp_path / "x.csv", text)
    assert picture.size is None


def test_an_empty_first_line(tmp_path: Path) -> None:
    text = "\nfilename,class,xmin,ymin,xmax,ymax\n\na.png,cat,1,1,2,2\n"
    (picture,), problems = read(tmp_path / "x.csv", text)
    assert (picture.written, picture.line, problems) == ("a.png", 4, [])


def test_a_line_separator_ends_no_row(tmp_path: Path) -> None:
    text = "filename,class,xmin,ymin,xmax,ymax\nu\u2028v.jpg,cat,1,1,2,2\n"
    (picture,), problems = read(tmp_path / "x.csv", text)
    assert (picture.written, problems) == ("u\u2028v.jpg", [])


def test_a_field_without_end_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text('"' + "a" * 200_000)
    assert not is_boxes(tmp_path / "notes.csv")
    assert read_class_list(tmp_path / "notes.csv") == []


def test_line_ends_of_old_macs(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_bytes(b"a note,b\rmore,c\r")
    assert not is_boxes(tmp_path / "notes.csv")


def test_difficult_boxes(tmp_path: Path) -> None:
    rows = "".join(f"a,c,1,1,2,2,{flag}\n" for flag in ("1", "0", "1.0"))
    text = f"filename,class,xmin,ymin,xmax,ymax,difficult\n{rows}"
    ((picture,), _) = read(tmp_path / "x.csv", text)
    assert [box.difficult for box in picture.boxes] == [True, False, True]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("a.png,60,40,cat,10,5,10,20", "RC207"),
        ("a.png,60,40,cat,30,5,10,20", "RC207"),
        ("a.png,60,40,cat,x,5,30,20", "RC208"),
        ("a.png,60,40,cat,nan,5,30,20", "RC208"),
        ("a.png,60,40,cat,1e99,5,30,20", "RC208"),
        ("a.png,60,40,cat,10,5,30", "RC208"),
        ("a.png,60,40,,10,5,30,20", "RC215"),
        (",60,40,cat,10,5,30,20", "RC278"),
    ],
)
def test_b01_b02_rows_that_are_no_boxes(tmp_path: Path, row: str, code: str) -> None:
    path = tmp_path / "x.csv"
    pictures, (problem,) = read(path, f"{HEAD}b.png,60,40,cat,1,1,5,5\n{row}\n")
    assert (problem.code, problem.place, problem.effect) == (code, f"{path}:3", "box dropped")
    assert len(pictures[0].boxes) == 1


@pytest.mark.parametrize("text", ["", "filename,cell_type,xmin,xmax\n", "a,b\n1,2\n", "x\n" * 9])
def test_wrong_in_other_tables(tmp_path: Path, text: str) -> None:
    with pytest.raises(AnnotationError, match="RC283"):
        read(tmp_path / "x.csv", text)
    assert not is_boxes(tmp_path / "x.csv")


def test_wrong_in_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(HEAD.encode() + b"\xff")
    with pytest.raises(AnnotationError, match="RC283"):
        read_csv(tmp_path / "x.csv", [])
    assert not is_boxes(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("dog,0\ncat,1\n", ["dog", "cat"]),
        ("name,id\ncat,1\ndog,0\n", ["dog", "cat"]),
        ("dog,0\ncat,2\n", []),
        ("dog\n", []),
        ("", []),
    ],
)
def test_class_lists(tmp_path: Path, text: str, names: list[str]) -> None:
    (tmp_path / "classes.csv").write_text(text)
    assert read_class_list(tmp_path / "classes.csv") == names


def test_b11_difficult_that_is_neither_yes_nor_no(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text(
        "filename,class,xmin,ymin,xmax,ymax,difficult\n"
        "a.jpg,cat,1,1,9,9,maybe\na.jpg,cat,1,1,8,8,TRUE\na.jpg,cat,1,1,7,7,\n"
    )
    problems: list[Problem] = []
    (picture,) = read_csv(path, problems)
    assert [box.difficult for box in picture.boxes] == [False, True, False]
    assert [(p.code, p.place, p.got) for p in problems] == [("RC227", f"{path}:2", "maybe")]


def test_b08_a_column_twice(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text("filename,class,xmin,ymin,xmax,ymax,XMIN\na.jpg,cat,1,1,9,9,2\n")
    with pytest.raises(AnnotationError) as caught:
        read_csv(path, [])
    assert (caught.value.code, caught.value.got) == ("RC283", "the column xmin twice")


def test_rows_that_are_no_corners_are_kept_apart(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text("a.jpg,9,9,1,1,cat\na.jpg,1,1,9,9,cat\n")
    problems: list[Problem] = []
    (picture,) = read_csv(path, problems)
    assert [box.line for box in picture.boxes] == [2]
    assert [box.line for box in picture.inverted] == [1]
    assert [p.code for p in problems] == ["RC207"]


def test_golden_cells_of_other_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "\nid;filename;class;xmin;ymin;xmax;ymax;score\n5;a;b;1;1;2;2;0.5\n6;a;b;1;1;2;2\n"
    )
    assert count_others(path) == {"id": 2, "score": 1}
    path.write_text("a.png,1,1,9,9,cat\n")
    assert count_others(path) == {}
