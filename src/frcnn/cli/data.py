"""Data sets themselves: looked over, in another layout, in splits, in tiles, on contact sheets."""

from dataclasses import replace
from typing import Annotated

from cyclopts import Parameter

from frcnn.cli import process, words
from frcnn.cli.answers import alone_on_stdout, give
from frcnn.cli.data_options import (
    CheckOptions,
    ConvertOptions,
    ShowOptions,
    SplitOptions,
    TileOptions,
)
from frcnn.cli.option_files import with_file
from frcnn.cli.options import Shared
from frcnn.errors import ConfigError

_Data = Annotated[str, Parameter(converter=words.text)]


def check_(
    data: _Data,
    /,
    *,
    options: Annotated[CheckOptions | None, Parameter(name="*")] = None,
) -> int:
    """Look a data set over: counts by code on the screen, every place in --report.

    The exit code is 3 where training would refuse the data, and with --strict where there is an
    error. Nothing in the data's folder is changed; --fix NEW writes a repaired copy, and 3 then
    means that there can be none.

    Args:
        data: the folder of the data, or its annotation file.
        options: what was said.
    """
    said = with_file(options, CheckOptions)
    from frcnn import api

    names = ("layout", "report", "fix", "to", "read_as", "no_pictures", "shorter_side")
    with alone_on_stdout(said):
        answer = api.check_data(data, **said.said(*names, "longer_side", "quarantine", "quiet"))
    give(answer, said)
    first = answer.verdict(strict=bool(said.strict))
    if first is None:
        return 0
    error = first.error()
    process.tell(error)
    return error.exit_code


def convert_(
    data: _Data,
    /,
    *,
    options: Annotated[ConvertOptions | None, Parameter(name="*")] = None,
) -> int:
    """Write a data set in another layout, into a new folder.

    What the new layout cannot hold is counted, and listed in conversion.jsonl.

    Args:
        data: the folder of the data, or its annotation file.
        options: what was said.
    """
    said = with_file(options, ConvertOptions)
    _require(said, "to", f"convert {data} --to coco --out NEW", "voc, coco, yolo or csv")
    _require(said, "out", f"convert {data} --to {said.to} --out NEW", "the folder to write")
    from frcnn.data.convert import convert_folder

    with alone_on_stdout(said):
        answer = convert_folder(data, **said.said("to", "out", "layout", "pictures"))
    give(answer, said)
    return 0


def split_(
    data: _Data,
    /,
    *,
    options: Annotated[SplitOptions | None, Parameter(name="*")] = None,
) -> int:
    """Divide a data set into splits, each with its share of every class, into a new folder.

    All splits that there are become one first. Pictures of one group, and pictures that show the
    same or nearly so, are never in two splits.

    Args:
        data: the folder of the data, or its annotation file.
        options: what was said.
    """
    said = with_file(options, SplitOptions)
    _require(said, "out", f"split {data} --out NEW", "the folder to write")
    from frcnn.data.divide import split_folder
    from frcnn.data.division_plan import DivisionPlan, read_shares

    asked = said.said("seed", "group_by", "look_alikes")
    if said.shares is not None:
        asked["shares"] = read_shares(said.shares)
    plan = DivisionPlan(**asked)
    with alone_on_stdout(said):
        answer = split_folder(data, plan=plan, **said.said("out", "layout", "to", "pictures"))
    give(answer, said)
    return 0


def tile_(
    data: _Data,
    /,
    *,
    options: Annotated[TileOptions | None, Parameter(name="*")] = None,
) -> int:
    """Cut large pictures and their boxes into overlapping tiles, into a new folder.

    Train on that folder, and look at large pictures with `frcnn predict --tile N`. What becomes of
    the objects is counted, and listed in tiling.jsonl.

    Args:
        data: the folder of the data, or its annotation file.
        options: what was said.
    """
    said = with_file(options, TileOptions)
    _require(said, "tile", f"tile {data} --tile 1024 --out NEW", "pixels of a tile's side")
    _require(said, "out", f"tile {data} --tile {said.tile} --out NEW", "the folder to write")
    from frcnn import api

    names = ("out", "tile", "tile_overlap", "least_visible", "only_with_objects")
    with alone_on_stdout(said):
        answer = api.tile_data(data, **said.said(*names, "layout", "to", "pictures", "quiet"))
    give(answer, said)
    return 0


def show_(
    data: _Data,
    /,
    *,
    options: Annotated[ShowOptions | None, Parameter(name="*")] = None,
) -> int:
    """Draw a data set's pictures with their boxes on contact sheets.

    The pictures are chosen so that every class is seen, and faulty boxes, too; with --augmented
    they are those that a training sees first, as it sees them.

    Args:
        data: the folder of the data, or its annotation file.
        options: what was said.
    """
    if options is not None and options.augmented:  # then --config is of settings
        return _show_augmented(data, options)
    said = with_file(options, ShowOptions)
    if said.augmented:
        return _show_augmented(data, replace(said, config=None))
    said.require_plain()
    from frcnn.data.show import ShowPlan, show_folder

    plan = ShowPlan(**said.said("split", "class_name", "pictures", "per_sheet", "seed"))
    with alone_on_stdout(said):
        answer = show_folder(data, said.out, plan, **said.said("layout"))
    give(answer, said)
    return 0


def _show_augmented(data: str, said: ShowOptions) -> int:
    from frcnn import api

    names = ("split", "class_name", "pictures", "per_sheet", "seed", "out", "layout", "quiet")
    with alone_on_stdout(said):
        own = said.said(*names, "looks", "step", "model", "settings", "config")
        answer = api.show_augmented(data, **own)
    give(answer, said)
    return 0


def _require(said: Shared, name: str, example: str, want: str) -> None:
    if getattr(said, name) is None:
        verb = example.partition(" ")[0]
        raise ConfigError(
            "RC303",
            f"frcnn data {verb} --{name}",
            "is missing",
            got="nothing",
            want=want,
            fix=f"as in: frcnn data {example}",
        )
