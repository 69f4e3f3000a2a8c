"""A data set of tiles, before a pixel is cut: which tiles there are, and their boxes.

A picture that is no larger than a tile stays as it is. A tile's path is that of its picture with
the tile's name behind it, as if the picture were a folder: no file of that name can exist.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from frcnn.data.dataset import Dataset
from frcnn.data.problems import Problem, Spot
from frcnn.data.records import UNOPENED, Record, Split
from frcnn.data.tile_boxes import CutBoxes, cut_boxes
from frcnn.data.tile_figures import TileFigures
from frcnn.data.tile_plan import TilePlan
from frcnn.ops.picture_header import open_regular, place_of
from frcnn.ops.tiff_layout import needs_windows
from frcnn.ops.tiles import Window, grid
from frcnn.types import Target

JUDGED = ("val", "test")
"""Splits that keep their tiles without objects: what is found there by mistake must count."""
_JPEG = b"\xff\xd8\xff"
_LONGEST = 200  # bytes of a picture's name that are kept in its tiles' names


@dataclass(frozen=True, kw_only=True)
class Cutting:
    """What is to be cut."""

    plan: TilePlan
    data: Dataset
    """The tiles, and the pictures that stay as they are."""
    windows: Mapping[Path, Mapping[Path, Window]]
    """Of every picture that is cut, by its path: the tiles that are wanted, by theirs."""
    records: Mapping[Path, Record]
    """The pictures that are cut, by path."""
    figures: Mapping[str, Mapping[Path, TileFigures]]
    """By split and path of the picture."""
    not_whole: int = 0
    """Boxes that are whole in no tile; of a picture in several splits each once."""
    longest: float = 0.0
    """Side of the longest of them, pixels."""
    enough: int = 0
    """Side of a tile that has all of them whole, pixels."""


@dataclass
class _Cutter:
    """Goes through the pictures, and keeps what it finds."""

    plan: TilePlan
    classes: tuple[str, ...]
    windows: dict[Path, dict[Path, Window]] = field(default_factory=dict)
    records: dict[Path, Record] = field(default_factory=dict)
    problems: dict[Problem, None] = field(default_factory=dict)
    """In the order found, each once."""
    longest: float = 0.0
    enough: int = 0
    _known: dict[Path, list[tuple[Path, Window]]] = field(default_factory=dict)

    def split(self, split: Split, figures: dict[Path, TileFigures]) -> Split:
        """Cut the pictures of a split; `figures` gets those of each."""
        drops_empty = self.plan.only_with_objects and split.name not in JUDGED
        tiles: list[Record] = []
        for record in split.records:
            named = self._tiles(record)
            cut = cut_boxes(record.target, [w for _, w in named], self.plan.least_visible)
            self._report(record, cut)
            kept = [
                (path, window, target)
                for (path, window), target in zip(named, cut.targets, strict=True)
                if len(target.boxes) or not drops_empty
            ]
            tiles += [self._tile(record, *each) for each in kept]
            is_cut = record.path != named[0][0]
            counts = _counted(cut, [target for *_, target in kept])
            figures[record.path] = replace(counts, cut=int(is_cut))
        return replace(split, records=tuple(tiles))

    def _tiles(self, record: Record) -> list[tuple[Path, Window]]:
        if record.path not in self._known:
            self._known[record.path] = list(_named_tiles(record, self.plan))
        return self._known[record.path]

    def _tile(self, record: Record, path: Path, window: Window, target: Target) -> Record:
        if path == record.path:
            return record
        self.records[record.path] = record
        self.windows.setdefault(record.path, {})[path] = window
        return Record(name=path.stem, path=path, size=window.size, target=target, stamp=UNOPENED)

    def _report(self, record: Record, cut: CutBoxes) -> None:
        boxes = record.target.boxes.numpy().astype(np.float64)
        for row in np.flatnonzero(~cut.is_whole).tolist():
            x1, y1, x2, y2 = boxes[row].tolist()
            longest = max(x2 - x1, y2 - y1)
            side = self.plan.enough(longest, record.size)
            self.longest, self.enough = max(self.longest, longest), max(self.enough, side)
            name = self.classes[int(record.target.labels[row])]
            problem = Problem(
                code="RC234" if cut.is_kept[row] else "RC235",
                place=place_of(record.path),
                what="an object is whole in no tile"
                if cut.is_kept[row]
                else "so little of an object is in every tile that it is left out",
                got=f"{name} ({x1:g}, {y1:g}, {x2:g}, {y2:g}), {longest:g} pixels long",
                want=f"at most the overlap, {self.plan.pixels} pixels",
                fix=f"to have it whole: {self.plan.remedy(longest, side)}",
                severity="warning",
                effect="none" if cut.is_kept[row] else "box dropped",
                spot=Spot(str(record.path), (x1, y1, x2, y2)),
            )
            self.problems[problem] = None


def plan_cutting(data: Dataset, plan: TilePlan) -> Cutting:
    """Say which tiles a data set becomes.

    Args:
        data: open; splits may share pictures.
        plan: how it is cut.

    Returns:
        The tiles with their boxes. PictureError RC108 when a picture is gone by now.
    """
    cutter = _Cutter(plan=plan, classes=data.classes)
    figures: dict[str, dict[Path, TileFigures]] = {name: {} for name in data.splits}
    splits = {name: cutter.split(split, figures[name]) for name, split in data.splits.items()}
    report = data.report.plus(cutter.problems)
    return Cutting(
        plan=plan,
        data=replace(data, splits=MappingProxyType(splits), report=report),
        windows=cutter.windows,
        records=cutter.records,
        figures=figures,
        not_whole=len(cutter.problems),
        longest=cutter.longest,
        enough=cutter.enough,
    )


def _named_tiles(record: Record, plan: TilePlan) -> Iterator[tuple[Path, Window]]:
    windows = grid(record.size, plan.side, plan.pixels)
    if len(windows) == 1 and not needs_windows(record.path):
        yield record.path, windows[0]
        return
    stem, ending = _short(record.path.stem), _ending(record.path)
    for window in windows:
        yield record.path / f"{stem}_{window.x1}_{window.y1}{ending}", window


def _ending(path: Path) -> str:
    """Choose the kind of a picture's tiles: no pixel changes, but where it was a JPEG's."""
    with open_regular(path) as file:
        return ".jpg" if file.read(len(_JPEG)) == _JPEG else ".png"


def _short(stem: str) -> str:
    """Keep a name with a tile's place behind it within what a file may be called."""
    return stem.encode("utf-8", "surrogateescape")[:_LONGEST].decode("utf-8", "ignore")


def _counted(cut: CutBoxes, kept: Sequence[Target]) -> TileFigures:
    return TileFigures(
        pictures=1,
        tiles=len(kept),
        without_objects=sum(len(target.boxes) == 0 for target in kept),
        empty_left_out=len(cut.targets) - len(kept),
        objects=len(cut.is_whole),
        whole=int(cut.is_whole.sum()),
        in_pieces=int((cut.is_kept & ~cut.is_whole).sum()),
        lost=int((~cut.is_kept).sum()),
        boxes=sum(len(target.boxes) for target in kept),
        scraps=cut.scraps,
    )
