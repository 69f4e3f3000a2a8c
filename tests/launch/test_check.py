"""`frcnn data check` as a function: report, exit from bad data, repaired copy, real data."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from PIL import Image

from frcnn.data.dataset import Dataset
from frcnn.errors import AnnotationError, ConfigError
from frcnn.launch.check import check_report, look_over


@pytest.fixture
def spoilt(rectangles: Path, tmp_path: Path) -> Path:
    """A box in train00 leaves its picture; val00 is no picture."""
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    path = root / "Annotations" / "train00.xml"
    path.write_text(path.read_text().replace("</xmax>", "9</xmax>", 1))
    next(root.glob("JPEGImages/val00.*")).write_bytes(b"no picture")
    return root


def state(root: Path) -> dict[str, bytes]:
    return {str(p): hashlib.sha256(p.read_bytes()).digest() for p in root.rglob("*") if p.is_file()}


def test_golden(spoilt: Path) -> None:
    before = state(spoilt)
    found = look_over(spoilt, {})
    assert found.report.counts() == {"RC101": 1, "RC211": 1}
    assert found.fatal is None
    text = str(found)
    assert text.startswith(f"voc in {spoilt}\n  train: 10 pictures (0 without objects), 20 boxes\n")
    assert "2 errors, 0 warnings; 1 box clipped, 1 picture skipped" in text
    assert "  error    RC211       1 x a box leaves the picture\n" in text
    assert "Annotations/train00.xml:" in text
    assert state(spoilt) == before


def test_the_report_has_every_finding(spoilt: Path, tmp_path: Path) -> None:
    found = look_over(spoilt, {"report": tmp_path / "found.json"})
    written = json.loads((tmp_path / "found.json").read_text())
    assert written == found.to_json()
    assert written["splits"]["train"] == {
        "pictures": 10,
        "without_objects": 0,
        "boxes": 20,
        "difficult": 0,
    }
    assert {p["code"] for p in written["problems"]} == {"RC101", "RC211"}
    assert str(tmp_path / "found.json") in str(found)


def test_golden_bad_pictures_are_listed_and_stay(spoilt: Path, tmp_path: Path) -> None:
    """One is found by its header, one by decoding, one by its annotation; a box costs none."""
    cut = next(spoilt.glob("JPEGImages/train03.*"))
    cut.write_bytes(cut.read_bytes()[:-100])
    path = spoilt / "Annotations" / "train05.xml"
    path.write_text(path.read_text().replace("<width>", "<width>9", 1))
    before = state(spoilt)
    found = look_over(spoilt, {"quarantine": tmp_path / "bad.txt"})
    names = [Path(line).stem for line in (tmp_path / "bad.txt").read_text().splitlines()]
    assert sorted(names) == ["train03", "train05", "val00"]
    assert f"3 pictures that cannot be used: {tmp_path / 'bad.txt'}" in str(found)
    assert state(spoilt) == before


def test_a_list_without_bad_pictures_is_empty(rectangles: Path, tmp_path: Path) -> None:
    look_over(rectangles, {"quarantine": tmp_path / "bad.txt"})
    assert (tmp_path / "bad.txt").read_text() == ""


def test_pictures_are_decoded_unless_that_is_not_wanted(rectangles: Path, tmp_path: Path) -> None:
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    path = next(root.glob("JPEGImages/train03.*"))
    path.write_bytes(path.read_bytes()[:-100])
    counted: list[int] = []

    @contextmanager
    def count(what: str, total: int) -> Iterator[object]:
        assert (what, total) == ("pictures decoded", 13)
        yield counted.append

    assert look_over(root, {}, count).report.counts() == {"RC102": 1}  # type: ignore[arg-type]
    assert counted == list(range(1, 14))
    assert look_over(root, {"no_pictures": True}).report.problems == ()


def test_boxes_are_judged_for_the_resizing_that_is_asked_for(rectangles: Path) -> None:
    assert look_over(rectangles, {}).report.problems == ()
    small = look_over(rectangles, {"shorter_side": 24}).report.counts()
    assert small["RC266"] == 1
    with pytest.raises(ConfigError):
        look_over(rectangles, {"shorter_side": 500, "longer_side": 400})


def test_the_same_of_a_data_set_that_is_open(spoilt: Path) -> None:
    opened = Dataset.open(spoilt, bad_data="report")
    assert check_report(opened).to_json() == check_report(spoilt).to_json()


def test_data_that_cannot_be_used(spoilt: Path, tmp_path: Path) -> None:
    for path in spoilt.glob("Annotations/*.xml"):
        path.write_text("<annotation/>")
    found = look_over(spoilt, {"report": tmp_path / "found.json"})
    assert found.dataset is None
    assert found.fatal is not None
    assert found.fatal.code == "RC222"
    assert "the data cannot be used" in str(found)
    assert json.loads((tmp_path / "found.json").read_text())["usable"] is False
    with pytest.raises(AnnotationError) as caught:
        check_report(spoilt)
    assert caught.value.code == "RC222"


def test_a_repaired_copy(spoilt: Path, tmp_path: Path) -> None:
    before = state(spoilt)
    found = look_over(spoilt, {"fix": tmp_path / "mended"})
    assert found.repaired is not None
    assert found.repaired.left.errors == ()
    assert "left in it: 0 errors, 0 warnings" in str(found)
    assert found.to_json()["repaired"]["left"]["errors"] == 0  # type: ignore[index]
    assert look_over(tmp_path / "mended", {}).report.problems == ()
    assert state(spoilt) == before


def test_more_bad_pictures_than_training_takes_are_said(spoilt: Path, tmp_path: Path) -> None:
    """One of 13; a copy without it is taken."""
    found = look_over(spoilt, {})
    assert found.fatal is None
    assert found.refused is not None
    assert found.verdict() is found.refused
    assert found.refused.code == "RC101"
    assert "1 of 13 pictures are unusable, more than max_bad=0.01 allows" in found.refused.what
    assert "--set max_bad" in found.refused.fix
    assert f"frcnn train would refuse it: {found.refused.what}" in str(found)
    assert found.to_json()["refused"] == found.refused.to_json()
    assert look_over(spoilt, {"fix": tmp_path / "mended"}).verdict() is None
    assert look_over(tmp_path / "mended", {}).verdict(strict=True) is None


def test_pictures_that_decoding_finds_are_counted_as_training_does(
    rectangles: Path, tmp_path: Path
) -> None:
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    path = next(root.glob("JPEGImages/train03.*"))
    path.write_bytes(path.read_bytes()[:-100])
    found = look_over(root, {})
    assert found.refused is not None
    assert found.refused.code == "RC102"
    assert look_over(root, {"no_pictures": True}).refused is None, "nobody looked"
    for path in root.glob("JPEGImages/train*"):
        path.write_bytes(path.read_bytes()[:-100])
    found = look_over(root, {"fix": tmp_path / "mended"})
    assert found.fatal is not None
    assert found.fatal.code == "RC221"
    assert found.unrepaired is not None
    assert not (tmp_path / "mended").exists()


def test_a_repaired_copy_in_another_layout(spoilt: Path, tmp_path: Path) -> None:
    found = look_over(spoilt, {"fix": tmp_path / "mended", "to": "coco"})
    assert found.repaired is not None
    assert found.repaired.conversion.layout == "coco"
    assert found.repaired.left.errors == ()
    assert look_over(tmp_path / "mended", {}).layout == "coco"


def test_wrong_in_a_copy_of_an_export_that_has_no_layout_to_be_written_in(tmp_path: Path) -> None:
    """Refused before a picture is decoded, and nothing is written."""
    root = tmp_path / "set"
    root.mkdir()
    Image.new("RGB", (60, 40)).save(root / "a.png")
    points = {"label": "cat", "points": [[1, 1], [9, 70]], "shape_type": "rectangle"}
    values = {"version": "5", "shapes": [points], "imagePath": "a.png"}
    (root / "a.json").write_text(json.dumps(values))

    def count(_what: str, _total: int) -> NoReturn:
        raise AssertionError("decoded")

    for options in ({"fix": tmp_path / "mended"}, {"fix": tmp_path / "mended", "to": "cvat"}):
        with pytest.raises(ConfigError, match="RC325") as caught:
            look_over(root, options, count)  # type: ignore[arg-type]
        assert "--to" in caught.value.fix
    assert not (tmp_path / "mended").exists()
    found = look_over(root, {"fix": tmp_path / "mended", "to": "yolo"})
    assert found.report.counts()["RC211"] == 1
    assert "repaired copy: yolo in" in str(found)


def test_what_no_file_says_cannot_be_repaired(spoilt: Path, tmp_path: Path) -> None:
    for path in spoilt.glob("Annotations/*.xml"):
        path.write_text("<annotation/>")
    found = look_over(spoilt, {"fix": tmp_path / "mended"})
    assert found.repaired is None
    assert "it cannot be repaired: no copy was written" in str(found)
    assert found.unrepaired is not None
    assert (found.unrepaired.code, found.unrepaired.fix) == ("RC222", "add annotations to it")
    assert found.verdict() is found.unrepaired
    assert not (tmp_path / "mended").exists()


def test_wrong_in_places_within_the_data(spoilt: Path) -> None:
    before = state(spoilt)
    for options, code in (
        ({"report": spoilt / "found.json"}, "RC327"),
        ({"quarantine": spoilt / "bad.txt"}, "RC327"),
        ({"fix": spoilt / "mended"}, "RC326"),
        ({"fix": spoilt.parent}, "RC326"),
    ):
        with pytest.raises(ConfigError) as caught:
            look_over(spoilt, options)  # type: ignore[arg-type]
        assert caught.value.code == code
    assert state(spoilt) == before


def test_wrong_in_what_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError) as caught:
        look_over(tmp_path / "nowhere", {})
    assert caught.value.code == "RC201"


REAL = {  # errors, and the warnings that must be among what is said
    "bccd": ({"RC207": 2}, {"RC264", "RC267", "RC268"}),
    "coco_tiny": ({}, set()),
    "coco128_yolo": ({"RC216": 2}, {"RC217", "RC281"}),
}


@pytest.mark.parametrize("name", REAL)
def test_real_data_has_its_known_faults_and_no_other_error(shared: Path, name: str) -> None:
    root = shared / "data" / name
    if not root.is_dir():
        pytest.skip(f"{name} is not among the real data")
    found = look_over(root, {"no_pictures": True})
    errors, warnings = REAL[name]
    counts: dict[str, int] = {}
    for problem in found.report.errors:
        counts[problem.code] = counts.get(problem.code, 0) + 1
    assert counts == errors
    assert warnings <= {problem.code for problem in found.report.warnings}
    assert not {"RC260", "RC261", "RC262"} & set(found.report.counts()), "no false alarm"
