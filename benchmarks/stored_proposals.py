"""Memory and speed of stored proposals: written, checked, read in order and at random.

    python benchmarks/stored_proposals.py --pictures 10000 --boxes 2000 --folder /tmp

Anonymous memory is what belongs to the process alone (RssAnon of Linux); pages of a mapped file,
which the system takes back when it needs them, are not in it. It is counted above that of the
process after its imports, and looked at every few hundred pictures while they pass. The data set's
own records are made before, and counted for themselves. Reading is the best of three times, so that
the file comes from memory and not from the disk. The table goes to stdout in Markdown.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from frcnn.data.proposals import PictureProposals, StoredProposals
from frcnn.data.proposals_layout import ROW_BYTES
from frcnn.data.proposals_writer import write_proposals
from frcnn.data.records import Record, Split, Stamp
from frcnn.types import Size, Target

SIZE = Size(375, 500)
POOL = 16
"""Pictures whose boxes are drawn; the others have the same again."""
EVERY = 200
"""Pictures between two looks at the memory."""
MIB = 1024 * 1024


def anonymous() -> float:
    """MiB that belong to this process alone."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("this system does not tell RssAnon")


class Peak:
    """The most anonymous memory seen, above where it began."""

    def __init__(self) -> None:
        """Begin here."""
        self.begin = anonymous()
        self.most = 0.0

    def watch(self, items: Iterable[PictureProposals]) -> Iterator[PictureProposals]:
        """Hand pictures on, and look at the memory now and then.

        Args:
            items: of each picture.

        Yields:
            The same.
        """
        for number, item in enumerate(items):
            if number % EVERY == 0:
                self.look()
            yield item
        self.look()

    def look(self) -> float:
        """Look now."""
        now = anonymous() - self.begin
        self.most = max(self.most, now)
        return now


def make_split(pictures: int) -> Split:
    """Make records of pictures that are nowhere, each with a true box."""
    boxes, labels = torch.tensor([[10.0, 10, 90, 90]]), torch.tensor([0])
    records = tuple(
        Record(
            name=f"COCO_train2014_{number:012}",
            path=Path(f"{number}.jpg"),
            size=SIZE,
            target=Target(
                boxes=boxes.clone(), labels=labels.clone(), difficult=torch.tensor([False])
            ),
            stamp=Stamp(100_000 + number, number),
        )
        for number in range(pictures)
    )
    return Split(name="train", classes=("thing",), records=records)


def draw(boxes: int) -> list[PictureProposals]:
    """Draw boxes in some pictures."""
    chance = torch.Generator().manual_seed(0)
    edges = torch.tensor([SIZE.width, SIZE.height] * 2)
    pool = []
    for _ in range(POOL):
        corners = torch.rand(boxes, 2, 2, generator=chance).sort(dim=1).values
        scores = torch.randn(boxes, generator=chance).sort(descending=True).values
        pool.append(PictureProposals(corners.reshape(boxes, 4) * edges, scores))
    return pool


class Took(NamedTuple):
    """Seconds by the clock, and of the processor: more by the clock if others want it, too."""

    clock: float
    processor: float


def timed(work: Callable[[], object], times: int = 1) -> Took:
    """Take the best of several times."""
    took = []
    for _ in range(times):
        clock, processor = time.perf_counter(), time.process_time()
        work()
        took.append(Took(time.perf_counter() - clock, time.process_time() - processor))
    return Took(*map(min, zip(*took, strict=True)))


def read(stored: StoredProposals, order: Iterable[int], peak: Peak) -> Tensor:
    """Copy every picture's boxes, and use them a little."""
    total = torch.zeros(4)
    for found in peak.watch(stored.of(number) for number in order):
        total += found.boxes[-1]
    return total


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--boxes", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    told = parser.parse_args()
    path = told.folder / f"stored-proposals-{os.getpid()}.safetensors"
    size = told.pictures * told.boxes * ROW_BYTES / 1e6  # MB

    peak = Peak()
    split = make_split(told.pictures)
    records = peak.look()
    pool = draw(told.boxes)
    found = (pool[number % POOL] for number in range(told.pictures))
    rows: list[tuple[str, Took]] = []
    try:
        rows.append(("written", timed(lambda: write_proposals(path, split, peak.watch(found)))))
        stored = StoredProposals.open(path)
        rows.append(("checked", timed(lambda: stored.require_fit(split))))
        peak.look()
        order = np.random.default_rng(0).permutation(told.pictures).tolist()
        in_order = range(told.pictures)
        rows.append(("read in order", timed(lambda: read(stored, in_order, peak), times=3)))
        rows.append(("read at random", timed(lambda: read(stored, order, peak), times=3)))
    finally:
        path.unlink(missing_ok=True)
    print(f"{told.pictures} pictures, {told.boxes} boxes each, {size:.0f} MB\n")
    print("| | s by the clock | MB/s | s of the processor | MB/s |\n|---|--:|--:|--:|--:|")
    for what, (clock, cpu) in rows:
        print(f"| {what} | {clock:.2f} | {size / clock:.0f} | {cpu:.2f} | {size / cpu:.0f} |")
    print(f"\nanonymous memory above the imports: {peak.most:.0f} MiB at most, ")
    print(f"{records:.0f} MiB of it the data set's own records")


if __name__ == "__main__":
    main()
