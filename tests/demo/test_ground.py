"""Grounds: every kind, at every size, with texture, and not the same twice."""

from collections.abc import Callable

import numpy as np
import pytest

from frcnn.demo.canvas import Frame
from frcnn.demo.ground import PAINTERS, checker, cloth, paint_ground, plain, stone, wood

SHAPE, DENSITY = (150, 190), 30.0
Painter = Callable[[np.random.Generator, tuple[int, int], float], np.ndarray]
every = pytest.mark.parametrize("painter", PAINTERS, ids=lambda painter: painter.__name__)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def grey(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(float).mean(axis=2)


# Golden by hand


def test_there_are_seven_kinds() -> None:
    names = {painter.__name__ for painter in PAINTERS}
    assert names == {"wood", "felt", "cloth", "marble", "checker", "plain", "stone"}


def test_a_checker_has_two_colours_in_squares() -> None:
    """A step of one square along a row changes the colour, a step of two does not."""
    pixels = grey(checker(rng(1), SHAPE, DENSITY))
    middle = np.median(pixels)
    dark = pixels < middle
    assert 0.25 < dark.mean() < 0.75
    shifts = [(dark[:, shift:] == dark[:, :-shift]).mean() for shift in range(10, 150)]
    assert min(shifts) < 0.35


def test_grain_of_wood_runs_along_the_columns() -> None:
    """Across the grain neighbours differ more than along it."""
    for seed in range(5):
        pixels = grey(wood(rng(seed), SHAPE, DENSITY))
        along, across = (np.abs(np.diff(pixels, axis=axis)).mean() for axis in (1, 0))
        assert across > 1.2 * along


def test_a_plain_desk_changes_slowly() -> None:
    for seed in range(5):
        pixels = grey(plain(rng(seed), SHAPE, DENSITY))
        assert np.abs(np.diff(pixels, axis=1)).max() < 12


def test_stone_is_rougher_than_a_desk() -> None:
    roughness = [
        np.mean([np.abs(np.diff(grey(p(rng(s), SHAPE, DENSITY)), axis=1)).mean() for s in range(6)])
        for p in (stone, plain)
    ]
    assert roughness[0] > 3 * roughness[1]


# What always holds


@every
@pytest.mark.parametrize("seed", range(4))
def test_a_picture_of_the_wanted_shape(painter: Painter, seed: int) -> None:
    pixels = painter(rng(seed), SHAPE, DENSITY)
    assert pixels.shape == (*SHAPE, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    assert 15 < pixels.mean() < 245
    assert pixels.std() > 1


@every
def test_the_same_seed_paints_the_same(painter: Painter) -> None:
    one, other = (painter(rng(5), SHAPE, DENSITY) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert (painter(rng(6), SHAPE, DENSITY) != one).any()


@every
@pytest.mark.parametrize("density", [12.0, 26.0, 80.0])
def test_any_density(painter: Painter, density: float) -> None:
    assert painter(rng(), (64, 80), density).shape == (64, 80, 3)


@every
@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (7, 300)])
def test_any_shape(painter: Painter, shape: tuple[int, int]) -> None:
    assert painter(rng(), shape, 20.0).shape == (*shape, 3)


def test_cloth_comes_plain_and_checked() -> None:
    """Checks add differences over lengths of a check that threads do not have."""
    spreads = []
    for seed in range(20):
        pixels = grey(cloth(rng(seed), (240, 240), DENSITY))
        blocks = pixels.reshape(12, 20, 12, 20).mean(axis=(1, 3))
        spreads.append(float(blocks.std()))
    assert min(spreads) < 4 < max(spreads)


def test_paint_ground_fills_the_frame_with_any_kind() -> None:
    frame = Frame(shape=(40, 50), corner=(1.0, 2.0), density=16.0)
    painted = [paint_ground(rng(seed), frame) for seed in range(25)]
    for canvas in painted:
        assert canvas.pixels.shape == (40, 50, 3)
        assert (canvas.corner, canvas.density) == (frame.corner, frame.density)
    assert len({canvas.pixels.tobytes() for canvas in painted}) == 25
