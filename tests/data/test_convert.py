"""Any layout into any other, and back: round trips, what is lost, and what is never touched."""

import errno
import hashlib
import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from frcnn.data.convert import REPORT, convert, convert_folder
from frcnn.data.dataset import Dataset
from frcnn.data.layouts import WRITTEN
from frcnn.errors import AnnotationError, ConfigError, DiskError

ONE_IN_A_MILLION = 2e-6
"""Of a side: what six decimals of centre and side may move a corner by."""


def contents(root: Path) -> dict[str, bytes]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).digest() for p in files}


def worst(first: Dataset, second: Dataset) -> float:
    """The largest difference of two corners; everything else is the same."""
    most = 0.0
    assert list(first.splits) == list(second.splits)
    for name in first.splits:
        old = {r.name: r for r in first.splits[name].records}
        new = {r.name: r for r in second.splits[name].records}
        assert old.keys() == new.keys()
        for key, record in old.items():
            mine, theirs = record.target, new[key].target
            names = [first.classes[label] for label in mine.labels]
            assert names == [second.classes[label] for label in theirs.labels]
            assert mine.difficult.tolist() == theirs.difficult.tolist()
            assert record.size == new[key].size
            assert record.path.read_bytes() == new[key].path.read_bytes()
            if len(names):
                most = max(most, float((mine.boxes - theirs.boxes).abs().max()))
    return most


@pytest.mark.parametrize(("source", "to"), [*itertools.product(WRITTEN, WRITTEN)])
def test_round_trips(shelf, standard, tmp_path: Path, source: str, to: str) -> None:
    root = standard.root if source == "voc" else tmp_path / "source"
    if source != "voc":
        convert_folder(standard.root, root, source)
    before = contents(root)
    first = Dataset.open(root)
    done = convert(first, tmp_path / "new", to)
    assert contents(root) == before
    second = Dataset.open(tmp_path / "new")
    assert second.layout == to
    assert second.classes == first.classes
    assert worst(first, second) <= (60 * ONE_IN_A_MILLION if to == "yolo" else 0)
    assert (done.pictures, done.boxes["train"]) == ({"train": 12, "val": 1, "test": 1}, 24)
    back = convert(second, tmp_path / "back", source)
    assert worst(first, Dataset.open(back.path)) <= 120 * ONE_IN_A_MILLION


def test_bccd_through_every_layout(bccd: Path, tmp_path: Path) -> None:
    first = data = Dataset.open(bccd)
    for number, to in enumerate(("coco", "yolo", "csv", "voc")):
        done = convert(
            data, tmp_path / f"{number}", to, pictures="copy" if not number else "hardlink"
        )
        data = Dataset.open(done.path)
        if to == "coco":  # so that training on it gives the same weights
            same = [first.splits[n].fingerprint == data.splits[n].fingerprint for n in first.splits]
            assert all(same)
        assert worst(first, data) < (0.01 if number else 1e-9)
    assert data.layout == "voc"
    assert first.classes == data.classes


def test_what_a_layout_cannot_hold_is_listed(shelf, tmp_path: Path, box_of_coco) -> None:
    shelf.coco_set()
    rows = [box_of_coco(1, [1, 1, 0.5, 9]), box_of_coco(2, [1, 2, 9, 9], iscrowd=1)]
    kinds = [{"id": 3, "name": "cat"}, {"id": 7, "name": "owl"}]
    shelf.coco(annotations=[*rows, box_of_coco(3, [5, 5, 0, 1])], categories=kinds)
    wanted = {
        "voc": {"RC292": 1, "RC293": 1, "RC294": 1, "RC299": 1},
        "yolo": {"RC290": 1, "RC292": 1, "RC299": 1},
        "csv": {"RC292": 1, "RC299": 1},
        "coco": {},
    }
    for to, counts in wanted.items():
        done = convert_folder(shelf.root, tmp_path / to, to)
        there = Dataset.open(done.path).splits["train"]
        assert done.boxes == {"train": sum(there.boxes_per_class.values())}, "as written"
        assert done.boxes == {"train": 1 if to in ("voc", "yolo") else 2}
        lost = {k: n for k, n in done.report.counts().items() if k >= "RC290"}
        assert lost == counts
        listed = [json.loads(row) for row in (tmp_path / to / REPORT).read_text().splitlines()]
        assert [row["code"] for row in listed] == [p.code for p in done.report.problems]
        assert "RC207" in done.report.counts(), "what was left out when it was opened, too"
        assert REPORT in str(done)
        assert json.dumps(done.to_json(), allow_nan=False)


def test_outlines_are_counted(shelf, tmp_path: Path) -> None:
    done = convert_folder(shelf.coco_set().root, tmp_path / "x", "csv")
    (problem,) = (p for p in done.report.problems if p.code == "RC291")
    assert problem.got == "1"


