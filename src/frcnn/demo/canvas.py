"""The canvas: the table seen straight from above, on which textures and flat things are painted.

Rows run along the world's y, columns along its x. Colours are sRGB, 0 ... 255.
Letters: an h x w canvas, an H x W picture.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from frcnn.demo.camera import Camera, Floats
from frcnn.demo.colours import TO_LINEAR
from frcnn.demo.layout import Footprint


@dataclass(frozen=True, eq=False, kw_only=True)
class Canvas:
    """A piece of the table that holds all that the camera sees."""

    pixels: NDArray[np.uint8]
    """[h, w, 3] uint8, sRGB; painted on in place."""
    corner: tuple[float, float]
    """(x, y) of the world at row 0, column 0, units."""
    density: float
    """Pixels of the canvas per unit."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Frame:
    """The shape and place of a canvas before it is painted."""

    shape: tuple[int, int]
    """(h, w), pixels."""
    corner: tuple[float, float]
    """(x, y) of the world at row 0, column 0, units."""
    density: float
    """Pixels of the canvas per unit."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Patch:
    """A window of the canvas around one thing, in the thing's own axes."""

    window: tuple[slice, slice]
    """Rows and columns of the canvas; either may be empty."""
    u: Floats
    """[rows, columns] float32, units along the thing's first axis, 0 at its middle."""
    v: Floats
    """[rows, columns] float32, units along its second axis."""


def frame_for(camera: Camera, side: float) -> Frame:
    """Measure the canvas that a camera needs.

    Args:
        camera: who will look at it.
        side: pixels of the picture per unit at its centre; the canvas gets as many.

    Returns:
        The smallest frame that holds the table as far as it is seen.
    """
    x = np.array([0, camera.width, camera.width, 0], np.float32)
    y = np.array([0, 0, camera.height, camera.height], np.float32)
    seen = camera.on_ground(x, y)[:2]
    low, high = seen.min(axis=1), seen.max(axis=1)
    width, height = np.ceil((high - low) * side).astype(int) + 1
    return Frame(
        shape=(int(height), int(width)), corner=(float(low[0]), float(low[1])), density=side
    )


def patch_at(canvas: Canvas, place: Footprint, margin: float) -> Patch:
    """Cut out the window around a place.

    Args:
        canvas: where from.
        place: a rectangle on the table; its sides are the patch's axes.
        margin: units to keep around it.

    Returns:
        The window, cut to the canvas.
    """
    c, s = math.cos(place.turn), math.sin(place.turn)
    long, wide = place.half
    reach = (abs(s) * long + abs(c) * wide + margin, abs(c) * long + abs(s) * wide + margin)
    spans, places = [], []
    for axis in (0, 1):  # rows run along y, columns along x
        middle = (place.spot[1 - axis] - canvas.corner[1 - axis]) * canvas.density
        size = canvas.pixels.shape[axis]
        first = int(np.clip(middle - reach[axis] * canvas.density, 0, size))
        last = int(np.clip(middle + reach[axis] * canvas.density + 1, first, size))
        spans.append(slice(first, last))
        steps = np.arange(first, last, dtype=np.float32) + np.float32(0.5 - middle)
        places.append(steps / np.float32(canvas.density))
    dy, dx = places[0][:, None], places[1][None, :]
    return Patch(window=(spans[0], spans[1]), u=dx * c + dy * s, v=dy * c - dx * s)


def to_picture(canvas: Canvas, camera: Camera) -> Floats:
    """See the canvas through the camera.

    Args:
        canvas: the painted table.
        camera: who looks.

    Returns:
        [3, H, W] float32, linear light.
    """
    to_ground = np.linalg.inv(camera.ground_to_picture())
    (x, y), d = canvas.corner, canvas.density
    to_canvas = np.array([[d, 0, -x * d], [0, d, -y * d], [0, 0, 1]]) @ to_ground
    seen = Image.fromarray(canvas.pixels).transform(
        (camera.width, camera.height),
        Image.Transform.PERSPECTIVE,
        tuple((to_canvas / to_canvas[2, 2]).ravel()[:8]),
        Image.Resampling.BILINEAR,
    )
    channels = [np.take(TO_LINEAR, np.asarray(channel)) for channel in seen.split()]
    return np.stack(channels)
