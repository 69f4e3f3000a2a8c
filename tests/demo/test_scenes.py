"""Scenes: the same for the same number, boxes that fit, shares that hold, a whole data set."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from frcnn.demo.config import SceneConfig
from frcnn.demo.scenes import CLASSES, Scene, draw_scene, draw_scenes
from frcnn.errors import ConfigError

CONFIG = SceneConfig()
TINY = replace(CONFIG, train=3, val=2, test=1, height=96, width=128, side=(14.0, 24.0))
CALM = replace(CONFIG, defocus=0.0, motion_share=0.0, noise=0.0)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    """Forty scenes as a user gets them."""
    return [draw_scene(index, CONFIG) for index in range(40)]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data set on disk."""
    folder = tmp_path_factory.mktemp("demo") / "dice"
    draw_scenes(folder, TINY)
    return folder


# Golden by hand


def test_classes_are_the_pips() -> None:
    assert CLASSES == ("one", "two", "three", "four", "five", "six")


def test_test_scenes_come_first_then_validation_then_training(drawn: Path) -> None:
    lists = {
        split: (drawn / "ImageSets" / "Main" / f"{split}.txt").read_text().split()
        for split in ("test", "val", "train")
    }
    assert lists == {
        "test": ["scene_00000"],
        "val": ["scene_00001", "scene_00002"],
        "train": ["scene_00003", "scene_00004", "scene_00005"],
    }


def test_a_die_is_where_its_box_says() -> None:
    """Without the dice, the same scene differs inside the boxes and their shadows, not far off."""
    config = replace(CALM, dice=(1, 1), clutter=(0, 0), decoy_share=0.0, empty_share=0.0)
    scene = draw_scene(3, config)
    x1, y1, x2, y2 = (round(edge) for edge in scene.objects[0].box)
    inside = scene.picture[y1:y2, x1:x2].astype(float)
    assert len(scene.objects) == 1
    rough = np.abs(np.diff(inside.mean(axis=2), axis=1)).mean()
    assert rough > 2  # pips and faces


# What always holds


def test_pictures_are_of_the_wanted_size(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert scene.picture.shape == (240, 320, 3)
        assert scene.picture.dtype == np.uint8


def test_boxes_lie_in_the_picture_and_are_no_specks(scenes: list[Scene]) -> None:
    for scene in scenes:
        for thing in scene.objects:
            x1, y1, x2, y2 = thing.box
            assert 0 <= x1 < x2 <= 320
            assert 0 <= y1 < y2 <= 240
            if not thing.difficult:
                assert min(x2 - x1, y2 - y1) > 15


def test_names_are_classes_and_all_come_up(scenes: list[Scene]) -> None:
    names = [thing.name for scene in scenes for thing in scene.objects]
    assert set(names) == set(CLASSES)
    assert len(names) > 80


def test_few_dice_are_difficult(scenes: list[Scene]) -> None:
    difficult = [thing.difficult for scene in scenes for thing in scene.objects]
    assert np.mean(difficult) < 0.1


def test_pictures_are_neither_black_nor_white(scenes: list[Scene]) -> None:
    means = [scene.picture.mean() for scene in scenes]
    assert min(means) > 40
    assert max(means) < 215
    assert np.std(means) > 8


def test_a_number_always_gives_the_same_scene() -> None:
    one, other = draw_scene(11, CONFIG), draw_scene(11, CONFIG)
    np.testing.assert_array_equal(one.picture, other.picture)
    assert one.objects == other.objects


def test_scenes_do_not_depend_on_how_many_there_are(scenes: list[Scene]) -> None:
    other = draw_scene(5, replace(CONFIG, train=7, val=1, test=1))
    np.testing.assert_array_equal(other.picture, scenes[5].picture)


def test_other_seeds_and_numbers_give_other_scenes() -> None:
    pictures = [
        draw_scene(index, replace(TINY, seed=seed)).picture.tobytes()
        for seed in (0, 1)
        for index in (0, 1)
    ]
    assert len(set(pictures)) == 4


def test_no_global_randomness_is_touched() -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[union-attr]
    draw_scene(0, TINY)
    np.testing.assert_array_equal(before, np.random.get_state()[1])


def test_the_share_of_empty_scenes() -> None:
    config = replace(TINY, empty_share=0.5)
    empty = [not draw_scene(index, config).objects for index in range(60)]
    assert 0.3 < np.mean(empty) < 0.7


@pytest.mark.parametrize(("share", "empty"), [(0.0, False), (1.0, True)])
def test_all_scenes_or_none_empty(share: float, empty: bool) -> None:
    config = replace(TINY, empty_share=share, cut_share=0.0)
    assert {not draw_scene(index, config).objects for index in range(8)} == {empty}


def test_noise_motion_and_defocus_can_be_switched_off() -> None:
    """The sharp scene has the same dice, and higher contrast between neighbours than blurred."""
    blurred = replace(CALM, defocus=3.0, motion_share=1.0, motion=12.0)
    for index in (1, 2, 4):
        one, other = draw_scene(index, CALM), draw_scene(index, blurred)
        assert one.objects == other.objects
        sharp, soft = (
            np.abs(np.diff(scene.picture.astype(float), axis=1)).mean() for scene in (one, other)
        )
        assert soft < sharp


def test_dice_have_the_size_that_is_asked_for() -> None:
    config = replace(CONFIG, side=(40.0, 40.0), cut_share=0.0, touching_share=0.0)
    sides = [
        max(thing.box[2] - thing.box[0], thing.box[3] - thing.box[1])
        for index in range(12)
        for thing in draw_scene(index, config).objects
    ]
    assert min(sides) > 40 * 0.85
    assert max(sides) < 40 * 1.12 * 2


def test_the_data_set_holds_the_scenes(drawn: Path) -> None:
    for index in range(TINY.count):
        scene = draw_scene(index, TINY)
        root = ElementTree.parse(drawn / "Annotations" / f"scene_{index:05d}.xml").getroot()
        assert [o.findtext("name") for o in root.iter("object")] == [
            thing.name for thing in scene.objects
        ]
        with Image.open(drawn / "JPEGImages" / f"scene_{index:05d}.jpg") as image:
            assert image.size == (128, 96)
            away = np.abs(np.asarray(image).astype(int) - scene.picture)
        assert away.mean() < 6


def test_a_longer_training_split_leaves_the_others(drawn: Path, tmp_path: Path) -> None:
    draw_scenes(tmp_path / "more", replace(TINY, train=4))
    for index in range(TINY.test + TINY.val):
        name = f"JPEGImages/scene_{index:05d}.jpg"
        assert (drawn / name).read_bytes() == (tmp_path / "more" / name).read_bytes()


def test_progress_is_told_after_each_scene(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    draw_scenes(tmp_path / "a", replace(TINY, train=1, val=1, test=0), lambda *n: told.append(n))
    assert told == [(1, 2), (2, 2)]


def test_an_interrupted_draw_leaves_no_data_set(tmp_path: Path) -> None:
    def stop(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_scenes(tmp_path / "a", TINY, stop)
    assert list(tmp_path.iterdir()) == []


def test_a_portrait_is_drawn_as_well() -> None:
    scene = draw_scene(1, replace(CONFIG, height=320, width=200))
    assert scene.picture.shape == (320, 200, 3)


# Wrong in


def test_a_full_folder_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    told: list[int] = []
    with pytest.raises(ConfigError, match="RC331"):
        draw_scenes(tmp_path, TINY, lambda done, _: told.append(done))
    assert told == []
