"""Smooth random fields: what clouds, grain and stains are made of.

Value noise: random numbers on a coarse grid, enlarged with a cubic filter; several grids of
different coarseness, each weaker than the one before, make clouds (Perlin 1985, in spirit).
"""

import numpy as np
from PIL import Image

from frcnn.demo.camera import Floats


def smooth(rng: np.random.Generator, shape: tuple[int, int], cell: tuple[float, float]) -> Floats:
    """Draw one smooth field.

    Args:
        rng: where the randomness comes from.
        shape: (rows, columns).
        cell: rows and columns from one random number to the next, each > 0.

    Returns:
        `shape` float32, about [0, 1], mean 0.5.
    """
    grid = tuple(max(2, round(side / step) + 1) for side, step in zip(shape, cell, strict=True))
    coarse = Image.fromarray(rng.random(grid, dtype=np.float32))
    return np.asarray(coarse.resize(shape[::-1], Image.Resampling.BICUBIC))


def clouds(rng: np.random.Generator, shape: tuple[int, int], cell: float, layers: int) -> Floats:
    """Draw clouds: layers of smooth fields, each half as coarse and half as strong.

    Args:
        rng: where the randomness comes from.
        shape: (rows, columns).
        cell: pixels from one random number to the next in the coarsest layer.
        layers: how many, >= 1.

    Returns:
        `shape` float32, about [0, 1], mean 0.5.
    """
    total = np.zeros(shape, np.float32)
    for layer in range(layers):
        step = max(cell / 2**layer, 1.0)
        total += smooth(rng, shape, (step, step)) * np.float32(0.5**layer)
    return total / np.float32(2 - 0.5 ** (layers - 1))
