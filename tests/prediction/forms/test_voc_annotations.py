"""voc/: annotations that our reader takes, with a score that other readers pass over."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from frcnn.data.voc_annotation import read_annotation
from frcnn.prediction.forms.voc_annotations import write_voc
from frcnn.types import Size


def test_golden(tmp_path: Path, make_results) -> None:
    """VOC counts from 1 and holds the last pixel: (1, 2, 3.5, 4) is written 2, 3, 3.5, 4."""
    assert write_voc(tmp_path, make_results()) == []
    root = ElementTree.parse(tmp_path / "Annotations" / "a.xml").getroot()
    first = root.findall("object")[0]
    assert [e.text for e in first.find("bndbox")] == ["2", "3", "3.5", "4"]
    assert (first.findtext("name"), first.findtext("score")) == ("bolt", "0.75")
    assert root.findtext("filename") == "a.png"


def test_our_reader_gives_everything_back(tmp_path: Path, make_results) -> None:
    results = make_results()
    write_voc(tmp_path, results)
    for picture in results.pictures():
        found = read_annotation(tmp_path / "Annotations" / f"{picture.stem}.xml")
        assert found.problems == ()
        assert found.filename == Path(picture.inside).name
        assert found.size == Size(picture.row["height"], picture.row["width"])
        want = [(item["name"], tuple(item["box"])) for item in picture.objects]
        assert [(thing.name, thing.box) for thing in found.objects] == want


@pytest.mark.parametrize("box", [[1.0, 2.0, 2.0, 9.0], [1.0, 2.0, 9.0, 2.5]])
def test_a_box_without_room_is_told(
    tmp_path: Path, make_results, make_picture, box: list[float]
) -> None:
    thin = {"label": 0, "name": "bolt", "score": 0.5, "box": box}
    good = {**thin, "box": [0.0, 0.0, 5.0, 5.0]}
    (lost,) = write_voc(tmp_path, make_results(make_picture("a.png", thin, good)))
    assert (lost.code, lost.place, lost.effect) == ("RC293", "photos/a.png", "box dropped")
    assert len(read_annotation(tmp_path / "Annotations" / "a.xml").objects) == 1
