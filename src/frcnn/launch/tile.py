"""A data set cut into tiles, with its progress shown: `frcnn data tile`."""

from pathlib import Path
from typing import TypedDict

from frcnn.data.convert import require_choices
from frcnn.data.layouts import WRITTEN
from frcnn.data.moving import Pictures
from frcnn.data.new_folder import require_new
from frcnn.data.tile_plan import TilePlan
from frcnn.data.tile_sets import plan_cutting
from frcnn.data.tiling import Tiled, open_large, write_tiles
from frcnn.prediction.counting import Counting, counting, uncounted


class TileOptions(TypedDict, total=False):
    """What can be asked of cutting, in the words of the command line."""

    tile_overlap: float
    """Share of a tile's side that its neighbour has, too; 0.2."""
    least_visible: float
    """Share of an object's box that must be seen in a tile, or it is left out there; 0.1."""
    only_with_objects: bool
    """Leave tiles without objects out, but for those of the splits `val` and `test`."""
    layout: str
    """One of `layouts.LAYOUTS`; found by looking."""
    to: str
    """`voc`, `coco`, `yolo` or `csv`; as the data has it. Exports of labelling tools are not
    written: of them it must be said."""
    pictures: Pictures
    """`copy` or `hardlink`, for pictures that are no larger than a tile."""
    quiet: bool


def tile_folder(
    data: str | Path,
    out: str | Path,
    tile: int,
    options: TileOptions,
    count: Counting | None = None,
) -> Tiled:
    """Cut a data set into tiles and write it into a new folder.

    Args:
        data: its folder, or its annotation file.
        out: a new or empty folder, outside the data's own.
        tile: side of a tile, pixels.
        options: what else was asked for.
        count: shows how far cutting has come; None: as `quiet` has it.

    Returns:
        What was written.

    Raises:
        ConfigError: the tiles cannot be cut so (RC328), the layout is not written (RC325), the
            folder is in use (RC331) or within the data's (RC326).
        DataError: the data cannot be used, or no picture of it be read.
        DiskError: it could not be written; then nothing is there.
    """
    count = count or (uncounted if options.get("quiet", False) else counting)
    plan = TilePlan(
        side=tile,
        overlap=options.get("tile_overlap", TilePlan.overlap),
        least_visible=options.get("least_visible", TilePlan.least_visible),
        only_with_objects=options.get("only_with_objects", False),
    )
    pictures = options.get("pictures", "copy")
    require_choices(options.get("to") or WRITTEN[0], pictures)
    require_new(Path(out))
    opened = open_large(Path(data), Path(out), options.get("layout", ""))
    to = options.get("to") or opened.layout
    require_choices(to, pictures)
    cutting = plan_cutting(opened, plan)
    with count("tiles cut", sum(map(len, cutting.windows.values()))) as tell:
        return write_tiles(cutting, Path(out), to, pictures=pictures, tell=tell)
