"""Camera: where points appear, where rays go, and that the two undo each other."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.demo.camera import Camera, aim

SIZE = (240, 320)


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None]


def camera(elevation: float = 60, **changes: float) -> Camera:
    given = {"azimuth": 0.0, "roll": 0.0, "side": 40.0, "focal": 500.0} | changes
    return aim(elevation=elevation, size=SIZE, **given)


# Golden by hand


def test_the_origin_appears_in_the_middle() -> None:
    x, y, depth = camera().project(column(0, 0, 0))
    np.testing.assert_allclose((x[0], y[0]), (160, 120), atol=1e-3)
    assert depth[0] == pytest.approx(500 / 40)


def test_straight_down_one_unit_is_side_pixels() -> None:
    down = camera(90)
    x, y, _ = down.project(column(1, 0, 0))
    np.testing.assert_allclose((x[0], y[0]), (200, 120), atol=1e-3)
    x, y, _ = down.project(column(0, 1, 0))
    np.testing.assert_allclose((x[0], y[0]), (160, 80), atol=1e-3)  # far is up


def test_what_stands_up_points_up_and_is_foreshortened() -> None:
    _, y, _ = camera(45).project(column(0, 0, 0.01))
    assert (120 - y[0]) / 0.01 == pytest.approx(40 * math.cos(math.pi / 4), rel=0.01)


def test_azimuth_turns_the_view() -> None:
    x, y, _ = camera(90, azimuth=90).project(column(1, 0, 0))
    np.testing.assert_allclose((x[0], y[0]), (160, 80), atol=1e-3)  # east is ahead


def test_roll_turns_the_picture() -> None:
    x, y, _ = camera(90, roll=90).project(column(1, 0, 0))
    np.testing.assert_allclose((x[0], y[0]), (160, 80), atol=1e-3)


def test_what_is_near_is_large() -> None:
    near, _, _ = camera().project(np.array([[-1, 1], [-2, -2], [0, 0]], np.float32))
    far, _, _ = camera().project(np.array([[-1, 1], [2, 2], [0, 0]], np.float32))
    assert near[1] - near[0] > far[1] - far[0]


# What always holds

angles = st.tuples(st.floats(45, 90), st.floats(0, 360), st.floats(-10, 10))


@given(angles, st.floats(0, 320), st.floats(0, 240))
def test_on_ground_undoes_project(angle: tuple[float, float, float], x: float, y: float) -> None:
    eye = camera(angle[0], azimuth=angle[1], roll=angle[2])
    ground = eye.on_ground(column(x)[0], column(y)[0])
    back = eye.project(ground)
    assert ground[2] == 0
    np.testing.assert_allclose((back[0][0], back[1][0]), (x, y), atol=0.02)


@given(angles)
def test_axes_are_a_right_handed_frame(angle: tuple[float, float, float]) -> None:
    axes = camera(angle[0], azimuth=angle[1], roll=angle[2]).axes
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-5)
    assert np.linalg.det(axes) == pytest.approx(1, abs=1e-4)


@given(angles)
def test_the_homography_is_the_projection_of_the_table(angle: tuple[float, float, float]) -> None:
    eye = camera(angle[0], azimuth=angle[1], roll=angle[2])
    points = np.random.default_rng(0).uniform(-2, 2, (3, 20)).astype(np.float32)
    points[2] = 0
    flat = np.concatenate((points[:2], np.ones((1, 20))))
    seen = eye.ground_to_picture() @ flat
    x, y, _ = eye.project(points)
    np.testing.assert_allclose(seen[:2] / seen[2], (x, y), atol=0.01)


def test_single_precision_throughout() -> None:
    eye = camera()
    assert eye.position.dtype == eye.axes.dtype == np.float32
    assert {part.dtype for part in eye.project(column(1, 2, 0))} == {np.dtype(np.float32)}
    assert eye.on_ground(column(3)[0], column(5)[0]).dtype == np.float32


def test_places_are_drawn_evenly_over_the_picture() -> None:
    eye, rng = camera(60), np.random.default_rng(0)
    spots = np.array([eye.somewhere(rng) for _ in range(400)], np.float32)
    x, y, _ = eye.project(np.concatenate((spots.T, np.zeros((1, 400), np.float32))))
    assert x.min() >= 0
    assert x.max() <= 320
    assert y.min() >= 0
    assert y.max() <= 240
    np.testing.assert_allclose((x.mean(), y.mean()), (160, 120), atol=15)


# Nothing in


def test_no_points() -> None:
    x, y, depth = camera().project(np.zeros((3, 0), np.float32))
    assert len(x) == len(y) == len(depth) == 0
    assert camera().on_ground(x, y).shape == (3, 0)
