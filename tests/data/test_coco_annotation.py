"""COCO files in arrays: B01, B02, B07, B08, B09, B10 and B11 of the catalogue."""

import json

import numpy as np
import pytest
from pycocotools.coco import COCO

from frcnn.data.coco_annotation import read_coco
from frcnn.data.problems import Problem
from frcnn.errors import AnnotationError
from frcnn.types import Size


def only(path) -> Problem:
    (problem,) = read_coco(path).problems
    assert problem.fix
    return problem


def test_golden_file(shelf) -> None:
    path = shelf.coco()
    found = read_coco(path)
    assert found.categories.names == ("cat", "dog")  # by id, not as they stand
    assert found.categories.ids == (3, 44)
    assert found.names == ("a.png", "b.png")
    assert found.ids == (7, 9)
    assert found.size(0) == Size(40, 60)
    assert found.first.tolist() == [0, 2, 2]
    assert found.boxes.tolist() == [[10, 5, 30, 20], [20, 10, 40, 35]]
    assert found.labels.tolist() == [0, 1]
    assert found.is_crowd.tolist() == [False, True]
    assert found.outlines == 1
    assert found.problems == ()


def test_the_same_boxes_as_pycocotools(shelf, box_of_coco, capsys) -> None:
    draw = np.random.default_rng(0)
    images = [{"id": int(i), "file_name": f"{i}.png"} for i in draw.permutation(20) * 3]
    rows = [
        box_of_coco(
            n,
            [round(float(v), 2) for v in draw.uniform(1, 30, 4)],
            image_id=images[draw.integers(20)]["id"],
            category_id=[3, 44][draw.integers(2)],
            iscrowd=int(draw.integers(2)),
        )
        for n in range(200)
    ]
    path = shelf.coco(images=images, annotations=rows)
    found, theirs = read_coco(path), COCO(str(path))
    capsys.readouterr()
    for row, own in enumerate(found.ids):
        part = slice(found.first[row], found.first[row + 1])
        wanted = theirs.imgToAnns[own]
        boxes = np.array([a["bbox"] for a in wanted]).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        assert found.boxes[part].tolist() == boxes.tolist()
        assert found.is_crowd[part].tolist() == [bool(a["iscrowd"]) for a in wanted]
        labels = [found.categories.ids[label] for label in found.labels[part]]
        assert labels == [a["category_id"] for a in wanted]
        assert [rows[n]["id"] for n in found.box_numbers[part]] == [a["id"] for a in wanted]


@pytest.mark.parametrize(
    ("bbox", "code"),
    [
        ([5, 5, 0, 9], "RC207"),
        ([5, 5, 9, -1], "RC207"),
        ([5, 5, 9], "RC208"),
        ([5, 5, 9, 9, 9], "RC208"),
        ([5, 5, 9, None], "RC208"),
        (["5", 5, 9, 9], "RC208"),
        ([5, 5, True, 9], "RC208"),
        ([5, 5, 1e10, 9], "RC208"),
        (None, "RC208"),
    ],
)
def test_b01_b02_boxes_that_are_none(shelf, box_of_coco, bbox: object, code: str) -> None:
    path = shelf.coco(annotations=[box_of_coco(1, [1, 1, 5, 5]), box_of_coco(2, bbox)])
    problem = only(path)
    assert (problem.code, problem.effect) == (code, "box dropped")
    assert problem.place == f"{path}#/annotations/1/bbox"
    assert problem.got == repr(bbox)
    assert len(read_coco(path).boxes) == 1


def test_b02_a_number_without_end(shelf, box_of_coco) -> None:
    path = shelf.coco(annotations=[box_of_coco(1, [5, 5, 9, 9])])
    path.write_text(path.read_text().replace("9, 9]", "9, 1e999]"))
    assert only(path).code == "RC208"


@pytest.mark.parametrize("own", [1, 0, -1, 91, "dog", None, [3]])
def test_b07_a_category_that_is_none(shelf, box_of_coco, own: object) -> None:
    path = shelf.coco(annotations=[box_of_coco(1, [1, 1, 5, 5], category_id=own)])
    problem = only(path)
    assert (problem.code, problem.place) == ("RC214", f"{path}#/annotations/0/category_id")
    assert problem.want == "3 cat, 44 dog"
    assert problem.effect == "box dropped"


@pytest.mark.parametrize(
    ("entries", "got"),
    [
        ([], "none"),
        ([{"id": 1}], "{'id': 1}"),
        ([{"name": "cat"}], "{'name': 'cat'}"),
        ([{"id": 1, "name": "cat"}, {"id": 1, "name": "dog"}], "1 'dog' again"),
        ([{"id": 1, "name": "cat"}, {"id": 2, "name": "cat"}], "2 'cat' again"),
        (["cat"], "'cat'"),
    ],
)
def test_b07_categories_that_are_no_list(shelf, entries: list[object], got: str) -> None:
    with pytest.raises(AnnotationError) as caught:
        read_coco(shelf.coco(categories=entries))
    assert (caught.value.code, caught.value.got) == ("RC277", got)
    assert "#/categories/" in caught.value.place


