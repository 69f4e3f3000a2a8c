"""`predictions.csv`: a line for each object; a picture without objects has none.

path,width,height,label,name,score,x1,y1,x2,y2
photos/a.jpg,640,480,1,nut,0.93,10.5,20.25,110.5,95.0
"""

import csv
import io
from pathlib import Path
from typing import BinaryIO

from frcnn.data.problems import Problem
from frcnn.prediction.forms.results import Results, write_file

COLUMNS = ("path", "width", "height", "label", "name", "score", "x1", "y1", "x2", "y2")


def write_csv(path: Path, results: Results) -> list[Problem]:
    """Write all objects as a table with the columns `COLUMNS`.

    Args:
        path: of the file.
        results: the pictures are read.

    Returns:
        Nothing: every object has its line. DiskError as `files.write_atomically`.
    """

    def write(stream: BinaryIO) -> None:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
        table = csv.writer(text, lineterminator="\n")
        table.writerow(COLUMNS)
        for picture in results.pictures():
            row = picture.row
            about = (row["path"], row["width"], row["height"])
            for item in picture.objects:
                table.writerow((*about, item["label"], item["name"], item["score"], *item["box"]))
        text.detach()  # the stream is closed by whoever opened it

    write_file(path, write)
    return []
