"""One annotation: corners, flags, what is left out; B01, B02, B05 and B11 of the catalogue."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.data.voc_annotation import VOCObject, read_annotation, write_annotation
from frcnn.data.xml_tree import parse_xml
from frcnn.errors import AnnotationError
from frcnn.types import Size

SIZE = Size(height=40, width=60)


def test_golden_corners(voc) -> None:
    """1-based and inclusive: pixels 11 ... 30 are 20 pixels wide, from 10 to 30."""
    found = read_annotation(voc.xml("a", [("cat", 11, 6, 30, 20)]))
    assert found.objects == (VOCObject("cat", (10.0, 5.0, 30.0, 20.0), False, 6),)
    assert found.size == SIZE
    assert found.filename == "a.png"
    assert found.problems == ()


def test_fractions_and_exponents_are_numbers(voc) -> None:
    found = read_annotation(voc.xml("a", [("cat", "1.5", " 2 ", "3e1", "+20.25")]))
    assert found.objects[0].box == (0.5, 1.0, 30.0, 20.25)


@pytest.mark.parametrize(
    "edges",
    [(5, 5, 5, 9), (5, 5, 9, 5), (5, 5, 5, 5), (9, 5, 5, 9), (5, 9, 9, 5), (0, 0, 0, 0)],
    ids=["no width", "no height", "a point", "inverted x", "inverted y", "zeros"],
)
def test_b01_boxes_without_area(voc, edges: tuple[int, ...]) -> None:
    path = voc.xml("a", [("cat", *edges), ("dog", 1, 1, 9, 9)])
    found = read_annotation(path)
    assert [thing.name for thing in found.objects] == ["dog"]
    (problem,) = found.problems
    assert (problem.code, problem.effect, problem.severity) == ("RC207", "box dropped", "error")
    assert problem.place == f"{path}:6"
    assert f"xmin {edges[0]}" in problem.got
    assert problem.fix


@pytest.mark.parametrize(
    "bad",
    ["nan", "NaN", "inf", "-Infinity", "1e999", "", "null", "True", "five", "1,5", "1_0", "0x1f"],
)
def test_b02_not_a_number(voc, bad: str) -> None:
    path = voc.xml("a", [("dog", 1, 1, 9, 9), ("cat", 1, bad, 9, 9)])
    found = read_annotation(path)
    assert [thing.name for thing in found.objects] == ["dog"]
    (problem,) = found.problems
    assert problem.code == "RC208"
    assert problem.place == f"{path}:8"
    assert f"ymin {bad or 'missing'}" in problem.got


OBJECT = "<annotation><object>{}</object></annotation>"


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<bndbox><xmin>1</xmin></bndbox>", "RC215"),
        ("<name>  </name>", "RC215"),
        ("<name>cat</name>", "RC208"),
        ("<name>cat</name><bndbox/>", "RC208"),
        ("<name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax></bndbox>", "RC208"),
    ],
    ids=["no name", "empty name", "no box", "empty box", "three numbers"],
)
def test_b02_parts_are_missing(voc, inside: str, code: str) -> None:
    found = read_annotation(voc.raw("a", OBJECT.format(inside).encode()))
    assert found.objects == ()
    assert [p.code for p in found.problems] == [code]


def test_parts_of_an_object_are_not_its_box(voc) -> None:
    """VOC's people have heads and hands, with boxes of their own, sometimes before theirs."""
    text = OBJECT.format(
        "<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>4</xmax>"
        "<ymax>4</ymax></bndbox></part><name>person</name><bndbox><xmax>9</xmax>"
        "<xmin>2</xmin><ymax>9</ymax><ymin>2</ymin></bndbox>"
    )
    found = read_annotation(voc.raw("a", text.encode()))
    assert found.objects == (VOCObject("person", (1.0, 1.0, 9.0, 9.0), False, 1),)


