"""COCO's text: what is parsed, what is passed over, and B15 and B08 of the catalogue."""

import json
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from frcnn.data import coco_text
from frcnn.data.coco_text import Box, Picture, read_coco_text, read_raw
from frcnn.errors import AnnotationError

LISTS = '"images": [], "categories": []'


def fails(path: Path, text: str | bytes) -> AnnotationError:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(AnnotationError) as caught:
        read_coco_text(path)
    assert caught.value.place.startswith(str(path))
    assert caught.value.fix
    return caught.value


def test_golden(shelf) -> None:
    found = read_coco_text(shelf.coco())
    assert found.images[0] == Picture(id=7, file_name="a.png", height=40, width=60)
    assert found.annotations[1] == Box(
        image_id=7, category_id=44, bbox=[20, 10, 20, 25], id=2, iscrowd=1
    )
    assert found.categories == [{"id": 44, "name": "dog"}, {"id": 3, "name": "cat"}]
    assert found.outlines == 1


@pytest.mark.parametrize("indent", [None, 4])
@pytest.mark.parametrize("block", [7, 64, 1 << 20])
def test_polygons_are_passed_over_wherever_a_block_ends(
    shelf, monkeypatch, box_of_coco, indent: int | None, block: int
) -> None:
    outlines = [
        [[1, 2.5, 3, 4e-1, -5, 6]],
        [[1, 2, 3], [4, 5, 6]],
        [],
        {"counts": [1], "size": [2]},
    ]
    rows = [box_of_coco(n, [1, 2, 3, 4], segmentation=each) for n, each in enumerate(outlines)]
    text = {"images": [], "annotations": rows, "categories": []}
    path = shelf.text("x.json", json.dumps(text, indent=indent))
    monkeypatch.setattr(coco_text, "_BLOCK", block)
    found = read_coco_text(path)
    assert [box.id for box in found.annotations] == [0, 1, 2, 3]
    assert [box.bbox for box in found.annotations] == [[1, 2, 3, 4]] * 4
    assert found.outlines == 3


@hypothesis.given(st.text(max_size=30), st.sampled_from(['"segmentation":[[1]]', "\\", ""]))
def test_no_text_is_mistaken_for_a_polygon(tmp_path_factory, name: str, more: str) -> None:
    path = tmp_path_factory.mktemp("x") / "x.json"
    images = [{"id": 1, "file_name": name + more}]
    path.write_text(json.dumps({"images": images, "annotations": [], "categories": []}))
    assert read_coco_text(path).images[0].file_name == name + more


def test_a_mark_at_the_beginning_is_passed_over(shelf) -> None:
    path = shelf.coco()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_coco_text(path).images) == 2


def test_entries_of_another_kind_stay_what_they_are(shelf) -> None:
    found = read_coco_text(shelf.coco(annotations=[5, None, {"id": 1}], images=["x"]))
    assert found.annotations == [5, None, Box(id=1)]
    assert found.images == ["x"]


@pytest.mark.parametrize(
    ("text", "where", "got"),
    [
        ('{"images": [],\n "annotations": [1, 2', ":2:22", "delimiter"),
        ('{"images": [1,],' + LISTS + "}", ":1:15", "Expecting value"),
        ("", ":1:1", "Expecting value"),
        ('{"annotations": [{"bbox": [NaN]}], ' + LISTS + "}", "", "NaN"),
        ('{"annotations": [{"segmentation": [[1, NaN]]}], ' + LISTS + "}", "", "NaN"),
        ('{"annotations": [{"id": ' + "9" * 5000 + "}], " + LISTS + "}", "", "digit"),
        ('{"annotations": ' + "[" * 200_000, "", "nested too deep"),
    ],
)
def test_b15_what_is_no_json_is_said_with_its_place(
    tmp_path: Path, text: str, where: str, got: str
) -> None:
    error = fails(tmp_path / "x.json", text)
    assert error.code == "RC271"
    assert error.place == f"{tmp_path / 'x.json'}{where}"
    assert got in error.got


def test_b15_a_file_cut_anywhere_is_refused(shelf) -> None:
    data = shelf.coco().read_bytes()
    for end in range(0, len(data), 31):
        assert fails(shelf.root / "cut.json", data[:end]).code == "RC271"


def test_wrong_in_bytes_that_are_no_text(tmp_path: Path) -> None:
    error = fails(tmp_path / "x.json", b'{\n"images": "\xff"}')
    assert (error.code, error.place) == ("RC271", f"{tmp_path / 'x.json'}:2")


@pytest.mark.parametrize(
    "text",
    [
        '{"images": [], "images": [], "annotations": [], "categories": []}',
        '{"annotations": [{"bbox": [1], "bbox": [2]}], ' + LISTS + "}",
        '{"annotations": [{"id": 1, "id": 2}], ' + LISTS + "}",
    ],
)
def test_b08_a_key_twice(tmp_path: Path, text: str) -> None:
    error = fails(tmp_path / "x.json", text)
    assert error.code == "RC271"
    assert "twice in one object" in error.got


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[]", ""),
        ('{"images": [], "annotations": []}', "#/categories"),
        ('{"images": {}, "annotations": [], "categories": []}', "#/images"),
    ],
)
def test_wrong_in_json_of_another_kind(tmp_path: Path, text: str, where: str) -> None:
    error = fails(tmp_path / "x.json", text)
    assert (error.code, error.place) == ("RC272", f"{tmp_path / 'x.json'}{where}")


def test_wrong_in_no_file(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="RC271"):
        read_coco_text(tmp_path / "nowhere.json")


def test_a_file_taken_apart_at_its_top(shelf) -> None:
    path = shelf.coco(info={"a": 1}, version=None)
    parts = {key: bytes(value) for key, value in read_raw(path).items()}
    assert list(parts) == ["images", "annotations", "categories", "info", "version"]
    assert (parts["info"], parts["version"]) == (b'{"a": 1}', b"null")
    assert b'"segmentation":0' in parts["annotations"]


def test_a_file_that_only_pythons_parser_takes_comes_apart_too(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"info": "\\ud800"}')
    assert bytes(read_raw(path)["info"]) == b'"\\ud800"'
