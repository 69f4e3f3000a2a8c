"""The pixels of tiles are those of the picture, whichever way it is read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frcnn.data.dataset import Dataset
from frcnn.data.records import Record, Stamp
from frcnn.data.tile_pixels import cut
from frcnn.errors import PictureError
from frcnn.ops import pictures, tiff_layout
from frcnn.ops.tiles import Window, grid

PIXELS = np.random.default_rng(0).integers(0, 255, (60, 70, 3), dtype=np.uint8)


@pytest.fixture
def record_of(tmp_path: Path):
    """Gives the record of a picture that is saved."""

    def make(name: str, image: Image.Image, **options: object) -> Record:
        (tmp_path / "set").mkdir(exist_ok=True)
        image.save(tmp_path / "set" / name, **options)
        (tmp_path / "set" / "train.csv").write_text(f"{name},1,1,9,9,cat\n")
        return Dataset.open(tmp_path / "set").splits["train"].records[0]

    return make


def tiles_in(folder: Path, record: Record, ending: str) -> dict[Path, Window]:
    windows = grid(record.size, 32, 6)
    return {folder / "new" / f"{w.x1}_{w.y1}{ending}": w for w in windows}


def require_same(record: Record, tmp_path: Path) -> None:
    tiles = tiles_in(tmp_path, record, ".png")
    told: list[Path] = []
    cut(record, tiles, told.append)
    assert told == list(tiles)
    whole = pictures.decode(record.path).pixels
    covered = np.zeros(whole.shape[:2], bool)
    for path, (x1, y1, x2, y2) in tiles.items():
        np.testing.assert_array_equal(pictures.decode(path).pixels, whole[y1:y2, x1:x2])
        covered[y1:y2, x1:x2] = True
    assert covered.all(), "the tiles cover the picture"


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "I;16"])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_golden_pixels_of_every_type(record_of, tmp_path: Path, mode: str, ending: str) -> None:
    image = Image.fromarray(PIXELS)
    if mode == "RGBA":
        image.putalpha(Image.fromarray(PIXELS[..., 1]))
    elif mode == "I;16":
        image = Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 250)
    else:
        image = image.convert(mode)
    require_same(record_of(f"a.{ending}", image), tmp_path)


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_tiles_are_upright(record_of, tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    record = record_of("a.png", Image.fromarray(PIXELS), exif=exif)
    require_same(record, tmp_path)
    notes = cut(record, {}, lambda _: None)
    assert [p.code for p in notes] == ["RC120"] * (orientation > 1)


def test_a_tiff_in_windows_has_the_same_pixels(record_of, tmp_path: Path, monkeypatch) -> None:
    pytest.importorskip("tifffile")
    record = record_of("a.tif", Image.fromarray(PIXELS), tiffinfo={274: 6, 278: 16})
    monkeypatch.setattr(tiff_layout, "MAX_PIXELS", 2000)
    monkeypatch.setattr("frcnn.data.tile_pixels.decode_record", None)
    require_same(record, tmp_path)


def test_a_jpeg_stays_close_to_itself(record_of, tmp_path: Path) -> None:
    smooth = np.asarray(Image.fromarray(PIXELS).resize((300, 200), Image.Resampling.BICUBIC))
    record = record_of("a.jpg", Image.fromarray(smooth), quality=90)
    whole = pictures.decode(record.path).pixels.astype(int)
    tiles = tiles_in(tmp_path, record, ".jpg")
    cut(record, tiles, lambda _: None)
    for path, (x1, y1, x2, y2) in tiles.items():
        decoded = pictures.decode(path)
        assert np.abs(decoded.pixels - whole[y1:y2, x1:x2]).mean() < 2.5
        assert decoded.notes == ()


@pytest.mark.parametrize("windowed", [False, True])
def test_wrong_in_a_picture_that_changed(
    record_of, tmp_path: Path, monkeypatch, windowed: bool
) -> None:
    record = record_of("a.tif", Image.fromarray(PIXELS))
    if windowed:
        pytest.importorskip("tifffile")
        monkeypatch.setattr(tiff_layout, "MAX_PIXELS", 1000)
    tiles = tiles_in(tmp_path, record, ".png")
    with pytest.raises(PictureError, match="RC109"):
        cut(replace(record, stamp=Stamp(1, 1)), tiles, lambda _: None)
    with pytest.raises(PictureError, match="RC110"):
        cut(replace(record, sha256="0" * 64), tiles, lambda _: None)
    assert not (tmp_path / "new").exists()
