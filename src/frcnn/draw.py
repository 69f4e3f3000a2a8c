"""Boxes on a picture, with captions that can be read.

Lines and letters grow with the picture: one pixel and 10 pixels on a thumbnail, ten and sixty on
a camera's picture. A line has a dark rim, so that it is seen on its own colour; a caption is
black or white on a plate of the box's colour, whichever differs more. Captions avoid each other
where they can and never leave the picture.

Boxes are those of `ops/boxes.py`: continuous pixels, drawn on the outermost pixels they touch.
Letters: N boxes, H x W pixels.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from frcnn.captions import Rectangle, Style, place_captions, place_free_captions, style_for
from frcnn.errors import ShapeError
from frcnn.types import Size

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


class Look(NamedTuple):
    """How boxes are drawn, where it is not as usual."""

    dashed: Sequence[bool] = ()
    """Which of the N boxes; none where it is empty."""
    letters: int = 0
    """Height of captions, pixels; 0: it grows with the picture."""
    crowded: Literal["cover", "leave out"] = "cover"
    """What a caption without a free place does: it covers others, or it is left out."""
    line: int = 0
    """Width of lines, pixels; 0: it grows with the picture."""


_USUAL = Look()


def colour_of(label: int) -> Colour:
    """Give a class its usual colour: always the same, and the first twenty differ.

    Args:
        label: class id, 0 ... C-1.

    Returns:
        Red, green, blue.
    """
    return COLOURS[label % len(COLOURS)]


def colours_of(pictures: Iterable[Collection[int]]) -> dict[int, Colour]:
    """Give classes colours by which those of one picture differ, as far as there are colours.

    A class keeps the colour of `colour_of`, unless a class with a smaller id has it in one of the
    pictures: then it takes one that no class beside it has, one that is used least.

    Args:
        pictures: of each the class ids that are seen in it, in any order, repeated or not.

    Returns:
        A colour for each class that is seen; the same in all of these pictures.
    """
    beside: dict[int, set[int]] = defaultdict(set)
    for labels in map(set, pictures):
        for label in labels:
            beside[label] |= labels - {label}
    places: dict[int, int] = {}
    count = len(COLOURS)
    for label in sorted(beside):
        if all(places.get(other) != label % count for other in beside[label]):
            places[label] = label % count
    for label in sorted(beside.keys() - places.keys()):
        near = Counter(places[other] for other in beside[label] if other in places)
        used = Counter(places.values())
        places[label] = min(range(count), key=lambda place: (near[place], used[place]))
    return {label: COLOURS[place] for label, place in sorted(places.items())}


def draw_boxes(
    picture: NDArray[np.uint8],
    boxes: Tensor,
    captions: Sequence[str],
    colours: Sequence[Colour],
    look: Look = _USUAL,
) -> NDArray[np.uint8]:
    """Draw boxes and their captions on a copy of a picture.

    Args:
        picture: [H, W, 3] uint8, RGB.
        boxes: [N, 4] float32, pixels of the picture, most important first: those are drawn on
            top. Parts outside the picture are cut off.
        captions: N texts; an empty one draws a box alone. Letters beyond Latin, Greek and
            Cyrillic may appear as empty frames.
        colours: N colours.
        look: how.

    Returns:
        [H, W, 3] uint8, RGB. A caption too long for the picture is shortened, one that does not
        fit at all is left out. ShapeError (RC390) when the picture, or the number of boxes,
        captions and colours, does not fit.
    """
    dashed = look.dashed or (False,) * len(captions)
    _require(picture, boxes, captions, colours)
    _require_as_many("draw_boxes: look.dashed", dashed, boxes)
    image = Image.fromarray(picture).convert("RGB")  # a copy
    size = Size(image.height, image.width)
    style = style_for(size, letters=look.letters, line=look.line)
    frames = [_on_pixels(box, image) for box in boxes.tolist()]
    pen = ImageDraw.Draw(image, "RGBA")
    for frame, colour, is_dashed in reversed(list(zip(frames, colours, dashed, strict=True))):
        outline = _draw_dashes if is_dashed else _draw_line
        _draw_frame(pen, frame, colour, style.line, outline)
    place = place_captions if look.crowded == "cover" else place_free_captions
    plates = place(frames, captions, style, size)
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


def _require_as_many(name: str, values: Sequence[object], boxes: Tensor) -> None:
    if len(values) != len(boxes):
        raise ShapeError(name, got=str(len(values)), want=f"{len(boxes)}, one for each box")


def _on_pixels(box: list[float], image: Image.Image) -> Rectangle:
    """Find the pixels that a box touches; at least one, inside the picture."""
    x1, y1, x2, y2 = box
    left = min(max(math.floor(x1), 0), image.width - 1)
    top = min(max(math.floor(y1), 0), image.height - 1)
    right = max(min(math.ceil(x2), image.width), left + 1)
    bottom = max(min(math.ceil(y2), image.height), top + 1)
    return Rectangle(left, top, right, bottom)


def _draw_frame(
    pen: ImageDraw.ImageDraw,
    frame: Rectangle,
    colour: Colour,
    line: int,
    outline: Callable[[ImageDraw.ImageDraw, Rectangle, Colour, int], None],
) -> None:
    left, top, right, bottom = frame.left, frame.top, frame.right - 1, frame.bottom - 1
    rim = _RIM if line > 1 else _FAINT_RIM
    pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=rim)
    if min(right - left, bottom - top) > 2 * line + 2:  # room for a rim inside
        inner = (left + line, top + line, right - line, bottom - line)
        pen.rectangle(inner, outline=rim)
    outline(pen, frame, colour, line)


def _draw_line(pen: ImageDraw.ImageDraw, frame: Rectangle, colour: Colour, line: int) -> None:
    corners = frame.left, frame.top, frame.right - 1, frame.bottom - 1
    pen.rectangle(corners, outline=colour, width=line)


def _draw_dashes(pen: ImageDraw.ImageDraw, frame: Rectangle, colour: Colour, line: int) -> None:
    dash = 4 * line
    right, bottom = frame.right - 1, frame.bottom - 1
    for left in range(frame.left, frame.right, 2 * dash):
        end = min(left + dash - 1, right)
        pen.rectangle((left, frame.top, end, min(frame.top + line - 1, bottom)), fill=colour)
        pen.rectangle((left, max(bottom - line + 1, frame.top), end, bottom), fill=colour)
    for top in range(frame.top, frame.bottom, 2 * dash):
        end = min(top + dash - 1, bottom)
        pen.rectangle((frame.left, top, min(frame.left + line - 1, right), end), fill=colour)
        pen.rectangle((max(right - line + 1, frame.left), top, right, end), fill=colour)


def _draw_caption(
    pen: ImageDraw.ImageDraw, plate: Rectangle, text: str, colour: Colour, style: Style
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
