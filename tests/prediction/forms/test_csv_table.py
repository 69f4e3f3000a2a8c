"""predictions.csv: a line for each object."""

import csv
from pathlib import Path

from frcnn.prediction.forms.csv_table import COLUMNS, write_csv


def test_golden(tmp_path: Path, make_results) -> None:
    assert write_csv(tmp_path / "p.csv", make_results()) == []
    with (tmp_path / "p.csv").open(newline="", encoding="utf-8") as stream:
        head, *rows = csv.reader(stream)
    assert tuple(head) == COLUMNS
    assert rows[0] == ["photos/a.png", "8", "6", "0", "bolt", "0.75", "1.0", "2.0", "3.5", "4.0"]
    names = ["photos/a.png", "photos/a.png", "photos/more/a.png", 'photos/q" ünï & <.png']
    assert [row[0] for row in rows] == names


def test_nothing_in(tmp_path: Path, make_results) -> None:
    write_csv(tmp_path / "p.csv", make_results(pictures=list))
    assert (tmp_path / "p.csv").read_text() == ",".join(COLUMNS) + "\n"
