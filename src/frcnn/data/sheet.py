"""Contact sheets: pictures in rows, each with a few lines of text beneath.

All cells of a sheet have one size, as wide as high as most of its pictures are; a picture is
shrunk or, if it is tiny, enlarged until it fits. Boxes are drawn afterwards, so that lines and
letters have one size on all of them. Letters: H x W pixels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from frcnn.captions import Font, font_of
from frcnn.draw import Colour, Look, draw_boxes
from frcnn.ops.pictures import resize_uint8, to_tensor
from frcnn.types import Corners, Size

CELL = 520
"""Width of a cell, pixels."""
_SHAPES = (0.5, 1.3)
"""Height over width of a cell: least and most."""
_ENLARGED = 8
"""Most times that a tiny picture is enlarged."""
_GAP, _LINE = 16, 20
"""Between cells, and from line to line of text, pixels."""
_LETTERS, _HEAD_LETTERS, _CAPTIONS = 14, 20, 12
_BOX_LINE = 2
"""Width of a box's line, pixels."""
_PAPER: Colour = (250, 250, 250)
_BEHIND: Colour = (225, 225, 225)
_INK: Colour = (20, 20, 20)
_ALARM: Colour = (190, 0, 30)
_LEAST_MARK = 12
"""A box without area is shown with such sides, pixels."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A box on a picture."""

    box: Corners
    """Pixels of the picture; it may lie outside, or have no area."""
    caption: str
    colour: Colour
    is_dashed: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class Cell:
    """A picture with what is to be said of it."""

    pixels: NDArray[np.uint8] | None
    """[H, W, 3] uint8, RGB; None where it cannot be read."""
    title: str
    room: Size | None = None
    """A picture of this size fills the cell, and a smaller one is seen to be smaller; None: its
    own."""
    marks: Sequence[Mark] = ()
    """Most important first."""
    counts: Sequence[tuple[Colour, str]] = ()
    """What is in it, each with its colour."""
    faults: str = ""
    """In red, beneath; empty: none."""


@dataclass(frozen=True, kw_only=True)
class _Fonts:
    text: Font = field(default_factory=lambda: font_of(_LETTERS))
    head: Font = field(default_factory=lambda: font_of(_HEAD_LETTERS))


