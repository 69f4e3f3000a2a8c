"""The canvas: as large as the view, windows in a thing's own axes, the way to the picture."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn.demo.camera import Camera, aim
from frcnn.demo.canvas import Canvas, Frame, frame_for, patch_at, to_picture
from frcnn.demo.colours import TO_LINEAR
from frcnn.demo.layout import Footprint

SIZE = (96, 128)


def camera(elevation: float = 90, azimuth: float = 0, side: float = 16) -> Camera:
    return aim(elevation=elevation, azimuth=azimuth, roll=0, side=side, focal=300, size=SIZE)


def filled(frame: Frame, value: int = 100) -> Canvas:
    pixels = np.full((*frame.shape, 3), value, np.uint8)
    return Canvas(pixels=pixels, corner=frame.corner, density=frame.density)


def square() -> Canvas:
    """10 x 10 units at 4 pixels each, its corner at (-5, -5)."""
    return filled(Frame(shape=(40, 40), corner=(-5.0, -5.0), density=4.0))


# Golden by hand


def test_the_frame_of_a_camera_that_looks_straight_down() -> None:
    frame = frame_for(camera(), 16)
    assert frame.shape == (97, 129)
    np.testing.assert_allclose(frame.corner, (-4, -3), atol=1e-3)
    assert frame.density == 16


def test_a_patch_has_its_place_in_the_middle() -> None:
    place = Footprint(spot=(1.0, -2.0), turn=0.0, half=(1.0, 0.5))
    patch = patch_at(square(), place, 0.0)
    assert patch.window == (slice(10, 15), slice(20, 29))
    np.testing.assert_allclose(patch.u[0, :2], (-0.875, -0.625))
    np.testing.assert_allclose(patch.v[:2, 0], (-0.375, -0.125))


def test_a_quarter_turn_swaps_the_axes() -> None:
    place = Footprint(spot=(0.0, 0.0), turn=math.pi / 2, half=(2.0, 1.0))
    patch = patch_at(square(), place, 0.0)
    rows, columns = patch.window
    assert (rows.stop - rows.start, columns.stop - columns.start) == (17, 9)
    np.testing.assert_allclose(np.diff(patch.u, axis=0), 0.25, atol=1e-6)
    np.testing.assert_allclose(np.diff(patch.v, axis=1), -0.25, atol=1e-6)


# What always holds


@given(st.floats(58, 90), st.floats(0, 360))
def test_the_frame_holds_all_that_is_seen(elevation: float, azimuth: float) -> None:
    eye = camera(elevation, azimuth)
    frame = frame_for(eye, 16)
    x, y = (axis.ravel() for axis in np.meshgrid(np.linspace(0, 128, 9), np.linspace(0, 96, 9)))
    ground = eye.on_ground(x.astype(np.float32), y.astype(np.float32))
    for axis, pixels in ((0, frame.shape[1]), (1, frame.shape[0])):
        place = (ground[axis] - frame.corner[axis]) * frame.density
        assert place.min() >= -0.01
        assert place.max() <= pixels


@given(st.floats(-6, 6), st.floats(-6, 6), st.floats(0, 6.3), st.floats(0.1, 3))
def test_patches_agree_with_the_canvas(x: float, y: float, turn: float, long: float) -> None:
    """u and v turned back and moved are the middle of the canvas's own pixels."""
    canvas = square()
    place = Footprint(spot=(x, y), turn=turn, half=(long, 0.5))
    patch = patch_at(canvas, place, 0.3)
    assert canvas.pixels[patch.window].shape[:2] == patch.u.shape == patch.v.shape
    c, s = math.cos(turn), math.sin(turn)
    back_x = c * patch.u - s * patch.v + x
    back_y = s * patch.u + c * patch.v + y
    columns = np.arange(40)[patch.window[1]]
    rows = np.arange(40)[patch.window[0]]
    np.testing.assert_allclose(back_x, np.tile((columns + 0.5) / 4 - 5, (len(rows), 1)), atol=1e-4)
    np.testing.assert_allclose(
        back_y, np.tile((rows + 0.5) / 4 - 5, (len(columns), 1)).T, atol=1e-4
    )


@given(st.floats(0, 6.3))
def test_a_patch_holds_the_whole_thing(turn: float) -> None:
    patch = patch_at(square(), Footprint(spot=(0.0, 0.0), turn=turn, half=(2.0, 0.5)), 0.25)
    assert patch.u.max() >= 2
    assert patch.u.min() <= -2
    assert patch.v.max() >= 0.5
    assert patch.v.min() <= -0.5


@pytest.mark.parametrize("elevation", [60, 90])
def test_one_colour_stays_one_colour(elevation: float) -> None:
    eye = camera(elevation, 30)
    seen = to_picture(filled(frame_for(eye, 16), 100), eye)
    assert seen.shape == (3, *SIZE)
    assert seen.dtype == np.float32
    np.testing.assert_allclose(seen[:, 2:-2, 2:-2], TO_LINEAR[100], rtol=1e-5)


def test_a_spot_appears_where_the_camera_projects_it() -> None:
    eye = camera(65, 40)
    canvas = filled(frame_for(eye, 16), 0)
    patch = patch_at(canvas, Footprint(spot=(1.5, 0.8), turn=0.0, half=(0.2, 0.2)), 0.0)
    canvas.pixels[patch.window] = 255
    seen = to_picture(canvas, eye)[0]
    rows, columns = np.nonzero(seen > 0.3)
    x, y, _ = eye.project(np.array([[1.5], [0.8], [0]], np.float32))
    assert columns.mean() + 0.5 == pytest.approx(x[0], abs=0.7)
    assert rows.mean() + 0.5 == pytest.approx(y[0], abs=0.7)


def test_channels_stay_in_order() -> None:
    eye = camera()
    canvas = filled(frame_for(eye, 16))
    canvas.pixels[:] = (255, 100, 0)
    np.testing.assert_allclose(
        to_picture(canvas, eye)[:, 48, 64], (1, TO_LINEAR[100], 0), atol=0.01
    )


# Nothing in


def test_a_patch_outside_the_canvas_is_empty() -> None:
    patch = patch_at(square(), Footprint(spot=(50.0, 0.0), turn=0.0, half=(1.0, 1.0)), 0.0)
    assert patch.u.size == patch.v.size == 0
    assert square().pixels[patch.window].size == 0
