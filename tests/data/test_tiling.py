"""A data set of tiles: written in every layout, read back, and what ends without one."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frcnn.data.dataset import Dataset
from frcnn.data.divide import split_folder
from frcnn.data.division_plan import DivisionPlan
from frcnn.data.layouts import WRITTEN
from frcnn.data.tile_origins import read_origins
from frcnn.data.tile_plan import TilePlan
from frcnn.data.tile_sets import plan_cutting
from frcnn.data.tiling import LISTING, Tiled, open_large, write_tiles
from frcnn.errors import ConfigError, DiskError, PictureError
from frcnn.ops import pictures, tiff_layout

PLAN = TilePlan(side=32, overlap=0.25)
PIXELS = np.random.default_rng(0).integers(0, 255, (60, 70, 3), dtype=np.uint8)


def tiles_of(root: Path, out: Path, to: str = "csv", plan: TilePlan = PLAN, **more) -> Tiled:
    told = more.pop("told", [])
    return write_tiles(plan_cutting(open_large(root, out), plan), out, to, tell=told.append, **more)


@pytest.fixture
def photos(shelf) -> Path:
    """Four pictures of noise of 70 x 60, two of one name, and one of 30 x 20."""
    rows = []
    for number, name in enumerate(("a.png", "ü b.png", "x/a.png", "n.png")):
        (shelf.root / name).parent.mkdir(exist_ok=True)
        Image.fromarray(PIXELS ^ number).save(shelf.root / name)
        rows.append(f"{name},{number},1,20,9.5,cat\n{name},25,30,70,60,dog\n")
    Image.fromarray(PIXELS[:20, :30]).save(shelf.root / "s.png")
    shelf.text("train.csv", "".join(rows[:3]))
    shelf.text("val.csv", f"{rows[3]}s.png,1,1,9,9,dog\n")
    shelf.text("classes.csv", "owl,0\ndog,1\ncat,2\n")
    return shelf.root


@pytest.mark.parametrize("to", WRITTEN)
def test_golden_in_every_layout(photos: Path, tmp_path: Path, to: str) -> None:
    told: list[int] = []
    done = tiles_of(photos, tmp_path / "new", to, told=told)
    assert (told[-1], sorted(told)) == (4 * 9, told)
    data, old = Dataset.open(tmp_path / "new"), Dataset.open(photos)
    assert data.layout == to
    if to != "voc":  # which has no list of classes
        assert data.classes == old.classes
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 27, "val": 10}
    assert not data.report.errors
    origins = read_origins(tmp_path / "new")
    assert len(origins) == 36
    wholes = {
        r.path.relative_to(photos).as_posix(): (pictures.decode(r.path).pixels, r)
        for split in old.splits.values()
        for r in split.records
    }
    boxes = 0
    for record in (r for split in data.splits.values() for r in split.records):
        if record.path.name == "s.png":
            assert record.path.read_bytes() == (photos / "s.png").read_bytes()
            continue
        origin = origins[record.path.name]
        pixels, source = wholes[origin.picture]
        x1, y1, x2, y2 = origin.window
        np.testing.assert_array_equal(pictures.decode(record.path).pixels, pixels[y1:y2, x1:x2])
        back = record.target.boxes + record.target.boxes.new_tensor([x1, y1, x1, y1])
        for box in back:
            true = source.target.boxes
            inside = (box[:2] > true[:, :2] - 0.01).all(1) & (box[2:] < true[:, 2:] + 0.01).all(1)
            assert inside.any()
        boxes += len(back)
    assert boxes + 1 == sum(figures.boxes for figures in done.figures.values())


def test_names_are_the_pictures_with_the_corner_behind_them(photos: Path, tmp_path: Path) -> None:
    tiles_of(photos, tmp_path / "new")
    names = {path.name for path in (tmp_path / "new" / "images").iterdir()}
    assert {"a_0_0.png", "a_38_28.png", "ü b_24_24.png", "a_0_0.png.png", "s.png"} < names
    assert len(names) == 37


def test_what_is_said(photos: Path, tmp_path: Path) -> None:
    done = tiles_of(photos, tmp_path / "new")
    lines = str(done).splitlines()
    assert lines[0] == "tiles of 32 pixels, 8 of them in common with each neighbour"
    assert (
        "4 objects whole in no tile, 45 pixels the longest; to have all whole: --tile 70" in lines
    )
    listed = [json.loads(row) for row in (tmp_path / "new" / LISTING).read_text().splitlines()]
    assert [row["code"] for row in listed].count("RC234") == done.not_whole
    answer = json.loads(json.dumps(done.to_json(), allow_nan=False))
    assert answer["tiles"]["train"]["tiles"] == answer["pictures"]["train"] == 27
    assert answer["boxes"]["val"] == answer["tiles"]["val"]["boxes"]
    for counts in answer["tiles"].values():
        assert counts["objects"] == counts["whole"] + counts["in_pieces"] + counts["lost"]


def test_splits_to_judge_on_keep_their_tiles_of_nothing(photos: Path, tmp_path: Path) -> None:
    plan = TilePlan(side=16, overlap=0.0, only_with_objects=True)
    done = tiles_of(photos, tmp_path / "new", plan=plan)
    assert done.figures["train"].empty_left_out > 0 == done.figures["val"].empty_left_out
    assert "val kept the tiles without objects" in str(done)
    assert "kept" not in str(tiles_of(photos, tmp_path / "other"))


def test_small_pictures_can_share_their_bytes(photos: Path, tmp_path: Path) -> None:
    tiles_of(photos, tmp_path / "new", pictures="hardlink")
    assert os.path.samefile(photos / "s.png", tmp_path / "new" / "images" / "s.png")


def test_tiles_of_one_picture_are_never_in_two_splits(photos: Path, tmp_path: Path) -> None:
    tiles_of(photos, tmp_path / "new", "coco")
    plan = DivisionPlan(shares={"train": 0.5, "val": 0.5}, look_alikes="apart")
    split_folder(tmp_path / "new", tmp_path / "split", plan, to="yolo")
    origins = read_origins(tmp_path / "split")
    parts = [
        {origins[r.path.name].picture for r in split.records if r.path.name in origins}
        for split in Dataset.open(tmp_path / "split").splits.values()
    ]
    assert all(parts)
    assert not parts[0] & parts[1]


def test_tiles_of_tiles_are_of_the_first_picture(photos: Path, tmp_path: Path) -> None:
    tiles_of(photos, tmp_path / "one")
    tiles_of(tmp_path / "one", tmp_path / "two", plan=TilePlan(side=16, overlap=0.0))
    origins = read_origins(tmp_path / "two")
    pictures_of = {origin.picture for origin in origins.values()}
    assert pictures_of == {"a.png", "ü b.png", "x/a.png", "n.png", "images/s.png"}
    whole = pictures.decode(photos / "n.png").pixels
    mine = [(name, o.window) for name, o in origins.items() if o.picture == "n.png"]
    assert len(mine) == 36
    for name, (x1, y1, x2, y2) in mine:
        tile = pictures.decode(tmp_path / "two" / "images" / name).pixels
        np.testing.assert_array_equal(tile, whole[y1:y2, x1:x2])


def test_a_tiff_larger_than_may_be_decoded(shelf, tmp_path: Path, monkeypatch) -> None:
    tifffile = pytest.importorskip("tifffile")
    options = {"tile": (16, 16), "photometric": "rgb", "bigtiff": True}
    tifffile.imwrite(shelf.root / "a.tif", PIXELS, **options)
    shelf.text("train.csv", "a.tif,1,1,20,9,cat\n")
    monkeypatch.setattr(tiff_layout, "MAX_PIXELS", 2000)
    done = tiles_of(shelf.root, tmp_path / "new")
    assert done.figures["train"].tiles == 9
    tile = pictures.decode(tmp_path / "new" / "images" / "a_24_24.png").pixels
    np.testing.assert_array_equal(tile, PIXELS[24:56, 24:56])


# --- wrong in


def test_a_picture_that_cannot_be_read_is_left_out_with_all_its_tiles(
    photos: Path, tmp_path: Path
) -> None:
    data = (photos / "a.png").read_bytes()
    (photos / "a.png").write_bytes(data[: len(data) // 2])
    for to in ("csv", "yolo"):
        done = tiles_of(photos, tmp_path / to, to)
        (problem,) = (p for p in done.written.report.problems if p.effect == "picture skipped")
        assert (problem.code, problem.place) == ("RC102", str(photos / "a.png"))
        figures = done.figures["train"]
        assert (figures.pictures, figures.tiles, done.written.pictures["train"]) == (2, 18, 18)
        again = Dataset.open(tmp_path / to)
        assert len(again.splits["train"]) == 18
        assert not again.report.errors
    assert not (tmp_path / "csv" / "images" / "a_0_0.png").exists()


def test_damage_in_a_later_part_of_a_tiff_takes_its_tiles_away(
    shelf, tmp_path: Path, monkeypatch
) -> None:
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(shelf.root / "a.tif", PIXELS, rowsperstrip=8, compression="zlib")
    data = bytearray((shelf.root / "a.tif").read_bytes())
    with tifffile.TiffFile(shelf.root / "a.tif") as tiff:
        last = tiff.pages[0].dataoffsets[-1]
    data[last : last + 40] = bytes(40)
    (shelf.root / "a.tif").write_bytes(data)
    shelf.picture("b.png")
    shelf.text("train.csv", "a.tif,1,1,20,9,cat\nb.png,1,1,9,9,cat\n")
    monkeypatch.setattr(tiff_layout, "MAX_PIXELS", 2000)
    done = tiles_of(shelf.root, tmp_path / "new")
    assert done.written.pictures == {"train": 6}
    assert len(list((tmp_path / "new" / "images").iterdir())) == 6


def test_where_nothing_can_be_read_nothing_is_written(shelf, tmp_path: Path) -> None:
    data = shelf.picture("a.png").read_bytes()
    (shelf.root / "a.png").write_bytes(data[: len(data) // 2])
    shelf.text("train.csv", "a.png,1,1,9,9,cat\n")
    with pytest.raises(PictureError, match="RC102"):
        tiles_of(shelf.root, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == [shelf.root.name]


def test_wrong_in_places(photos: Path, tmp_path: Path) -> None:
    for out in (photos, photos / "new", tmp_path):
        with pytest.raises(ConfigError, match="RC326"):
            tiles_of(photos, out)


def test_a_disk_that_fails_leaves_nothing(photos: Path, tmp_path: Path, monkeypatch) -> None:
    def fails(after: int) -> Callable[..., None]:
        calls: list[object] = []

        def save(self: Image.Image, path: Path, *_: object, **__: object) -> None:
            calls.append(path)
            if len(calls) > after:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            path.write_bytes(b"x")

        return save

    monkeypatch.setattr(Image.Image, "save", fails(after=11))
    with pytest.raises(DiskError, match="RC601"):
        tiles_of(photos, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == [photos.name]


def test_a_kill_leaves_nothing_in_the_place(photos: Path, tmp_path: Path) -> None:
    def stop(_done: int) -> None:
        raise KeyboardInterrupt

    cutting = plan_cutting(open_large(photos, tmp_path / "new"), PLAN)
    with pytest.raises(KeyboardInterrupt):
        write_tiles(cutting, tmp_path / "new", "voc", tell=stop)
    assert [path.name for path in tmp_path.iterdir()] == [photos.name]
