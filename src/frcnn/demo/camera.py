"""The camera: a pinhole that looks down at a table, and what it does to points and rays.

World: the table is the plane z = 0, z points up, and 1 unit is the side of an ordinary die.
Picture: pixels, continuous, (0, 0) is the top-left corner of the first pixel.
Depth is the distance along the camera's axis, in units. Letters: N points.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Camera:
    """Where the camera stands and how it sees."""

    position: Floats
    """[3] float32, units."""
    axes: Floats
    """[3, 3] float32, rows right, down and forward of the picture, each a unit vector."""
    focal: float
    """Pixels: focal length."""
    height: int
    """Pixels of the picture."""
    width: int
    """Pixels of the picture."""

    def project(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """Find where points appear.

        Args:
            points: [3, N] float32, units; all in front of the camera.

        Returns:
            x [N], y [N] in pixels, not clipped, and depth [N] in units; all float32.
        """
        right, down, depth = self.axes @ (points - self.position[:, None])
        x = self.width / 2 + self.focal * right / depth
        y = self.height / 2 + self.focal * down / depth
        return x, y, depth

    def ground_to_picture(self) -> NDArray[np.float64]:
        """Give the homography from the table to the picture.

        Returns:
            [3, 3] float64: times (X, Y, 1) in units it gives (x, y, 1) in pixels, up to scale.
        """
        lens = np.array(
            [[self.focal, 0, self.width / 2], [0, self.focal, self.height / 2], [0, 0, 1]]
        )
        plane = np.stack((np.eye(3)[0], np.eye(3)[1], -self.position), axis=1)
        homography: NDArray[np.float64] = lens @ self.axes.astype(np.float64) @ plane
        return homography

    def on_ground(self, x: Floats, y: Floats) -> Floats:
        """Find the points of the table that appear at given places.

        Args:
            x: [N] float32, pixels.
            y: [N] float32, pixels; below the horizon.

        Returns:
            [3, N] float32, units; z is 0.
        """
        seen = np.stack((x, y, np.ones_like(x)))
        back = np.linalg.inv(self.ground_to_picture()).astype(np.float32) @ seen
        points = np.zeros_like(back)
        points[:2] = back[:2] / back[2]
        return points

    def somewhere(self, rng: np.random.Generator) -> tuple[float, float]:
        """Draw a place of the table that is seen, evenly over the picture.

        Args:
            rng: where the choice comes from.

        Returns:
            (x, y), units of the world.
        """
        x, y = rng.random((2, 1), dtype=np.float32)
        ground = self.on_ground(x * self.width, y * self.height)
        return float(ground[0, 0]), float(ground[1, 0])


def aim(
    *,
    elevation: float,
    azimuth: float,
    roll: float,
    side: float,
    focal: float,
    size: tuple[int, int],
) -> Camera:
    """Point a camera at the origin of the table.

    Args:
        elevation: degrees above the table, (0, 90]; 90 looks straight down.
        azimuth: degrees; turns the camera about the vertical.
        roll: degrees; turns the picture about its centre.
        side: pixels; what 1 unit at the centre of the picture measures, seen face on.
        focal: pixels.
        size: (height, width) of the picture, pixels.

    Returns:
        The camera; the origin appears at the picture's centre.
    """
    e, a, r = (math.radians(angle) for angle in (elevation, azimuth, roll))
    forward = np.array([math.sin(a) * math.cos(e), math.cos(a) * math.cos(e), -math.sin(e)])
    right = np.array([math.cos(a), -math.sin(a), 0.0])
    down = np.cross(forward, right)
    turned_right = math.cos(r) * right + math.sin(r) * down
    turned_down = math.cos(r) * down - math.sin(r) * right
    return Camera(
        position=(-forward * (focal / side)).astype(np.float32),
        axes=np.stack((turned_right, turned_down, forward)).astype(np.float32),
        focal=focal,
        height=size[0],
        width=size[1],
    )
