"""Clutter: flat things strewn over the canvas, each with a small shadow.

Letters: n points of one thing's window.
"""

import math

import numpy as np

from frcnn.demo.camera import Camera, Floats
from frcnn.demo.canvas import Canvas, patch_at
from frcnn.demo.layout import Footprint, is_free
from frcnn.demo.things import Thing, band, button, card, coin, match, pen, sheet, token

_ORDINARY = (coin, coin, pen, pen, sheet, card, band, match)
_DOTTED = (token, token, button)
_TRIES = 8
# Units: thicker things lie neither under a die nor on each other.
_PAPER = 0.05
_SHADOW = 0.5


def draw_things(rng: np.random.Generator, ordinary: int, dotted: int) -> list[Thing]:
    """Draw things to strew.

    Args:
        rng: where the choice and their looks come from.
        ordinary: how many coins, pens, sheets, cards, rubber bands and matches.
        dotted: how many tokens and buttons, which a careless eye takes for dice.

    Returns:
        The things, the thinnest first.
    """
    things = [_ORDINARY[i](rng) for i in rng.integers(len(_ORDINARY), size=ordinary)]
    things += [_DOTTED[i](rng) for i in rng.integers(len(_DOTTED), size=dotted)]
    return sorted(things, key=lambda thing: thing.thickness)


def strew(
    rng: np.random.Generator,
    canvas: Canvas,
    things: list[Thing],
    taken: list[Footprint],
    eyes: tuple[Camera, Floats],
) -> None:
    """Lay things on the canvas wherever the camera looks.

    Paper lies anywhere, also under dice; thicker things only where there is room, or not at all.

    Args:
        rng: where places and turns come from.
        canvas: painted on in place.
        things: what to lay, the lowest first.
        taken: what stands on the table; not changed.
        eyes: the camera, and the unit vector [3] float32 towards the lamp.
    """
    camera, lamp = eyes
    taken = list(taken)
    for thing in things:
        for _ in range(_TRIES):
            spot = camera.somewhere(rng)
            place = Footprint(spot=spot, turn=float(rng.uniform(0, 2 * math.pi)), half=thing.half)
            if thing.thickness < _PAPER or is_free(place, taken, 0.03):
                lay(canvas, thing, place, lamp)
                taken += [place] if thing.thickness >= _PAPER else []
                break


def lay(canvas: Canvas, thing: Thing, place: Footprint, lamp: Floats) -> None:
    """Paint one thing and its shadow.

    Args:
        canvas: painted on in place.
        thing: what to paint.
        place: where, and how turned.
        lamp: [3] float32, unit vector towards the lamp.
    """
    c, s = math.cos(place.turn), math.sin(place.turn)
    slope = float(lamp[0] * c + lamp[1] * s), float(lamp[1] * c - lamp[0] * s)
    rise = thing.thickness / max(float(lamp[2]), 0.3)
    soft = 0.03 + thing.thickness
    patch = patch_at(canvas, place, rise + soft)
    distance = thing.outline(patch.u, patch.v)
    near = np.nonzero(distance < rise + soft)
    u, v, distance = patch.u[near], patch.v[near], distance[near]
    fallen = thing.outline(u + slope[0] * rise, v + slope[1] * rise)
    light = 1 - _SHADOW * np.clip(0.5 - fallen / soft, 0, 1)
    cover = np.clip(0.5 - distance * canvas.density, 0, 1)[:, None]
    window = canvas.pixels[patch.window]
    under = window[near] * light[:, None]
    painted = under + cover * (thing.colour(u, v, slope) - under)
    window[near] = np.clip(painted, 0, 255).astype(np.uint8)