def draw_sheet(head: Sequence[str], cells: Sequence[Cell], columns: int = 0) -> Image.Image:
    """Draw a sheet.

    Args:
        head: lines above, the first in larger letters.
        cells: one or more.
        columns: in a row; 0: as many as a screen is wide.

    Returns:
        The sheet, RGB.
    """
    fonts = _Fonts()
    shapes = [c.pixels.shape[0] / c.pixels.shape[1] for c in cells if c.pixels is not None]
    low, high = _SHAPES
    frame = Size(round(CELL * min(max(median(shapes or [0.75]), low), high)), CELL)
    columns = columns or _columns(len(cells), frame)
    below = (1 + max(map(_lines, cells))) * _LINE
    step_down, step_across = frame.height + below + _GAP, frame.width + _GAP
    top = _GAP + len(head) * (_LINE + 6)
    rows = -(-len(cells) // columns)
    sheet = Image.new("RGB", (columns * step_across + _GAP, top + rows * step_down + _GAP), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for number, line in enumerate(head):
        font = fonts.text if number else fonts.head
        place = (_GAP, _GAP // 2 + number * (_LINE + 6))
        pen.text(place, fitted(line, font, sheet.width - 2 * _GAP), fill=_INK, font=font)
    for number, cell in enumerate(cells):
        left = _GAP + number % columns * step_across
        upper = top + number // columns * step_down
        sheet.paste(Image.fromarray(_picture(cell, frame)), (left, upper))
        _write_below(pen, cell, (left, upper + frame.height + 4), fonts.text)
    return sheet


def fitted(text: str, font: Font, width: int) -> str:
    """Shorten a text in its middle until it fits: both ends of a file's name say something.

    Args:
        text: on one line.
        font: of its letters.
        width: pixels.

    Returns:
        The text; `...` stands for what was left out.
    """
    text = "".join(c if c.isprintable() else "?" for c in text)
    if font.getlength(text) <= width:
        return text
    for kept in range(len(text) - 1, 1, -1):
        shorter = f"{text[: -(-kept // 2)]}...{text[len(text) - kept // 2 :]}"
        if font.getlength(shorter) <= width:
            return shorter
    return ""


def _columns(cells: int, frame: Size) -> int:
    """Choose the number of columns by which a sheet is about as wide as a screen."""
    return min(cells, max(1, round(math.sqrt(cells * 1.4 * frame.height / frame.width))))


def _picture(cell: Cell, frame: Size) -> NDArray[np.uint8]:
    """Give the picture of a cell with its boxes, grey around it."""
    canvas = np.full((*frame, 3), _BEHIND, np.uint8)
    if cell.pixels is None:
        return canvas
    height, width = cell.pixels.shape[:2]
    room = cell.room or Size(height, width)
    scale = min(frame.width / room.width, frame.height / room.height, _ENLARGED)
    size = Size(max(round(height * scale), 1), max(round(width * scale), 1))
    top, left = (frame.height - size.height) // 2, (frame.width - size.width) // 2
    small = resize_uint8(to_tensor(cell.pixels), size).permute(1, 2, 0).numpy()
    canvas[top : top + size.height, left : left + size.width] = small
    across, down = size.width / width, size.height / height
    places = np.array([mark.box for mark in cell.marks], np.float64).reshape(-1, 4)
    places = places * (across, down, across, down) + (left, top, left, top)
    places = _with_sides(np.clip(places, 0, (frame.width, frame.height) * 2))
    return draw_boxes(
        canvas,
        torch.from_numpy(places.astype(np.float32)),
        [mark.caption for mark in cell.marks],
        [mark.colour for mark in cell.marks],
        Look([mark.is_dashed for mark in cell.marks], _CAPTIONS, "leave out", _BOX_LINE),
    )


def _with_sides(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Enlarge boxes without area, so that there is something to see."""
    flat = ((boxes[:, 2:] - boxes[:, :2]) < 1).any(axis=1)
    centres = (boxes[flat, :2] + boxes[flat, 2:]) / 2
    half = np.maximum(np.abs(boxes[flat, 2:] - boxes[flat, :2]), _LEAST_MARK) / 2
    boxes[flat] = np.hstack([centres - half, centres + half])
    return boxes


def _lines(cell: Cell) -> int:
    return bool(cell.counts) + bool(cell.faults)


def _write_below(pen: ImageDraw.ImageDraw, cell: Cell, place: tuple[int, int], font: Font) -> None:
    left, top = place
    pen.text(place, fitted(cell.title, font, CELL), fill=_INK, font=font)
    if cell.counts:
        top += _LINE
        _write_counts(pen, cell.counts, (left, top), font)
    if cell.faults:
        pen.text((left, top + _LINE), fitted(cell.faults, font, CELL), fill=_ALARM, font=font)


def _write_counts(
    pen: ImageDraw.ImageDraw,
    counts: Sequence[tuple[Colour, str]],
    place: tuple[int, int],
    font: Font,
) -> None:
    """Write one after the other, as many as there is room for."""
    left, top = place
    end = left + CELL
    for number, (colour, text) in enumerate(counts):
        others = f"and {len(counts) - number} more classes"
        is_last = number == len(counts) - 1
        needs = 20 + font.getlength(text) + (0 if is_last else 12 + font.getlength(others))
        if left + needs > end and not (is_last and left == place[0]):
            pen.text((left, top), others, fill=_INK, font=font)
            return
        pen.rectangle((left, top + 4, left + 11, top + 15), fill=colour, outline=_INK)
        text = fitted(text, font, end - left - 16)
        pen.text((left + 16, top), text, fill=_INK, font=font)
        left += round(16 + font.getlength(text) + 12)
