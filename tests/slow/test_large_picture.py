"""20,000 x 20,000 pixels, read in windows: every planted object is found once, in under 2 GiB.

A process of its own looks, so that its memory is its own. What it looks with finds whatever is red
of one kind, all or a part of it: so the seams, the merging and the memory are tried, not a network.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from frcnn.ops.tiles import grid
from frcnn.types import Size

tifffile = pytest.importorskip("tifffile")
SIDE, TILE, OVERLAP = 20_000, 1024, 205
OBJECTS = 2_000
LOOK = """
import json, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_tiles import Finder
from frcnn.prediction.choice import Choice
from frcnn.prediction.tiles import TileConfig, find_in_tiles
from frcnn.prediction.windows import open_windows

with open_windows(Path(sys.argv[1])) as windows:
    found = find_in_tiles(Finder(batch=1, side=600), windows, Choice(), TileConfig(side=1024))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"boxes": found.boxes.tolist(), "peak": peak}))
"""


def plant(path: Path, side: int, count: int) -> list[tuple[int, ...]]:
    """Write a picture of one strip, and give its objects: half of them lie on seams."""
    chance = np.random.default_rng(0)
    seams = sorted({v for t in grid(Size(side, side), TILE, OVERLAP) for v in (t.x1, t.x2)})[1:-1]
    cells = chance.permutation((side // 220) ** 2)
    pixels = tifffile.memmap(path, shape=(side, side, 3), dtype=np.uint8, photometric="rgb")
    rows: list[tuple[int, ...]] = []
    for cell in cells.tolist():
        if len(rows) == count:
            break
        y, x = (220 * v for v in divmod(cell, side // 220))
        w, h = chance.integers(40, 200, 2).tolist()
        crosses = any(x < s < x + w or y < s < y + h for s in seams)
        if crosses or len(rows) % 2:
            rows.append((x, y, x + w, y + h))
            pixels[y : y + h, x : x + w] = len(rows) % 256, len(rows) // 256, 255
    pixels.flush()
    return rows


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_every_object_once_and_memory_bounded(tmp_path: Path) -> None:
    picture = tmp_path / "large.tif"
    rows = plant(picture, SIDE, OBJECTS)
    tests = str(Path(__file__).parents[1] / "prediction")
    try:
        command = [sys.executable, "-c", LOOK, str(picture), tests]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    finally:
        picture.unlink()
    found = json.loads(done.stdout)
    boxes = sorted(tuple(int(v) for v in box) for box in found["boxes"])
    print(f"{len(boxes)} objects; peak memory of the process {found['peak'] / 1024**3:.2f} GiB")
    assert boxes == sorted(rows)
    assert found["peak"] < 2 * 1024**3, found["peak"]
