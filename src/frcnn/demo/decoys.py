"""Decoys: solids that look like dice and are none, so that a detector cannot go by shape alone."""

import numpy as np

from frcnn.demo.camera import Floats
from frcnn.demo.colours import linear
from frcnn.demo.dice import about_vertical, pip_cells
from frcnn.demo.layout import Footprint
from frcnn.demo.solids import Coat, Solid

_PAINTS = ("#c8321e", "#2456a8", "#2f8a46", "#e0a81c", "#c79a62", "#e8e0cc", "#2a2b2f", "#7a4a9a")
_BONES = (("#f1ecdc", "#17171a"), ("#1c1d21", "#f3f0e6"), ("#e2d2ae", "#5a1f14"))


def block_half(rng: np.random.Generator) -> Floats:
    """Draw the size of a wooden block: a cube, a slab or a bar, no higher than a die.

    Args:
        rng: where the choice comes from.

    Returns:
        [3] float32, half of its sides, units; the last is upright.
    """
    shapes = ((0.45, 0.45, 0.45), (0.6, 0.45, 0.25), (0.9, 0.3, 0.25), (0.5, 0.5, 0.15))
    return np.array(shapes[rng.integers(len(shapes))], np.float32)


def domino_half() -> Floats:
    """Give the size of a domino.

    Returns:
        [3] float32, half of its sides, units; the last is upright.
    """
    return np.array([0.5, 1.0, 0.16], np.float32)


def make_block(rng: np.random.Generator, half: Floats, place: Footprint) -> Solid:
    """Make a wooden block without pips.

    Args:
        rng: where its colour comes from.
        half: [3] float32, half of its sides, units.
        place: where it stands.

    Returns:
        The block.
    """
    paint = linear(_PAINTS[rng.integers(len(_PAINTS))])
    coat = Coat(body=paint, vein=paint, pip=paint, gloss=float(rng.uniform(0, 0.6)))
    return _standing(half, place, coat)


def make_domino(rng: np.random.Generator, half: Floats, place: Footprint) -> Solid:
    """Make a domino: two fields of pips on a flat tile.

    Args:
        rng: where its colours and pips come from.
        half: [3] float32, half of its sides, units.
        place: where it lies.

    Returns:
        The domino.
    """
    bone, pip = (linear(colour) for colour in _BONES[rng.integers(len(_BONES))])
    fields = [pip_cells(int(rng.integers(7))) for _ in range(2)]
    pips = np.zeros((6, 3, 6), np.bool_)
    pips[4] = np.concatenate(fields, axis=1)
    coat = Coat(
        body=bone,
        vein=bone,
        pip=pip,
        gloss=float(rng.uniform(0.2, 0.8)),
        pips=pips,
        pitch=float(half[1]) / 3,
        pip_radius=float(half[1]) / 11,
    )
    return _standing(half, place, coat)


def _standing(half: Floats, place: Footprint, coat: Coat) -> Solid:
    return Solid(
        centre=np.array([*place.spot, half[2]], np.float32),
        turn=about_vertical(place.turn),
        half=half,
        edge=float(half.min()) * 0.25,
        ball=10.0,
        coat=coat,
    )
