"""Noise: the size of its grain, its range, and that it is the same for the same seed."""

import numpy as np
import pytest

from frcnn.demo.noise import clouds, smooth


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def roughness(field: np.ndarray, axis: int) -> float:
    return float(np.abs(np.diff(field, axis=axis)).mean())


# Golden by hand


def test_one_cell_is_a_slope_between_random_corners() -> None:
    field = smooth(rng(), (40, 40), (40, 40))
    corners = rng().random((2, 2), dtype=np.float32)
    np.testing.assert_allclose(field[::39, ::39], corners, atol=0.1)


# What always holds


@pytest.mark.parametrize("shape", [(30, 50), (1, 7), (200, 3)])
def test_shape_and_type(shape: tuple[int, int]) -> None:
    for field in (smooth(rng(), shape, (5, 9)), clouds(rng(), shape, 12, 3)):
        assert field.shape == shape
        assert field.dtype == np.float32


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_mean_and_range(layers: int) -> None:
    field = clouds(rng(), (200, 200), 16, layers)
    assert field.mean() == pytest.approx(0.5, abs=0.06)
    assert field.min() > -0.3
    assert field.max() < 1.3


def test_a_larger_cell_is_smoother() -> None:
    fine, coarse = (smooth(rng(), (120, 120), (cell, cell)) for cell in (3, 20))
    assert roughness(coarse, 0) < 0.5 * roughness(fine, 0)


def test_rows_and_columns_have_their_own_grain() -> None:
    field = smooth(rng(), (120, 120), (3, 30))
    assert roughness(field, 1) < 0.4 * roughness(field, 0)


def test_more_layers_are_rougher() -> None:
    one, four = (clouds(rng(), (128, 128), 32, layers) for layers in (1, 4))
    assert roughness(four, 1) > roughness(one, 1)


def test_the_same_seed_gives_the_same_field() -> None:
    np.testing.assert_array_equal(
        smooth(rng(3), (20, 20), (4, 4)), smooth(rng(3), (20, 20), (4, 4))
    )
    assert (smooth(rng(3), (20, 20), (4, 4)) != smooth(rng(4), (20, 20), (4, 4))).any()


# Nothing in


def test_one_pixel() -> None:
    assert smooth(rng(), (1, 1), (5, 5)).shape == (1, 1)


def test_cells_finer_than_a_pixel_stop_at_one() -> None:
    assert clouds(rng(), (16, 16), 2, 6).shape == (16, 16)
