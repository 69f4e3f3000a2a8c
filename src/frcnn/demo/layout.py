"""Layout: where things stand on the table, apart or touching, never inside each other.

Seen from above every standing thing is a rectangle. Two of them are apart by the gap along one of
their four side directions (separating axes: Gottschalk 1996), which also tells how far to push
one along a line until they just touch.
"""

import math
from dataclasses import dataclass

import numpy as np

_SKIN = 0.01


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """A rectangle on the table."""

    spot: tuple[float, float]
    """(x, y) of its middle, units."""
    turn: float
    """Radians from the world's x to its first side."""
    half: tuple[float, float]
    """Half of its sides, units."""

    def moved_to(self, spot: tuple[float, float]) -> "Footprint":
        """Give the same rectangle in another place.

        Args:
            spot: (x, y) of the new middle, units.

        Returns:
            The moved rectangle.
        """
        return Footprint(spot=spot, turn=self.turn, half=self.half)


def gap(one: Footprint, other: Footprint) -> float:
    """Measure how far apart two rectangles are.

    Args:
        one: a rectangle.
        other: another.

    Returns:
        Units: at least this much room lies between them; negative where they overlap.
    """
    apart = other.spot[0] - one.spot[0], other.spot[1] - one.spot[1]
    return max(
        abs(apart[0] * x + apart[1] * y) - _extent(one, x, y) - _extent(other, x, y)
        for x, y in _axes(one, other)
    )


def beside(standing: Footprint, guest: Footprint, direction: float) -> Footprint:
    """Push a rectangle against another, from a direction.

    Args:
        standing: the one that stays.
        guest: the one that comes; its own spot does not matter.
        direction: radians from the world's x: where the guest comes from.

    Returns:
        The guest, touching: on the line from the middle of `standing` in that direction.
    """
    way = math.cos(direction), math.sin(direction)
    distances = [
        (_extent(standing, x, y) + _extent(guest, x, y)) / abs(way[0] * x + way[1] * y)
        for x, y in _axes(standing, guest)
        if abs(way[0] * x + way[1] * y) > 1e-6
    ]
    distance = min(distances) + _SKIN
    x, y = standing.spot
    return guest.moved_to((x + distance * way[0], y + distance * way[1]))


def touching(rng: np.random.Generator, standing: Footprint, half: tuple[float, float]) -> Footprint:
    """Draw a rectangle that touches another: half of them side on side, half of them askew.

    Args:
        rng: where the choice comes from.
        standing: the one that is there.
        half: half of the sides of the new one, units.

    Returns:
        The new one.
    """
    direction = rng.uniform(0, 2 * math.pi)
    turn = standing.turn if rng.random() < 0.5 else rng.uniform(0, 2 * math.pi)
    guest = Footprint(spot=(0.0, 0.0), turn=float(turn), half=half)
    return beside(standing, guest, float(direction))


def is_free(place: Footprint, taken: list[Footprint], room: float) -> bool:
    """Say whether a rectangle keeps its distance from all others.

    Args:
        place: the rectangle.
        taken: the others.
        room: units that must lie between.

    Returns:
        Whether it does; always where there are no others.
    """
    return all(gap(place, other) >= room for other in taken)


def _axes(one: Footprint, other: Footprint) -> list[tuple[float, float]]:
    turns = [one.turn, one.turn + math.pi / 2, other.turn, other.turn + math.pi / 2]
    return [(math.cos(turn), math.sin(turn)) for turn in turns]


def _extent(place: Footprint, x: float, y: float) -> float:
    """Half of the rectangle's length along a unit direction."""
    c, s = math.cos(place.turn), math.sin(place.turn)
    return place.half[0] * abs(c * x + s * y) + place.half[1] * abs(c * y - s * x)