def test_cocos_own_ids_are_written_back(shelf, tmp_path: Path) -> None:
    convert_folder(shelf.coco_set().root, tmp_path / "x", "coco")
    text = json.loads((tmp_path / "x/annotations/instances_train.json").read_text())
    assert [c["id"] for c in text["categories"]] == [3, 44]
    assert [i["id"] for i in text["images"]] == [7, 9]
    assert [(a["category_id"], a["iscrowd"]) for a in text["annotations"]] == [(3, 0), (44, 1)]


def test_pictures_are_copied_or_share_their_bytes(standard, tmp_path: Path) -> None:
    old = standard.root / "JPEGImages" / "v.png"
    convert_folder(standard.root, tmp_path / "a", "csv")
    convert_folder(standard.root, tmp_path / "b", "csv", pictures="hardlink")
    assert not os.path.samefile(old, tmp_path / "a" / "images" / "v.png")
    assert os.path.samefile(old, tmp_path / "b" / "images" / "v.png")


def test_overlapping_splits_hold_each_picture_once(standard, tmp_path: Path) -> None:
    standard.split("trainval", [*(f"t{n:02}" for n in range(12)), "v"])
    for to in WRITTEN:
        convert_folder(standard.root, tmp_path / to, to)
        data = Dataset.open(tmp_path / to)
        assert worst(Dataset.open(standard.root), data) < 1e-3
        assert len(list((tmp_path / to).rglob("*.png"))) == 14


@pytest.mark.parametrize("to", WRITTEN)
def test_a_picture_that_two_splits_have_with_different_boxes(
    shelf, tmp_path: Path, box_of_coco, to: str
) -> None:
    for name in ("a", "b"):
        shelf.picture(f"images/{name}.png")
    shelf.coco("annotations/instances_train.json")
    other = [box_of_coco(1, [30, 30, 5, 5])]
    shelf.coco("annotations/instances_val.json", annotations=other)
    done = convert_folder(shelf.root, tmp_path / "new", to)
    data = Dataset.open(tmp_path / "new")
    found = data.splits["train"].records[0].target.boxes[0]
    assert found.tolist() == pytest.approx([10, 5, 30, 20], abs=1e-3), "the first split counts"
    said = [p.got for p in done.report.problems if p.code == "RC295"]
    assert said == (["1 box in val"] if to in ("voc", "yolo") else [])
    kept = data.splits["val"].records[0].target.boxes[0].tolist()
    assert said or kept == [30, 30, 35, 35]


def test_wrong_in_names_of_classes(shelf, tmp_path: Path) -> None:
    shelf.coco_set()
    for name in ("a\ud800", "a\x01b"):
        kinds = [{"id": 44, "name": name}, {"id": 3, "name": "cat"}]
        shelf.coco(categories=kinds)
        with pytest.raises(AnnotationError, match="RC296"):
            convert_folder(shelf.root, tmp_path / "new", "voc")
    assert not (tmp_path / "new").exists()


def test_wrong_in_places(standard, tmp_path: Path) -> None:
    before = contents(tmp_path)
    for out in (standard.root, standard.root / "new", tmp_path):
        with pytest.raises(ConfigError, match="RC326"):
            convert_folder(standard.root, out, "coco")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a").write_text("x")
    with pytest.raises(ConfigError, match="RC331"):
        convert_folder(standard.root, tmp_path / "mine", "coco")
    assert contents(tmp_path) == before | {"mine/a": hashlib.sha256(b"x").digest()}


def test_wrong_in_choices(standard, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="RC325"):
        convert_folder(standard.root, tmp_path / "x", "kitti")
    with pytest.raises(ConfigError, match="RC325"):
        convert_folder(standard.root, tmp_path / "x", "coco", pictures="move")  # type: ignore[arg-type]


def test_wrong_in_a_disk_that_fails(standard, tmp_path: Path, monkeypatch) -> None:
    def fails(number: int) -> Callable[..., None]:
        def link(*_: object, **__: object) -> None:
            raise OSError(number, os.strerror(number))

        return link

    monkeypatch.setattr("shutil.copyfile", fails(errno.ENOSPC))
    with pytest.raises(DiskError, match="RC601"):
        convert_folder(standard.root, tmp_path / "x", "coco")
    for number, error, code in (
        (errno.ENOSPC, DiskError, "RC601"),
        (errno.EXDEV, ConfigError, "RC325"),
    ):
        monkeypatch.setattr("os.link", fails(number))
        with pytest.raises(error, match=code):
            convert_folder(standard.root, tmp_path / "x", "coco", pictures="hardlink")
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
