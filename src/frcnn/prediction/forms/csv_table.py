"""`predictions.csv`: a line for each object; a picture without objects has none.

path,width,height,label,name,score,x1,y1,x2,y2
photos/a.jpg,640,480,1,nut,0.93,10.5,20.25,110.5,95.0

Where there are videos, two more columns say the frame and its time; pictures leave them empty.
"""

import csv
import io
from pathlib import Path
from typing import BinaryIO

from frcnn.data.problems import Problem
from frcnn.prediction.forms.results import Results, write_file

COLUMNS = ("path", "width", "height", "label", "name", "score", "x1", "y1", "x2", "y2")
OF_VIDEOS = ("frame", "time")
"""Columns that are there where a video is."""


def write_csv(path: Path, results: Results) -> list[Problem]:
    """Write all objects as a table with the columns `COLUMNS`, and `OF_VIDEOS` for videos.

    Args:
        path: of the file.
        results: the pictures are read.

    Returns:
        Nothing: every object has its line. DiskError as `files.write_atomically`.
    """

    def write(stream: BinaryIO) -> None:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
        table = csv.writer(text, lineterminator="\n")
        more = OF_VIDEOS if any("frame" in p.row for p in results.pictures()) else ()
        table.writerow((*COLUMNS, *more))
        for picture in results.pictures():
            row = picture.row
            about = (row["path"], row["width"], row["height"])
            when = [row.get(name) for name in more]
            for item in picture.objects:
                found = (item["label"], item["name"], item["score"], *item["box"])
                table.writerow((*about, *found, *when))
        text.detach()  # the stream is closed by whoever opened it

    write_file(path, write)
    return []
