"""Solids: boxes with rounded edges that stand on the table, and where rays meet them.

A ray is met in two steps: the plain box gives the first guess (slab method: Kay and Kajiya 1986),
then the point walks along the ray by its distance to the rounded surface (sphere tracing:
Hart 1996); only rays near an edge need to walk at all.

Body frame: a solid's own axes, its centre at 0, in units of the world (see `camera.py`).
Letters: N rays or points.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from frcnn.demo.camera import Floats

# Walking stops this close to the surface, in units: 1/50 of a pixel for a die of 50 pixels.
_NEAR = 4e-4
_STEPS = 8


@dataclass(frozen=True, eq=False, kw_only=True)
class Coat:
    """What a surface looks like. Colours are linear light, 0 is black and 1 is white paper."""

    body: Floats
    """[3] float32, red, green, blue."""
    vein: Floats
    """[3] float32, the second colour of a marbled body; equal to `body` where it is plain."""
    pip: Floats
    """[3] float32, the colour of the pips."""
    gloss: float
    """Strength of highlights and reflections, 0 is matt."""
    pips: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((6, 1, 1), np.bool_))
    """[6, U, V] bool: which cells of each face carry a pip. Faces +x, -x, +y, -y, +z, -z; on the
    face of axis k, u runs along axis k + 1 and v along axis k + 2 (mod 3)."""
    pitch: float = 1.0
    """Units between two cells."""
    pip_radius: float = 0.0
    """Units."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Solid:
    """One body on the table."""

    centre: Floats
    """[3] float32, units of the world."""
    turn: Floats
    """[3, 3] float32, rotation: world = turn @ body + centre; keeps one body axis vertical."""
    half: Floats
    """[3] float32, half of each side along the body's axes, units."""
    edge: float
    """Units: radius of the rounded edges, under the smallest half side."""
    ball: float
    """Units: radius of a sphere about the centre that cuts off the corners."""
    coat: Coat
    """What it looks like."""
    value: int = 0
    """Pips on the top face of a die, 1 ... 6; 0 for what is no die."""

    def corners(self) -> Floats:
        """Give the corners of the plain box.

        Returns:
            [3, 8] float32, units of the world.
        """
        signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, 8)
        return (self.turn @ (signs * self.half[:, None]) + self.centre[:, None]).astype(np.float32)

    def to_body(self, points: Floats) -> Floats:
        """Write points of the world in the body frame.

        Args:
            points: [3, N] float32, units of the world.

        Returns:
            [3, N] float32, units of the body frame.
        """
        return self.turn.T @ (points - self.centre[:, None])


@dataclass(frozen=True, eq=False, kw_only=True)
class Hits:
    """Where rays first meet one solid; N rays do."""

    rays: NDArray[np.intp]
    """[N], rows of the rays that meet it, rising."""
    depth: Floats
    """[N] float32, multiples of the ray's direction."""
    points: Floats
    """[3, N] float32, body frame."""
    normals: Floats
    """[3, N] float32, body frame, unit length, outwards."""


def meet(solid: Solid, origin: Floats, directions: Floats) -> Hits:
    """Follow rays to a solid.

    Args:
        solid: the body.
        origin: [3] float32, body frame, outside the solid.
        directions: [3, N] float32, body frame, any length > 0.

    Returns:
        The first meeting of each ray that meets the solid at all.
    """
    near, far = _slabs(solid.half, origin, directions)
    rays = np.flatnonzero(near < far)
    depth, ways = near[rays], np.take(directions, rays, axis=1)
    start = origin[:, None]
    points = start + depth * ways
    distance = _distance(solid, points)
    walking = np.flatnonzero(distance > _NEAR)
    way, t, left = np.take(ways, walking, axis=1), depth[walking], distance[walking]
    speed = 1 / np.sqrt((way * way).sum(axis=0))
    for _ in range(_STEPS):
        t += left * speed
        place = start + t * way
        left = _distance(solid, place)
    depth[walking], points[:, walking], distance[walking] = t, place, left
    kept = np.flatnonzero((distance <= 8 * _NEAR) & (depth < far[rays]))
    points = np.take(points, kept, axis=1)
    return Hits(rays=rays[kept], depth=depth[kept], points=points, normals=_normals(solid, points))


def _slabs(half: Floats, origin: Floats, directions: Floats) -> tuple[Floats, Floats]:
    """Where each ray enters and leaves the plain box; it misses where enter >= leave."""
    inverse = 1 / np.where(np.abs(directions) < 1e-9, np.float32(1e-9), directions)
    middle = -origin[:, None] * inverse
    reach = half[:, None] * np.abs(inverse)
    near: Floats = (middle - reach).max(axis=0)
    far: Floats = (middle + reach).min(axis=0)
    return near, far


def _distance(solid: Solid, points: Floats) -> Floats:
    """Signed distance [N] to the rounded surface; a lower bound where the sphere cuts."""
    inner = (solid.half - solid.edge)[:, None]
    out = np.maximum(np.abs(points) - inner, 0)
    box = np.sqrt((out * out).sum(axis=0)) - solid.edge
    ball = np.sqrt((points * points).sum(axis=0)) - solid.ball
    nearest: Floats = np.maximum(box, ball)
    return nearest


def _normals(solid: Solid, points: Floats) -> Floats:
    inner = (solid.half - solid.edge)[:, None]
    flat = points - np.clip(points, -inner, inner)
    length = np.sqrt((points * points).sum(axis=0))
    on_ball = length - solid.ball > -8 * _NEAR
    normals = np.where(on_ball, points, flat)
    scale = np.sqrt((normals * normals).sum(axis=0))
    unit: Floats = normals / np.maximum(scale, 1e-6)
    return unit
