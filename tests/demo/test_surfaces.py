"""Surfaces: where pips are seen, hollows, veins and highlights."""

from dataclasses import replace

import numpy as np
import pytest

from frcnn.demo.dice import draw_make, make_die
from frcnn.demo.light import Light, make_light
from frcnn.demo.solids import Hits, Solid, meet
from frcnn.demo.surfaces import colour

WHITE, BLACK = np.ones(3, np.float32), np.zeros(3, np.float32)
RED = np.array([1, 0, 0], np.float32)
ABOVE = np.array([0, 0, 20], np.float32)
PLAIN = replace(
    draw_make(np.random.default_rng(0)),
    body=WHITE,
    vein=WHITE,
    pip=BLACK,
    gloss=0.0,
    edge=0.05,
    ball=10.0,
    pitch=0.25,
    pip_radius=0.1,
)


def lamp(elevation: float = 90) -> Light:
    return make_light(elevation=elevation, azimuth=0, radius=1, lamp=WHITE, sky=0.2 * WHITE)


def die(value: int, make: object = PLAIN, turn: float = 0.0) -> Solid:
    return make_die(make, value=value, side=1.0, spot=(0.0, 0.0), turn=turn)  # type: ignore[arg-type]


def from_above(solid: Solid, x: np.ndarray, y: np.ndarray) -> Hits:
    """Look straight down at places of the table."""
    origin = np.array([0, 0, 20], np.float32)
    ways = np.stack((x / 19, y / 19, -np.ones_like(x))).astype(np.float32)
    return meet(solid, solid.to_body(origin[:, None])[:, 0], solid.turn.T @ ways)


def seen(solid: Solid, x: list[float], y: list[float], light: Light | None = None) -> np.ndarray:
    hits = from_above(solid, np.array(x), np.array(y))
    assert len(hits.rays) == len(x)
    return colour(solid, hits, np.ones(len(x), np.float32), light or lamp(), ABOVE)


# Golden by hand


def test_a_one_is_black_in_the_middle_and_white_around() -> None:
    light = seen(die(1), [0, 0.2, 0, -0.3], [0, 0, 0.2, 0.3])
    np.testing.assert_allclose(light[:, 0], 0, atol=0.01)
    assert (light[:, 1:] > 0.9).all()


@pytest.mark.parametrize("value", range(1, 7))
def test_as_many_dark_spots_as_the_value(value: int) -> None:
    """The nine cells of the top face, each looked at in its middle."""
    x, y = (axis.ravel() * 0.25 for axis in np.mgrid[-1:2, -1:2].astype(float))
    dark = seen(die(value), list(x), list(y))[0] < 0.1
    assert dark.sum() == value


@pytest.mark.parametrize("turn", [0.3, 1.0, 2.5])
def test_pips_turn_with_the_die(turn: float) -> None:
    c, s = np.cos(turn), np.sin(turn)
    solid, back = die(2, turn=turn), die(2)
    x, y = (axis.ravel() * 0.25 for axis in np.mgrid[-1:2, -1:2].astype(float))
    turned = seen(solid, list(c * x - s * y), list(s * x + c * y))[0] < 0.1
    np.testing.assert_array_equal(turned, seen(back, list(x), list(y))[0] < 0.1)


def test_the_area_of_a_pip() -> None:
    x, y = (axis.ravel() for axis in np.mgrid[-0.2:0.2:60j, -0.2:0.2:60j])
    dark = seen(die(1), list(x), list(y))[0] < 0.5
    assert dark.mean() == pytest.approx(np.pi * 0.1**2 / 0.4**2, rel=0.1)


# What always holds


def test_a_hollow_is_bright_opposite_the_lamp() -> None:
    """Light from +x meets the slope at -x of a hollow, which leans towards it."""
    make = replace(PLAIN, pip=WHITE)
    light = seen(die(1, make), [-0.06, 0.06], [0, 0], lamp(45))
    assert light[0, 0] > light[0, 1]


def test_plain_points_are_untouched_by_pips() -> None:
    make = replace(PLAIN, pip=WHITE)
    with_pips = seen(die(6, make), [0.12], [0.12])
    np.testing.assert_allclose(with_pips, seen(die(1, make), [0.12], [0.12]), rtol=1e-5)


def test_veins_lie_between_the_two_colours() -> None:
    make = replace(PLAIN, body=RED, vein=WHITE)
    x, y = (axis.ravel() for axis in np.mgrid[0.12:0.42:15j, -0.42:0.42:15j])
    light = seen(die(1, make), list(x), list(y))
    green = light[1] / light[0]
    assert green.min() >= -1e-4
    assert green.max() <= 1 + 1e-4
    assert green.max() - green.min() > 0.5


def test_in_shadow_it_is_darker() -> None:
    solid = die(1)
    hits = from_above(solid, np.array([0.3]), np.array([0.3]))
    free, hidden = (
        colour(solid, hits, np.array([lit], np.float32), lamp(), ABOVE) for lit in (1, 0)
    )
    assert (hidden < 0.5 * free).all()


def test_gloss_adds_a_highlight_where_the_lamp_is_mirrored() -> None:
    """Camera and lamp both straight above: the top mirrors the lamp; at 30 degrees it does not."""
    glossy = die(1, replace(PLAIN, gloss=1.0))
    added = [
        seen(glossy, [0.3], [0.3], light) - seen(die(1), [0.3], [0.3], light)
        for light in (lamp(90), lamp(30))
    ]
    assert (added[0] > 0.2).all()
    assert (added[1] < 0.1).all()
    assert (added[1] >= 0).all()


def test_the_foot_is_darker_than_the_shoulder() -> None:
    solid = die(1)
    origin = np.array([20, 0, 0.5], np.float32)
    ways = np.array([[-19.5, -19.5], [0.4, 0.4], [-0.45, 0.4]], np.float32)
    hits = meet(solid, solid.to_body(origin[:, None])[:, 0], solid.turn.T @ ways)
    light = colour(solid, hits, np.ones(2, np.float32), lamp(), origin)
    assert light[0, 0] < light[0, 1]


def test_single_precision() -> None:
    make = replace(PLAIN, vein=RED, gloss=0.5)
    assert seen(die(4, make), [0.1], [0.1]).dtype == np.float32


# Nothing in


def test_no_points() -> None:
    solid = die(5)
    none = Hits(
        rays=np.zeros(0, np.intp),
        depth=np.zeros(0, np.float32),
        points=np.zeros((3, 0), np.float32),
        normals=np.zeros((3, 0), np.float32),
    )
    assert colour(solid, none, np.zeros(0, np.float32), lamp(), ABOVE).shape == (3, 0)
