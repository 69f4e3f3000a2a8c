"""A data set of tiles out of one of large pictures: `frcnn data tile`. Never in place.

1. say which tiles there are, and which boxes each has (`tile_sets`, `tile_boxes`)
2. cut the pixels (`tile_pixels`); pictures no larger than a tile are brought over as they are
3. write the lists of boxes as any conversion does (`convert`), and where each tile is from
   (`tile_origins`)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from frcnn.data.convert import Conversion, Placed, require_apart, write_anew
from frcnn.data.dataset import Dataset
from frcnn.data.examine import examine
from frcnn.data.looking import windowed
from frcnn.data.moving import Moved, Pictures, bring_over
from frcnn.data.picture_paths import home_of, within
from frcnn.data.problems import Problem
from frcnn.data.tile_figures import TileFigures, table_of
from frcnn.data.tile_origins import Origin, origins_of, read_origins
from frcnn.data.tile_pixels import cut
from frcnn.data.tile_plan import TilePlan
from frcnn.data.tile_sets import JUDGED, Cutting
from frcnn.errors import PictureError, counted
from frcnn.ops.picture_header import place_of
from frcnn.ops.tiles import Window

LISTING = "tiling.jsonl"
"""The file of everything that was left out or is worth knowing, in the new folder."""
Tell = Callable[[int], None]
"""Told how many tiles are cut."""


@dataclass(frozen=True, kw_only=True)
class Tiled:
    """What was written."""

    written: Conversion
    plan: TilePlan
    figures: Mapping[str, TileFigures]
    """By split."""
    not_whole: int
    """Objects that are whole in no tile; of a picture in several splits each once."""
    longest: float
    """Side of the longest of them, pixels; 0 where there is none."""
    enough: int
    """Side of a tile that has all of them whole, pixels; 0 where there is none."""

    def __str__(self) -> str:
        plan = self.plan
        head = f"tiles of {plan.side} pixels, {plan.pixels} of them in common with each neighbour"
        return "\n".join(
            [head, "", table_of(self.figures), "", *self._remarks(), str(self.written)]
        )

    def _remarks(self) -> list[str]:
        lines: list[str] = []
        if self.not_whole:
            lines.append(
                f"{counted(self.not_whole, 'object')} whole in no tile, {self.longest:g} pixels "
                f"the longest; to have all whole: {self.plan.remedy(self.longest, self.enough)}"
            )
        kept = [name for name in self.figures if name in JUDGED]
        if self.plan.only_with_objects and kept:
            lines.append(
                f"{' and '.join(kept)} kept the tiles without objects: what is found there counts"
            )
        return [*lines, ""] if lines else []

    def to_json(self) -> Mapping[str, object]:
        """Give all of it as plain values."""
        plan = self.plan
        return {
            **self.written.to_json(),
            "tile": plan.side,
            "tile_overlap": plan.overlap,
            "overlap_pixels": plan.pixels,
            "least_visible": plan.least_visible,
            "only_with_objects": plan.only_with_objects,
            "not_whole": self.not_whole,
            "longest_not_whole": self.longest,
            "tile_that_is_enough": self.enough,
            "tiles": {name: figures.to_json() for name, figures in self.figures.items()},
        }


def open_large(data: Path, out: Path, layout: str = "") -> Dataset:
    """Open a data set to be cut, however much is wrong with it and however large its TIFFs are.

    Args:
        data: its folder, or its annotation file.
        out: where the tiles will be.
        layout: of the data; empty: found by looking.

    Returns:
        The data set. ConfigError RC326 when `out` is within the data's folder or around it;
        DataError when the data cannot be used.
    """
    require_apart(data, out)
    examined = examine(data, layout, look=windowed)
    if examined.dataset is None:
        raise examined.report.problems[-1].error()
    return examined.dataset


def write_tiles(
    cutting: Cutting, out: Path, to: str, *, pictures: Pictures = "copy", tell: Tell
) -> Tiled:
    """Cut the pixels and write the data set.

    Args:
        cutting: what is to be cut.
        out: a new or empty folder, outside the data's own.
        to: voc, coco, yolo or csv.
        pictures: "copy" or "hardlink", for those that are no larger than a tile.
        tell: told how many tiles are cut.

    Returns:
        What was written. A picture that cannot be read is left out with all its tiles, and listed;
        where nothing is left, its error is raised. Other errors are those of `convert`.
    """

    def place(draft: Path, moved: Moved) -> Placed:
        problems, skipped = _cut_all(cutting, draft, moved, tell)
        tiles = {tile for path in skipped for tile in cutting.windows[path]}
        data = _without(cutting.data, tiles, problems)
        left = {path: file for path, file in moved.files.items() if path not in tiles}
        bring_over(
            draft, {p: file for p, file in left.items() if not _is_cut(p, cutting)}, pictures
        )
        return Placed(data, Moved(left), _origins(cutting, left))

    written = write_anew(cutting.data, out, to, place, listing=LISTING)
    bad = {p.spot.picture for p in written.report.problems if p.effect == "picture skipped"}
    figures = {
        name: TileFigures.total(f for path, f in each.items() if str(path) not in bad)
        for name, each in cutting.figures.items()
    }
    return Tiled(
        written=written,
        plan=cutting.plan,
        figures=figures,
        not_whole=cutting.not_whole,
        longest=cutting.longest,
        enough=cutting.enough,
    )


def _cut_all(
    cutting: Cutting, draft: Path, moved: Moved, tell: Tell
) -> tuple[list[Problem], list[Path]]:
    """Cut every picture; give what is to be said, and the pictures that cannot be read."""
    problems: list[Problem] = []
    skipped: list[Path] = []
    done = 0
    for path, windows in cutting.windows.items():
        there: list[Path] = []

        def written(file: Path, there: list[Path] = there, before: int = done) -> None:
            there.append(file)
            tell(before + len(there))

        places = {draft / moved.file(tile): window for tile, window in windows.items()}
        try:
            problems += cut(cutting.records[path], places, written)
        except PictureError as error:
            problems.append(Problem.of(error, effect="picture skipped").on(path))
            skipped.append(path)
            for file in there:
                file.unlink()
        done += len(windows)
        tell(done)
    return problems, skipped


def _without(data: Dataset, tiles: set[Path], problems: list[Problem]) -> Dataset:
    splits = {
        name: split.subset(i for i, r in enumerate(split.records) if r.path not in tiles)
        for name, split in data.splits.items()
    }
    if tiles and not any(map(len, splits.values())):
        raise next(p for p in problems if p.effect == "picture skipped").error()
    return replace(data, splits=splits, report=data.report.plus(problems))


def _is_cut(path: Path, cutting: Cutting) -> bool:
    return path.parent in cutting.windows


def _origins(cutting: Cutting, files: Mapping[Path, str]) -> dict[Path, Origin]:
    """Find where each tile is from: of a tile of a tile, the first picture of all."""
    home = home_of(cutting.data.root)
    known = read_origins(home)
    origins = origins_of(files, known)
    for path, windows in cutting.windows.items():
        x, y, own = 0, 0, place_of(Path(within(path, home)))
        if path.name in known:
            own, (x, y, *_) = known[path.name]
        for tile, window in windows.items():
            moved = Window(window.x1 + x, window.y1 + y, window.x2 + x, window.y2 + y)
            origins[tile] = Origin(own, moved)
    return {path: origin for path, origin in origins.items() if path in files}
