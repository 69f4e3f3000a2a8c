"""Grounds: what the table is made of, seen from above.

Each painter takes a generator, the (rows, columns) of the canvas and its density in pixels per
unit (a unit is the side of a die), and gives [h, w, 3] uint8, sRGB.
"""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from frcnn.demo.camera import Floats
from frcnn.demo.canvas import Canvas, Frame
from frcnn.demo.colours import srgb
from frcnn.demo.noise import clouds, smooth

Pixels = NDArray[np.uint8]

_WOODS = (
    ("#4a2f1a", "#8a5a30", "#b98850"),
    ("#6b4526", "#b07c48", "#d9ae78"),
    ("#2a1a11", "#50311d", "#7a5233"),
    ("#8d7355", "#c4a67e", "#e4cda6"),
    ("#5a5550", "#8d867d", "#b5ada2"),
    ("#5b2414", "#8e4526", "#b56b3f"),
)
_FELTS = ("#1d6b42", "#7d1f28", "#1f3f7d", "#4b4d52", "#50306b", "#0f5c60", "#8a6a35", "#a8a39a")
_CLOTHS = (
    ("#d9d2c2", "#d9d2c2"),
    ("#c7cdd6", "#6f88b4"),
    ("#ece6da", "#b4453f"),
    ("#e8e4d2", "#4f8a5f"),
    ("#7d6f5c", "#9a8a72"),
    ("#38455a", "#4c5c76"),
    ("#b9a78a", "#a3906f"),
)
_MARBLES = (
    ("#8f9298", "#dcdcda", "#f2f1ee"),
    ("#c9c6c0", "#3a3b40", "#1d1e22"),
    ("#9fb5a2", "#3c5f4c", "#22402f"),
    ("#a8805f", "#d9bfa2", "#eddcc6"),
    ("#5f6b7d", "#a3adba", "#c6cdd6"),
)
_CHECKERS = (
    ("#e8d9b5", "#7a4a2a"),
    ("#dcdcd8", "#4d5157"),
    ("#d9c7a8", "#97836a"),
    ("#cfd8d4", "#5d7f86"),
    ("#e6dccb", "#b0594a"),
)
_PLAINS = ("#b9bcc0", "#d8d2c4", "#6d7680", "#8fa3b5", "#b59a86", "#93a58b", "#5a4a44", "#c9b4bb")
_STONES = (
    ("#6a6a6c", "#a6a5a3", "#d2d0cc"),
    ("#3c3d42", "#6c6e74", "#a2a4aa"),
    ("#8a7a66", "#bfae97", "#e2d6c4"),
    ("#7d5a50", "#b28d80", "#dcc2b6"),
)


def paint_ground(rng: np.random.Generator, frame: Frame) -> Canvas:
    """Paint a table of a kind drawn at random.

    Args:
        rng: where the choice and the texture come from.
        frame: the canvas to fill.

    Returns:
        The painted canvas.
    """
    painter = PAINTERS[rng.integers(len(PAINTERS))]
    pixels = painter(rng, frame.shape, frame.density)
    return Canvas(pixels=pixels, corner=frame.corner, density=frame.density)


def wood(rng: np.random.Generator, shape: tuple[int, int], density: float) -> Pixels:
    """Planks or one board, with grain along the columns."""
    palette = _ramp(*_WOODS[rng.integers(len(_WOODS))])
    bend = smooth(rng, shape, (2.5 * density, 9 * density))
    rows = np.arange(shape[0], dtype=np.float32)[:, None] / density
    rings = np.sin(rows * np.float32(rng.uniform(2, 5)) + np.float32(rng.uniform(8, 22)) * bend)
    grain = smooth(rng, shape, (max(0.07 * density, 1.5), 4 * density)) - 0.5
    pores = smooth(rng, shape, (1.3, 0.5 * density)) - 0.5
    field = 0.52 + 0.16 * rings + 0.5 * grain + 0.22 * pores
    if rng.random() < 0.65:
        _saw(rng, field, float(rng.uniform(2.2, 5.5)) * density)
    return _coloured(field, palette)


def felt(rng: np.random.Generator, shape: tuple[int, int], density: float) -> Pixels:
    """A playing table: one colour, short fibres."""
    base = _FELTS[rng.integers(len(_FELTS))]
    fibres = smooth(rng, shape, (1.2, 3.5)) + smooth(rng, shape, (3.5, 1.2)) - 1
    wear = clouds(rng, shape, 3 * density, 2) - 0.5
    return _coloured(0.5 + 0.35 * fibres + 0.3 * wear, _ramp(*_around(base, 0.62, 1.38)))


