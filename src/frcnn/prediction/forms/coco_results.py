"""`coco/`: the list that COCO's evaluation takes, and the pictures and categories of its ids.

    results.json   [{"image_id": 139, "category_id": 18, "bbox": [x, y, w, h], "score": 0.9}]
    images.json    {"images": [...], "annotations": [], "categories": [...]}

Category ids are those of the COCO file that the model was trained on; else they run from 1, as in
`frcnn data convert --to coco`. A picture's id is the number that its file is named by, as all of
COCO's are (000000000139.jpg), where every picture has one of its own; else they run from 1 in
the order in which pictures were looked at, and `images.json` says which is which.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from frcnn.data.problems import Problem
from frcnn.prediction.forms.results import Picture, Results, strict_json, write_file, write_list


def write_coco(path: Path, results: Results) -> list[Problem]:
    """Write both files.

    Args:
        path: of the folder.
        results: pictures, classes and their ids.

    Returns:
        Nothing: every object is in it. DiskError as `files.write_atomically`.
    """
    by_name = _are_named_by_numbers(results)

    def write_results(stream: BinaryIO) -> None:
        write_list(stream, _objects(results, by_name=by_name))
        stream.write(b"\n")

    def write_images(stream: BinaryIO) -> None:
        stream.write(b'{"images": ')
        write_list(stream, _images(results, by_name=by_name))
        stream.write(b',\n "annotations": [],\n "categories": ')
        names = zip(results.category_ids, results.classes, strict=True)
        stream.write(strict_json([{"id": own, "name": name} for own, name in names]) + b"}\n")

    write_file(path / "results.json", write_results)
    write_file(path / "images.json", write_images)
    return []


def _are_named_by_numbers(results: Results) -> bool:
    numbers: set[int] = set()
    for count, picture in enumerate(results.pictures(), 1):
        name = Path(picture.inside).stem
        if not (name.isascii() and name.isdigit() and len(name) <= 18):
            return False
        numbers.add(int(name))
        if len(numbers) < count:
            return False
    return True


def _numbered(results: Results, *, by_name: bool) -> Iterator[tuple[int, Picture]]:
    for number, picture in enumerate(results.pictures(), 1):
        yield int(Path(picture.inside).stem) if by_name else number, picture


def _objects(results: Results, *, by_name: bool) -> Iterator[dict[str, Any]]:
    for number, picture in _numbered(results, by_name=by_name):
        for item in picture.objects:
            yield {
                "image_id": number,
                "category_id": results.category_ids[item["label"]],
                "bbox": _corner_and_sides(item["box"]),
                "score": item["score"],
            }


def _images(results: Results, *, by_name: bool) -> Iterator[dict[str, Any]]:
    for number, picture in _numbered(results, by_name=by_name):
        size = {side: picture.row[side] for side in ("width", "height")}
        yield {"id": number, "file_name": picture.inside, **size}


def _corner_and_sides(box: list[float]) -> list[float]:
    """Give x, y, width and height, by the shortest digits that are the same float32."""
    x1, y1, x2, y2 = np.array(box, np.float32)
    return [float(str(value)) for value in (x1, y1, x2 - x1, y2 - y1)]
