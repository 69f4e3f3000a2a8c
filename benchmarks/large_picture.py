"""A picture of 20,000 x 20,000 pixels, looked at by tiles: what is found once, twice, or not.

    python benchmarks/large_picture.py RUN --data DIR --side 20000

Pictures of a data set are planted on a grey canvas, each so that seams of the tiles go through its
middle, and the canvas is written as one strip of a TIFF in a temporary folder, which is removed
afterwards. Each picture is also looked at by itself, on grey of a tile's size. A true box is
"known" when the detector finds it there exactly once (IoU 0.5). Of these are counted, in the large
picture: found once, not found, found more than once; apart for boxes that a seam cuts. What differs
between the two is the tiling, not the detector. The large picture is looked at in a process of its
own, whose peak memory is told. The table goes to stdout in Markdown.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import tifffile
import torch
from numpy.typing import NDArray
from torch import Tensor

import frcnn
from frcnn.data.records import Split
from frcnn.ops import boxes as box_ops
from frcnn.ops.tiles import grid
from frcnn.prediction.predictor import Detector
from frcnn.prediction.tiles import TileConfig
from frcnn.types import Size, Target

GREY = 128
IOU = 0.5
GIB = 1024**3


def canvas(
    path: Path, side: int, split: Split, tiles: TileConfig, count: int
) -> list[tuple[int, int]]:
    """Write the picture.

    Args:
        path: of the TIFF.
        side: pixels of it.
        split: pictures to plant, again and again.
        tiles: whose seams go through them.
        count: how many to plant.

    Returns:
        The left upper corner of each.
    """
    step, longest = tiles.side - tiles.pixels, max(max(r.size) for r in split.records)
    apart = (longest // step + 1) * step  # from one planted picture to the next
    starts = range(apart, side - longest, apart)
    cells = np.random.default_rng(0).permutation(len(starts) ** 2)[:count].tolist()
    pixels = tifffile.memmap(path, shape=(side, side, 3), dtype=np.uint8, photometric="rgb")
    for y in range(0, side, 1000):
        pixels[y : y + 1000] = GREY
    corners = []
    for number, cell in enumerate(cells):
        picture = picture_of(split, number)
        row, column = divmod(cell, len(starts))
        # tiles begin there, so that a seam goes through the middle of each picture
        y, x = starts[row] - picture.shape[0] // 2, starts[column] - picture.shape[1] // 2
        pixels[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
        corners.append((x, y))
    pixels.flush()
    return corners


def picture_of(split: Split, number: int) -> NDArray[np.uint8]:
    """[H, W, 3] uint8 of the picture planted as so-many-th."""
    return split[number % len(split)].picture.permute(1, 2, 0).numpy()


def target_of(split: Split, number: int) -> Target:
    """Give the true boxes of the picture planted as so-many-th."""
    return split.records[number % len(split)].target


def hits(target: Target, boxes: Tensor, labels: Tensor) -> Tensor:
    """Count for each of G true boxes the detections of its class that are it: [G]."""
    same = target.labels[:, None] == labels
    return ((box_ops.iou(target.boxes, boxes) >= IOU) & same).sum(dim=1)


def alone(detector: Detector, split: Split, number: int, side: int) -> Tensor:
    """Look at a picture by itself on grey; [G] bool: found exactly once."""
    picture = picture_of(split, number)
    height, width = picture.shape[:2]
    pixels = np.full((max(side, height), max(side, width), 3), GREY, np.uint8)
    y, x = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    pixels[y : y + height, x : x + width] = picture
    found = detector.predict(pixels)
    shift = torch.tensor([x, y, x, y], dtype=torch.float32)
    return hits(target_of(split, number), found.boxes - shift, found.labels) == 1


def look(run: str, path: str, tiles: TileConfig) -> tuple[Tensor, Tensor, int, float]:
    """Look at the large picture; boxes, labels, peak memory in bytes, seconds."""
    detector = frcnn.load(run)
    began = time.monotonic()
    found = detector.predict(path, tile=tiles)
    seconds = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return found.boxes, found.labels, peak, seconds


def main() -> None:
    """Plant, look, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--data", required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--side", type=int, default=20_000)
    parser.add_argument("--tile", type=int, help="default: the shorter side that the model sees")
    parser.add_argument("--overlap", type=float, default=0.4)
    parser.add_argument("--merge", default="greedy")
    parser.add_argument("--match", default="ios")
    parser.add_argument("--planted", type=int, default=200)
    parser.add_argument("--folder", help="for the picture: side * side * 3 bytes")
    said = parser.parse_args()

    detector = frcnn.load(said.run)
    data = frcnn.Dataset.open(said.data, classes=detector.classes)
    split = data.split(said.split)
    side = said.tile or detector.module.config.pictures.shorter_side
    tiles = TileConfig(side=side, overlap=said.overlap, merge=said.merge, match=said.match)
    seams = {v for t in grid(Size(said.side, said.side), side, tiles.pixels) for v in (t.x1, t.x2)}
    with tempfile.TemporaryDirectory(dir=said.folder) as folder:
        path = Path(folder) / "large.tif"
        corners = canvas(path, said.side, split, tiles, said.planted)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            boxes, labels, peak, seconds = pool.apply(look, (said.run, str(path), tiles))
    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for number, (x, y) in enumerate(corners):
        target = target_of(split, number)
        known = alone(detector, split, number, side)
        shift = torch.tensor([x, y, x, y], dtype=torch.float32)
        times = hits(target, boxes - shift, labels)
        for box, is_known, count in zip(target.boxes + shift, known, times.tolist(), strict=True):
            if is_known:
                x1, y1, x2, y2 = box.tolist()
                cut = any(x1 < s < x2 or y1 < s < y2 for s in seams)
                counts[cut][("not found", "once")[count] if count < 2 else "more than once"] += 1
    print(
        f"{said.side} x {said.side} pixels, tiles of {side} with {tiles.pixels} pixels of overlap,"
    )
    print(
        f"{tiles.merge} by {tiles.match}; {len(corners)} pictures planted, {len(boxes)} detections"
    )
    print(f"peak memory {peak / GIB:.2f} GiB, {seconds:.0f} s\n")
    print("| known objects | in all | once | not found | more than once |\n|---|---|---|---|---|")
    for cut, name in ((True, "a seam goes through them"), (False, "no seam goes through them")):
        row = counts[cut]
        cells = (row.total(), row["once"], row["not found"], row["more than once"])
        print(f"| {name} | {' | '.join(map(str, cells))} |")


if __name__ == "__main__":
    main()
