"""`predictions.json`: all results as one file of strict JSON.

    {"format": "frcnn predictions 1", "run": {...}, "pictures": [...], "problems": [...]}

A picture is what `Result.to_json` gives, a problem what an error's `to_json` gives. Where there are
videos, `videos` has a line for each, and their frames are among the pictures.
"""

from pathlib import Path
from typing import BinaryIO

from frcnn.data.problems import Problem
from frcnn.prediction.forms.results import Results, strict_json, write_file, write_list

FORMAT = "frcnn predictions 1"


def write_json(path: Path, results: Results) -> list[Problem]:
    """Write all results as one file.

    Args:
        path: of the file.
        results: the run, its pictures and problems.

    Returns:
        Nothing: it holds everything. DiskError as `files.write_atomically`.
    """

    def write(stream: BinaryIO) -> None:
        head = {"format": FORMAT, "run": dict(results.run)}
        stream.write(strict_json(head)[:-1] + b',\n "pictures": ')
        write_list(stream, (picture.row for picture in results.pictures()))
        if any(True for _ in results.videos()):
            stream.write(b',\n "videos": ')
            write_list(stream, results.videos())
        stream.write(b',\n "problems": ')
        write_list(stream, results.problems())
        stream.write(b"}\n")

    write_file(path, write)
    return []
