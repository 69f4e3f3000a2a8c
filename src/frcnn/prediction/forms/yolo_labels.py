"""`yolo/`: a text for each picture, in shares of its sides.

    labels/a.txt    1 0.500000 0.250000 0.100000 0.200000            class x y width height
    scores/a.txt    1 0.500000 0.250000 0.100000 0.200000 0.930000   and the score behind it
    data.yaml       names of the classes

Labels are what a YOLO trainer or an annotation tool reads: put them beside the pictures, correct
them, and train. A trainer refuses lines with a score, so these have a folder of their own; tools
that judge predictions read them. A picture without objects has empty files.
"""

from pathlib import Path

import yaml

from frcnn.data.problems import Problem
from frcnn.prediction.forms.results import Picture, Results, write_bytes


def write_yolo(path: Path, results: Results) -> list[Problem]:
    """Write two texts for each picture, and the names of the classes.

    Args:
        path: of the folder.
        results: pictures and classes.

    Returns:
        Nothing: every object has its line. DiskError as `files.write_atomically`.
    """
    names = yaml.safe_dump({"names": dict(enumerate(results.classes))}, allow_unicode=True)
    write_bytes(path / "data.yaml", names.encode())
    for picture in results.pictures():
        lines = _lines(picture)
        scores = [f"{item['score']:.6f}" for item in picture.objects]
        scored = [f"{line} {score}" for line, score in zip(lines, scores, strict=True)]
        for folder, texts in (("labels", lines), ("scores", scored)):
            file = path / folder / f"{picture.stem}.txt"
            write_bytes(file, "".join(f"{text}\n" for text in texts).encode())
    return []


def _lines(picture: Picture) -> list[str]:
    width, height = picture.row["width"], picture.row["height"]
    lines = []
    for item in picture.objects:
        x1, y1, x2, y2 = item["box"]
        x, y, w, h = (
            (x1 + x2) / 2 / width,
            (y1 + y2) / 2 / height,
            (x2 - x1) / width,
            (y2 - y1) / height,
        )
        lines.append(f"{item['label']} {x:.6f} {y:.6f} {w:.6f} {h:.6f}")
    return lines