def cloth(rng: np.random.Generator, shape: tuple[int, int], density: float) -> Pixels:
    """Woven threads, plain or in checks of two colours."""
    one, other = _CLOTHS[rng.integers(len(_CLOTHS))]
    between = _mixed(one, other)
    pitch = max(float(rng.uniform(0.11, 0.2)) * density, 3.6)
    check = float(rng.uniform(0.8, 2.2)) * density
    y, x = (np.arange(side, dtype=np.float32) for side in shape)
    warp, weft = (0.3 + 0.35 * np.abs(np.sin(x * (math.pi / pitch))) for x in (x, y))
    over = ((x // pitch)[None, :] + (y // pitch)[:, None]) % 2 == 0
    light = np.where(over, warp[None, :], weft[:, None])
    light += 0.35 * smooth(rng, shape, (2, 2)) - 0.08
    threads = (x // check % 2).astype(np.intp)[None, :] + (y // check % 2).astype(np.intp)[:, None]
    ramps = [_ramp(*_around(colour, 0.6, 1.1)) for colour in (one, between, other)]
    return _coloured(light, np.concatenate(ramps), threads)


def marble(rng: np.random.Generator, shape: tuple[int, int], density: float) -> Pixels:
    """Polished stone with veins."""
    palette = _ramp(*_MARBLES[rng.integers(len(_MARBLES))])
    fold = clouds(rng, shape, float(rng.uniform(3, 6)) * density, 4)
    veins = np.abs(2 * fold - 1) * np.float32(rng.uniform(5, 9))
    haze = clouds(rng, shape, 4 * density, 3)
    return _coloured(1 - np.exp(-veins) * 0.75 - 0.7 * (1 - haze) + 0.15, palette)


def checker(rng: np.random.Generator, shape: tuple[int, int], density: float) -> Pixels:
    """A board or tiles of two colours."""
    one, other = _CHECKERS[rng.integers(len(_CHECKERS))]
    cell = float(rng.uniform(1.6, 4.2)) * density
    y, x = (np.arange(side, dtype=np.float32) / np.float32(cell) + rng.random() for side in shape)
    odd = (x.astype(np.intp)[None, :] + y.astype(np.intp)[:, None]) % 2
    light = clouds(rng, shape, 1.2 * density, 3)
    if rng.random() < 0.5:
        joint = np.float32(0.06 * density / cell)
        light[:, x % 1 < joint] -= 0.6
        light[y % 1 < joint] -= 0.6
    ramps = [_ramp(*_around(colour, 0.75, 1.2)) for colour in (one, other)]
    return _coloured(light, np.concatenate(ramps), odd)


def plain(rng: np.random.Generator, shape: tuple[int, int], density: float) -> Pixels:
    """A painted desk: one colour that slowly changes."""
    base = _PLAINS[rng.integers(len(_PLAINS))]
    y, x = (np.linspace(-0.5, 0.5, side, dtype=np.float32) for side in shape)
    angle = rng.uniform(0, 2 * math.pi)
    slope = x[None, :] * np.float32(math.cos(angle)) + y[:, None] * np.float32(math.sin(angle))
    field = 0.5 + np.float32(rng.uniform(0.1, 0.7)) * slope
    field += 0.1 * (clouds(rng, shape, 2 * density, 3) - 0.5)
    return _coloured(field, _ramp(*_around(base, 0.7, 1.3)))


def stone(rng: np.random.Generator, shape: tuple[int, int], density: float) -> Pixels:
    """Granite or concrete: grains of a few colours."""
    palette = _ramp(*_STONES[rng.integers(len(_STONES))])
    grain = max(float(rng.uniform(0.04, 0.12)) * density, 1.5)
    grains = smooth(rng, shape, (grain, grain)) - 0.5
    dust = smooth(rng, shape, (1.4, 1.4)) - 0.5
    stains = clouds(rng, shape, 4 * density, 3) - 0.5
    strength = np.float32(rng.uniform(0.2, 0.9))
    return _coloured(0.5 + strength * grains + 0.3 * dust + 0.6 * stains, palette)


PAINTERS: tuple[Callable[[np.random.Generator, tuple[int, int], float], Pixels], ...] = (
    wood,
    felt,
    cloth,
    marble,
    checker,
    plain,
    stone,
)
"""Every kind of ground; wood stands first."""


def _saw(rng: np.random.Generator, field: Floats, width: float) -> None:
    """Cut the field into planks: each from another place of the tree, with a gap between."""
    first = float(rng.uniform(0, width))
    edges = np.unique([0, *np.arange(first, len(field), width).astype(int), len(field)])
    for top, bottom in pairwise(edges):
        shift = int(rng.integers(field.shape[1]))
        field[top:bottom] = np.roll(field[top:bottom], shift, axis=1)
        field[top:bottom] += np.float32(rng.uniform(-0.13, 0.13))
        field[top : top + 1] -= 0.5
        field[top + 1 : top + 2] -= 0.2


def _coloured(field: Floats, palette: Pixels, ramp: NDArray[np.intp] | int = 0) -> Pixels:
    """Read a field in [0, 1] off a palette of one or more ramps of 256 colours."""
    places = np.clip(field * 255, 0, 255).astype(np.intp) + 256 * ramp
    return np.take(palette, places, axis=0)


def _ramp(*colours: str) -> Pixels:
    """[256, 3] uint8: from the first colour to the last."""
    stops = np.stack([srgb(colour) for colour in colours])
    places = np.linspace(0, len(colours) - 1, 256)
    channels = [np.interp(places, np.arange(len(colours)), stop) for stop in stops.T]
    return np.stack(channels, axis=1).astype(np.uint8)


def _around(colour: str, low: float, high: float) -> tuple[str, str, str]:
    """The colour between a darker and a lighter one."""
    dark, light = (
        "#" + np.clip(srgb(colour) * factor, 0, 255).astype(np.uint8).tobytes().hex()
        for factor in (low, high)
    )
    return dark, colour, light


def _mixed(one: str, other: str) -> str:
    return "#" + ((srgb(one) + srgb(other)) / 2).astype(np.uint8).tobytes().hex()
