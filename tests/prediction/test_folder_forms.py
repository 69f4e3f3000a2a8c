"""predict_folder in every form, in tiles, resumed, and with a TIFF that is larger than memory."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frcnn.ops import picture_header, pictures, tiff_layout
from frcnn.prediction import drawing
from frcnn.prediction.folder import Order, predict_folder
from frcnn.prediction.predictor import Detector
from frcnn.prediction.sources import expand
from frcnn.prediction.summary import Outcome
from frcnn.prediction.tiles import TileConfig
from frcnn.prediction.writers import NAMES

TILES = TileConfig(side=64)


@pytest.fixture
def order(tmp_path: Path) -> Order:
    about = {"weights": "r/best.safetensors", "sha256": "ab" * 32}
    return Order(out=tmp_path / "out", save=tuple(NAMES), about=about)


def tree(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def rows_of(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def test_every_form_has_the_same_objects(detector: Detector, photos: Path, order: Order) -> None:
    summary = predict_folder(detector, expand([photos]), order)
    assert [path.name for path in summary.files] == list(NAMES.values())
    rows = rows_of(order.out)
    count = sum(len(row["objects"]) for row in rows)
    assert count == sum(summary.objects.values()) > 0
    coco = json.loads((order.out / "coco" / "results.json").read_text())
    tasks = json.loads((order.out / "label-studio" / "tasks.json").read_text())
    regions = [region for task in tasks for region in task["predictions"][0]["result"]]
    lines = [p.read_text() for p in (order.out / "yolo" / "labels").rglob("*.txt")]
    crops = [item["crop"] for row in rows for item in row["objects"]]
    assert len(coco) == len(regions) == len("".join(lines).splitlines()) == count
    assert sorted(crops) == sorted(str(p) for p in tree(order.out) if p.startswith("crops/"))
    assert len(list((order.out / "voc" / "Annotations").rglob("*.xml"))) == 5
    assert (order.out / "voc" / "Annotations" / "more" / "a.xml").is_file()


def test_crops_hold_the_pixels_of_the_box(detector: Detector, photos: Path, order: Order) -> None:
    predict_folder(detector, expand([photos / "a.png"]), order)
    (row,) = rows_of(order.out)
    pixels = read(photos / "a.png").astype(int)
    for item in row["objects"]:
        x1, y1, x2, y2 = item["box"]
        crop = read(order.out / item["crop"]).astype(int)
        part = pixels[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))]
        assert crop.shape == part.shape
        assert np.abs(crop - part).mean() < 8  # JPEG of noise


def test_own_crops_are_not_looked_at(detector: Detector, photos: Path, order: Order) -> None:
    order = replace(order, out=photos / "found", save=("crops", "json"))
    predict_folder(detector, expand([photos]), order)
    summary = predict_folder(detector, expand([photos]), replace(order, resume=True))
    assert (summary.done, summary.resumed) == (0, 5)


def test_equal_names_have_files_of_their_own(
    detector: Detector, photos: Path, order: Order, tmp_path: Path
) -> None:
    for name in ("x/a.png", "y/a.png"):
        (tmp_path / name).parent.mkdir()
        shutil.copy(photos / "a.png", tmp_path / name)
    order = replace(order, save=("yolo", "voc", "crops"))
    predict_folder(detector, expand([tmp_path / "x", tmp_path / "y"]), order)
    assert {p.name for p in (order.out / "voc" / "Annotations").iterdir()} == {"a.xml", "a-2.xml"}
    assert {p.name for p in (order.out / "yolo" / "labels").iterdir()} == {"a.txt", "a-2.txt"}


def test_boxes_that_a_form_cannot_hold_are_told(
    detector: Detector, photos: Path, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = detector.detect

    def thin(*given, **more):
        found = real(*given, **more)
        for each in found:
            each.boxes[:, 2] = each.boxes[:, 0] + 0.5
        return found

    monkeypatch.setattr(detector, "detect", thin)
    summary = predict_folder(detector, expand([photos / "a.png"]), replace(order, save=("voc",)))
    assert {problem.code for problem in summary.lost} == {"RC293"}
    assert f"{len(summary.lost)} left out: RC293 {photos / 'a.png'}" in str(summary)
    assert len(summary.to_json()["lost"]) == sum(summary.objects.values())


# --- tiles


def test_tiles_give_what_the_detector_gives(detector: Detector, photos: Path, order: Order) -> None:
    seen: list[Outcome] = []
    order = replace(order, save=("images", "jsonl"), tiles=TILES)
    predict_folder(detector, expand([photos]), order, seen.append)
    want = [detector.predict(p.path, tile=64) for p in expand([photos]).pictures]
    for row, result, outcome in zip(rows_of(order.out), want, seen, strict=True):
        assert row["objects"] == result.to_json()["objects"]
        assert len(outcome.result) == len(result)


def test_interrupted_in_tiles_and_resumed(
    detector: Detector, photos: Path, order: Order, tmp_path: Path
) -> None:
    order = replace(order, tiles=TILES)

    def stop(_: Outcome) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_folder(detector, expand([photos]), order, stop)
    assert len(rows_of(order.out)) == 1
    summary = predict_folder(detector, expand([photos]), replace(order, resume=True))
    assert (summary.resumed, summary.done) == (1, 4)
    whole = replace(order, out=tmp_path / "whole")
    predict_folder(detector, expand([photos]), whole)
    assert tree(order.out) == tree(whole.out)


def test_other_tiles_are_not_mixed_in(detector: Detector, photos: Path, order: Order) -> None:
    order = replace(order, save=("json",), tiles=TILES)
    predict_folder(detector, expand([photos / "a.png"]), order)
    for tiles in (None, TileConfig(side=65), TileConfig(side=64, whole=False)):
        with pytest.raises(ValueError, match="RC388"):
            predict_folder(detector, expand([photos]), replace(order, tiles=tiles, resume=True))


@pytest.fixture
def large(photos: Path, make_photo, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A TIFF beyond a limit that was lowered for it, among pictures that are not."""
    pytest.importorskip("tifffile")
    for module in (tiff_layout, drawing):
        monkeypatch.setattr(module, "MAX_PIXELS", 20_000)
    real = pictures.decode
    limit = {"max_pixels": 20_000}
    monkeypatch.setattr(pictures, "decode", lambda *a, **more: real(*a, **{**limit, **more}))
    pixels = make_photo(3, height=150, width=230)
    Image.fromarray(pixels).save(photos / "large.tif", compression="tiff_lzw", tiffinfo={278: 16})
    return photos / "large.tif"


