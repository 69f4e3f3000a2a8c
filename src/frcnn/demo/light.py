"""Light: one soft lamp far away, a sky and the glow of the table; how they shade, what they reach.

The lamp is a disc, sampled at a few directions: where some of them are blocked lies the half
shadow, which is sharp at the foot of a die and soft further off.
Letters: N points, S samples of the lamp.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frcnn.demo.camera import Floats
from frcnn.demo.solids import Solid

# A blocker counts a little smaller than its box: its edges are round.
_BLOCKING = 0.94


@dataclass(frozen=True, eq=False, kw_only=True)
class Light:
    """What shines on the table. Colours are linear light, [3] float32."""

    directions: Floats
    """[3, S] float32, unit vectors towards the samples of the lamp."""
    lamp: Floats
    """Strength of the lamp on a surface that faces it."""
    sky: Floats
    """Strength of what comes from all sides above."""
    glow: Floats
    """Strength of what the table throws back."""

    @property
    def middle(self) -> Floats:
        """[3] float32, unit vector towards the middle of the lamp."""
        middle: Floats = self.directions[:, 0]
        return middle


def make_light(
    *, elevation: float, azimuth: float, radius: float, lamp: Floats, sky: Floats
) -> Light:
    """Set up the lamp.

    Args:
        elevation: degrees above the table, (0, 90].
        azimuth: degrees about the vertical.
        radius: degrees from the lamp's middle to its rim; larger is softer.
        lamp: [3] float32, its strength.
        sky: [3] float32, strength of the light from all sides.

    Returns:
        The light, with 12 samples of the lamp; the first is its middle.
    """
    e, a = math.radians(elevation), math.radians(azimuth)
    middle = np.array([math.cos(a) * math.cos(e), math.sin(a) * math.cos(e), math.sin(e)])
    first = np.array([-math.sin(a), math.cos(a), 0.0])
    second = np.cross(middle, first)
    # A sunflower: even over the disc with any number of samples.
    count = np.arange(12)
    distance = math.tan(math.radians(radius)) * np.sqrt(count / 11)
    angle = count * math.pi * (3 - math.sqrt(5))
    spread = np.outer(first, distance * np.cos(angle)) + np.outer(second, distance * np.sin(angle))
    directions = middle[:, None] + spread
    directions[2] = np.maximum(directions[2], 0.05)
    return Light(
        directions=(directions / np.linalg.norm(directions, axis=0)).astype(np.float32),
        lamp=lamp,
        sky=sky,
        glow=0.35 * (sky + lamp * np.float32(math.sin(e))),
    )


def blocked(points: Floats, solid: Solid, directions: Floats) -> NDArray[np.bool_]:
    """Find out which samples of the lamp a solid hides.

    Args:
        points: [3, N] float32, units of the world, outside the solid.
        solid: what may stand in the way.
        directions: [3, S] float32, towards the samples; `Light.directions` or some of them.

    Returns:
        [S, N] bool.
    """
    origin = solid.to_body(points)
    ways = solid.turn.T @ directions
    ways = np.where(np.abs(ways) < 1e-5, np.float32(1e-5), ways)
    near = np.full((ways.shape[1], points.shape[1]), 1e-3, np.float32)
    far = np.full_like(near, np.inf)
    for axis in range(3):
        inverse = 1 / ways[axis][:, None]
        middle = -origin[axis] * inverse
        reach = _BLOCKING * solid.half[axis] * np.abs(inverse)
        np.maximum(near, middle - reach, out=near)
        np.minimum(far, middle + reach, out=far)
    return near < far


def shade(light: Light, *, normals: Floats, lit: Floats, open_sky: Floats) -> Floats:
    """Light a matt white surface.

    Args:
        light: what shines.
        normals: [3, N] float32, world, unit length.
        lit: [N] float32 in [0, 1]: share of the lamp that is seen.
        open_sky: [N] float32 in [0, 1]: share of the sky that is seen.

    Returns:
        [3, N] float32, linear light.
    """
    facing = np.maximum(light.middle @ normals, 0) * lit
    up = 0.5 + 0.5 * normals[2]
    lit_up: Floats = light.lamp[:, None] * facing
    lit_up += light.sky[:, None] * (up * open_sky)
    lit_up += light.glow[:, None] * (1 - up)
    return lit_up
