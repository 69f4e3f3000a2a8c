"""Colours: sRGB both ways, and the soft shoulder."""

import numpy as np
import pytest

from frcnn.demo.colours import TO_LINEAR, linear, srgb, to_srgb

# Golden by hand


def test_black_white_and_the_grey_of_photographers() -> None:
    np.testing.assert_allclose(linear("#000000"), 0)
    np.testing.assert_allclose(linear("#ffffff"), 1)
    np.testing.assert_allclose(linear("#767676"), 0.18, atol=0.002)  # middle grey


def test_channels_are_red_green_blue() -> None:
    np.testing.assert_allclose(linear("#ff0000"), (1, 0, 0))
    np.testing.assert_allclose(srgb("#0102ff"), (1, 2, 255))


def test_the_hash_may_be_missing() -> None:
    np.testing.assert_array_equal(srgb("102030"), (16, 32, 48))


def test_darkest_steps_are_straight() -> None:
    np.testing.assert_allclose(TO_LINEAR[:3], np.arange(3) / 255 / 12.92, rtol=1e-5)


# What always holds


def test_developing_undoes_linear_below_the_shoulder() -> None:
    """0.7 of linear light is the byte 218; above it highlights are bent."""
    bytes_ = np.arange(0, 218)
    back = to_srgb(TO_LINEAR[bytes_])
    assert np.abs(back.astype(int) - bytes_).max() <= 2


def test_more_light_is_never_darker() -> None:
    assert (np.diff(to_srgb(np.linspace(0, 3, 5000, dtype=np.float32)).astype(int)) >= 0).all()


def test_highlights_fade_and_end_in_white() -> None:
    at = to_srgb(np.array([0.7, 1.0, 2.0, 50.0], np.float32))
    assert list(np.sort(at)) == list(at)
    assert at[1] < 255
    assert at[3] == at[2] >= 253


def test_light_below_nothing_is_black() -> None:
    assert to_srgb(np.array([-1.0], np.float32)) == 0


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 3, 3)])
def test_any_shape(shape: tuple[int, ...]) -> None:
    developed = to_srgb(np.full(shape, 0.2, np.float32))
    assert developed.shape == shape
    assert developed.dtype == np.uint8


def test_single_precision() -> None:
    assert TO_LINEAR.dtype == linear("#123456").dtype == srgb("#123456").dtype == np.float32


# Nothing in


def test_nothing_to_develop() -> None:
    assert to_srgb(np.zeros((0, 3), np.float32)).shape == (0, 3)


# Wrong in


@pytest.mark.parametrize("text", ["#12345g", "red"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="hex"):
        srgb(text)