def test_a_large_tiff_is_found_in_like_any_picture(
    detector: Detector, large: Path, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "LONGEST", 100)
    order = replace(order, tiles=TILES)
    summary = predict_folder(detector, expand([large]), order)
    assert (summary.done, summary.failures) == (1, ())
    pixels = read(large)
    want = detector.predict(pixels, tile=64)
    (row,) = rows_of(order.out)
    assert (row["width"], row["height"]) == (230, 150)
    assert row["objects"]
    assert len(row["objects"]) == len(want)
    np.testing.assert_allclose([i["box"] for i in row["objects"]], want.boxes, atol=1e-3)
    assert read(order.out / row["image"]).shape == (50, 77, 3)  # a third


def test_without_tiles_it_is_refused_and_the_fix_names_them(
    detector: Detector, large: Path, order: Order
) -> None:
    summary = predict_folder(detector, expand([large.parent]), replace(order, save=("json",)))
    assert (summary.done, [p.code for p in summary.failures]) == (5, ["RC104"])
    assert "--tile N" in summary.failures[0].fix
    assert picture_header.MAX_PIXELS == 64_000_000


def test_a_damaged_part_costs_the_picture_and_not_the_run(
    detector: Detector, large: Path, order: Order
) -> None:
    with Image.open(large) as image:
        start = image.tag_v2[273][-1]
    data = bytearray(large.read_bytes())
    data[start : start + 60] = b"\xff" * 60
    large.write_bytes(data)
    order = replace(order, save=("json",), tiles=TILES)
    summary = predict_folder(detector, expand([large.parent]), order)
    assert (summary.done, len(summary.failures)) == (5, 1)
    assert summary.failures[0].code in ("RC102", "RC103")
