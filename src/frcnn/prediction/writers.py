"""Results as files: JSON and CSV, each whole or absent. Pictures are in `picture_files.py`.

`predictions.json` is strict JSON (no NaN), UTF-8:

    {"format": "frcnn predictions 1", "run": {...}, "pictures": [...], "problems": [...]}

A picture is what `Result.to_json` gives, a problem what an error's `to_json` gives. In
`predictions.csv` each object is a line; a picture without objects has none.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from frcnn import files

FORMAT = "frcnn predictions 1"
COLUMNS = ("path", "width", "height", "label", "name", "score", "x1", "y1", "x2", "y2")


def write_json(
    path: Path,
    run: Mapping[str, Any],
    pictures: Iterable[Mapping[str, Any]],
    problems: Iterable[Mapping[str, Any]],
) -> None:
    """Write all results as one JSON file, picture by picture.

    Args:
        path: of the file; DiskError as `files.write_atomically`.
        run: what the run was asked to do.
        pictures: as `Diary.pictures` gives them.
        problems: as `Diary.problems` gives them.
    """

    def write(stream: BinaryIO) -> None:
        stream.write(_json({"format": FORMAT, "run": dict(run)})[:-1] + b',\n "pictures": [')
        _write_items(stream, pictures)
        stream.write(b'],\n "problems": [')
        _write_items(stream, problems)
        stream.write(b"]}\n")

    files.write_atomically(path, write)


def write_csv(path: Path, pictures: Iterable[Mapping[str, Any]]) -> None:
    """Write all objects as a table with the columns `COLUMNS`.

    Args:
        path: of the file; DiskError as `files.write_atomically`.
        pictures: as `Diary.pictures` gives them.
    """

    def write(stream: BinaryIO) -> None:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
        table = csv.writer(text, lineterminator="\n")
        table.writerow(COLUMNS)
        for picture in pictures:
            about = (picture["path"], picture["width"], picture["height"])
            for item in picture["objects"]:
                table.writerow((*about, item["label"], item["name"], item["score"], *item["box"]))
        text.detach()  # the stream is closed by whoever opened it

    files.write_atomically(path, write)


def _write_items(stream: BinaryIO, items: Iterable[Mapping[str, Any]]) -> None:
    for number, item in enumerate(items):
        stream.write((b",\n  " if number else b"\n  ") + _json(item))


def _json(value: object) -> bytes:
    return json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
