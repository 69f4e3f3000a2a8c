"""One frame of a video, and what is asked of whatever gives frames."""

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Frame(NamedTuple):
    """One frame."""

    number: int
    """From 0, counted before any are passed over."""
    time: float | None
    """Seconds from the beginning; None where the video does not say."""
    pixels: NDArray[np.uint8]
    """[H, W, 3] uint8, RGB, upright."""


class Capture(Protocol):
    """What is used of `cv2.VideoCapture`."""

    def grab(self) -> bool:
        """Go to the next frame."""
        ...

    def retrieve(self) -> tuple[bool, Any]:
        """Give it as [H, W, 3] uint8, BGR."""
        ...

    def get(self, name: int) -> float:
        """Tell a property."""
        ...

    def release(self) -> None:
        """Close it."""
        ...


def rgb(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn OpenCV's order of colours into ours.

    Args:
        pixels: [H, W, 3] uint8, BGR.

    Returns:
        [H, W, 3] uint8, RGB: a view; whoever needs the values side by side copies them anyway.
    """
    return pixels[:, :, ::-1]
