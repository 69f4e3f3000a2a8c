"""Colours: from the numbers in a picture file to linear light and back.

Light adds up and is shaded in linear values; files hold sRGB (IEC 61966-2-1), which spends its
256 steps where the eye sees differences.
"""

import numpy as np
from numpy.typing import NDArray

from frcnn.demo.camera import Floats

_LEVELS = 4096


def linear(colour: str) -> Floats:
    """Read a colour.

    Args:
        colour: "#rrggbb", sRGB.

    Returns:
        [3] float32, linear light in [0, 1].
    """
    return TO_LINEAR[srgb(colour).astype(np.uint8)]


def srgb(colour: str) -> Floats:
    """Read a colour as a picture file holds it.

    Args:
        colour: "#rrggbb", sRGB.

    Returns:
        [3] float32, sRGB, 0 ... 255.
    """
    return np.array(list(bytes.fromhex(colour.removeprefix("#"))), np.float32)


def to_srgb(light: Floats) -> NDArray[np.uint8]:
    """Develop linear light: a soft shoulder, so that highlights fade instead of clipping; sRGB.

    Args:
        light: any shape, float32, linear; values over 2 are white.

    Returns:
        The same shape, uint8.
    """
    levels = np.clip(light * np.float32(_LEVELS / 2), 0, _LEVELS).astype(np.uint16)
    developed: NDArray[np.uint8] = np.take(_DEVELOPED, levels)
    return developed


def _decode(srgb: Floats) -> Floats:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _encode(light: Floats) -> Floats:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def _shoulder(light: Floats) -> Floats:
    """Straight up to 0.7, then bending towards 1."""
    over = np.maximum(light - 0.7, 0)
    bent: Floats = np.minimum(light, 0.7) + 0.3 * (1 - np.exp(-over / 0.3))
    return bent


TO_LINEAR: Floats = _decode(np.arange(256) / 255).astype(np.float32)
"""[256] float32: the linear light of each sRGB byte."""

_DEVELOPED: NDArray[np.uint8] = np.rint(
    255 * _encode(_shoulder(np.linspace(0, 2, _LEVELS + 1)))
).astype(np.uint8)
