"""Augmentation: what it changes, what it leaves, and that a visit always draws the same."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from frcnn.errors import ConfigError
from frcnn.model.batch import PictureConfig
from frcnn.training.augmentation import (
    Augmentation,
    AugmentationConfig,
    cropped,
    distorted,
    drawing_from,
    jittered,
    transformed,
)
from frcnn.training.shown import Shown
from frcnn.types import Size, Target

CROP = AugmentationConfig(crop=1.0)
COLOURS = AugmentationConfig(photometric=1.0)
SEEDS = range(60)


def picture(height: int = 60, width: int = 80) -> torch.Tensor:
    """Every pixel tells where it is: red its row, green its column."""
    rows = torch.arange(height)[:, None].expand(height, width)
    columns = torch.arange(width)[None].expand(height, width)
    return torch.stack((rows, columns, torch.full_like(rows, 9))).to(torch.uint8)


@pytest.fixture
def shown() -> Shown:
    """Three objects, the last one difficult, and a proposal on each."""
    boxes = torch.tensor([[5.0, 5, 25, 20], [40, 30, 70, 55], [60, 2, 78, 14]])
    return Shown(
        picture=picture(),
        size=Size(height=60, width=80),
        target=Target(
            boxes=boxes,
            labels=torch.tensor([0, 1, 0]),
            difficult=torch.tensor([False, False, True]),
        ),
        proposals=boxes + 0.25,
    )


def window_of(found: Shown) -> tuple[int, int]:
    """Read from the first pixel where a crop was cut out."""
    return int(found.picture[1, 0, 0]), int(found.picture[0, 0, 0])


def test_nothing_is_changed_unless_it_is_asked_for(shown: Shown) -> None:
    none = AugmentationConfig()
    assert transformed(shown, Augmentation(), 0, 2, "a") is shown
    assert distorted(shown.picture, none, 0) is shown.picture
    assert cropped(shown, none, 0) is shown
    pictures = PictureConfig()
    assert jittered(pictures, none, 0) is pictures


def test_a_crop_moves_boxes_and_proposals_with_the_pixels(shown: Shown) -> None:
    cut = 0
    for seed in SEEDS:
        found = cropped(shown, CROP, seed)
        left, top = window_of(found)
        height, width = found.size
        assert torch.equal(found.picture, shown.picture[:, top : top + height, left : left + width])
        offset = torch.tensor([left, top, left, top])
        borders = torch.tensor([width, height, width, height])
        for boxes, before in (
            (found.target.boxes, shown.target.boxes),
            (found.proposals, shown.proposals),
        ):
            assert boxes is not None
            assert before is not None
            wanted = torch.minimum((before - offset).clamp(min=0), borders)
            seen = (wanted[:, 2:] - wanted[:, :2] >= 1).all(dim=1)
            assert torch.equal(boxes, wanted[seen])
        cut += found is not shown
    assert cut > len(SEEDS) / 2


def test_a_crop_holds_the_centre_of_an_object_and_cut_ones_are_difficult(shown: Shown) -> None:
    difficult = 0
    for seed in SEEDS:
        found = cropped(shown, CROP, seed)
        left, top = window_of(found)
        centres = (shown.target.boxes[:, :2] + shown.target.boxes[:, 2:]) / 2
        inside = (centres > torch.tensor([left, top])).all(dim=1)
        inside &= (centres < torch.tensor([left + found.size.width, top + found.size.height])).all(
            dim=1
        )
        assert int((~found.target.difficult).sum()) == int(inside[:2].sum()) >= 1
        difficult += int(found.target.difficult.sum())
    assert difficult > 0


def test_a_picture_without_certain_objects_is_not_cropped(shown: Shown) -> None:
    none = replace(shown, target=Target.empty())
    assert cropped(none, CROP, 0) is none
    target = replace(shown.target, difficult=torch.ones(3, dtype=torch.bool))
    doubtful = replace(shown, target=target)
    assert cropped(doubtful, CROP, 0) is doubtful


def test_colours_change_and_nothing_else() -> None:
    before = picture()
    changed = [distorted(before, COLOURS, seed) for seed in SEEDS]
    assert {(tuple(each.shape), each.dtype) for each in changed} == {((3, 60, 80), torch.uint8)}
    assert sum(not torch.equal(each, before) for each in changed) > len(SEEDS) / 2
    assert torch.equal(before, picture())


@pytest.mark.parametrize("field", ["crop", "photometric"])
def test_a_chance_is_met(shown: Shown, field: str) -> None:
    counts = []
    for chance in (0.3, 1.0):
        config = AugmentationConfig(**{field: chance})
        changed = [
            cropped(shown, config, seed) is not shown
            if field == "crop"
            else distorted(shown.picture, config, seed) is not shown.picture
            for seed in range(300)
        ]
        counts.append(sum(changed))
    assert counts[0] / counts[1] == pytest.approx(0.3, abs=0.1)


def test_golden_the_factor_is_that_of_both_sides() -> None:
    fixed = AugmentationConfig(scale=(0.5, 0.5))
    found = jittered(PictureConfig(shorter_side=600, longer_side=1000), fixed, 3)
    assert (found.shorter_side, found.longer_side) == (300, 500)


@given(seed=st.integers(0, 2**63 - 1), low=st.floats(0.01, 1), more=st.floats(0, 2))
def test_sizes_stay_in_their_range(seed: int, low: float, more: float) -> None:
    config = AugmentationConfig(scale=(low, low + more))
    found = jittered(PictureConfig(shorter_side=40, longer_side=60), config, seed)
    assert max(round(40 * low), 1) <= found.shorter_side <= max(round(40 * (low + more)), 1)
    assert found.shorter_side <= found.longer_side <= max(round(60 * (low + more)), 1)


@pytest.mark.parametrize("config", [CROP, COLOURS, AugmentationConfig(scale=(0.5, 2.0))])
def test_a_visit_always_draws_the_same_and_others_differ(
    shown: Shown, config: AugmentationConfig
) -> None:
    def drawn(seed: int) -> str:
        found = cropped(shown, config, seed)
        colours = distorted(found.picture, config, seed)
        size = jittered(PictureConfig(), config, seed)
        return repr((found.target.boxes.tolist(), colours.tolist(), size))

    torch.manual_seed(1)
    once = [drawn(seed) for seed in range(8)]
    torch.manual_seed(2)
    assert [drawn(seed) for seed in range(8)] == once
    assert len(set(once)) > 4


def test_global_generators_are_set_for_a_draw_and_put_back() -> None:
    def draw() -> tuple[float, float, float]:
        return float(torch.rand(())), random.random(), float(np.random.rand())

    for seed in (torch.manual_seed, random.seed, np.random.seed):
        seed(0)
    undisturbed = [draw(), draw()]
    for seed in (torch.manual_seed, random.seed, np.random.seed):
        seed(0)
    before = draw()
    with drawing_from(5, "own"):
        inside = draw()
    with drawing_from(5, "own"):
        assert draw() == inside
    with drawing_from(5, "crop"):
        assert draw() != inside
    assert [before, draw()] == undisturbed


def test_a_function_of_the_users_draws_from_the_visit(shown: Shown) -> None:
    def jitter(found: torch.Tensor, target: dict) -> tuple[torch.Tensor, dict]:
        return found // 2 + int(random.random() * 100), target

    own = Augmentation(transform=jitter)
    once = [transformed(shown, own, seed, 2, "a").picture for seed in range(4)]
    again = [transformed(shown, own, seed, 2, "a").picture for seed in range(4)]
    assert all(map(torch.equal, once, again))
    assert not torch.equal(once[0], once[1])


@pytest.mark.parametrize(
    "wrong",
    [{"scale": (0.0, 1.0)}, {"scale": (1.2, 0.8)}, {"crop": -0.1}, {"photometric": 1.5}],
)
def test_unusable_settings_are_refused(wrong: dict) -> None:
    with pytest.raises(ConfigError, match="pictures cannot be varied like that") as caught:
        AugmentationConfig(**wrong)
    assert caught.value.code == "RC350"


def test_the_size_of_a_crop_is_read_from_its_pixels(shown: Shown) -> None:
    sizes = {cropped(shown, CROP, seed).size for seed in SEEDS}
    assert Size(height=60, width=80) in sizes
    assert len(sizes) > 10
