"""Exports of CVAT for images."""

from pathlib import Path

import pytest

from frcnn.data.cvat import find_cvat, read_folder
from frcnn.data.dataset import Dataset
from frcnn.errors import AnnotationError


def codes(folder: object) -> list[str]:
    return [problem.code for problem in folder.problems]  # type: ignore[attr-defined]


def test_golden_export(shelf) -> None:
    folder = read_folder(shelf.cvat_set().root)
    first, second = folder.splits["train"]
    assert first.rows.boxes.tolist() == [[0, 0, 30, 20], [30, 10, 45, 40]]
    assert first.rows.names == ("cat", "dog")
    assert first.places.of(7) == f"{shelf.root}/annotations.xml:7"
    assert first.rows.numbers.tolist() == [6, 7], "lines of the file"
    assert second.rows.names == ()
    assert folder.problems == []
    assert folder.declared == {}


def test_subsets_are_splits(shelf, cvat) -> None:
    for name in ("Train/a", "Validation/b", "c"):
        shelf.picture(f"images/{name}.png")
    images = [
        cvat.image("a.png", cvat.box("cat", 1, 1, 9, 9), ' subset="Train"'),
        cvat.image("b.png", cvat.box("cat", 1, 1, 9, 9), ' subset="Validation"'),
        cvat.image("c.png", cvat.box("cat", 1, 1, 9, 9), ' subset="default"'),
    ]
    shelf.cvat("".join(images))
    folder = read_folder(shelf.root)
    assert {n: [s.name for s in seen] for n, seen in folder.splits.items()} == {
        "train": ["a"],
        "val": ["b"],
        "default": ["c"],
    }
    shelf.cvat(images[2])
    assert list(read_folder(shelf.root).splits) == ["train"], "default alone is no subset"


def test_the_projects_own_order_of_classes(shelf, cvat) -> None:
    shelf.cvat_set()
    labels = "".join(f"<label><name>{n}</name></label>" for n in ("owl", "dog", "cat"))
    part = "<label><name>tail</name><parent>cat</parent></label>"
    shelf.cvat(cvat.image("a.png", cvat.box("dog", 1, 1, 9, 9)), labels + part)
    data = Dataset.open(shelf.root)
    assert data.classes == ("owl", "dog", "cat")
    assert data.splits["train"].records[0].target.labels.tolist() == [1]


def test_what_is_no_plain_box_is_counted(shelf, cvat) -> None:
    shelf.picture("a.png")
    inside = '<attribute name="hue">red</attribute><attribute name="difficult">true</attribute>'
    shapes = [
        cvat.box("cat", 20, 10, 40, 20, more=' rotation="90"', inside=inside),
        '<polygon label="dog" occluded="1" points="1,2;5,9;3,4"></polygon>\n',
        '<polyline label="dog" points="1,2;5,9"></polyline>\n',
        '<points label="dog" points="1,2"></points>\n',
        '<tag label="dog" source="manual"></tag>\n',
    ]
    shelf.cvat(cvat.image("a.png", "".join(shapes)))
    folder = read_folder(shelf.root)
    (seen,) = folder.splits["train"]
    assert seen.rows.boxes.round(9).tolist() == [[25, 5, 35, 25], [1, 2, 5, 9]]
    assert seen.rows.difficult.tolist() == [True, False]
    assert codes(folder) == ["RC297", "RC297", "RC298", "RC299"]
    assert [p.got for p in folder.problems[:2]] == ["polyline", "points"]
    assert folder.problems[3].got == "1 attribute, 1 element <tag>, 1 occlusion"
    assert folder.outlines == 1


def test_b06_b09_pictures_that_cannot_be_used(shelf, cvat) -> None:
    shelf.picture("a.png")
    turned = cvat.image("a.png").replace('width="60" height="40"', 'width="40" height="60"')
    shelf.cvat(turned + cvat.image("gone.png") + cvat.image("") + cvat.image("x/a.png"))
    folder = read_folder(shelf.root)
    assert codes(folder) == ["RC216", "RC216", "RC218", "RC212"]
    assert folder.pictures == 4


def test_nothing_in(tmp_path: Path) -> None:
    assert find_cvat(tmp_path) is None
    assert read_folder(tmp_path).splits == {}
    (tmp_path / "annotations.xml").write_text("<annotations></annotations>")
    assert read_folder(tmp_path).splits == {}


def test_wrong_in_boxes(shelf, cvat) -> None:
    shelf.picture("a.png")
    edges = [(9, 1, 1, 9), ("a", 1, 9, 9), (70, 1, 80, 9), (50, 1, 80, 9)]
    boxes = [cvat.box("cat", *each) for each in edges] + [cvat.box("", 1, 1, 9, 9)]
    shelf.cvat(cvat.image("a.png", "".join(boxes)))
    folder = read_folder(shelf.root)
    assert codes(folder) == ["RC207", "RC208", "RC215", "RC209", "RC211"]
    assert folder.problems[0].place.endswith("annotations.xml:6")


def test_b14_wrong_in_xml(shelf) -> None:
    video = '<annotations><track id="0" label="cat"></track></annotations>'
    for text, code in (
        (video, "RC206"),
        ("<annotations><image></annotations>", "RC203"),
        ("<!DOCTYPE a><annotations></annotations>", "RC204"),
    ):
        shelf.text("annotations.xml", text)
        with pytest.raises(AnnotationError, match=code) as caught:
            read_folder(shelf.root)
        assert code != "RC206" or "images 1.1" in caught.value.fix


def test_wrong_in_two_exports(shelf) -> None:
    shelf.cvat_set()
    (shelf.root / "more.xml").write_bytes((shelf.root / "annotations.xml").read_bytes())
    with pytest.raises(AnnotationError, match="RC233"):
        Dataset.open(shelf.root)
    assert Dataset.open(shelf.root / "more.xml").classes == ("cat", "dog")
