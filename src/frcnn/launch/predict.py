"""Prediction over pictures and videos, wherever they come from; what `frcnn predict` does."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from frcnn import machine
from frcnn.errors import ConfigError
from frcnn.launch.material import Say
from frcnn.launch.options import PredictOptions
from frcnn.prediction.choice import Choice
from frcnn.prediction.counting import counting, uncounted
from frcnn.prediction.folder import predict_folder
from frcnn.prediction.lists import is_standard_input
from frcnn.prediction.order import Order
from frcnn.prediction.saved import Saved, read_saved
from frcnn.prediction.sources import expand
from frcnn.prediction.summary import Summary
from frcnn.prediction.tiles import TileConfig
from frcnn.prediction.video.looking import FrameConfig
from frcnn.prediction.video.run import require_possible
from frcnn.run_folder import make_numbered


def predict(
    named: str | Path, sources: Sequence[str], options: PredictOptions, say: Say
) -> Summary:
    """Find objects in pictures, and write the results.

    Args:
        named: a run folder or a weights file of ours.
        sources: pictures and videos, folders of them, patterns, lists, addresses, cameras.
        options: what was asked for.
        say: told of every picture and video.

    Returns:
        What it came to; a picture that cannot be read is one entry in its failures.

    Raises:
        ConfigError: options that contradict each other, or a folder that has other results.
        DataError: there is not one picture (RC114, RC115); nothing is written.
        ModelFileError: the weights cannot be used.
        DiskError: results cannot be written.
    """
    tiles = tiles_of(options)
    frames = FrameConfig(stride=options.get("vid_stride", 1), most=options.get("max_frames"))
    machine.keep_freed_memory()
    saved = read_saved(
        named,
        device=options.get("device", "auto"),
        precision=options.get("precision", "auto"),
        batch=options.get("batch", 1),
    )
    detector = saved.whole
    if any(map(is_standard_input, sources)) and sys.stdin is not None and sys.stdin.isatty():
        say("reading paths and addresses, one a line; Ctrl-D ends")
    found = expand(sources)
    if found.problems and not (found.pictures or found.videos):  # nothing to be done: no folder
        for problem in found.problems[1:]:
            say(str(problem.error()))
        raise found.problems[0].error()
    order = replace(_order(saved, options), tiles=tiles, frames=frames)
    require_possible(found.videos, len(found.pictures), order)
    if options.get("out") is None:
        order = replace(order, out=make_numbered(order.out, "predict"))
    shown = uncounted if options.get("quiet", False) else counting
    return predict_folder(detector, found, order, lambda outcome: say(str(outcome)), shown)


def tiles_of(options: PredictOptions) -> TileConfig | None:
    """Read what was said about tiles.

    Args:
        options: of the prediction.

    Returns:
        How pictures are cut; None: not at all.

    Raises:
        ConfigError: a number is out of range (RC381), or something is said about tiles but not how
            large they are (RC308).
    """
    said = {
        "overlap": options.get("tile_overlap"),
        "merge": options.get("tile_merge"),
        "match": options.get("tile_match"),
        "threshold": options.get("tile_threshold"),
        "whole": False if options.get("tiles_only") else None,
    }
    chosen = {name: value for name, value in said.items() if value is not None}
    side = options.get("tile")
    if side is not None:
        return TileConfig(side=side, **chosen)  # type: ignore[arg-type]  # judged at birth
    if chosen:
        raise ConfigError(
            "RC308",
            "--tile",
            "something is said about tiles, but not how large they are",
            got=", ".join(chosen),
            want="--tile N, pixels of a tile's side",
            fix="add --tile 1024, or leave the rest out",
        )
    return None


def _order(saved: Saved, options: PredictOptions) -> Order:
    return Order(
        out=Path(options.get("out") or "runs"),
        about=saved.about,
        save=tuple(options.get("save", ("images", "json"))),
        choice=Choice(
            conf=options.get("conf"), iou=options.get("iou"), max_det=options.get("max_det")
        ),
        category_ids=saved.category_ids,
        image_url=options.get("image_url"),
        resume=options.get("resume", False),
    )
