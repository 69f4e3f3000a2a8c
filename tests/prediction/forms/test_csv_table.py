"""predictions.csv: a line for each object."""

import csv
from pathlib import Path

from frcnn.prediction.forms.csv_table import COLUMNS, OF_VIDEOS, write_csv
from frcnn.prediction.forms.results import Picture


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


def test_frames_have_two_more_columns(tmp_path: Path, make_results) -> None:
    still = next(iter(make_results().pictures()))
    frame = Picture({**still.row, "frame": 3, "time": 0.12}, "film.mp4_000003.jpg", "film")
    write_csv(tmp_path / "p.csv", make_results(pictures=lambda: iter([still, frame])))
    with (tmp_path / "p.csv").open(newline="", encoding="utf-8") as stream:
        head, *rows = csv.reader(stream)
    assert tuple(head) == (*COLUMNS, *OF_VIDEOS)
    assert [row[-2:] for row in rows[:1] + rows[-1:]] == [["", ""], ["3", "0.12"]]
