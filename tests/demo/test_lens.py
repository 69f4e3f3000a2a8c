"""The lens: exposure, balance, falloff, blur, shake and noise, one at a time."""

from dataclasses import replace

import numpy as np
import pytest

from frcnn.demo.colours import to_srgb
from frcnn.demo.lens import Shot, take

CLEAN = Shot(
    exposure=1.0, balance=(1.0, 1.0, 1.0), falloff=0.0, defocus=0.0, shake=(0.0, 0.0), noise=0.0
)
SHAPE = (60, 80)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def even(light: float = 0.23) -> np.ndarray:
    return np.full((3, *SHAPE), light, np.float32)


def with_point() -> np.ndarray:
    """A dark table with one bright point, off the places where exposure is measured."""
    scene = even(0.1)
    scene[:, 30, 41] = 3
    return scene


def spread(picture: np.ndarray, axis: int) -> float:
    """Standard deviation of the point's picture along an axis, pixels."""
    light = picture[..., 0].astype(float)
    light -= np.median(light)
    light[light < 0] = 0
    along = light.sum(axis=1 - axis)
    places = np.arange(len(along))
    mean = (along * places).sum() / along.sum()
    return float(np.sqrt((along * (places - mean) ** 2).sum() / along.sum()))


# Golden by hand


def test_a_clean_shot_is_the_developed_light() -> None:
    """The mean is what the automatic exposure aims at: nothing changes."""
    picture = take(rng(), even(), CLEAN)
    assert picture.shape == (*SHAPE, 3)
    assert picture.dtype == np.uint8
    assert (picture == to_srgb(np.array([0.23], np.float32))).all()


@pytest.mark.parametrize("light", [0.15, 0.3, 0.45])
def test_exposure_evens_out_dark_and_bright_scenes(light: float) -> None:
    assert abs(int(take(rng(), even(light), CLEAN)[0, 0, 0]) - 132) <= 2


def test_exposure_has_its_limits() -> None:
    assert take(rng(), even(0.01), CLEAN).max() < 60
    assert take(rng(), even(2.0), CLEAN).min() > 200


def test_a_longer_exposure_is_brighter() -> None:
    means = [take(rng(), even(), replace(CLEAN, exposure=e)).mean() for e in (0.6, 1.0, 1.5)]
    assert means[0] < means[1] < means[2]


def test_balance_tints() -> None:
    red, green, blue = take(rng(), even(), replace(CLEAN, balance=(1.2, 1.0, 0.8)))[0, 0]
    assert red > green > blue


def test_corners_are_darker() -> None:
    picture = take(rng(), even(), replace(CLEAN, falloff=0.5))[..., 0].astype(int)
    assert picture[30, 40] == pytest.approx(132, abs=2)
    assert picture[0, 0] < picture[0, 40] < picture[30, 40]
    assert picture[0, 0] == picture[-1, -1] == to_srgb(np.array([0.115], np.float32))[0]


@pytest.mark.parametrize("defocus", [0.3, 0.5, 0.8, 1.5, 2.5])
def test_defocus_spreads_a_point_as_said(defocus: float) -> None:
    picture = take(rng(), with_point(), replace(CLEAN, defocus=defocus))
    for axis in (0, 1):
        assert spread(picture, axis) == pytest.approx(defocus, rel=0.12)


def test_a_shake_spreads_a_point_along_its_path_only() -> None:
    picture = take(rng(), with_point(), replace(CLEAN, shake=(6.0, 0.0)))
    assert spread(picture, 1) > 1.5
    assert spread(picture, 0) < 0.3
    bright = np.argwhere(picture[..., 0] > picture[0, 0, 0] + 5)
    assert bright[:, 1].mean() == pytest.approx(41, abs=0.5)  # centred: boxes stay right


@pytest.mark.parametrize("noise", [1.0, 3.0, 8.0])
def test_noise_is_as_strong_as_said(noise: float) -> None:
    grain = take(rng(), even(), replace(CLEAN, noise=noise)).astype(float) - 132
    assert grain.std() == pytest.approx(noise, rel=0.08)
    assert grain.mean() == pytest.approx(0, abs=0.6)


# What always holds


def test_noise_differs_from_pixel_to_pixel_and_channel_to_channel() -> None:
    picture = take(rng(), even(), replace(CLEAN, noise=4.0)).astype(float)
    left, right = picture[:, :-1].ravel(), picture[:, 1:].ravel()
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.05
    assert abs(np.corrcoef(picture[..., 0].ravel(), picture[..., 1].ravel())[0, 1]) < 0.05


def test_noise_neither_wraps_at_black_nor_at_white() -> None:
    loud = replace(CLEAN, noise=20.0)
    assert take(rng(), even(0.0), loud).max() < 100
    assert take(rng(), even(50.0), loud).min() > 150


def test_an_even_table_stays_even_through_blur_and_shake() -> None:
    shot = replace(CLEAN, defocus=1.2, shake=(5.0, -3.0))
    assert np.ptp(take(rng(), even(), shot)) <= 1


def test_the_same_seed_takes_the_same_picture() -> None:
    shot = replace(CLEAN, noise=5.0)
    np.testing.assert_array_equal(take(rng(2), even(), shot), take(rng(2), even(), shot))
    assert (take(rng(3), even(), shot) != take(rng(2), even(), shot)).any()


def test_the_scene_is_left_as_it_was() -> None:
    scene = even()
    take(rng(), scene, replace(CLEAN, exposure=2.0, noise=5.0, falloff=0.3))
    np.testing.assert_array_equal(scene, even())


# Nothing in


def test_darkness() -> None:
    assert (take(rng(), even(0.0), CLEAN) == 0).all()


def test_a_shake_too_short_to_see_is_left_out() -> None:
    still = take(rng(), with_point(), CLEAN)
    np.testing.assert_array_equal(
        still, take(rng(), with_point(), replace(CLEAN, shake=(0.3, 0.2)))
    )
