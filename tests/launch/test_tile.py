"""`frcnn data tile` from what was asked to what is written."""

from pathlib import Path

import pytest
from PIL import Image

from frcnn.api import tile_data
from frcnn.data.dataset import Dataset
from frcnn.errors import ConfigError
from frcnn.launch.tile import TileOptions, tile_folder
from frcnn.prediction.counting import uncounted


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two pictures in CSV layout."""
    (tmp_path / "set").mkdir()
    for number, name in enumerate(("a.png", "b.png")):
        Image.new("RGB", (50, 40), (number, 0, 0)).save(tmp_path / "set" / name)
    (tmp_path / "set" / "train.csv").write_text("a.png,1,1,9,9,cat\nb.png,,,,,\n")
    return tmp_path / "set"


def test_golden(table: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []

    def count(what: str, total: int):
        seen.append((what, total))
        return uncounted(what, total)

    done = tile_folder(table, tmp_path / "new", 32, {}, count)
    assert seen == [("tiles cut", 8)]
    assert (done.plan.overlap, done.plan.least_visible) == (0.2, 0.1)
    assert len(Dataset.open(tmp_path / "new").splits["train"]) == 8


def test_every_option_arrives(table: Path, tmp_path: Path) -> None:
    options: TileOptions = {
        "tile_overlap": 0.5,
        "least_visible": 1.0,
        "only_with_objects": True,
        "layout": "csv",
        "to": "voc",
        "pictures": "hardlink",
        "quiet": True,
    }
    assert set(options) == set(TileOptions.__annotations__)
    done = tile_data(str(table), tmp_path / "new", 32, **options)
    assert (done.plan.pixels, done.plan.least_visible) == (16, 1.0)
    assert (done.written.layout, done.written.pictures) == ("voc", {"train": 1})


@pytest.mark.parametrize(
    ("tile", "options", "code"),
    [
        (8, {}, "RC328"),
        (32, {"tile_overlap": 1.0}, "RC328"),
        (32, {"to": "kitti"}, "RC325"),
        (32, {"pictures": "move"}, "RC325"),
        (32, {"layout": "kitti"}, "RC323"),
        (32, {"tiles": 3}, "RC310"),
    ],
)
def test_wrong_in(table: Path, tmp_path: Path, tile: int, options, code: str) -> None:
    with pytest.raises(ConfigError, match=code):
        tile_data(table, tmp_path / "new", tile, **options)
    assert not (tmp_path / "new").exists()


def test_wrong_in_a_folder_in_use_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "a").write_text("x")
    with pytest.raises(ConfigError, match="RC331"):
        tile_data(tmp_path / "none", tmp_path / "new", 32)


def test_an_export_needs_a_layout_that_is_written(table: Path, tmp_path: Path) -> None:
    shape = '{"label": "cat", "shape_type": "rectangle", "points": [[1, 1], [9, 9]]}'
    shapes = f'{{"shapes": [{shape}], "imagePath": "a.png"}}'
    (table / "train.csv").unlink()
    (table / "a.json").write_text(shapes)
    with pytest.raises(ConfigError, match=r"RC325.*labelme"):
        tile_data(table, tmp_path / "new", 32)
