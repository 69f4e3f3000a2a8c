"""A COCO annotation file opened by frcnn and by pycocotools, and checked: seconds, and memory.

    python benchmarks/coco_open.py --pictures 118000

A file like COCO's train2017 is drawn (about 7.3 boxes in a picture, with polygons; 118,000 pictures
make 860,000 boxes and 450 MB), and opened by turns in processes of their own. The check is that of
`frcnn data check --no-pictures`: it looks whether each picture is there, and opens none. Memory is
resident memory above that of the process after its imports: at the peak, and kept once the file is
open. The best of the repetitions counts. The table goes to stdout in Markdown.
"""

import argparse
import contextlib
import gc
import io
import json
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

MIB = 1024 * 1024
BOXES = 14
"""Most boxes of a picture; their mean with none among them is COCO's 7.3 of all pictures."""


class Opened(NamedTuple):
    """One opening."""

    seconds: float
    peak: float
    """MiB above the process after its imports."""
    kept: float
    boxes: int


def status(name: str) -> float:
    """MiB of a line of /proc/self/status."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"this system does not tell {name}")


def frcnn_reader() -> Callable[[str], tuple[object, int]]:
    """Import ours."""
    from frcnn.data.coco_annotation import read_coco

    def read(path: str) -> tuple[object, int]:
        found = read_coco(Path(path))
        return found, len(found.boxes)

    return read


def pycocotools_reader() -> Callable[[str], tuple[object, int]]:
    """Import theirs."""
    from pycocotools.coco import COCO

    def read(path: str) -> tuple[object, int]:
        with contextlib.redirect_stdout(io.StringIO()):
            found = COCO(path)
        return found, len(found.anns)

    return read


def frcnn_check() -> Callable[[str], tuple[object, int]]:
    """Import the check of the whole data set."""
    from frcnn.data.examine import examine
    from frcnn.data.looking import trusted

    def read(path: str) -> tuple[object, int]:
        found = examine(Path(path).parents[1], "coco", look=trusted)
        splits = found.dataset.splits.values() if found.dataset else ()
        return found, sum(len(r.target.boxes) for split in splits for r in split.records)

    return read


READERS = {
    "frcnn": frcnn_reader,
    "pycocotools": pycocotools_reader,
    "frcnn data check --no-pictures": frcnn_check,
}


def opened(name: str, path: str) -> Opened:
    """Open the file once, in a process of its own."""
    read = READERS[name]()
    gc.collect()
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    begin = time.perf_counter()
    found, boxes = read(path)
    seconds = time.perf_counter() - begin
    peak = status("VmHWM") - before
    gc.collect()
    kept = status("VmRSS") - before
    del found
    return Opened(seconds, peak, kept, boxes)


def images(pictures: int) -> Iterator[dict[str, Any]]:
    """Draw entries of pictures, with all that COCO says of them.

    Yields:
        One by one.
    """
    for number in range(1, pictures + 1):
        name = f"{number:012}.jpg"
        yield {
            "license": 3,
            "file_name": name,
            "coco_url": f"http://images.cocodataset.org/train2017/{name}",
            "height": 480,
            "width": 640,
            "date_captured": "2013-11-14 17:02:52",
            "flickr_url": "http://farm9.staticflickr.com/8186/8119368305_4e622c8349_z.jpg",
            "id": number,
        }


def annotations(pictures: int, dice: random.Random) -> Iterator[dict[str, Any]]:
    """Draw boxes and their polygons.

    Yields:
        One by one.
    """
    count = 0
    for picture in range(1, pictures + 1):
        for _ in range(round(dice.triangular(0, BOXES + 1, BOXES / 2))):
            count += 1
            x, y = round(dice.uniform(0, 500), 2), round(dice.uniform(0, 400), 2)
            w, h = round(dice.uniform(5, 140), 2), round(dice.uniform(5, 80), 2)
            corners = 2 * dice.randint(10, 44)
            outline = [round(dice.uniform(0, 600), 2) for _ in range(corners)]
            yield {
                "segmentation": [outline],
                "area": round(w * h, 4),
                "iscrowd": 0,
                "image_id": picture,
                "bbox": [x, y, w, h],
                "category_id": dice.randint(1, 90),
                "id": count,
            }


def write_list(file: TextIO, key: str, rows: Iterator[dict[str, Any]]) -> None:
    """Write a list row by row."""
    file.write(f'"{key}": [')
    for number, row in enumerate(rows):
        file.write((", " if number else "") + json.dumps(row))
    file.write("], ")


def draw(path: Path, pictures: int) -> None:
    """Write the file."""
    dice = random.Random(0)
    with path.open("w") as file:
        file.write('{"info": {}, "licenses": [], ')
        write_list(file, "images", images(pictures))
        write_list(file, "annotations", annotations(pictures, dice))
        kinds = [{"supercategory": "thing", "id": k, "name": f"kind {k}"} for k in range(1, 91)]
        file.write(f'"categories": {json.dumps(kinds)}}}')


def by_turns(path: str, repeat: int) -> dict[str, Opened]:
    """Open the file with both, again and again; the quickest of each."""
    best: dict[str, Opened] = {}
    for name in list(READERS) * repeat:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            once = pool.apply(opened, (name, path))
        best[name] = min(best.get(name, once), once)
    return best


def main() -> None:
    """Draw, open by turns, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        path = Path(folder) / "annotations" / "instances_train2017.json"
        path.parent.mkdir()
        draw(path, asked.pictures)
        place = Path(folder) / "train2017"
        place.mkdir()
        for number in range(1, asked.pictures + 1):
            (place / f"{number:012}.jpg").touch()  # never opened
        size = path.stat().st_size / 1e6
        best = by_turns(str(path), asked.repeat)
    boxes = best["frcnn"].boxes
    print(f"{asked.pictures} pictures, {boxes} boxes, {size:.0f} MB\n")
    print("| | seconds | MiB at the peak | MiB kept |\n|---|--:|--:|--:|")
    for name, once in best.items():
        print(f"| {name} | {once.seconds:.2f} | {once.peak:.0f} | {once.kept:.0f} |")
    print(f"\n{best['pycocotools'].seconds / best['frcnn'].seconds:.2f} times as fast")
    check = best["frcnn data check --no-pictures"].seconds
    print(f"the check takes {check / best['frcnn'].seconds:.2f} times the opening")


if __name__ == "__main__":
    main()
