"""Clutter: what is strewn where, and how a thing is painted with its shadow."""

import math

import numpy as np
import pytest

from frcnn.demo.camera import aim
from frcnn.demo.canvas import Canvas, frame_for
from frcnn.demo.clutter import draw_things, lay, strew
from frcnn.demo.layout import Footprint
from frcnn.demo.things import Thing, card, coin

CAMERA = aim(elevation=70, azimuth=30, roll=0, side=20, focal=500, size=(120, 160))
ABOVE = np.array([0, 0, 1], np.float32)
EAST = np.array([0.8, 0, 0.6], np.float32)
RED = np.array([200, 0, 0], np.float32)
DISC = Thing(
    half=(0.5, 0.5),
    thickness=0.2,
    outline=lambda u, v: np.hypot(u, v) - np.float32(0.5),
    colour=lambda u, v, lamp: np.broadcast_to(RED, (*u.shape, 3)),
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def white(density: float = 20) -> Canvas:
    pixels = np.full((200, 200, 3), 200, np.uint8)
    return Canvas(pixels=pixels, corner=(-5.0, -5.0), density=density)


def place(x: float = 0, y: float = 0) -> Footprint:
    return Footprint(spot=(x, y), turn=0.0, half=(0.5, 0.5))


def red(canvas: Canvas) -> np.ndarray:
    return (canvas.pixels == (200, 0, 0)).all(axis=2)


# Golden by hand


def test_a_disc_is_painted_where_it_was_put() -> None:
    canvas = white()
    lay(canvas, DISC, place(1, -2), ABOVE)
    rows, columns = np.nonzero(red(canvas))
    assert (rows.mean(), columns.mean()) == pytest.approx((59.5, 119.5), abs=0.01)
    assert red(canvas).sum() == pytest.approx(math.pi * 9.5**2, rel=0.05)  # whole pixels only


def test_its_edge_is_smooth() -> None:
    canvas = white()
    lay(canvas, DISC, place(), ABOVE)
    green = canvas.pixels[..., 1]
    assert ((green > 20) & (green < 80)).any()


def test_the_shadow_falls_away_from_the_lamp() -> None:
    canvas = white()
    lay(canvas, DISC, place(), EAST)
    row = canvas.pixels[100, :, 1].astype(int)
    assert row[100 - 13] < 170  # just west of the disc
    assert row[100 + 16] > row[100 - 16]
    assert row[100 - 40] == row[100 + 40] == 200


def test_things_of_both_sorts_are_drawn_lowest_first() -> None:
    things = draw_things(rng(), 30, 20)
    assert len(things) == 50
    heights = [thing.thickness for thing in things]
    assert heights == sorted(heights)
    assert len(set(heights)) >= 6


# What always holds


def test_outside_its_window_nothing_changes() -> None:
    canvas = white()
    lay(canvas, DISC, place(), EAST)
    assert (canvas.pixels[:80] == 200).all()
    assert (canvas.pixels[:, 125:] == 200).all()


def test_thick_things_keep_away_from_dice_and_each_other() -> None:
    """A wall of footprints with one hole: all coins end up in the hole, and only one fits."""
    walls = [
        Footprint(spot=(x, y), turn=0.0, half=(0.5, 0.5))
        for x in range(-8, 9)
        for y in range(-8, 9)
        if (x, y) != (0, 0)
    ]
    before = list(walls)
    canvas = Canvas(pixels=np.full((320, 320, 3), 200, np.uint8), corner=(-8.0, -8.0), density=20)
    coins = [coin(rng(seed)) for seed in range(5)]
    strew(rng(), canvas, coins, walls, (CAMERA, ABOVE))
    changed = np.argwhere((canvas.pixels != 200).any(axis=2))
    assert len(changed) == 0 or np.ptp(changed, axis=0).max() < 50
    assert walls == before


def test_paper_lies_under_dice_too() -> None:
    frame = frame_for(CAMERA, 20)
    canvas = Canvas(
        pixels=np.full((*frame.shape, 3), 200, np.uint8), corner=frame.corner, density=20.0
    )
    everywhere = [Footprint(spot=(0.0, 0.0), turn=0.0, half=(50.0, 50.0))]
    strew(rng(1), canvas, [coin(rng())], everywhere, (CAMERA, ABOVE))
    assert (canvas.pixels == 200).all()
    strew(rng(1), canvas, [card(rng())], everywhere, (CAMERA, ABOVE))
    assert (canvas.pixels != 200).any()


def test_the_same_seed_strews_the_same() -> None:
    painted = []
    for _ in range(2):
        canvas = white()
        strew(rng(4), canvas, draw_things(rng(4), 4, 2), [], (CAMERA, EAST))
        painted.append(canvas.pixels)
    np.testing.assert_array_equal(*painted)


# Nothing in


def test_no_things() -> None:
    assert draw_things(rng(), 0, 0) == []
    canvas = white()
    strew(rng(), canvas, [], [], (CAMERA, ABOVE))
    assert (canvas.pixels == 200).all()


def test_a_thing_beside_the_canvas_paints_nothing() -> None:
    canvas = white()
    lay(canvas, DISC, place(80, 0), EAST)
    assert (canvas.pixels == 200).all()
