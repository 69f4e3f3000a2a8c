"""Large pictures: tiles that overlap, and the whole picture as one more view.

1. every tile is looked at as a picture of its own
2. so is the whole picture, made smaller: it has the objects that fit into no tile
3. what all of them found is merged (`merging.py`), so that each object is there once

A model looks at each view as it does at any picture: resized to its own size (§3.3). So a tile a
third as wide as the picture shows objects three times as large. Boxes are in pixels of the upright
original picture. N detections.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, get_args

import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.ops import boxes as box_ops
from frcnn.ops import tiles
from frcnn.ops.tiles import Window
from frcnn.prediction.choice import Choice
from frcnn.prediction.counting import Counting, uncounted
from frcnn.prediction.merging import Match, Rule, merge
from frcnn.prediction.windows import Windows, tensor_of
from frcnn.types import Detections, Size


@dataclass(frozen=True, kw_only=True)
class TileConfig:
    """How a large picture is cut and put together again; the defaults are SAHI's."""

    side: int
    """Of a tile, pixels of the original picture; at least 16."""
    overlap: float = 0.2
    """Share of a tile's side that its neighbour has, too, in [0, 1). Objects up to this size are
    whole in some tile."""
    merge: Rule = "greedy"
    """`greedy`: a box around all that match; `nms`: the best of them alone."""
    match: Match = "ios"
    """`ios`: intersection over the smaller box, so that a piece matches the whole; `iou`."""
    threshold: float = 0.5
    """Boxes of one class match from this overlap on, in (0, 1]."""
    whole: bool = True
    """Look at the whole picture, too."""

    def __post_init__(self) -> None:
        whole_side = isinstance(self.side, int) and not isinstance(self.side, bool)
        if not whole_side or self.side < tiles.SMALLEST:
            raise _wrong("side", self.side, f"a whole number of pixels >= {tiles.SMALLEST}")
        if not 0 <= self.overlap < 1:
            raise _wrong("overlap", self.overlap, "a number in [0, 1)")
        if not 0 < self.threshold <= 1:
            raise _wrong("threshold", self.threshold, "a number in (0, 1]")
        for name, known in (("merge", get_args(Rule)), ("match", get_args(Match))):
            if getattr(self, name) not in known:
                raise _wrong(name, getattr(self, name), " or ".join(known))

    @property
    def pixels(self) -> int:
        """The overlap in pixels."""
        return tiles.overlap_of(self.side, self.overlap)


class View(NamedTuple):
    """One look at a picture."""

    window: Window
    factor: int
    """How much smaller than the picture it is."""


class Looking(Protocol):
    """What looks: a `Detector`, or whatever finds boxes."""

    batch: int

    def detect(self, pictures: Sequence[Tensor], choice: Choice | None = None) -> list[Detections]:
        """Find objects in [3, h, w] uint8 pictures, boxes in pixels of each."""
        ...

    def looked_at(self, size: Size) -> Size:
        """Tell the size at which a picture is looked at."""
        ...


def views_of(size: Size, config: TileConfig, looked_at: Callable[[Size], Size]) -> list[View]:
    """List the views of a picture.

    Args:
        size: of the picture.
        config: the tiles.
        looked_at: tells the size at which the detector looks at a picture: the whole one is read
            as small as that allows.

    Returns:
        The tiles, row by row, and the whole picture where there are several and it is wanted.
    """
    windows = tiles.grid(size, config.side, config.pixels)
    views = [View(window, 1) for window in windows]
    if config.whole and len(windows) > 1:
        small = looked_at(size)
        factor = min(size.height // small.height, size.width // small.width)
        views.append(View(tiles.whole(size), max(factor, 1)))
    return views


def find_in_tiles(
    detector: Looking,
    windows: Windows,
    choice: Choice,
    config: TileConfig,
    counting: Counting = uncounted,
) -> Detections:
    """Find objects in a picture of any size.

    Args:
        detector: looks at each view.
        windows: the picture.
        choice: which detections to report. Each view has as many as the model's settings allow,
            and `max_det` holds for the picture.
        config: the tiles.
        counting: shows how many views are done.

    Returns:
        Detections in pixels of the picture, inside it, highest score first, each object once.
        Errors as `Detector.detect`, and PictureError when a part of the picture is damaged.
    """
    views = views_of(windows.size, config, detector.looked_at)
    found: list[Detections] = []
    in_view = replace(choice, max_det=None)
    with counting("tiles", len(views)) as tell:
        for some in _portions(views, detector.batch):
            pictures = [tensor_of(windows, *view) for view in some]
            for view, seen in zip(some, detector.detect(pictures, in_view), strict=True):
                found.append(_placed(seen, view, windows.size))
            tell(len(found))
    merged = merge(_together(found), config.merge, config.match, config.threshold)
    return merged.take(torch.arange(len(merged.scores))[: choice.max_det])


def _portions(views: Sequence[View], most: int) -> Iterator[list[View]]:
    """Take some at a time.

    Yields:
        At most so many tiles; the whole picture comes alone, when the tiles are gone.
    """
    for _, alike in itertools.groupby(views, key=lambda view: view.factor):
        views_left = iter(alike)
        while some := list(itertools.islice(views_left, most)):
            yield some


def _placed(found: Detections, view: View, size: Size) -> Detections:
    """Bring boxes from pixels of a view to pixels of the picture."""
    corner = torch.tensor([view.window.x1, view.window.y1] * 2, dtype=torch.float32)
    boxes = box_ops.clip(found.boxes * view.factor + corner, size)
    w, h = box_ops.sides(boxes)  # the mean of a part of the last row may be all that a box had
    return replace(found, boxes=boxes, proposals=None).take(((w > 0) & (h > 0)).nonzero()[:, 0])


def _together(found: Sequence[Detections]) -> Detections:
    probabilities = [each.probabilities for each in found if each.probabilities is not None]
    return Detections(
        boxes=torch.cat([each.boxes for each in found]),
        scores=torch.cat([each.scores for each in found]),
        labels=torch.cat([each.labels for each in found]),
        probabilities=torch.cat(probabilities) if probabilities else None,
    )


def _wrong(name: str, value: object, want: str) -> ConfigError:
    return ConfigError(
        "RC381",
        f"predict: tile {name}",
        "not a value that can be chosen",
        got=repr(value),
        want=want,
        fix="1024 pixels with an overlap of 0.2 are usual",
    )
