"""Where captions go: beside their boxes, off each other, never out of the picture.

Letters: N boxes. All numbers are pixels of the picture that is drawn on.
"""

import importlib.util
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import ImageFont

from frcnn.types import Size

_SMALLEST_LETTERS = 9  # pixels; smaller ones cannot be read
_ELLIPSIS = "..."
_MOST_COVERED = 0.3
"""Share of another box that a caption may hide where there is a choice to leave it out."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Rectangle(NamedTuple):
    """Whole pixels; right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int

    def common(self, other: "Rectangle") -> int:
        """Count the pixels of both."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(across, 0) * max(down, 0)


class Style(NamedTuple):
    """How lines and captions are drawn."""

    line: int
    """Pixels."""
    font: Font
    plate: int
    """Height of a caption's plate, pixels."""
    margin: int
    """Left and right of a caption's letters, pixels."""


def style_for(size: Size, *, letters: int = 0, line: int = 0) -> Style:
    """Choose letters and lines that fit a picture.

    Args:
        size: of the picture.
        letters: their height; 0: it grows with the picture.
        line: width; 0: it grows with the picture.

    Returns:
        The style.
    """
    side = math.sqrt(size.width * size.height)
    letters = letters or max(10, round(side / 55))
    # a plate takes at most a quarter of the height, as long as its letters can be read
    letters = max(_SMALLEST_LETTERS, min(letters, size.height // 5))
    font = font_of(letters)
    ascent, descent = font.getmetrics() if isinstance(font, ImageFont.FreeTypeFont) else (9, 2)
    margin = max(2, round(letters / 4))
    return Style(line or max(1, round(side / 350)), font, ascent + descent, margin)


def font_of(letters: int) -> Font:
    """Open DejaVu Sans, which matplotlib brings: Pillow's own font stops at plain ASCII.

    Args:
        letters: their height.

    Returns:
        The font.
    """
    found = importlib.util.find_spec("matplotlib")
    if found is not None and found.origin is not None:
        path = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
        if path.is_file():
            return ImageFont.truetype(path, letters)
    return ImageFont.load_default(letters)


def place_captions(
    frames: Sequence[Rectangle], captions: Sequence[str], style: Style, size: Size
) -> list[tuple[Rectangle, str]]:
    """Find the freest place for each caption, the most important first.

    Args:
        frames: N boxes.
        captions: N texts.
        style: of the captions.
        size: of the picture.

    Returns:
        N plates and what stands on them: shortened where the picture is narrow, nothing where
        there is no room at all. Where there is no free place, one caption covers another.
    """
    taken: list[Rectangle] = []
    placed = []
    for frame, caption in zip(frames, captions, strict=True):
        text = _fitted(caption, style, size)
        places = _places(frame, _width(text, style), style, size)
        place = min(places, key=lambda p: sum(p.common(other) for other in taken))
        if text:
            taken.append(place)
        placed.append((place, text))
    return placed


def place_free_captions(
    frames: Sequence[Rectangle], captions: Sequence[str], style: Style, size: Size
) -> list[tuple[Rectangle, str]]:
    """Find a free place for each caption, the most important first, or leave it out.

    Args:
        frames: N boxes.
        captions: N texts.
        style: of the captions.
        size: of the picture.

    Returns:
        As `place_captions`; no caption covers another, or much of a box.
    """
    taken: list[Rectangle] = []
    placed = []
    for frame, caption in zip(frames, captions, strict=True):
        text = _fitted(caption, style, size)
        places = _places(frame, _width(text, style), style, size)
        free = (place for place in places if text and _is_free(place, taken, frames))
        place = next(free, None)
        if place is not None:
            taken.append(place)
        placed.append((place or places[0], text if place is not None else ""))
    return placed


def _is_free(place: Rectangle, taken: Sequence[Rectangle], frames: Sequence[Rectangle]) -> bool:
    return not any(place.common(other) for other in taken) and all(
        place.common(frame) <= _MOST_COVERED * frame.common(frame) for frame in frames
    )


def _places(frame: Rectangle, width: int, style: Style, size: Size) -> list[Rectangle]:
    """Give the places of a caption, best first: above, inside at the top, below, at the bottom."""
    above, below = frame.top - style.plate, frame.bottom
    inside_top, inside_bottom = frame.top, frame.bottom - style.plate
    tops = [
        top
        for top in (above, inside_top, below, inside_bottom)
        if top >= 0 and top + style.plate <= size.height
    ]
    lefts = (frame.left, frame.right - width)
    return [
        _moved_in(left, top, width, style, size) for top in tops or [inside_top] for left in lefts
    ]


def _moved_in(left: int, top: int, width: int, style: Style, size: Size) -> Rectangle:
    left = max(min(left, size.width - width), 0)
    top = max(min(top, size.height - style.plate), 0)
    return Rectangle(left, top, left + width, top + style.plate)


def _fitted(caption: str, style: Style, size: Size) -> str:
    """Shorten a caption until it fits the picture's width; empty when nothing does."""
    text = " ".join(caption.split())  # one line
    if style.plate > size.height:
        return ""
    if _width(text, style) <= size.width:
        return text
    for length in range(len(text) - 1, 0, -1):
        shorter = text[:length].rstrip() + _ELLIPSIS
        if _width(shorter, style) <= size.width:
            return shorter
    return ""


def _width(text: str, style: Style) -> int:
    return math.ceil(style.font.getlength(text)) + 2 * style.margin
