"""Rendering: the solids on the table, their shadows, and what the camera sees of each.

Rays are finer than pixels (`fine` rays along each side of a pixel). A buffer of depths decides
which solid a ray sees, so the order of drawing does not matter; the share of a pixel's rays that
see a solid is its coverage, which makes smooth outlines.
Letters: an H x W picture; N rays of one solid. Colours are linear light.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from frcnn.demo.camera import Camera, Floats
from frcnn.demo.light import Light, blocked
from frcnn.demo.solids import Hits, Solid, meet
from frcnn.demo.surfaces import colour

# Shadows are soft: every second pixel is enough.
_COARSE = 2
# Close to a foot the table sees little sky: how much is missing at it, and how far that reaches.
_NOOK, _NOOK_REACH = 0.55, 0.22
_UPWARDS = 0.7


@dataclass(frozen=True, eq=False, kw_only=True)
class View:
    """What the camera sees of one solid."""

    box: tuple[float, float, float, float] | None
    """(x1, y1, x2, y2), pixels, continuous, inside the picture; None where nothing is seen."""
    share: float
    """Seen part of what would be seen if nothing, not even the picture's border, hid it."""
    top_share: float
    """The same of the top face alone."""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Cast:
    """The rays that meet one solid, those beyond the border included."""

    hits: Hits
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


