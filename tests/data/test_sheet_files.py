"""Where sheets are written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frcnn.data.dataset import Dataset
from frcnn.data.sheet import CELL, Cell
from frcnn.data.sheet_files import numbered, place_of_sheets, write_sheet
from frcnn.errors import ConfigError, DiskError

CELLS = [Cell(pixels=np.full((3, 4, 3), 9, np.uint8), title="a.png")] * 3


@pytest.fixture
def data(shelf) -> Dataset:
    """One picture in CSV layout."""
    shelf.picture("a.png")
    shelf.text("train.csv", "a.png,1,1,9,9,cat\n")
    return Dataset.open(shelf.root)


def test_golden(data: Dataset, tmp_path: Path) -> None:
    assert place_of_sheets(None, data, "labels") == Path(f"{data.name}_labels.png")
    assert place_of_sheets(tmp_path / "a.PNG", data, "labels") == tmp_path / "a.PNG"
    assert numbered(Path("x/a.png"), 1, 1) == Path("x/a.png")
    assert numbered(Path("x/a.png"), 2, 3) == Path("x/a_2.png")


def test_a_sheet_is_replaced(tmp_path: Path) -> None:
    for columns in (1, 3):
        write_sheet(tmp_path / "a.png", ("head",), CELLS, columns)
        with Image.open(tmp_path / "a.png") as sheet:
            assert sheet.width // CELL == columns
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("name", ["a.jpg", "a", "set/a.png"])
def test_wrong_in_places(data: Dataset, tmp_path: Path, name: str) -> None:
    out = data.root / "a.png" if name.startswith("set/") else tmp_path / name
    with pytest.raises(ConfigError, match="RC378") as caught:
        place_of_sheets(out, data, "labels")
    assert caught.value.got.endswith(" within the data") == name.startswith("set/")


def test_no_folder_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DiskError):
        write_sheet(tmp_path / "file" / "a.png", ("head",), CELLS)
