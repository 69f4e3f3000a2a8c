"""`results.jsonl`: a line of strict JSON for each picture, as `Result.to_json` gives it.

Pictures without objects have a line, too. (`predictions.jsonl` beside it is the diary: it has
stamps, faults, and every attempt at a picture.)
"""

from pathlib import Path
from typing import BinaryIO

from frcnn.data.problems import Problem
from frcnn.prediction.forms.results import Results, strict_json, write_file


def write_json_lines(path: Path, results: Results) -> list[Problem]:
    """Write a line for each picture.

    Args:
        path: of the file.
        results: the pictures are read.

    Returns:
        Nothing: it holds everything. DiskError as `files.write_atomically`.
    """

    def write(stream: BinaryIO) -> None:
        for picture in results.pictures():
            stream.write(strict_json(picture.row) + b"\n")

    write_file(path, write)
    return []
