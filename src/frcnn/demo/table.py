"""Setting the table: which dice and decoys stand where, so that every top face can be read.

A place is drawn in the picture, not on the table, so that near and far parts of the table are
filled alike.
"""

import math

import numpy as np

from frcnn.demo.camera import Camera, Floats
from frcnn.demo.config import SceneConfig
from frcnn.demo.decoys import block_half, domino_half, make_block, make_domino
from frcnn.demo.dice import draw_make, make_die
from frcnn.demo.layout import Footprint, is_free, touching
from frcnn.demo.solids import Solid

_TRIES = 16
# Units between things that do not touch.
_ROOM = 0.1
# At most this part of the picture is covered by dice.
_FULL = 0.32
# Pixels that a top face keeps from the picture's border, and parts of a die that one which may
# be cut hangs over it.
_MARGIN, _OVERHANG = 2.0, 0.4


class Table:
    """The things on one table, while it is being set."""

    def __init__(
        self, rng: np.random.Generator, camera: Camera, side: float, config: SceneConfig
    ) -> None:
        """Clear the table.

        Args:
            rng: where all choices come from.
            camera: who looks; top faces stay inside its picture.
            side: pixels of a die at the picture's centre.
            config: how many dice, how close.
        """
        self._rng, self._camera, self._side, self._config = rng, camera, side, config
        self._taken: list[Footprint] = []
        self._solids: list[Solid] = []

    @property
    def solids(self) -> tuple[Solid, ...]:
        """What stands on the table, in the order it was put there."""
        return tuple(self._solids)

    @property
    def taken(self) -> list[Footprint]:
        """Where it stands, in the same order."""
        return list(self._taken)

    def roll_dice(self) -> None:
        """Put dice on the table: of one set or of several, apart or in part touching.

        Fewer than drawn where no room is found.
        """
        rng, (least, most) = self._rng, self._config.dice
        room = _FULL * self._camera.width * self._camera.height / (1.4 * self._side) ** 2
        count = int(rng.integers(least, max(least, min(most, int(room))) + 1))
        makes = [draw_make(rng) for _ in range(int(rng.choice((1, 1, 2, 3, 8))))]
        sizes = rng.uniform(0.88, 1.12, len(makes))
        close = 0.7 if rng.random() < self._config.touching_share else 0.0
        for _ in range(count):
            kind = int(rng.integers(len(makes)))
            cut = rng.random() < self._config.cut_share
            half = np.full(3, sizes[kind] / 2, np.float32)
            margin = -_OVERHANG * self._side if cut else _MARGIN
            place = self._find(half, margin, close if self._taken else 0.0)
            if place is None:
                continue
            self._taken.append(place)
            value, quarter = int(rng.integers(1, 7)), int(rng.integers(4)) * math.pi / 2
            die = make_die(
                makes[kind],
                value=value,
                side=float(sizes[kind]),
                spot=place.spot,
                turn=place.turn + quarter,
            )
            self._solids.append(die)

    def add_decoys(self) -> None:
        """Put one to three blocks and dominoes between the dice, where there is room."""
        rng = self._rng
        for _ in range(int(rng.integers(1, 4))):
            block = rng.random() < 0.6
            half = block_half(rng) if block else domino_half()
            place = self._find(half, -self._side, 0.25 if self._taken else 0.0)
            if place is None:
                continue
            self._taken.append(place)
            make = make_block if block else make_domino
            self._solids.append(make(rng, half, place))

    def _find(self, half: Floats, margin: float, close: float) -> Footprint | None:
        """Look for a free place; `close` is the chance that it touches something."""
        near = self._rng.random() < close
        sides = float(half[0]), float(half[1])
        for _ in range(_TRIES):
            if near:
                beside = self._taken[self._rng.integers(len(self._taken))]
                place = touching(self._rng, beside, sides)
            else:
                turn = float(self._rng.uniform(0, 2 * math.pi))
                place = Footprint(spot=self._camera.somewhere(self._rng), turn=turn, half=sides)
            free = is_free(place, self._taken, 0.0 if near else _ROOM)
            if free and self._in_view(place, float(2 * half[2]), margin):
                return place
        return None

    def _in_view(self, place: Footprint, height: float, margin: float) -> bool:
        """Whether the top face keeps a margin (pixels; negative: may hang over) to the border."""
        u = place.half[0] * np.array([-1, 1, 1, -1])
        v = place.half[1] * np.array([-1, -1, 1, 1])
        c, s = math.cos(place.turn), math.sin(place.turn)
        top = np.stack(
            (place.spot[0] + c * u - s * v, place.spot[1] + s * u + c * v, 0 * u + height)
        )
        x, y, _ = self._camera.project(top.astype(np.float32))
        wide = x.min() >= margin and x.max() <= self._camera.width - margin
        return bool(wide and y.min() >= margin and y.max() <= self._camera.height - margin)
