"""A function of the user's: what it is given, what it may give back, what is refused."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from frcnn.errors import ConfigError
from frcnn.training.own_transform import as_torchvision_has_them, name_of, through
from frcnn.training.shown import Shown
from frcnn.types import Size, Target


@pytest.fixture
def shown() -> Shown:
    """A picture of 20 x 30 pixels with two boxes, the second difficult."""
    return Shown(
        picture=torch.arange(3 * 20 * 30).reshape(3, 20, 30).to(torch.uint8),
        size=Size(height=20, width=30),
        target=Target(
            boxes=torch.tensor([[2.0, 3, 10, 12], [20, 5, 28, 15]]),
            labels=torch.tensor([1, 0]),
            difficult=torch.tensor([False, True]),
        ),
    )


def led(transform: Callable, shown: Shown) -> Shown:
    return through(transform, shown, 2, "a.png")


def test_golden_torchvisions_own_flip_moves_picture_and_boxes(shown: Shown) -> None:
    found = led(v2.RandomHorizontalFlip(p=1.0), shown)
    assert torch.equal(found.picture, shown.picture.flip(-1))
    assert found.target.boxes.tolist() == [[20, 3, 28, 12], [2, 5, 10, 15]]
    assert found.target.labels.tolist() == [1, 0]
    assert found.target.difficult.tolist() == [False, True]


def test_a_compose_that_changes_the_size(shown: Shown) -> None:
    found = led(v2.Compose([v2.Resize((40, 60)), v2.Pad(5)]), shown)
    assert found.size == Size(height=50, width=70)
    assert found.target.boxes.tolist() == [[9, 11, 25, 29], [45, 15, 61, 35]]


def test_what_it_is_given(shown: Shown) -> None:
    seen: list[Any] = []
    led(lambda picture, target: (seen.append((picture, target)), (picture, target))[1], shown)
    picture, target = seen[0]
    assert isinstance(picture, tv_tensors.Image)
    assert isinstance(target["boxes"], tv_tensors.BoundingBoxes)
    assert target["boxes"].format == tv_tensors.BoundingBoxFormat.XYXY
    assert target["boxes"].canvas_size == (20, 30)
    assert list(target) == ["boxes", "labels", "difficult"]


def test_what_comes_back_is_plain_and_what_was_given_untouched(shown: Shown) -> None:
    before = shown.picture.clone(), shown.target.boxes.clone()

    def spoil(picture: Tensor, target: dict[str, Any]) -> tuple[Tensor, dict[str, Any]]:
        picture[:] = 7
        target["boxes"] += 1
        return picture, target

    found = led(spoil, shown)
    assert type(found.picture) is type(found.target.boxes) is Tensor
    assert bool((found.picture == 7).all())
    assert torch.equal(shown.picture, before[0])
    assert torch.equal(shown.target.boxes, before[1])


def test_boxes_are_clipped_and_those_without_area_left_out(shown: Shown) -> None:
    def move(picture: Tensor, target: dict[str, Any]) -> tuple[Tensor, dict[str, Any]]:
        boxes = torch.tensor([[-5.0, -5, 40, 40], [4, 4, 4, 9]])
        return picture, {**target, "boxes": boxes}

    found = led(move, shown)
    assert found.target.boxes.tolist() == [[0, 0, 30, 20]]
    assert found.target.labels.tolist() == [1]


def test_the_crop_of_torchvision_marks_what_it_leaves_out(shown: Shown) -> None:
    torch.manual_seed(0)
    kept = {len(led(v2.RandomIoUCrop(), shown).target.boxes) for _ in range(20)}
    assert kept == {1, 2}


def test_a_picture_may_lose_all_its_objects(shown: Shown) -> None:
    found = led(lambda picture, target: (picture, {n: t[:0] for n, t in target.items()}), shown)
    assert found.target.boxes.shape == (0, 4)


@pytest.mark.parametrize(
    ("change", "got"),
    [
        (lambda p, t: p, "too many values"),
        (lambda p, t: (p.float(), t), "torch.float32 instead of [3, any, any] torch.uint8"),
        (lambda p, t: (p[0], t), "[20, 30] torch.uint8 instead of"),
        (lambda p, t: (p.numpy(), t), "ndarray instead of a tensor"),
        (lambda p, t: (p, {"boxes": t["boxes"]}), "no 'labels'"),
        (lambda p, t: (p, {**t, "boxes": t["boxes"][:1]}), "[2] torch.int64 instead of [1]"),
        (lambda p, t: (p, {**t, "boxes": t["boxes"] * torch.nan}), "not finite"),
        (lambda p, t: (p, {**t, "labels": t["labels"] + 1}), "labels 1 ... 2 of 2 classes"),
        (lambda p, t: (p, {**t, "difficult": t["labels"]}), "[2] torch.int64 instead of [2]"),
        (lambda p, t: None, "NoneType"),
    ],
)
def test_what_is_no_picture_with_boxes_is_refused(shown: Shown, change: Callable, got: str) -> None:
    with pytest.raises(ConfigError, match="did not give a picture with its boxes") as caught:
        led(change, shown)
    assert caught.value.code == "RC311"
    assert caught.value.place == "a.png"
    assert got in caught.value.got
    assert "\n" not in caught.value.got


def test_sanitising_leaves_difficult_behind_and_is_told(shown: Shown) -> None:
    sanitise = v2.Compose([v2.RandomCrop((10, 12)), v2.SanitizeBoundingBoxes(min_size=100)])
    with pytest.raises(ConfigError, match="SanitizeBoundingBoxes is not needed"):
        led(sanitise, shown)


def test_names_that_find_a_function_again() -> None:
    assert name_of(through) == "frcnn.training.own_transform.through"
    name = name_of(v2.Compose([v2.RandomHorizontalFlip(p=0.25), v2.Pad(5)]))
    assert "p=0.25" in name
    assert "\n" not in name


def test_the_type_that_torchvision_knows_shares_the_memory() -> None:
    boxes = torch.zeros(1, 4)
    as_torchvision_has_them(boxes, Size(height=2, width=3))[0, 0] = 5
    assert boxes[0, 0] == 5