def test_b07_gaps_texts_and_a_class_called_background(shelf, box_of_coco) -> None:
    kinds = [{"id": "z", "name": "background"}, {"id": "0", "name": "ü b"}]
    rows = [box_of_coco(1, [1, 1, 5, 5], category_id="z"), box_of_coco(2, [1, 1, 9, 9])]
    rows[1]["category_id"] = 0  # a number for the text "0"
    found = read_coco(shelf.coco(categories=kinds, annotations=rows))
    assert found.categories.names == ("background", "ü b")
    assert found.labels.tolist() == [0, 1]
    assert found.problems == ()


def test_b08_ids_twice(shelf, box_of_coco) -> None:
    images = [{"id": 7, "file_name": "a.png"}, {"id": 7, "file_name": "b.png"}]
    rows = [box_of_coco(1, [1, 1, 5, 5]), box_of_coco(1, [1, 1, 9, 9])]
    path = shelf.coco(images=images, annotations=rows)
    found = read_coco(path)
    assert [(p.code, p.effect) for p in found.problems] == [
        ("RC274", "picture skipped"),
        ("RC274", "none"),
    ]
    places = [p.place.partition("#")[2] for p in found.problems]
    assert places == ["/images/1", "/annotations/1/id"]
    assert len(found.boxes) == 2


def test_b09_a_box_of_no_picture(shelf, box_of_coco) -> None:
    path = shelf.coco(annotations=[box_of_coco(1, [1, 1, 5, 5], image_id=8)])
    problem = only(path)
    assert (problem.code, problem.place) == ("RC275", f"{path}#/annotations/0/image_id")
    assert problem.got == "8"


def test_b10_ids_of_zero_and_none(shelf, box_of_coco) -> None:
    images = [{"id": 0, "file_name": "a.png"}]
    rows = [box_of_coco(0, [1, 1, 5, 5], image_id=0), {"bbox": [1, 1, 2, 2], "image_id": 0}]
    rows[1]["category_id"] = 3
    found = read_coco(shelf.coco(images=images, annotations=rows))
    assert len(found.boxes) == 2
    assert found.problems == ()


@pytest.mark.parametrize("flag", [{"iscrowd": 1}, {"ignore": 1}, {"iscrowd": True}])
def test_b11_crowds(shelf, box_of_coco, flag: dict[str, object]) -> None:
    found = read_coco(shelf.coco(annotations=[box_of_coco(1, [1, 1, 5, 5]) | flag]))
    assert found.is_crowd.tolist() == [True]


@pytest.mark.parametrize("flag", [{"iscrowd": "0"}, {"ignore": False}, {"iscrowd": "false"}])
def test_b11_no_crowds(shelf, box_of_coco, flag: dict[str, object]) -> None:
    found = read_coco(shelf.coco(annotations=[box_of_coco(1, [1, 1, 5, 5]) | flag]))
    assert found.is_crowd.tolist() == [False]


def test_entries_without_what_they_need(shelf) -> None:
    images = [{"id": 7, "file_name": "a.png"}, {"id": 8}, {"file_name": "c.png"}, 5]
    found = read_coco(shelf.coco(images=images, annotations=[None]))
    assert [p.code for p in found.problems] == ["RC273"] * 4
    assert found.names == ("a.png",)


def test_nothing_in(shelf) -> None:
    found = read_coco(shelf.coco(images=[], annotations=[]))
    assert found.first.tolist() == [0]
    assert found.boxes.shape == (0, 4)
    assert json.dumps([p.to_json() for p in found.problems]) == "[]"


def test_areas_and_ids_stay_with_their_boxes(shelf, box_of_coco) -> None:
    later = {**box_of_coco(8, [1, 1, 9, 9], area=40.5), "image_id": 9}
    rows = [later, box_of_coco(3, [1, 1, 0, 9], area=7), box_of_coco(5, [2, 2, 9, 9])]
    notes = read_coco(shelf.coco(annotations=rows)).notes
    assert notes.ids.tolist() == [5, 8]
    assert np.isnan(notes.areas).tolist() == [True, False]
    assert notes.areas[1] == 40.5


def test_b08_an_area_twice(shelf) -> None:
    path = shelf.coco()
    text = path.read_text().replace('"iscrowd": 0', '"area": 1, "area": 2')
    path.write_text(text.replace('"iscrowd": 1', '"area": 3'))
    with pytest.raises(AnnotationError, match="RC271"):
        read_coco(path)