def light_table(albedo: Floats, camera: Camera, solids: tuple[Solid, ...], light: Light) -> Floats:
    """Light the table, with the shadows of what stands on it.

    Args:
        albedo: [3, H, W] float32, linear: the table's own colour as the camera sees it.
        camera: who looks.
        solids: what throws shadows.
        light: what shines.

    Returns:
        [3, H, W] float32, linear light.
    """
    height, width = -(-camera.height // _COARSE), -(-camera.width // _COARSE)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    points = camera.on_ground((x.ravel() + 0.5) * _COARSE, (y.ravel() + 0.5) * _COARSE)
    points = points.reshape(3, height, width)
    samples = light.directions.shape[1]
    hidden = np.zeros((samples, height, width), np.bool_)
    sky = np.ones((height, width), np.float32)
    for solid in solids:
        window = _shadow_window(camera, solid, light, (height, width))
        near = points[:, *window]
        flat = blocked(near.reshape(3, -1), solid, light.directions)
        hidden[:, *window] |= flat.reshape(samples, *near.shape[1:])
        sky[window] *= _open_sky(solid, near)
    lamp = _enlarge(1 - hidden.sum(axis=0, dtype=np.float32) / np.float32(samples), camera)
    lamp *= light.middle[2]
    open_sky = _enlarge(sky, camera)
    parts = zip(light.lamp, light.sky, strict=True)
    lit = [lamp * lamp_part + open_sky * sky_part for lamp_part, sky_part in parts]
    table: Floats = albedo * np.stack(lit)
    return table


def draw_solids(
    table: Floats, camera: Camera, solids: tuple[Solid, ...], light: Light, fine: int
) -> tuple[Floats, tuple[View, ...]]:
    """Put the solids into the picture of the table.

    Args:
        table: [3, H, W] float32, linear light.
        camera: who looks.
        solids: what stands there.
        light: what shines.
        fine: rays along each side of a pixel, >= 1.

    Returns:
        The picture [3, H, W] float32, linear light, and one view for each solid, in order.
    """
    casts = [_cast(camera, solid, fine) for solid in solids]
    owner = _nearest(casts, camera, fine)
    cells, light_seen, views = [], [], []
    for number, (solid, cast) in enumerate(zip(solids, casts, strict=True)):
        seen = _seen(owner, cast, number)
        hits = _only(cast.hits, seen)
        lit = _lit(solid, hits, solids, light)
        light_seen.append(colour(solid, hits, lit, light, camera.position))
        rows, columns = cast.rows[seen], cast.columns[seen]
        cells.append((rows // fine) * camera.width + columns // fine)
        upwards = (solid.turn @ cast.hits.normals)[2] > _UPWARDS
        views.append(_view(rows, columns, seen, upwards, fine))
    return _blend(table, cells, light_seen, fine), tuple(views)


def _shadow_window(
    camera: Camera, solid: Solid, light: Light, coarse: tuple[int, int]
) -> tuple[slice, slice]:
    """The part of the coarse grid that the solid can darken."""
    corners = solid.corners()
    way = light.directions / light.directions[2]
    fallen = corners[:, :, None] - corners[2][None, :, None] * way[:, None, :]
    foot = np.repeat(corners[:, :, None], 4, axis=2)
    foot[0] += np.array([1, -1, 0, 0]) * 4 * _NOOK_REACH
    foot[1] += np.array([0, 0, 1, -1]) * 4 * _NOOK_REACH
    foot[2] = 0
    x, y, _ = camera.project(np.concatenate((fallen.reshape(3, -1), foot.reshape(3, -1)), axis=1))
    return _span(y / _COARSE, coarse[0]), _span(x / _COARSE, coarse[1])


def _span(places: Floats, limit: int) -> slice:
    first = min(max(math.floor(places.min()), 0), limit)
    return slice(first, max(min(math.ceil(places.max()), limit), first))


def _open_sky(solid: Solid, points: Floats) -> Floats:
    """Share of the sky [h, w] that points of the table see beside one solid."""
    body = solid.to_body(points.reshape(3, -1))
    vertical = np.abs(solid.turn[2]).argmax()
    sides = [axis for axis in range(3) if axis != vertical]
    out = np.maximum(np.abs(body[sides]) - solid.half[sides][:, None], 0)
    distance = np.sqrt((out * out).sum(axis=0)).reshape(points.shape[1:])
    reach = np.float32(_NOOK_REACH * 2 * solid.half[vertical])
    seen: Floats = 1 - np.float32(_NOOK) * np.exp(-distance / reach)
    return seen


def _enlarge(grid: Floats, camera: Camera) -> Floats:
    """From the coarse grid to the picture: [H, W]."""
    even = (grid.shape[1] * _COARSE, grid.shape[0] * _COARSE)
    large = Image.fromarray(grid).resize(even, Image.Resampling.BILINEAR)
    return np.array(large)[: camera.height, : camera.width]


def _cast(camera: Camera, solid: Solid, fine: int) -> _Cast:
    """Follow the rays of the window around one solid."""
    x, y, _ = camera.project(solid.corners())
    left, top = math.floor(x.min() * fine) - 1, math.floor(y.min() * fine) - 1
    columns = np.arange(left, math.ceil(x.max() * fine) + 1)
    rows = np.arange(top, math.ceil(y.max() * fine) + 1)
    right = ((columns + 0.5) / fine - camera.width / 2).astype(np.float32) / camera.focal
    down = ((rows + 0.5) / fine - camera.height / 2).astype(np.float32) / camera.focal
    ways = solid.turn.T @ camera.axes.T
    directions = (
        ways[:, 0, None, None] * right[None, None, :]
        + ways[:, 1, None, None] * down[None, :, None]
        + ways[:, 2, None, None]
    ).reshape(3, -1)
    hits = meet(solid, solid.to_body(camera.position[:, None])[:, 0], directions)
    row, column = np.divmod(hits.rays, len(columns))
    return _Cast(hits=hits, rows=row + top, columns=column + left)


def _nearest(casts: list[_Cast], camera: Camera, fine: int) -> NDArray[np.int16]:
    """[H * fine, W * fine] int16: the number of the solid that each ray sees, -1 for none."""
    size = (camera.height * fine, camera.width * fine)
    depth = np.full(size, np.inf, np.float32)
    owner = np.full(size, -1, np.int16)
    for number, cast in enumerate(casts):
        inside = _inside(cast, size)
        place = cast.rows[inside], cast.columns[inside]
        nearer = cast.hits.depth[inside] < depth[place]
        place = place[0][nearer], place[1][nearer]
        depth[place] = cast.hits.depth[inside][nearer]
        owner[place] = number
    return owner


def _inside(cast: _Cast, size: tuple[int, int]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (
        (cast.rows >= 0) & (cast.rows < size[0]) & (cast.columns >= 0) & (cast.columns < size[1])
    )
    return inside


def _seen(owner: NDArray[np.int16], cast: _Cast, number: int) -> NDArray[np.bool_]:
    seen = _inside(cast, owner.shape)
    seen[seen] = owner[cast.rows[seen], cast.columns[seen]] == number
    return seen


def _only(hits: Hits, seen: NDArray[np.bool_]) -> Hits:
    return Hits(
        rays=hits.rays[seen],
        depth=hits.depth[seen],
        points=np.compress(seen, hits.points, axis=1),
        normals=np.compress(seen, hits.normals, axis=1),
    )


def _lit(solid: Solid, hits: Hits, solids: tuple[Solid, ...], light: Light) -> Floats:
    """Share of the lamp [N] that the other solids leave free."""
    directions = light.directions[:, ::2]
    points = solid.turn @ hits.points + solid.centre[:, None]
    hidden = np.zeros((directions.shape[1], points.shape[1]), np.bool_)
    for other in solids:
        if other is not solid and _may_shade(other, solid, light):
            hidden |= blocked(points, other, directions)
    free: Floats = 1 - hidden.mean(axis=0, dtype=np.float32)
    return free


def _may_shade(other: Solid, solid: Solid, light: Light) -> bool:
    """Whether the shadow of one solid comes near another, on circles around both."""
    way = light.middle
    slope = math.hypot(way[0], way[1])
    along, across = way[:2] / max(slope, 1e-6), np.array([-way[1], way[0]]) / max(slope, 1e-6)
    apart = other.centre[:2] - solid.centre[:2]
    reach = math.hypot(*other.half) + math.hypot(*solid.half)
    length = 2 * other.centre[2] * slope / way[2] + reach
    return bool(abs(apart @ across) < reach and -reach < apart @ along < length)


def _view(
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    seen: NDArray[np.bool_],
    upwards: NDArray[np.bool_],
    fine: int,
) -> View:
    if not len(rows):
        return View(box=None, share=0.0, top_share=0.0)
    first, last = (columns.min(), rows.min()), (columns.max() + 1, rows.max() + 1)
    x1, y1, x2, y2 = (float(edge) / fine for edge in (*first, *last))
    return View(
        box=(x1, y1, x2, y2),
        share=float(seen.mean()),
        top_share=float(seen[upwards].mean()) if upwards.any() else 0.0,
    )


def _blend(
    table: Floats, cells: list[NDArray[np.intp]], light_seen: list[Floats], fine: int
) -> Floats:
    """Mix the light of the rays into the pixels they belong to."""
    if not cells:
        return table
    _, height, width = table.shape
    cell, rays = np.concatenate(cells), np.concatenate(light_seen, axis=1)
    share = np.float32(1 / fine**2)
    free = 1 - np.bincount(cell, minlength=height * width).astype(np.float32) * share
    mixed = table.reshape(3, -1) * free
    for channel, ray in zip(mixed, rays, strict=True):
        channel += share * np.bincount(cell, ray, height * width)
    return mixed.reshape(table.shape)
