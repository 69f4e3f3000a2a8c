"""Surfaces: pips, veins, highlights and reflections of the solids.

Letters: N points of one solid. Colours are linear light.
"""

import numpy as np

from frcnn.demo.camera import Floats
from frcnn.demo.light import Light, shade
from frcnn.demo.solids import Coat, Hits, Solid

# How far the normal leans towards the middle of a pip at its rim: the depth of the hollow.
_HOLLOW = 0.75
# A point at the foot of a solid sees this much of the sky; it sees all of it one unit up.
_FOOT = 0.55


def colour(solid: Solid, hits: Hits, lit: Floats, light: Light, camera: Floats) -> Floats:
    """Give the light that leaves a solid towards the camera.

    Args:
        solid: the body.
        hits: the points that are seen.
        lit: [N] float32 in [0, 1]: share of the lamp that other solids leave free.
        light: what shines.
        camera: [3] float32, where the camera stands, world.

    Returns:
        [3, N] float32, linear light.
    """
    albedo, leaning = _paint(solid.coat, hits)
    normals = solid.turn @ leaning
    points = solid.turn @ hits.points + solid.centre[:, None]
    open_sky = _FOOT + (1 - _FOOT) * np.minimum(points[2], 1)
    matt = albedo * shade(light, normals=normals, lit=lit, open_sky=open_sky)
    view = camera[:, None] - points
    view /= np.sqrt((view * view).sum(axis=0))
    return matt + _shine(solid.coat.gloss, normals, view, lit, light)


def _paint(coat: Coat, hits: Hits) -> tuple[Floats, Floats]:
    """Albedo [3, N], and the normals [3, N] as the hollows of the pips bend them."""
    body = _body(coat, hits.points)
    if not coat.pips.any():
        return body, hits.normals
    axis = np.abs(hits.normals).argmax(axis=0)
    rows = np.arange(len(axis))
    u, v = hits.points[(axis + 1) % 3, rows], hits.points[(axis + 2) % 3, rows]
    face = 2 * axis + (hits.normals[axis, rows] < 0)
    _, across, along = coat.pips.shape
    i, du = _cell(u / coat.pitch, across)
    j, dv = _cell(v / coat.pitch, along)
    reach = np.sqrt(du * du + dv * dv) * (coat.pitch / coat.pip_radius)
    inside = coat.pips[face, i, j] & (reach < 1)
    albedo = np.where(inside, coat.pip[:, None] * (0.72 + 0.28 * reach), body)
    lean = (_HOLLOW * coat.pitch / coat.pip_radius) * inside
    normals = hits.normals.copy()
    normals[(axis + 1) % 3, rows] -= lean * du
    normals[(axis + 2) % 3, rows] -= lean * dv
    normals /= np.sqrt((normals * normals).sum(axis=0))
    return albedo, normals


def _cell(place: Floats, count: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], Floats]:
    """The nearest of `count` cells about 0 and the way from its middle, both in cells."""
    cell = np.clip(np.floor(place + count / 2), 0, count - 1)
    return cell.astype(np.intp), place - (cell - np.float32((count - 1) / 2))


def _body(coat: Coat, points: Floats) -> Floats:
    if (coat.vein == coat.body).all():
        return np.broadcast_to(coat.body[:, None], points.shape)
    x, y, z = points * np.float32(7)
    swirl = np.sin(x + 1.7 * np.sin(1.3 * y + z) + 1.1 * np.sin(0.9 * z - x))
    mix = 0.5 + 0.5 * swirl
    blend: Floats = coat.body[:, None] * (1 - mix) + coat.vein[:, None] * mix
    return blend


def _shine(gloss: float, normals: Floats, view: Floats, lit: Floats, light: Light) -> Floats:
    """The lamp's highlight and what the sky mirrors at a slant (Schlick 1994)."""
    facing = np.maximum((normals * view).sum(axis=0), 0)
    half = view + light.middle[:, None]
    half /= np.sqrt((half * half).sum(axis=0))
    spot = np.maximum((normals * half).sum(axis=0), 0)
    for _ in range(5):  # the 32nd power
        spot = spot * spot
    mirror = 2 * facing * normals[2] - view[2]
    slant = 0.04 + 0.5 * (1 - facing) ** 5
    sky = slant * np.clip(0.3 + 0.9 * mirror, 0, 1)
    shine: Floats = gloss * (
        light.lamp[:, None] * (0.35 * spot * lit) + light.sky[:, None] * (1.6 * sky)
    )
    return shine
