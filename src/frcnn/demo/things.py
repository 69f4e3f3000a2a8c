"""Things: coins, pens, sheets, cards, tokens ... each an outline and a colour on a plane.

Every maker draws one thing of its kind from a generator. A thing's axes are u and v in units (a
die has side 1), its middle is 0. Letters: n points. Colours are sRGB, 0 ... 255.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from frcnn.demo.camera import Floats
from frcnn.demo.colours import srgb

_METALS = ("#b8862f", "#a5a8ad", "#9a5a32", "#c2a55a")
_INKS = ("#1a1b20", "#b01e22", "#1d4fa0", "#e3b21c", "#2c7a44", "#d8d8d8", "#7a3a86", "#e07a20")
_PAPERS = ("#f2efe6", "#f6e98a", "#bcd9ec", "#f0c4cf", "#e9e4d0")
_TOKENS = ("#c62a26", "#2458a8", "#23854a", "#e0b020", "#efe9da", "#26272b", "#d77a2a")

Slope = tuple[float, float]
"""How far the lamp leans along u and along v, each in [-1, 1]."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Thing:
    """One flat thing, in its own axes."""

    half: tuple[float, float]
    """Units: no part of it is further from its middle along u and along v."""
    thickness: float
    """Units: how far its shadow moves; what is thicker than paper lies on nothing else."""
    outline: Callable[[Floats, Floats], Floats]
    """Distance to the outline, units, negative inside: (u, v) [n] -> [n]."""
    colour: Callable[[Floats, Floats, Slope], Floats]
    """Colour: (u [n], v [n], the lamp's slope) -> [n, 3]."""


def coin(rng: np.random.Generator) -> Thing:
    """A coin: a raised rim, a ring of beads and a raised star."""
    radius = float(rng.uniform(0.5, 0.85))
    metal = srgb(_METALS[rng.integers(len(_METALS))])
    points, size, wave = int(rng.integers(3, 8)), rng.uniform(0.34, 0.46), rng.uniform(0.06, 0.16)

    def colour(u: Floats, v: Floats, lamp: Slope) -> Floats:
        r, angle = np.hypot(u, v) / np.float32(radius), np.arctan2(v, u)
        lean = (u * lamp[0] + v * lamp[1]) / np.maximum(r * radius, 1e-3)
        star = size + wave * np.cos(points * angle)
        steps = _ring(r, 0.97, 0.035) - _ring(r, 0.86, 0.03) + 0.8 * _ring(r - star, 0, 0.05)
        beads = _ring(r, 0.76, 0.03) * np.cos(30 * angle)
        light = 0.86 + 0.42 * lean * steps + 0.12 * lean * r + 0.1 * beads
        struck: Floats = metal * light[..., None]
        return struck

    return Thing(half=(radius, radius), thickness=0.09, outline=_disc(radius), colour=colour)


def token(rng: np.random.Generator) -> Thing:
    """A round or square playing piece with one to six dots in a ring."""
    radius = float(rng.uniform(0.42, 0.62))
    body, dot = (srgb(_TOKENS[i]) for i in rng.choice(len(_TOKENS), 2, replace=False))
    count = int(rng.integers(1, 7))
    angles = np.arange(count) * 2 * math.pi / count
    away = 0.0 if count == 1 else 0.5 * radius
    outline = _disc(radius) if rng.random() < 0.6 else _box(0.9 * radius, 0.9 * radius, 0.15)

    def colour(u: Floats, v: Floats, lamp: Slope) -> Floats:
        light = 0.92 + 0.2 * (u * lamp[0] + v * lamp[1]) / radius
        painted: Floats = body * light[..., None]
        for angle in angles:
            far = np.hypot(u - away * math.cos(angle), v - away * math.sin(angle))
            painted = painted + _inside(far - 0.17 * radius)[..., None] * (dot - painted)
        return painted

    return Thing(half=(radius, radius), thickness=0.1, outline=outline, colour=colour)


def button(rng: np.random.Generator) -> Thing:
    """A button with a rim and four holes."""
    radius = float(rng.uniform(0.38, 0.6))
    body = srgb(_TOKENS[rng.integers(len(_TOKENS))])
    dark = body * np.float32(0.25)

    def colour(u: Floats, v: Floats, lamp: Slope) -> Floats:
        r = np.hypot(u, v) / np.float32(radius)
        light = 0.9 + 0.3 * _ring(r, 0.85, 0.1) * (u * lamp[0] + v * lamp[1]) / radius
        holes = np.hypot(np.abs(u) - 0.22 * radius, np.abs(v) - 0.22 * radius) - 0.11 * radius
        shown: Floats = body * light[..., None]
        return shown + _inside(holes)[..., None] * (dark - shown)

    return Thing(half=(radius, radius), thickness=0.12, outline=_disc(radius), colour=colour)


