"""Layout: gaps between rectangles, and rectangles that just touch."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.demo.layout import Footprint, beside, gap, is_free, touching

SQUARE = (0.5, 0.5)


def at(x: float, y: float, degrees: float = 0, half: tuple[float, float] = SQUARE) -> Footprint:
    return Footprint(spot=(x, y), turn=math.radians(degrees), half=half)


places = st.builds(
    at,
    st.floats(-3, 3),
    st.floats(-3, 3),
    st.floats(0, 360),
    st.tuples(st.floats(0.1, 2), st.floats(0.1, 2)),
)


def corners(place: Footprint) -> np.ndarray:
    u, v = np.array([[-1, 1, 1, -1], [-1, -1, 1, 1]]) * np.array(place.half)[:, None]
    c, s = math.cos(place.turn), math.sin(place.turn)
    return np.stack((place.spot[0] + c * u - s * v, place.spot[1] + s * u + c * v))


def inside(place: Footprint, points: np.ndarray, margin: float = 0) -> np.ndarray:
    away = points - np.array(place.spot)[:, None]
    c, s = math.cos(place.turn), math.sin(place.turn)
    u, v = c * away[0] + s * away[1], c * away[1] - s * away[0]
    return (np.abs(u) < place.half[0] - margin) & (np.abs(v) < place.half[1] - margin)


# Golden by hand


def test_squares_side_by_side() -> None:
    assert gap(at(0, 0), at(3, 0)) == pytest.approx(2)
    assert gap(at(0, 0), at(1, 0)) == pytest.approx(0)
    assert gap(at(0, 0), at(0.25, 0)) == pytest.approx(-0.75)


def test_a_corner_reaches_further_than_a_side() -> None:
    assert gap(at(0, 0), at(2, 0, 45)) == pytest.approx(1.5 - math.sqrt(0.5))


def test_long_sides_turn_with_their_rectangle() -> None:
    long = (2.0, 0.5)
    assert gap(at(0, 0, 0, long), at(3, 0)) == pytest.approx(0.5)
    assert gap(at(0, 0, 90, long), at(3, 0)) == pytest.approx(2)


def test_beside_along_an_axis() -> None:
    guest = beside(at(1, 2), at(0, 0), 0.0)
    np.testing.assert_allclose(guest.spot, (2, 2), atol=0.02)


def test_beside_keeps_turn_and_size() -> None:
    guest = beside(at(0, 0), at(5, 5, 30, (1, 2)), 1.0)
    assert (guest.turn, guest.half) == (math.radians(30), (1, 2))


def test_moved_to() -> None:
    assert at(1, 2, 10).moved_to((3, 4)) == at(3, 4, 10)


# What always holds


@given(places, places)
def test_gap_is_the_same_from_both_sides(one: Footprint, other: Footprint) -> None:
    assert gap(one, other) == pytest.approx(gap(other, one), abs=1e-9)


@given(places, places)
def test_gap_agrees_with_points(one: Footprint, other: Footprint) -> None:
    """Oracle: a net of points of one that lie in the other."""
    net = np.stack(np.meshgrid(*[np.linspace(-1, 1, 31)] * 2)).reshape(2, -1)
    c, s = math.cos(one.turn), math.sin(one.turn)
    u, v = net * np.array(one.half)[:, None]
    points = np.stack((one.spot[0] + c * u - s * v, one.spot[1] + s * u + c * v))
    if gap(one, other) > 0:
        assert not inside(other, points).any()
        assert not inside(one, corners(other)).any()
    if inside(other, points, 1e-6).any():
        assert gap(one, other) < 0


@given(places, places, st.floats(0, 2 * math.pi))
def test_beside_touches_and_does_not_overlap(
    standing: Footprint, guest: Footprint, direction: float
) -> None:
    pushed = beside(standing, guest, direction)
    assert 0 <= gap(standing, pushed) <= 0.02
    way = np.array(pushed.spot) - np.array(standing.spot)
    np.testing.assert_allclose(
        way / np.hypot(*way), (math.cos(direction), math.sin(direction)), atol=1e-6
    )


def test_touching_is_side_on_side_or_askew() -> None:
    rng = np.random.default_rng(0)
    drawn = [touching(rng, at(0, 0, 20), SQUARE) for _ in range(100)]
    assert all(0 <= gap(at(0, 0, 20), place) <= 0.02 for place in drawn)
    aligned = sum(place.turn == math.radians(20) for place in drawn)
    assert 30 < aligned < 70


def test_is_free_wants_room() -> None:
    assert is_free(at(0, 0), [at(2, 0)], 0.9)
    assert not is_free(at(0, 0), [at(5, 5), at(2, 0)], 1.1)


# Nothing in


def test_an_empty_table_is_free() -> None:
    assert is_free(at(0, 0), [], 100.0)


def test_a_rectangle_in_itself_overlaps_wholly() -> None:
    assert gap(at(1, 1, 33), at(1, 1, 33)) == pytest.approx(-1)
