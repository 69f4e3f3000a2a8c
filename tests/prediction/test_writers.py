"""write_json and write_csv: strict, whole or absent, the same bytes for the same results."""

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from frcnn import files
from frcnn.errors import DiskError
from frcnn.prediction.writers import COLUMNS, FORMAT, write_csv, write_json

ITEM = {"label": 1, "name": "nut", "score": 0.9, "box": [1.0, 2.0, 3.5, 4.0]}
ROWS: list[dict[str, Any]] = [
    {"path": "a.png", "width": 8, "height": 6, "notes": [], "objects": [ITEM, ITEM]},
    {"path": "b, c.png", "width": 8, "height": 6, "notes": [], "objects": []},
    {"path": 'q" ünï\n.png', "width": 9, "height": 9, "notes": [], "objects": [ITEM]},
]
FAULT = {"code": "RC101", "place": "x.png", "what": "no picture"}


def test_golden_json(tmp_path: Path) -> None:
    write_json(tmp_path / "p.json", {"conf": None}, ROWS, [FAULT])
    assert json.loads((tmp_path / "p.json").read_text()) == {
        "format": FORMAT,
        "run": {"conf": None},
        "pictures": ROWS,
        "problems": [FAULT],
    }
    text = (tmp_path / "p.json").read_text(encoding="utf-8")
    assert "ünï" in text
    assert len(text.splitlines()) == 7  # a picture a line


def test_golden_csv(tmp_path: Path) -> None:
    write_csv(tmp_path / "p.csv", ROWS)
    with (tmp_path / "p.csv").open(newline="", encoding="utf-8") as stream:
        head, *rows = csv.reader(stream)
    assert tuple(head) == COLUMNS
    assert rows[0] == ["a.png", "8", "6", "1", "nut", "0.9", "1.0", "2.0", "3.5", "4.0"]
    assert [row[0] for row in rows] == ["a.png", "a.png", 'q" ünï\n.png']


def test_nothing_in(tmp_path: Path) -> None:
    write_json(tmp_path / "p.json", {}, [], [])
    write_csv(tmp_path / "p.csv", [])
    assert json.loads((tmp_path / "p.json").read_text())["pictures"] == []
    assert (tmp_path / "p.csv").read_text() == ",".join(COLUMNS) + "\n"


def test_rows_are_taken_one_by_one(tmp_path: Path) -> None:
    """Results of a million pictures need not fit into memory."""
    sizes: list[int] = []

    def rows() -> Iterator[dict[str, Any]]:
        for _ in range(3000):
            sizes.append(sum(p.stat().st_size for p in tmp_path.iterdir()))
            yield ROWS[0]

    for name, write in (
        ("p.json", lambda p: write_json(p, {}, rows(), [])),
        ("p.csv", lambda p: write_csv(p, rows())),
    ):
        sizes.clear()
        write(tmp_path / name)
        assert sizes[-1] > sizes[0]  # bytes reach the disk while rows still come
        os.remove(tmp_path / name)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_json_has_not_leaves_the_old_file(tmp_path: Path, bad: float) -> None:
    path = tmp_path / "p.json"
    write_json(path, {}, ROWS, [])
    before = path.read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {}, [*ROWS, {"score": bad}], [])
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["p.json"]


@pytest.mark.parametrize("point", files.POINTS[:3])
def test_killed_anywhere_the_old_file_is_whole(
    tmp_path: Path, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.csv"
    write_csv(path, ROWS[:1])
    before = path.read_bytes()

    def end(reached: str) -> None:
        if reached == point:
            raise KeyboardInterrupt

    monkeypatch.setattr(files, "hooks", [end])
    with pytest.raises(KeyboardInterrupt):
        write_csv(path, ROWS)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["p.csv"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DiskError):
        write_json(tmp_path / "none" / "p.json", {}, [], [])
    with pytest.raises(DiskError):
        write_csv(tmp_path / "none" / "p.csv", [])
