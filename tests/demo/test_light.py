"""Light: the lamp's samples, what blocks them, and shading."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.demo.light import Light, blocked, make_light, shade
from frcnn.demo.solids import Coat, Solid

WHITE = np.ones(3, np.float32)
COAT = Coat(body=WHITE, vein=WHITE, pip=WHITE, gloss=0.0)


def lamp(elevation: float = 45, azimuth: float = 0, radius: float = 5) -> Light:
    return make_light(
        elevation=elevation, azimuth=azimuth, radius=radius, lamp=WHITE, sky=WHITE * 0.5
    )


def cube(x: float = 0, y: float = 0, turn: float = 0) -> Solid:
    c, s = math.cos(turn), math.sin(turn)
    return Solid(
        centre=np.array([x, y, 0.5], np.float32),
        turn=np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32),
        half=np.full(3, 0.5, np.float32),
        edge=0.1,
        ball=10.0,
        coat=COAT,
    )


def points(*rows: tuple[float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).T


# Golden by hand


def test_the_lamp_stands_where_it_is_said() -> None:
    np.testing.assert_allclose(lamp(90).middle, (0, 0, 1), atol=1e-6)
    np.testing.assert_allclose(lamp(45).middle, (math.sqrt(0.5), 0, math.sqrt(0.5)), atol=1e-6)
    np.testing.assert_allclose(lamp(0.1, 90).middle[:2], (0, 1), atol=0.06)


def test_a_shadow_falls_away_from_the_lamp() -> None:
    """At 45 degrees the shadow of a die of 1 is 1 long."""
    light = lamp(45)
    where = points((-0.7, 0, 0), (-1.3, 0, 0), (-1.8, 0, 0), (0.8, 0, 0), (-1, 0.8, 0))
    hidden = blocked(where, cube(), light.directions[:, :1])
    assert hidden.tolist() == [[True, True, False, False, False]]


def test_nothing_is_blocked_above_the_solid() -> None:
    assert not blocked(points((0, 0, 1.5)), cube(), lamp().directions).any()


def test_a_face_towards_the_lamp_is_brightest() -> None:
    light = lamp(45)
    normals = np.stack((light.middle, -light.middle, [0, 1, 0]), axis=1).astype(np.float32)
    ones = np.ones(3, np.float32)
    bright = shade(light, normals=normals, lit=ones, open_sky=ones)
    assert bright[0, 0] > bright[0, 2] > bright[0, 1] > 0
    up = 0.5 + 0.5 * math.sqrt(0.5)
    assert bright[0, 0] == pytest.approx(1 + 0.5 * up + light.glow[0] * (1 - up), rel=1e-4)


def test_in_full_shadow_only_sky_and_glow_are_left() -> None:
    light = lamp(90)
    top = np.array([[0], [0], [1]], np.float32)
    none = np.zeros(1, np.float32)
    np.testing.assert_allclose(shade(light, normals=top, lit=none, open_sky=none), 0)
    np.testing.assert_allclose(shade(light, normals=top, lit=none, open_sky=none + 1), 0.5)


# What always holds


@given(st.floats(20, 90), st.floats(0, 360), st.floats(0, 15))
def test_samples_are_unit_vectors_within_the_disc(
    elevation: float, azimuth: float, radius: float
) -> None:
    ways = lamp(elevation, azimuth, radius).directions
    assert ways.shape == (3, 12)
    assert ways.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(ways, axis=0), 1, atol=1e-5)
    away = np.degrees(np.arccos(np.clip(ways.T @ ways[:, 0], -1, 1)))
    assert away.max() <= radius + 0.1
    assert (ways[2] > 0).all()


def test_a_larger_lamp_softens_the_edge() -> None:
    line = points(*[(-0.4 - 0.02 * step, 0, 0) for step in range(100)])

    def half_shadow(radius: float) -> int:
        share = blocked(line, cube(), lamp(45, 0, radius).directions).mean(axis=0)
        return int(((share > 0) & (share < 1)).sum())

    assert half_shadow(0.1) < half_shadow(4) < half_shadow(12)


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(0, 6.3), st.floats(0.1, 6.3))
def test_turning_all_together_changes_nothing(x: float, y: float, turn: float, by: float) -> None:
    c, s = math.cos(by), math.sin(by)
    whole = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32)
    ways = lamp(50).directions
    before = blocked(points((x, y, 0)), cube(turn=turn), ways)
    after = blocked(whole @ points((x, y, 0)), cube(turn=turn + by), whole @ ways)
    assert (before != after).sum() <= 1  # a ray along an edge may fall on either side


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_blocked_agrees_with_small_steps(x: float, y: float) -> None:
    """Oracle: walk towards the lamp and look whether the box is entered."""
    way = lamp(50, 20).directions[:, :1]
    steps = points((x, y, 0)) + way * np.linspace(0.002, 4, 4000, dtype=np.float32)
    inside = np.abs(steps - np.array([[0], [0], [0.5]])) < 0.5 * 0.94
    inner = np.abs(steps - np.array([[0], [0], [0.5]])) < 0.5 * 0.94 - 0.003
    hidden = bool(blocked(points((x, y, 0)), cube(), way)[0, 0])
    if inner.all(axis=0).any():
        assert hidden
    if not inside.all(axis=0).any():
        assert not hidden or (np.abs(steps[:2]) < 0.5).all(axis=0).any()


def test_light_straight_down_the_sides_divides_by_nothing() -> None:
    with np.errstate(all="raise"):
        hidden = blocked(points((0, 0, 0), (2, 0, 0)), cube(), lamp(90, 0, 0).directions)
    assert hidden.all(axis=0).tolist() == [True, False]


# Nothing in


def test_no_points() -> None:
    assert blocked(np.zeros((3, 0), np.float32), cube(), lamp().directions).shape == (12, 0)
