"""Where tiles are from: written, read back, and carried along."""

import os
from pathlib import Path

import pytest

from frcnn.data.convert import convert_folder
from frcnn.data.dataset import Dataset
from frcnn.data.layouts import WRITTEN
from frcnn.data.moving import Moved
from frcnn.data.tile_origins import (
    FILE,
    Origin,
    larger_pictures,
    origins_of,
    parted,
    read_origins,
    tiles_of_one_picture,
    write_origins,
)
from frcnn.errors import AnnotationError
from frcnn.ops.tiles import Window

ROW = '{"tile": "images/a.png", "picture": "ü.tif", "x1": 0, "y1": 8, "x2": 60, "y2": 48}\n'
HERE = Origin("ü.tif", Window(0, 8, 60, 48))


def test_golden_round_trip(tmp_path: Path) -> None:
    moved = Moved({Path("x/ü.tif/a.png"): "images/a.png", Path("x/b.png"): "images/b.png"})
    write_origins(tmp_path, moved, {Path("x/ü.tif/a.png"): HERE, Path("gone"): HERE})
    assert len((tmp_path / FILE).read_text().splitlines()) == 1
    assert read_origins(tmp_path) == {"a.png": HERE}


def test_golden_together(shelf) -> None:
    records = Dataset.open(shelf.csv_set().root).splits["train"].records
    origins = {"a.png": HERE, "b.png": HERE, "c.png": HERE}
    a, b = (record.path for record in records)
    assert larger_pictures(records, origins) == {a: "ü.tif", b: "ü.tif"}
    assert origins_of([a], origins) == {a: HERE}
    assert tiles_of_one_picture(iter(records), origins) == [list(records)]
    assert tiles_of_one_picture(records, {}) == []
    assert parted(records[:1], records[1:], origins) == 1
    assert parted(records[:1], records[1:], {"b.png": HERE}) == 0


@pytest.mark.parametrize("to", WRITTEN)
def test_what_is_converted_keeps_them(shelf, tmp_path: Path, to: str) -> None:
    shelf.csv_set().text(FILE, ROW)
    convert_folder(shelf.root, tmp_path / "new", to)
    assert read_origins(tmp_path / "new") == {"a.png": HERE}


def test_nothing_in(tmp_path: Path) -> None:
    assert read_origins(tmp_path) == {}
    write_origins(tmp_path, Moved({}), {})
    assert not (tmp_path / FILE).exists()
    (tmp_path / FILE).write_text("")
    assert read_origins(tmp_path) == {}


@pytest.mark.parametrize(
    "line", ["", "x", "{}", ROW.replace("8", '"8"'), ROW.replace("ü.tif", "\udcff"), "[" * 10_000]
)
def test_wrong_in_a_line(tmp_path: Path, line: str) -> None:
    (tmp_path / FILE).write_bytes(f"{ROW}{line}\n".encode("utf-8", "surrogateescape"))
    with pytest.raises(AnnotationError) as caught:
        read_origins(tmp_path)
    assert (caught.value.code, caught.value.place) == ("RC236", f"{tmp_path / FILE}:2")
    assert "frcnn data tile" in caught.value.fix


def test_wrong_in_a_link_out_of_the_data(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.jsonl").write_text(ROW)
    (tmp_path / "set").mkdir()
    os.symlink(tmp_path / "elsewhere.jsonl", tmp_path / "set" / FILE)
    with pytest.raises(AnnotationError, match="RC224"):
        read_origins(tmp_path / "set")
