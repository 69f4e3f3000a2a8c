"""`label-studio/`: tasks with predictions, to be corrected there, and the set-up that fits them.

    tasks.json     [{"data": {"image": ...}, "predictions": [{"model_version": ..., "score": 0.9,
                     "result": [{"type": "rectanglelabels", "value": {...}, "score": 0.9, ...}]}]}]
    labeling.xml   the labelling interface with the classes' names and colours

Every region has its score, and the prediction says which model it is from; the picture's own score,
by which tasks can be sorted, is the mean of its regions'. Numbers are per cent of the sides.
Pictures are named by address: by default as Label Studio serves local files when its document
root is `/`, else `image_url` stands before the path inside the source.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from frcnn.data.problems import Problem
from frcnn.draw import colour_of
from frcnn.prediction.forms.results import (
    LOCAL_FILES,
    Picture,
    Results,
    write_bytes,
    write_file,
    write_list,
)


def write_label_studio(path: Path, results: Results) -> list[Problem]:
    """Write the tasks and the labelling interface.

    Args:
        path: of the folder.
        results: the run, its pictures and classes.

    Returns:
        Nothing: every object is in it. DiskError as `files.write_atomically`.
    """

    def write_tasks(stream: BinaryIO) -> None:
        write_list(stream, _tasks(results))
        stream.write(b"\n")

    write_file(path / "tasks.json", write_tasks)
    write_bytes(path / "labeling.xml", _interface(results.classes).encode())
    return []


def _tasks(results: Results) -> Iterator[dict[str, Any]]:
    digest = str(results.run.get("sha256", ""))[:12]
    version = " ".join(filter(None, (str(results.run.get("weights", "frcnn")), digest)))
    for picture in results.pictures():
        prediction: dict[str, Any] = {"model_version": version, "result": _regions(picture)}
        scores = [item["score"] for item in picture.objects]
        if scores:
            prediction["score"] = sum(scores) / len(scores)
        image = _address(picture, results.image_url)
        yield {"data": {"image": image}, "predictions": [prediction]}


def _address(picture: Picture, url: str | None) -> str:
    if url is None:
        return LOCAL_FILES + quote(str(Path(picture.row["path"]).absolute()).lstrip("/"))
    return url + quote(Path(picture.inside).as_posix())


def _regions(picture: Picture) -> list[dict[str, Any]]:
    width, height = picture.row["width"], picture.row["height"]
    regions = []
    for number, item in enumerate(picture.objects, 1):
        x1, y1, x2, y2 = item["box"]
        value = {
            "x": _per_cent(x1, width),
            "y": _per_cent(y1, height),
            "width": _per_cent(x2 - x1, width),
            "height": _per_cent(y2 - y1, height),
            "rotation": 0,
            "rectanglelabels": [item["name"]],
        }
        regions.append(
            {
                "id": str(number),
                "type": "rectanglelabels",
                "from_name": "label",
                "to_name": "image",
                "original_width": width,
                "original_height": height,
                "image_rotation": 0,
                "value": value,
                "score": item["score"],
            }
        )
    return regions


def _per_cent(pixels: float, side: int) -> float:
    return round(100 * pixels / side, 6)


def _interface(classes: tuple[str, ...]) -> str:
    labels = "".join(
        f"    <Label value={quoteattr(name)} background={quoteattr(_colour(label))}/>\n"
        for label, name in enumerate(classes)
    )
    return (
        '<View>\n  <Image name="image" value="$image"/>\n'
        f'  <RectangleLabels name="label" toName="image">\n{labels}  </RectangleLabels>\n</View>\n'
    )


def _colour(label: int) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour_of(label))
