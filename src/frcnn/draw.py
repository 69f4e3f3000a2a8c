"""Boxes on a picture, with captions that can be read.

Lines and letters grow with the picture: one pixel and 10 pixels on a thumbnail, ten and sixty on
a camera's picture. A line has a dark rim, so that it is seen on its own colour; a caption is
black or white on a plate of the box's colour, whichever differs more. Captions avoid each other
where they can and never leave the picture.

Boxes are those of `ops/boxes.py`: continuous pixels, drawn on the outermost pixels they touch.
Letters: N boxes, H x W pixels.
"""

import importlib.util
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from frcnn.errors import ShapeError

Colour = tuple[int, int, int]
"""Red, green, blue, each 0 ... 255."""

# Each is, among bright and saturated colours, as far as possible (in OKLab) from all before it.
COLOURS: tuple[Colour, ...] = (
    (255, 143, 0),
    (0, 112, 255),
    (255, 0, 224),
    (60, 225, 60),
    (0, 153, 102),
    (82, 245, 255),
    (194, 163, 255),
    (224, 20, 71),
    (255, 235, 0),
    (153, 51, 255),
    (163, 92, 163),
    (31, 173, 224),
    (163, 184, 31),
    (255, 122, 173),
    (184, 102, 31),
    (143, 245, 153),
    (31, 204, 163),
    (204, 102, 245),
    (0, 185, 31),
    (133, 122, 235),
)

_BLACK: Colour = (0, 0, 0)
_WHITE: Colour = (255, 255, 255)
_RIM = (0, 0, 0, 110)  # see-through black
_FAINT_RIM = (0, 0, 0, 60)  # where the line itself is one pixel
_WHITE_BELOW = (
    0.22  # luminance; 0.179 would be equal contrast, but bright hues read better in white
)
_SMALLEST_LETTERS = 9  # pixels; smaller ones cannot be read
_ELLIPSIS = "..."

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class _Rectangle(NamedTuple):
    """Whole pixels; right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int

    def common(self, other: "_Rectangle") -> int:
        """Count the pixels of both."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(across, 0) * max(down, 0)


class _Style(NamedTuple):
    """What follows from the picture's size."""

    line: int
    """Pixels."""
    font: Font
    plate: int
    """Height of a caption's plate, pixels."""
    margin: int
    """Left and right of a caption's letters, pixels."""


def colour_of(label: int) -> Colour:
    """Give a class its colour: always the same, and the first twenty differ.

    Args:
        label: class id, 0 ... C-1.

    Returns:
        Red, green, blue.
    """
    return COLOURS[label % len(COLOURS)]


def draw_boxes(
    picture: NDArray[np.uint8], boxes: Tensor, captions: Sequence[str], colours: Sequence[Colour]
) -> NDArray[np.uint8]:
    """Draw boxes and their captions on a copy of a picture.

    Args:
        picture: [H, W, 3] uint8, RGB.
        boxes: [N, 4] float32, pixels of the picture, most important first: those are drawn on
            top. Parts outside the picture are cut off.
        captions: N texts; an empty one draws a box alone. Letters beyond Latin, Greek and
            Cyrillic may appear as empty frames.
        colours: N colours.

    Returns:
        [H, W, 3] uint8, RGB. A caption too long for the picture is shortened, one that does not
        fit at all is left out. ShapeError (RC390) when the picture, or the number of boxes,
        captions and colours, does not fit.
    """
    _require(picture, boxes, captions, colours)
    image = Image.fromarray(picture).convert("RGB")  # a copy
    style = _style_for(image)
    frames = [_on_pixels(box, image) for box in boxes.tolist()]
    pen = ImageDraw.Draw(image, "RGBA")
    for frame, colour in reversed(list(zip(frames, colours, strict=True))):
        _draw_frame(pen, frame, colour, style.line)
    plates = _place_captions(frames, captions, style, image)
    for (plate, text), colour in reversed(list(zip(plates, colours, strict=True))):
        if text:
            _draw_caption(pen, plate, text, colour, style)
    return np.array(image)


def _require(
    picture: NDArray[np.uint8], boxes: Tensor, captions: Sequence[str], colours: Sequence[Colour]
) -> None:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        got = f"{list(picture.shape)} {picture.dtype}"
        raise ShapeError("draw_boxes: picture", got=got, want="a [H, W, 3] uint8 array")
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ShapeError("draw_boxes: boxes", got=f"{list(boxes.shape)}", want="a [N, 4] tensor")
    if not len(boxes) == len(captions) == len(colours):
        got = f"{len(captions)} captions, {len(colours)} colours"
        raise ShapeError("draw_boxes: captions", got=got, want=f"{len(boxes)} of each")


