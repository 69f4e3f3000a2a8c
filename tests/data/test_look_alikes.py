"""Pictures that show nearly the same."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from frcnn.data.look_alikes import CELLS, LookAlikes, alike, hashes, thumbnail, together
from frcnn.data.problems import Problem


def scene(seed: int, height: int = 120, width: int = 160) -> np.ndarray:
    """Smooth light and a dozen shapes."""
    dice = np.random.default_rng(seed)
    light = Image.fromarray(dice.integers(0, 256, (3, 4, 3), dtype=np.uint8))
    picture = light.resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y = dice.integers(0, width), dice.integers(0, height)
        w, h = dice.integers(10, 50, 2)
        colour = tuple(dice.integers(0, 256, 3).tolist())
        draw.ellipse((x, y, x + w, y + h), fill=colour)
    return np.asarray(picture)


def found(*pictures: tuple[str, str, np.ndarray]) -> list[Problem]:
    looks = LookAlikes()
    for name, split, pixels in pictures:
        looks.add(Path(name), split, pixels)
    return list(looks.find())


def as_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


CHANGES = {
    "saved as JPEG": lambda p: as_jpeg(p, 60),
    "half its size": lambda p: np.asarray(Image.fromarray(p).resize((80, 60))),
    "twice its size": lambda p: np.asarray(Image.fromarray(p).resize((320, 240))),
    "a little darker": lambda p: (p * 0.985).astype(np.uint8),
    "a pixel further": lambda p: np.roll(p, 1, axis=1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_nearly_the_same_is_found(change: str) -> None:
    for seed in range(5):
        first = scene(seed)
        (problem,) = found(("a", "train", first), ("b", "val", CHANGES[change](first)))
        assert (problem.code, problem.place, problem.severity) == ("RC265", "b", "warning")
        assert problem.got.startswith("like a, thumbnails differ by ")
        assert problem.got.endswith("in train and in val")


OTHERS = {
    "mirrored": lambda p: p[:, ::-1],
    "turned": lambda p: p[::-1, ::-1],
    "its left half": lambda p: p[:, :80],
    "inverted": lambda p: 255 - p,
}


@pytest.mark.parametrize("change", OTHERS)
def test_what_is_another_picture_is_not(change: str) -> None:
    for seed in range(5):
        first = scene(seed)
        assert not found(("a", "train", first), ("b", "val", OTHERS[change](first)))


def test_three_hundred_strangers_raise_no_alarm() -> None:
    looks = LookAlikes()
    for seed in range(300):
        looks.add(Path(str(seed)), "train", scene(seed, 60, 80))
    assert list(looks.find()) == []


def test_plain_surfaces_are_passed_over() -> None:
    dice = np.random.default_rng(0)
    plain = [np.full((40, 60, 3), grey, np.uint8) for grey in range(0, 250, 10)]
    noisy = [p + dice.integers(0, 3, p.shape, dtype=np.uint8) for p in plain]
    pictures = [(str(n), "train", p) for n, p in enumerate([*plain, *noisy])]
    assert found(*pictures) == []


def test_each_later_one_is_told_once_with_the_nearest() -> None:
    first = scene(1)
    near = as_jpeg(first, 95)
    problems = found(
        ("a", "train", first), ("b", "train", as_jpeg(first, 20)), ("c", "train", near)
    )
    assert [p.place for p in problems] == ["b", "c"]
    assert "like a," in problems[1].got
    assert problems[0].got.endswith("both in train")


def test_a_thousand_frames_of_one_film_take_near_linear_work() -> None:
    """Each is compared with a few, and still found."""
    film = np.repeat(thumbnail(scene(2))[None], 1000, axis=0)
    assert sorted(alike(film)) == list(range(1, 1000))


def test_one_picture_in_two_splits_is_one() -> None:
    first = scene(3)
    assert found(("a", "train", first), ("a", "val", first)) == []


def test_golden_thumbnail_and_bits() -> None:
    ramp = np.repeat(np.arange(0, 180, 20, dtype=np.uint8), 8)
    pixels = np.broadcast_to(ramp[None, :, None], (72, 72, 3))
    small = thumbnail(pixels)
    assert small.tolist() == [list(range(0, 180, 20))] * CELLS
    bits = hashes(small[None])[0]
    assert bits.sum() == CELLS * (CELLS - 1), "brighter to the right everywhere, downwards nowhere"


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 7)])
def test_tiny_and_thin_pictures(size: tuple[int, int]) -> None:
    assert thumbnail(np.full((*size, 3), 7, np.uint8)).shape == (CELLS, CELLS)


def test_nothing_in() -> None:
    assert found() == []
    assert found(("a", "train", scene(0))) == []


def test_golden_groups_go_on_from_one_to_the_next() -> None:
    """It grows dark: the first and the last of six frames are not alike."""
    first, other = scene(1), scene(2)
    looks = LookAlikes()
    dark = [(first * 0.98**number).astype(np.uint8) for number in range(6)]
    for number in range(6):
        looks.add(Path(f"{number}"), "train", dark[number])
        looks.add(Path(f"x{number}"), "train", scene(10 + number))
    for name in ("y", "z"):
        looks.add(Path(name), "val", other)
    groups = [[path.name for path in paths] for paths in looks.groups()]
    assert groups == [["0", "1", "2", "3", "4", "5"], ["y", "z"]]
    assert alike(np.stack([thumbnail(dark[0]), thumbnail(dark[5])])) == {}


def test_all_that_look_alike_are_one_group_not_only_the_most_alike() -> None:
    pictures = np.stack([thumbnail(scene(1)) + shade for shade in (0.0, 4.5, 9.0, 0.5)])
    assert alike(pictures)[3][0] == 0
    assert together(pictures).tolist() == [0, 0, 0, 0]


def test_nothing_in_groups() -> None:
    assert LookAlikes().groups() == []
    looks = LookAlikes()
    looks.add(Path("a"), "train", scene(1))
    assert looks.groups() == []
