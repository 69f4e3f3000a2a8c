"""Dice: which face carries how many pips, how a die is coloured, and how it lies on the table.

Opposite faces add up to seven; one, two and three run counter-clockwise about their common
corner, as on western dice. The top face is the one that counts.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frcnn.demo.camera import Floats
from frcnn.demo.colours import linear
from frcnn.demo.solids import Coat, Solid

FACES = (1, 6, 2, 5, 3, 4)
"""Pips on the faces +x, -x, +y, -y, +z and -z of the body frame."""

# Colour of the body, of its veins (the same where it is plain) and of the pips.
_COLOURS = (
    ("#f4efe2", "#f4efe2", "#16161a"),
    ("#fbfbfb", "#fbfbfb", "#14141c"),
    ("#f1e9d2", "#f1e9d2", "#7a1712"),
    ("#c01c1c", "#c01c1c", "#fdf7ee"),
    ("#1b1c20", "#1b1c20", "#f6f4ee"),
    ("#1746b0", "#1746b0", "#f7f7fb"),
    ("#0e7a3c", "#0e7a3c", "#f6f8f0"),
    ("#f3bf1a", "#f3bf1a", "#18150c"),
    ("#ea6a12", "#ea6a12", "#fdf6ea"),
    ("#5f2a94", "#5f2a94", "#f4eefb"),
    ("#e46a9b", "#e46a9b", "#fff5fa"),
    ("#11808c", "#11808c", "#eefcfb"),
    ("#c08a52", "#a8713c", "#2c1608"),
    ("#a3c8e8", "#7fb0dc", "#10203c"),
    ("#8f1420", "#5a0a14", "#f8e6c4"),
    ("#24407c", "#14264e", "#e9d9a8"),
    ("#3c7d5a", "#1f5a3c", "#f4ecd0"),
    ("#8c8f96", "#6c7078", "#101114"),
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Make:
    """What the dice of one set have in common; lengths are parts of the side."""

    body: Floats
    """[3] float32, linear light."""
    vein: Floats
    """[3] float32, linear light."""
    pip: Floats
    """[3] float32, linear light."""
    gloss: float
    """Strength of highlights, 0 ... 1."""
    edge: float
    """Radius of the rounded edges."""
    ball: float
    """Radius of the sphere that cuts the corners off."""
    pitch: float
    """From one pip to the next."""
    pip_radius: float
    """Radius of a pip."""


def draw_make(rng: np.random.Generator) -> Make:
    """Draw what a set of dice looks like.

    Args:
        rng: where the choice comes from.

    Returns:
        One make; its pips always stand out from its body.
    """
    body, vein, pip = _COLOURS[rng.integers(len(_COLOURS))]
    cut = rng.random() < 0.4
    return Make(
        body=linear(body),
        vein=linear(vein),
        pip=linear(pip),
        gloss=float(rng.uniform(0.25, 1.0)),
        edge=float(rng.uniform(0.03, 0.08) if cut else rng.uniform(0.07, 0.14)),
        ball=float(rng.uniform(0.69, 0.75)) if cut else 1.0,
        pitch=float(rng.uniform(0.235, 0.26)),
        pip_radius=float(rng.uniform(0.085, 0.108)),
    )


def make_die(
    make: Make, *, value: int, side: float, spot: tuple[float, float], turn: float
) -> Solid:
    """Lay a die on the table.

    Args:
        make: what it looks like.
        value: pips of the face that is up, 1 ... 6.
        side: units.
        spot: (x, y) of its centre on the table, units.
        turn: radians about the vertical.

    Returns:
        The die, with its lower face on z = 0.
    """
    coat = Coat(
        body=make.body,
        vein=make.vein,
        pip=make.pip,
        gloss=make.gloss,
        pips=_PIPS,
        pitch=make.pitch * side,
        pip_radius=make.pip_radius * side,
    )
    return Solid(
        centre=np.array([*spot, side / 2], np.float32),
        turn=about_vertical(turn) @ _face_up(value),
        half=np.full(3, side / 2, np.float32),
        edge=make.edge * side,
        ball=make.ball * side,
        coat=coat,
        value=value,
    )


def about_vertical(turn: float) -> Floats:
    """Rotate about the vertical.

    Args:
        turn: radians, counter-clockwise seen from above.

    Returns:
        [3, 3] float32 rotation.
    """
    c, s = math.cos(turn), math.sin(turn)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32)


def pip_cells(value: int) -> NDArray[np.bool_]:
    """Say which cells of a face carry a pip.

    Args:
        value: 0 ... 6.

    Returns:
        [3, 3] bool.
    """
    rows = {
        0: "... ... ...",
        1: "... .o. ...",
        2: "o.. ... ..o",
        3: "o.. .o. ..o",
        4: "o.o ... o.o",
        5: "o.o .o. o.o",
        6: "ooo ... ooo",
    }[value]
    return np.array([[cell == "o" for cell in row] for row in rows.split()])


def _face_up(value: int) -> Floats:
    """The rotation [3, 3] that turns the face with `value` pips upwards."""
    face = FACES.index(value)
    axis, sign = face // 2, 1 - 2 * (face % 2)
    up = sign * np.eye(3)[axis]
    first = np.eye(3)[(axis + 1) % 3]
    return np.stack((first, np.cross(up, first), up)).astype(np.float32)


_PIPS = np.stack([pip_cells(value) for value in FACES])
