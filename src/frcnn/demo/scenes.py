"""Scenes with dice: one picture with its boxes from a seed and a number, and whole data sets.

Six classes, "one" ... "six": the pips of the face that is up. Everything is drawn: camera, lamp,
table, things, dice, lens. A scene depends only on the settings and its number, so any scenes may
be drawn in any order, by any number of processes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frcnn.data.voc_annotation import VOCObject
from frcnn.demo.camera import Camera, aim
from frcnn.demo.canvas import frame_for, to_picture
from frcnn.demo.clutter import draw_things, strew
from frcnn.demo.config import SceneConfig
from frcnn.demo.folder import SceneFolder
from frcnn.demo.ground import paint_ground
from frcnn.demo.lens import Shot, take
from frcnn.demo.light import Light, make_light
from frcnn.demo.rendering import View, draw_solids, light_table
from frcnn.demo.solids import Solid
from frcnn.demo.table import Table

CLASSES = ("one", "two", "three", "four", "five", "six")
"""Names of the classes, by pips."""

# A die is `difficult` where less of its top face, or of the whole die, is seen.
_READABLE_TOP, _READABLE = 0.9, 0.5
# A die of which less is seen is not marked at all: nobody would point at it.
_NOTICED = 0.1


@dataclass(frozen=True, eq=False, kw_only=True)
class Scene:
    """One picture and what is in it."""

    picture: NDArray[np.uint8]
    """[H, W, 3] uint8, RGB."""
    objects: tuple[VOCObject, ...]
    """The dice that are seen; none in an empty scene."""


def draw_scene(index: int, config: SceneConfig) -> Scene:
    """Draw one scene.

    Args:
        index: its number, >= 0; the same number and settings give the same scene.
        config: the settings.

    Returns:
        The picture and its dice.
    """
    rng = np.random.default_rng((config.seed, index))
    low, high = config.side
    side = float(math.exp(rng.uniform(math.log(low), math.log(high))))
    camera = _draw_camera(rng, side, config)
    light = _draw_light(rng, config)
    table = Table(rng, camera, side, config)
    if rng.random() >= config.empty_share:
        table.roll_dice()
    dotted = 0
    if rng.random() < config.decoy_share:
        table.add_decoys()
        dotted = int(rng.integers(0, 4))
    things = draw_things(rng, int(rng.integers(config.clutter[0], config.clutter[1] + 1)), dotted)
    canvas = paint_ground(rng, frame_for(camera, side))
    strew(rng, canvas, things, table.taken, (camera, light.middle))
    ground = light_table(to_picture(canvas, camera), camera, table.solids, light)
    scene, views = draw_solids(ground, camera, table.solids, light, config.fine)
    picture = take(rng, scene, _draw_shot(rng, side, config))
    return Scene(picture=picture, objects=_objects(table.solids, views, config))


def draw_scenes(
    folder: Path, config: SceneConfig, progress: Callable[[int, int], None] | None = None
) -> None:
    """Draw a data set in PASCAL VOC layout.

    The folder appears under its name when the last scene is on disk: an interrupted draw is
    never taken for a complete one.

    Args:
        folder: where to; it must not exist, or be empty.
        config: how many scenes, and which.
        progress: called after each scene with the number drawn so far and the number in all.

    Raises:
        ConfigError: the folder holds something already (RC331).
        DiskError: it cannot be written.
    """
    with SceneFolder(folder, config.quality) as out:
        for index in range(config.count):
            scene = draw_scene(index, config)
            out.add(_split(index, config), scene.picture, scene.objects)
            if progress is not None:
                progress(index + 1, config.count)


def holds_scenes(folder: Path, config: SceneConfig) -> bool:
    """Tell whether scenes of ours are in a folder, as many in each split as are wanted.

    Args:
        folder: of the data set; it need not be there.
        config: how many.

    Returns:
        False also for anything else that lies there.
    """
    wanted: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for index in range(config.count):
        wanted[_split(index, config)].append(f"scene_{index:05d}")
    try:
        lists = {
            split: (folder / "ImageSets" / "Main" / f"{split}.txt").read_text().split()
            for split in wanted
        }
    except (OSError, ValueError):
        return False
    return lists == wanted


def _split(index: int, config: SceneConfig) -> str:
    if index < config.test:
        return "test"
    return "val" if index < config.test + config.val else "train"


def _draw_camera(rng: np.random.Generator, side: float, config: SceneConfig) -> Camera:
    view = math.radians(float(rng.uniform(20, 36)))
    return aim(
        elevation=float(rng.uniform(*config.elevation)),
        azimuth=float(rng.uniform(0, 360)),
        roll=float(rng.normal(0, 4)),
        side=side,
        focal=max(config.width, config.height) / 2 / math.tan(view / 2),
        size=(config.height, config.width),
    )


def _draw_light(rng: np.random.Generator, config: SceneConfig) -> Light:
    """A lamp between candle and daylight, and a sky a little cooler or warmer than it."""
    warm = rng.uniform(-1, 1)
    lamp = np.array([1 + 0.1 * warm, 1, 1 - 0.14 * warm], np.float32)
    cool = rng.uniform(-0.7, 1)
    sky = np.array([1 - 0.08 * cool, 1, 1 + 0.1 * cool], np.float32)
    return make_light(
        elevation=float(rng.uniform(35, 75)),
        azimuth=float(rng.uniform(0, 360)),
        radius=float(rng.uniform(1.5, 11)),
        lamp=lamp * np.float32(0.9),
        sky=sky * np.float32(rng.uniform(*config.shadows)),
    )


def _draw_shot(rng: np.random.Generator, side: float, config: SceneConfig) -> Shot:
    small = min(side / 40, 1.25)
    shakes = rng.random() < config.motion_share
    path = float(rng.uniform(0.3, 1)) * config.motion * small if shakes else 0.0
    angle = float(rng.uniform(0, 2 * math.pi))
    return Shot(
        exposure=float(math.exp(rng.normal(0, 0.2))),
        balance=(float(rng.uniform(0.92, 1.08)), 1.0, float(rng.uniform(0.9, 1.1))),
        falloff=float(rng.uniform(0, 0.3)),
        defocus=float(rng.uniform(0.2, 1)) * config.defocus * small,
        shake=(path * math.cos(angle), path * math.sin(angle)),
        noise=float(rng.uniform(0.15, 1)) * config.noise,
    )


def _objects(
    solids: tuple[Solid, ...], views: tuple[View, ...], config: SceneConfig
) -> tuple[VOCObject, ...]:
    objects = []
    for solid, view in zip(solids, views, strict=True):
        if not solid.value or view.box is None or view.share < _NOTICED:
            continue
        objects.append(
            VOCObject(
                name=CLASSES[solid.value - 1],
                box=view.box,
                difficult=view.top_share < _READABLE_TOP or view.share < _READABLE,
            )
        )
    return tuple(objects)