def _style_for(image: Image.Image) -> _Style:
    side = math.sqrt(image.width * image.height)
    letters = max(10, round(side / 55))
    # a plate takes at most a quarter of the height, as long as its letters can be read
    letters = max(_SMALLEST_LETTERS, min(letters, image.height // 5))
    font = _font(letters)
    ascent, descent = font.getmetrics() if isinstance(font, ImageFont.FreeTypeFont) else (9, 2)
    margin = max(2, round(letters / 4))
    return _Style(max(1, round(side / 350)), font, ascent + descent, margin)


def _font(letters: int) -> Font:
    """Open DejaVu Sans, which matplotlib brings: Pillow's own font stops at plain ASCII."""
    found = importlib.util.find_spec("matplotlib")
    if found is not None and found.origin is not None:
        path = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
        if path.is_file():
            return ImageFont.truetype(path, letters)
    return ImageFont.load_default(letters)


def _on_pixels(box: list[float], image: Image.Image) -> _Rectangle:
    """Find the pixels that a box touches; at least one, inside the picture."""
    x1, y1, x2, y2 = box
    left = min(max(math.floor(x1), 0), image.width - 1)
    top = min(max(math.floor(y1), 0), image.height - 1)
    right = max(min(math.ceil(x2), image.width), left + 1)
    bottom = max(min(math.ceil(y2), image.height), top + 1)
    return _Rectangle(left, top, right, bottom)


def _draw_frame(pen: ImageDraw.ImageDraw, frame: _Rectangle, colour: Colour, line: int) -> None:
    left, top, right, bottom = frame.left, frame.top, frame.right - 1, frame.bottom - 1
    rim = _RIM if line > 1 else _FAINT_RIM
    pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=rim)
    if min(right - left, bottom - top) > 2 * line + 2:  # room for a rim inside
        inner = (left + line, top + line, right - line, bottom - line)
        pen.rectangle(inner, outline=rim)
    pen.rectangle((left, top, right, bottom), outline=colour, width=line)


def _place_captions(
    frames: Sequence[_Rectangle], captions: Sequence[str], style: _Style, image: Image.Image
) -> list[tuple[_Rectangle, str]]:
    """Find the freest place for each caption, the most important first."""
    taken: list[_Rectangle] = []
    placed = []
    for frame, caption in zip(frames, captions, strict=True):
        text = _fitted(caption, style, image)
        places = _places(frame, _width(text, style), style, image)
        place = min(places, key=lambda p: sum(p.common(other) for other in taken))
        if text:
            taken.append(place)
        placed.append((place, text))
    return placed


def _places(frame: _Rectangle, width: int, style: _Style, image: Image.Image) -> list[_Rectangle]:
    """Give the places of a caption, best first: above, inside at the top, below, at the bottom."""
    above, below = frame.top - style.plate, frame.bottom
    inside_top, inside_bottom = frame.top, frame.bottom - style.plate
    tops = [
        top
        for top in (above, inside_top, below, inside_bottom)
        if top >= 0 and top + style.plate <= image.height
    ]
    lefts = (frame.left, frame.right - width)
    return [
        _moved_in(left, top, width, style, image) for top in tops or [inside_top] for left in lefts
    ]


def _moved_in(left: int, top: int, width: int, style: _Style, image: Image.Image) -> _Rectangle:
    left = max(min(left, image.width - width), 0)
    top = max(min(top, image.height - style.plate), 0)
    return _Rectangle(left, top, left + width, top + style.plate)


def _fitted(caption: str, style: _Style, image: Image.Image) -> str:
    """Shorten a caption until it fits the picture's width; empty when nothing does."""
    text = " ".join(caption.split())  # one line
    if style.plate > image.height:
        return ""
    if _width(text, style) <= image.width:
        return text
    for length in range(len(text) - 1, 0, -1):
        shorter = text[:length].rstrip() + _ELLIPSIS
        if _width(shorter, style) <= image.width:
            return shorter
    return ""


def _width(text: str, style: _Style) -> int:
    return math.ceil(style.font.getlength(text)) + 2 * style.margin


def _draw_caption(
    pen: ImageDraw.ImageDraw, plate: _Rectangle, text: str, colour: Colour, style: _Style
) -> None:
    pen.rectangle((plate.left, plate.top, plate.right - 1, plate.bottom - 1), fill=colour)
    ink = _WHITE if _luminance(colour) < _WHITE_BELOW else _BLACK
    pen.text((plate.left + style.margin, plate.top), text, fill=ink, font=style.font)


def _luminance(colour: Colour) -> float:
    """Give the relative luminance of an sRGB colour, 0 ... 1 (WCAG 2)."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (part / 255 for part in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
