"""What the verbs of `frcnn data` can be told."""

import pytest

from frcnn.cli.data_options import (
    PICTURES,
    WRITTEN,
    CheckOptions,
    ConvertOptions,
    ShowOptions,
    SplitOptions,
    TileOptions,
)
from frcnn.cli.options import LAYOUTS
from frcnn.data import layouts, moving
from frcnn.data.tile_plan import LARGEST
from frcnn.errors import ConfigError
from frcnn.ops.tiles import SMALLEST


def test_the_words_are_the_librarys() -> None:
    assert layouts.LAYOUTS == LAYOUTS
    assert layouts.WRITTEN == WRITTEN
    assert moving.Pictures.__args__ == PICTURES  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["to", "layout", "pictures"])
def test_wrong_in_words(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ConvertOptions(**{name: "kitti"})
    assert (caught.value.code, caught.value.place) == ("RC304", f"--{name}")


@pytest.mark.parametrize("name", ["to", "layout"])
def test_wrong_in_words_of_check(name: str) -> None:
    with pytest.raises(ConfigError, match=f"RC304.*--{name}"):
        CheckOptions(**{"fix": "new", name: "kitti"})


def test_wrong_in_a_layout_for_no_copy() -> None:
    assert CheckOptions(to="coco", fix="new").to == "coco"
    with pytest.raises(ConfigError, match=r"RC308.*--to"):
        CheckOptions(to="coco")


@pytest.mark.parametrize("name", ["to", "layout", "pictures", "look_alikes"])
def test_wrong_in_words_of_split(name: str) -> None:
    with pytest.raises(ConfigError, match=f"RC304.*--{name.replace('_', '-')}"):
        SplitOptions(**{name: "kitti"})


@pytest.mark.parametrize("name", ["to", "layout", "pictures"])
def test_wrong_in_words_of_tile(name: str) -> None:
    with pytest.raises(ConfigError, match=f"RC304.*--{name}"):
        TileOptions(**{name: "kitti"})


def test_the_ranges_of_tiles_are_the_librarys() -> None:
    assert TileOptions(tile=SMALLEST).tile == SMALLEST
    assert TileOptions(tile=LARGEST).tile == LARGEST


@pytest.mark.parametrize(
    ("cls", "name", "value"),
    [
        (SplitOptions, "seed", -1),
        (ShowOptions, "seed", 2**32),
        (ShowOptions, "pictures", 0),
        (ShowOptions, "per_sheet", 101),
        (TileOptions, "tile", SMALLEST - 1),
        (TileOptions, "tile", LARGEST + 1),
        (TileOptions, "tile_overlap", 1),
        (TileOptions, "tile_overlap", -0.1),
        (TileOptions, "least_visible", 1.1),
    ],
)
def test_wrong_in_numbers(cls: type, name: str, value: int) -> None:
    with pytest.raises(ConfigError, match=f"RC305.*--{name.replace('_', '-')}"):
        cls(**{name: value})