def pen(rng: np.random.Generator) -> Thing:
    """A pen or a pencil: a long round body with a ring and a tip."""
    length, radius = float(rng.uniform(3.3, 4.6)), float(rng.uniform(0.17, 0.26))
    body, tip = (srgb(_INKS[i]) for i in rng.choice(len(_INKS), 2, replace=False))
    taper = float(rng.uniform(0.1, 0.25)) * length

    def colour(u: Floats, v: Floats, lamp: Slope) -> Floats:
        across = np.clip(v / np.float32(radius), -1, 1)
        light = 0.55 + 0.45 * np.sqrt(1 - across * across) + 0.35 * lamp[1] * across
        shine = 60 * _ring(across, 0.8 * lamp[1], 0.22)
        other = (u > length - taper) | (np.abs(u + 0.5 * length) < 0.07)
        parts = np.where(other[..., None], tip, body)
        shown: Floats = parts * light[..., None] + shine[..., None]
        return shown

    def outline(u: Floats, v: Floats) -> Floats:
        width = np.clip((length - u) / taper, 0.12, 1) * np.float32(radius)
        distance: Floats = np.maximum(np.abs(v) - width, np.abs(u) - np.float32(length))
        return distance

    return Thing(half=(length, radius), thickness=0.22, outline=outline, colour=colour)


def match(rng: np.random.Generator) -> Thing:
    """A match with a red or brown head."""
    head = srgb(("#9c2418", "#4a2618")[rng.integers(2)])
    wood = srgb("#dcb983")

    def colour(u: Floats, v: Floats, lamp: Slope) -> Floats:
        light = 0.9 + 0.25 * lamp[1] * np.sign(v)
        return np.where((u > 1.05)[..., None], head, wood) * light[..., None]

    return Thing(half=(1.3, 0.07), thickness=0.08, outline=_box(1.3, 0.07, 0.03), colour=colour)


def sheet(rng: np.random.Generator) -> Thing:
    """A sheet of paper, ruled or squared, or a coloured note."""
    half = float(rng.uniform(1.3, 3.2)), float(rng.uniform(1.2, 2.4))
    paper, ink = srgb(_PAPERS[rng.integers(len(_PAPERS))]), srgb("#7f95b8")
    ruling, squared = float(rng.uniform(0.28, 0.45)), bool(rng.random() < 0.4)

    def colour(u: Floats, v: Floats, lamp: Slope) -> Floats:
        line = np.abs(v % ruling - ruling / 2) < 0.03
        if squared:
            line |= np.abs(u % ruling - ruling / 2) < 0.03
        light = 1 + 0.03 * (u * lamp[0] + v * lamp[1])
        return np.where(line[..., None], 0.5 * (ink + paper), paper) * light[..., None]

    return Thing(half=half, thickness=0.02, outline=_box(*half, 0), colour=colour)


def card(rng: np.random.Generator) -> Thing:
    """A playing card, its patterned back up."""
    ink = srgb(("#a81e28", "#1f3d86", "#1e6a44", "#2b2c33")[rng.integers(4)])
    white, wave = srgb("#f4f1e8"), float(rng.uniform(7, 12))
    inner = _box(1.75, 1.15, 0.08)

    def colour(u: Floats, v: Floats, lamp: Slope) -> Floats:
        weave = (np.sin(wave * (u + v)) * np.sin(wave * (u - v)) > -0.1) & (inner(u, v) < 0)
        light = 1 + 0.04 * (u * lamp[0] + v * lamp[1])
        return np.where(weave[..., None], ink, white) * light[..., None]

    return Thing(half=(2.0, 1.4), thickness=0.03, outline=_box(2.0, 1.4, 0.15), colour=colour)


def band(rng: np.random.Generator) -> Thing:
    """A rubber band."""
    radius, stretch = float(rng.uniform(0.6, 1.4)), float(rng.uniform(1, 1.5))
    rubber = srgb(("#c98a4a", "#b8342c", "#3f6ea8", "#6b5138")[rng.integers(4)])

    def colour(u: Floats, v: Floats, lamp: Slope) -> Floats:
        light = 0.95 + 0.15 * (u * lamp[0] + v * lamp[1]) / radius
        return rubber * light[..., None]

    def outline(u: Floats, v: Floats) -> Floats:
        distance: Floats = np.abs(np.hypot(u / stretch, v) - np.float32(radius)) - 0.06
        return distance

    half = (radius * stretch + 0.1, radius + 0.1)
    return Thing(half=half, thickness=0.06, outline=outline, colour=colour)


def _disc(radius: float) -> Callable[[Floats, Floats], Floats]:
    return lambda u, v: np.hypot(u, v) - np.float32(radius)


def _box(long: float, wide: float, corner: float) -> Callable[[Floats, Floats], Floats]:
    """A rectangle of half sides `long` and `wide` with rounded corners."""

    def outline(u: Floats, v: Floats) -> Floats:
        x, y = np.abs(u) - (long - corner), np.abs(v) - (wide - corner)
        out = np.hypot(np.maximum(x, 0), np.maximum(y, 0))
        return out + np.minimum(np.maximum(x, y), 0) - np.float32(corner)

    return outline


def _inside(distance: Floats) -> Floats:
    """1 inside an outline, 0 outside, over a thirtieth of a unit."""
    cover: Floats = np.clip(0.5 - 30 * distance, 0, 1)
    return cover


def _ring(r: Floats, middle: float, width: float) -> Floats:
    bell: Floats = np.exp(-(((r - np.float32(middle)) / np.float32(width)) ** 2))
    return bell
