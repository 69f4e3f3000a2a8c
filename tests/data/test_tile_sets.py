"""Which tiles a data set becomes, before a pixel is cut."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from frcnn.data.dataset import Dataset
from frcnn.data.records import UNOPENED
from frcnn.data.tile_figures import TileFigures
from frcnn.data.tile_plan import TilePlan
from frcnn.data.tile_sets import plan_cutting
from frcnn.ops import tiff_layout
from frcnn.types import Size

PLAN = TilePlan(side=32, overlap=0.25)


@pytest.fixture
def data(shelf) -> Dataset:
    """Two pictures of 60 x 40 to train on and one to validate; of 30 x 30 one in both."""
    for name in ("a.png", "b.png", "v.png"):
        shelf.picture(name)
    Image.new("L", (30, 30)).save(shelf.root / "s.png")
    rows = "a.png,1,1,9,8.5,cat\na.png,2,3,50,8,dog\nb.png,,,,,\ns.png,1,1,9,9,dog\n"
    shelf.text("train.csv", rows)
    shelf.text("val.csv", "v.png,40,20,60,40,cat\ns.png,1,1,9,9,dog\n")
    return Dataset.open(shelf.root)


def test_golden(data: Dataset) -> None:
    cutting = plan_cutting(data, PLAN)
    train = cutting.data.splits["train"]
    assert [r.name for r in train.records] == [
        *(f"{name}_{x}_{y}" for name in "ab" for y in (0, 8) for x in (0, 24, 28)),
        "s",
    ]
    first, fourth = train.records[0], train.records[3]
    assert first.path == data.root / "a.png" / "a_0_0.png"
    assert (first.size, first.stamp, first.file_id) == (Size(32, 32), UNOPENED, "")
    assert first.target.boxes.tolist() == [[1, 1, 9, 8.5], [2, 3, 32, 8]]
    assert [train.classes[n] for n in first.target.labels] == ["cat", "dog"]
    assert fourth.target.boxes.tolist() == [], "half a row is nothing to learn from"
    assert train.records[-1] is data.splits["train"].records[-1], "small ones stay as they are"
    assert list(cutting.windows) == [data.root / f"{name}.png" for name in "abv"]
    assert len(cutting.windows[data.root / "a.png"]) == 6


def test_golden_figures(data: Dataset) -> None:
    cutting = plan_cutting(data, PLAN)
    total = TileFigures.total(cutting.figures["train"].values())
    assert total == TileFigures(
        pictures=3,
        cut=2,
        tiles=13,
        without_objects=9,
        objects=3,
        whole=2,
        in_pieces=1,
        boxes=5,
        scraps=1,
    )
    assert (cutting.not_whole, cutting.longest, cutting.enough) == (1, 48, 60)
    (problem,) = (p for p in cutting.data.report.problems if p.code == "RC234")
    assert (problem.place, problem.effect) == (str(data.root / "a.png"), "none")
    assert problem.got == "dog (2, 3, 50, 8), 48 pixels long"
    assert problem.fix == "to have it whole: --tile 60"


def test_tiles_without_objects_are_left_out_where_one_learns(data: Dataset) -> None:
    cutting = plan_cutting(data, replace(PLAN, only_with_objects=True))
    sizes = {name: len(split) for name, split in cutting.data.splits.items()}
    assert sizes == {"train": 4, "val": 7}
    counts = TileFigures.total(cutting.figures["train"].values())
    assert (counts.tiles, counts.empty_left_out, counts.without_objects) == (4, 9, 0)
    assert data.root / "b.png" not in cutting.windows, "what nobody wants is not cut"


def test_an_object_that_is_in_no_tile_is_told(shelf) -> None:
    Image.new("L", (600, 600)).save(shelf.root / "a.png")
    shelf.text("train.csv", "a.png,0,0,600,600,cat\na.png,1,1,9,9,cat\n")
    cutting = plan_cutting(Dataset.open(shelf.root), PLAN)
    (problem,) = (p for p in cutting.data.report.problems if p.code == "RC235")
    assert (problem.effect, problem.spot.box) == ("box dropped", (0, 0, 600, 600))
    counts = TileFigures.total(cutting.figures["train"].values())
    assert (counts.objects, counts.whole, counts.lost) == (2, 1, 1)


def test_a_picture_in_two_splits_is_cut_once_and_told_of_once(shelf) -> None:
    for name in ("a", "b"):
        shelf.picture(f"images/{name}.png")
    for split in ("train", "val"):
        shelf.coco(f"annotations/instances_{split}.json")
    cutting = plan_cutting(Dataset.open(shelf.root), TilePlan(side=16, overlap=0.0))
    codes = [p.code for p in cutting.data.report.problems]
    assert codes.count("RC234") + codes.count("RC235") == cutting.not_whole == 2
    assert [path.name for path in cutting.windows] == ["a.png", "b.png"]
    for split in cutting.data.splits.values():
        assert {r.file_id for r in split.records} == {""}
        target = [r.target for r in split.records if r.target.difficult.any()]
        assert {split.classes[n] for each in target for n in each.labels[each.difficult]} == {"dog"}


def test_the_kind_follows_from_the_content(shelf) -> None:
    image = Image.new("RGB", (60, 40))
    for name, kind in (("a.jpg", "JPEG"), ("b.jpg", "PNG"), ("c.png", "JPEG"), ("d.bmp", "BMP")):
        image.putpixel((0, 0), (len(name), ord(name[0]), 0))
        image.save(shelf.root / name, kind)
    shelf.text(
        "train.csv", "".join(f"{n},1,1,9,9,x\n" for n in ("a.jpg", "b.jpg", "c.png", "d.bmp"))
    )
    cutting = plan_cutting(Dataset.open(shelf.root), PLAN)
    endings = {path.name: {t.suffix for t in tiles} for path, tiles in cutting.windows.items()}
    assert endings == {"a.jpg": {".jpg"}, "b.jpg": {".png"}, "c.png": {".jpg"}, "d.bmp": {".png"}}


def test_long_names_are_cut(shelf) -> None:
    name = "ü" * 120 + ".png"
    shelf.picture(name)
    shelf.text("train.csv", f"{name},1,1,9,9,x\n")
    records = plan_cutting(Dataset.open(shelf.root), PLAN).data.splits["train"].records
    assert records[1].name == "ü" * 100 + "_24_0"


def test_a_small_tiff_that_training_cannot_read_is_written_anew(shelf, monkeypatch) -> None:
    Image.new("RGB", (30, 30)).save(shelf.root / "a.tif")
    shelf.text("train.csv", "a.tif,1,1,9,9,x\n")
    data = Dataset.open(shelf.root)
    assert not plan_cutting(data, PLAN).windows
    monkeypatch.setattr(tiff_layout, "MAX_PIXELS", 100)
    assert list(plan_cutting(data, PLAN).windows) == [Path(shelf.root / "a.tif")]


def test_nothing_in(data: Dataset) -> None:
    cutting = plan_cutting(replace(data, splits={}), PLAN)
    assert (cutting.windows, cutting.not_whole, cutting.figures) == ({}, 0, {})