@pytest.mark.parametrize(
    ("flag", "want", "codes"),
    [
        ("<difficult>1</difficult>", True, []),
        ("<difficult>true</difficult>", True, []),
        ("<difficult>0</difficult>", False, []),
        ("<difficult/>", False, []),
        ("", False, []),
        ("<difficult>maybe</difficult>", False, ["RC227"]),
    ],
)
def test_b11_difficult(voc, flag: str, want: bool, codes: list[str]) -> None:
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
    data = OBJECT.format(f"<name>cat</name>{flag}{box}").encode()
    found = read_annotation(voc.raw("a", data))
    assert found.objects[0].difficult is want
    assert [p.code for p in found.problems] == codes
    assert all(p.severity == "warning" for p in found.problems)


@pytest.mark.parametrize(
    "size",
    [
        "",
        "<size/>",
        "<size><width>0</width><height>0</height></size>",
        "<size><width>x</width><height>5</height></size>",
        "<size><width>1e400</width><height>5</height></size>",
        "<size><width>1e300</width><height>99999999999</height></size>",
    ],
)
def test_a_size_that_is_not_said(voc, size: str) -> None:
    assert read_annotation(voc.xml("a", [], size=size)).size is None


def test_nothing_in(voc) -> None:
    found = read_annotation(voc.raw("a", b"<annotation/>"))
    assert (found.objects, found.problems, found.filename, found.size) == ((), (), "", None)


def test_xml_of_another_kind(voc) -> None:
    path = voc.raw("a", b"<?xml version='1.0'?>\n<svg><rect/></svg>")
    with pytest.raises(AnnotationError) as caught:
        read_annotation(path)
    assert caught.value.code == "RC206"
    assert caught.value.place == f"{path}:2"
    assert caught.value.got == "<svg>"


EDGE = st.integers(0, 4000).map(float) | st.decimals(0, 4000, places=3).map(float)
SIDE = st.integers(2, 500).map(float)


@given(st.lists(st.tuples(EDGE, EDGE, SIDE, SIDE, st.booleans()), max_size=5))
def test_b05_written_and_read_back_is_the_same(tmp_path_factory, rows) -> None:
    things = [
        VOCObject(f"a<&{i}>", (x, y, x + w, y + h), flag)
        for i, (x, y, w, h, flag) in enumerate(rows)
    ]
    path: Path = tmp_path_factory.mktemp("xml") / "a.xml"
    path.write_bytes(write_annotation("a & b.png", SIZE, things))
    found = read_annotation(path)
    assert found.problems == ()
    assert found.size == SIZE
    assert found.filename == "a & b.png"
    assert [(o.name, o.difficult) for o in found.objects] == [(o.name, o.difficult) for o in things]
    for got, want in zip(found.objects, things, strict=True):
        assert got.box == pytest.approx(want.box, abs=1e-6)
        if all(edge == int(edge) for edge in want.box):
            assert got.box == want.box


def test_b05_whole_numbers_are_written_as_such() -> None:
    data = write_annotation("a.png", SIZE, [VOCObject("cat", (10.0, 5.0, 30.0, 20.0), True)])
    frame = parse_xml(data, "a").children[2].child("bndbox")
    assert frame is not None
    assert [c.text for c in frame.children] == ["11", "6", "30", "20"]


def test_boxes_too_small_to_write() -> None:
    with pytest.raises(AnnotationError, match="RC207"):
        write_annotation("a.png", SIZE, [VOCObject("cat", (10.0, 5.0, 11.0, 20.0), False)])


def test_a_score_is_written_and_passed_over_by_the_reader(tmp_path: Path) -> None:
    thing = VOCObject("cat", (10.0, 5.0, 30.0, 20.0), False, score=0.75)
    (tmp_path / "a.xml").write_bytes(write_annotation("a.png", SIZE, [thing]))
    assert "<score>0.75</score>" in (tmp_path / "a.xml").read_text()
    found = read_annotation(tmp_path / "a.xml")
    assert (found.problems, found.objects[0].box) == ((), thing.box)
