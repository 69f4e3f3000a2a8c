"""Things: outlines that are distances, colours that can be painted."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from frcnn.demo.things import Thing, band, button, card, coin, match, pen, sheet, token

MAKERS = (coin, token, button, pen, match, sheet, card, band)
Maker = Callable[[np.random.Generator], Thing]
every = pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def net(thing: Thing, count: int = 81) -> tuple[np.ndarray, np.ndarray]:
    """A net of points over the thing and a little more."""
    u, v = (np.linspace(-1.3 * half, 1.3 * half, count, dtype=np.float32) for half in thing.half)
    across, along = np.meshgrid(u, v)
    return across.ravel(), along.ravel()


def outline(thing: Thing, u: float, v: float) -> float:
    return float(thing.outline(np.array([u], np.float32), np.array([v], np.float32))[0])


# Golden by hand


def test_a_coin_is_a_disc() -> None:
    thing = coin(rng())
    radius = thing.half[0]
    assert outline(thing, 0, 0) == pytest.approx(-radius)
    assert outline(thing, radius, 0) == pytest.approx(0, abs=1e-6)
    assert outline(thing, 0, 2 * radius) == pytest.approx(radius)


def test_a_card_is_a_rectangle_with_round_corners() -> None:
    thing = card(rng())
    assert outline(thing, 2, 0) == pytest.approx(0, abs=1e-6)
    assert outline(thing, 0, 1.4) == pytest.approx(0, abs=1e-6)
    assert outline(thing, 2, 1.4) == pytest.approx(0.15 * (math.sqrt(2) - 1), abs=1e-6)
    assert outline(thing, 0, 0) == pytest.approx(-1.4)


def test_a_band_is_empty_in_the_middle() -> None:
    thing = band(rng())
    assert outline(thing, 0, 0) > 0.3
    assert outline(thing, thing.half[0] - 0.1, 0) < 0


def test_a_pen_is_pointed() -> None:
    thing = pen(rng())
    length, radius = thing.half
    assert outline(thing, 0, 0.9 * radius) < 0
    assert outline(thing, length - 0.02, 0.9 * radius) > 0
    assert outline(thing, -length + 0.02, 0.9 * radius) < 0


@pytest.mark.parametrize("seed", range(12))
def test_a_token_has_one_to_six_dots_in_another_colour(seed: int) -> None:
    thing = token(rng(seed))
    u, v = net(thing, 241)
    inside = thing.outline(u, v) < -0.02
    colour = thing.colour(u, v, (0.0, 0.0))[inside]
    shades, counts = np.unique(colour.round(), axis=0, return_counts=True)
    two = shades[np.argsort(counts)[-2:]]
    assert np.abs(two[0] - two[1]).max() > 30
    share = np.sort(counts)[-2] / inside.sum()
    assert 0.01 < share < 0.35


def test_a_button_has_four_holes() -> None:
    thing = button(rng())
    at = 0.22 * thing.half[0]
    places = np.array([[at, at, -at, -at, 0], [at, -at, at, -at, 0]], np.float32)
    brightness = thing.colour(places[0], places[1], (0.0, 0.0)).sum(axis=1)
    assert (brightness[:4] < 0.5 * brightness[4]).all()


# What always holds


@every
@pytest.mark.parametrize("seed", range(4))
def test_nothing_lies_outside_its_half_sides(maker: Maker, seed: int) -> None:
    thing = maker(rng(seed))
    u, v = net(thing)
    outside = (np.abs(u) > thing.half[0] + 0.01) | (np.abs(v) > thing.half[1] + 0.01)
    assert (thing.outline(u, v)[outside] > 0).all()
    assert (thing.outline(u, v) < 0).any()


@every
@pytest.mark.parametrize("seed", range(4))
def test_outlines_grow_no_faster_than_the_way(maker: Maker, seed: int) -> None:
    """So half a pixel of distance is never more than half a pixel of way: smooth edges."""
    thing = maker(rng(seed))
    u, v = net(thing)
    steep = 2.5 if maker is pen else 1.01  # the tip of a pen is measured across
    step = np.float32(0.01)
    for du, dv in ((step, 0), (0, step)):
        change = np.abs(thing.outline(u + du, v + dv) - thing.outline(u, v))
        assert change.max() <= steep * step + 1e-4


@every
@pytest.mark.parametrize("lamp", [(0.0, 0.0), (0.7, -0.3), (-0.6, 0.6)])
def test_colours_can_be_painted(maker: Maker, lamp: tuple[float, float]) -> None:
    thing = maker(rng(2))
    u, v = net(thing)
    inside = thing.outline(u, v) < 0
    colour = thing.colour(u[inside], v[inside], lamp)
    assert colour.shape == (inside.sum(), 3)
    assert np.isfinite(colour).all()
    assert colour.min() > -60
    assert colour.max() < 400
    assert colour.mean() > 5


@every
def test_the_same_seed_makes_the_same(maker: Maker) -> None:
    one, other = maker(rng(9)), maker(rng(9))
    u, v = net(one)
    assert (one.half, one.thickness) == (other.half, other.thickness)
    np.testing.assert_array_equal(one.outline(u, v), other.outline(u, v))
    np.testing.assert_array_equal(one.colour(u, v, (0.1, 0.2)), other.colour(u, v, (0.1, 0.2)))


def test_sheets_are_ruled_or_squared() -> None:
    squared = 0
    for seed in range(20):
        thing = sheet(rng(seed))
        u = np.linspace(-1, 1, 400, dtype=np.float32)
        row = thing.colour(u, np.full_like(u, 0.001), (0.0, 0.0)).sum(axis=1)
        squared += bool(np.ptp(row) > 1)
    assert 3 <= squared <= 17


# Nothing in


@every
def test_no_points(maker: Maker) -> None:
    thing, none = maker(rng()), np.zeros(0, np.float32)
    assert thing.outline(none, none).shape == (0,)
    assert thing.colour(none, none, (0.0, 0.0)).shape == (0, 3)
