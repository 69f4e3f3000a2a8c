"""The lens and the sensor: what happens to light between the table and the file.

Order, as in a real camera: exposure and white balance, falling off towards the corners, blur by
focus and by shaking, noise. Letters: an H x W picture.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from frcnn.demo.camera import Floats
from frcnn.demo.colours import to_srgb

# The mean of an exposed picture, linear light; 0.18 is the photographers' middle grey.
_EXPOSED = 0.23
_SHAKES = 6
# The normal distribution in 256 equally likely steps: a byte of randomness picks one.
_BELL = np.array([NormalDist().inv_cdf((step + 0.5) / 256) for step in range(256)])


@dataclass(frozen=True, kw_only=True)
class Shot:
    """How one picture is taken."""

    exposure: float
    """Factor on what an automatic camera would choose; 1 is as bright as usual."""
    balance: tuple[float, float, float]
    """Factors on red, green and blue; (1, 1, 1) is neutral."""
    falloff: float
    """Part of the light that is missing in the corners, [0, 1)."""
    defocus: float
    """Pixels: standard deviation of the blur."""
    shake: tuple[float, float]
    """Pixels (x, y): the path of the camera while the shutter is open."""
    noise: float
    """Grey levels: standard deviation of the noise at middle grey."""


def take(rng: np.random.Generator, scene: Floats, shot: Shot) -> NDArray[np.uint8]:
    """Take the picture.

    Args:
        rng: where the noise comes from.
        scene: [3, H, W] float32, linear light.
        shot: how.

    Returns:
        [H, W, 3] uint8, sRGB.
    """
    gain = _EXPOSED / max(float(scene[:, ::4, ::4].mean()), 1e-3)
    gain = shot.exposure * min(max(gain, 0.5), 2.2)
    falloff = _falloff(scene.shape[1], scene.shape[2], shot.falloff)
    channels = [
        Image.fromarray(to_srgb(channel * (falloff * np.float32(gain * factor))))
        for channel, factor in zip(scene, shot.balance, strict=True)
    ]
    picture = np.asarray(_blur(Image.merge("RGB", channels), shot))
    grain = np.rint(_BELL * shot.noise).astype(np.int16)
    picks = np.frombuffer(rng.bytes(picture.size), np.uint8).reshape(picture.shape)
    noisy: NDArray[np.uint8] = np.clip(picture + np.take(grain, picks), 0, 255).astype(np.uint8)
    return noisy


def _falloff(height: int, width: int, strength: float) -> Floats:
    """[H, W] float32: 1 in the middle, 1 - strength in the corners."""
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return 1 - np.float32(strength / 2) * (x * x + y * y)


def _box_radius(deviation: float) -> float:
    """The radius of the square over which a point is spread, for a given standard deviation.

    A lens out of focus spreads a point over a disc; at this size a square looks the same. Of a
    row of 2 k + 1 whole pixels with a part f of one more at either end the variance is
    (k (k + 1) (2 k + 1) / 3 + 2 f (k + 1)^2) / (2 k + 1 + 2 f); here solved for k and f.
    """
    variance = deviation**2
    k = math.floor((math.sqrt(1 + 12 * variance) - 1) / 2)
    part = (2 * k + 1) * (variance - k * (k + 1) / 3) / (2 * ((k + 1) ** 2 - variance))
    return k + part


def _blur(picture: Image.Image, shot: Shot) -> Image.Image:
    if shot.defocus > 0.05:
        picture = picture.filter(ImageFilter.BoxBlur(_box_radius(shot.defocus)))
    if math.hypot(*shot.shake) < 0.5:
        return picture
    margin = math.ceil(max(abs(path) for path in shot.shake) / 2) + 1
    edges = (margin, margin), (margin, margin), (0, 0)
    wide = Image.fromarray(np.pad(np.asarray(picture), edges, mode="edge"))
    total = np.zeros((picture.height, picture.width, 3), np.float32)
    for step in np.linspace(-0.5, 0.5, _SHAKES):
        x, y = (float(margin + path * step) for path in shot.shake)
        moved = wide.transform(
            picture.size, Image.Transform.AFFINE, (1, 0, x, 0, 1, y), Image.Resampling.BILINEAR
        )
        total += np.asarray(moved)
    return Image.fromarray((total / _SHAKES + 0.5).astype(np.uint8))
