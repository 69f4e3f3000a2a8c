"""Dealing and drawing: functions of (seed, epoch, picture), by hand and by property."""

import hashlib
import pickle
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from frcnn.data.records import Split, stamp_of
from frcnn.errors import ConfigError
from frcnn.model.batch import PictureConfig
from frcnn.ops import pictures
from frcnn.ops.picture_parts import whole
from frcnn.training import batches
from frcnn.training.augmentation import Augmentation, AugmentationConfig
from frcnn.training.batches import (
    BatchConfig,
    Examples,
    Visit,
    epoch_batches,
    generator_of,
    seed_of,
)
from frcnn.types import Size

WIDE, TALL = Size(height=30, width=40), Size(height=40, width=30)
AS_THEY_ARE = PictureConfig(shorter_side=48, longer_side=64)


def test_golden_a_seed_is_the_first_63_bits_of_a_sha256() -> None:
    text = b"flip\x1f0\x1f3"
    assert seed_of("flip", 0, 3) == int.from_bytes(hashlib.sha256(text).digest()[:8], "little") >> 1
    assert seed_of("flip", 0, 3) != seed_of("flip", 3, 0)
    assert seed_of("a", "b") != seed_of("ab")


def test_a_generator_depends_on_its_parts_alone() -> None:
    torch.rand(3)
    one, two = generator_of("x", 1), generator_of("x", 1)
    assert torch.equal(torch.rand(5, generator=one), torch.rand(5, generator=two))
    assert not torch.equal(torch.rand(5, generator=one), torch.rand(5, generator=generator_of("y")))


def test_golden_landscape_keeps_to_landscape() -> None:
    sizes = [WIDE, TALL, WIDE, TALL, WIDE]
    batches = epoch_batches(sizes, 0, 0, BatchConfig(size=2))
    kinds = sorted("".join("w" if v.picture % 2 == 0 else "t" for v in b) for b in batches)
    assert kinds == ["tt", "w", "ww"]


def test_what_is_left_of_both_groups_shares_a_batch() -> None:
    batches = epoch_batches([WIDE, TALL, WIDE, TALL, TALL, WIDE], 0, 0, BatchConfig(size=2))
    assert [len(batch) for batch in batches] == [2, 2, 2]


@given(
    shapes=st.lists(st.booleans(), min_size=1, max_size=40),
    size=st.integers(1, 9),
    flip=st.sampled_from(["none", "random", "double"]),
    group=st.sampled_from(["aspect", "none"]),
    epoch=st.integers(0, 3),
)
def test_every_epoch_deals_every_picture_once(
    shapes: list[bool], size: int, flip: str, group: str, epoch: int
) -> None:
    sizes = [WIDE if wide else TALL for wide in shapes]
    config = BatchConfig(size=size, flip=flip, group=group)  # type: ignore[arg-type]
    batches = epoch_batches(sizes, 5, epoch, config)
    visits = [visit for batch in batches for visit in batch]
    copies = 2 if flip == "double" else 1
    assert Counter((v.picture, v.copy) for v in visits) == Counter(
        (i, c) for i in range(len(sizes)) for c in range(copies)
    )
    assert {v.epoch for v in visits} == {epoch}
    assert all(1 <= len(batch) <= size for batch in batches)
    # the number of batches never changes, or a resumed run would lose its place
    assert len(batches) == len(epoch_batches(sizes, 6, epoch + 1, config))
    assert batches == epoch_batches(sizes, 5, epoch, config)


def test_epochs_and_seeds_differ_in_order() -> None:
    sizes = [WIDE] * 20
    orders = {
        tuple(v.picture for b in epoch_batches(sizes, seed, epoch, BatchConfig(size=4)) for v in b)
        for seed, epoch in ((0, 0), (0, 1), (1, 0))
    }
    assert len(orders) == 3


@pytest.mark.parametrize("change", [{"size": 0}, {"workers": -1}, {"timeout": 0.0}])
def test_unusable_settings_are_refused(change: dict) -> None:
    with pytest.raises(ConfigError, match="RC350") as caught:
        BatchConfig(**change)
    assert caught.value.place == "batches"


def examples(splits: dict[str, Split], config: BatchConfig, seed: int = 0) -> Examples:
    return Examples(splits["train"], seed, AS_THEY_ARE, config)


def test_nothing_mirrored_is_the_picture_and_its_boxes(splits: dict[str, Split]) -> None:
    example = examples(splits, BatchConfig(flip="none"))[Visit(0, 1, 0)]
    sample = splits["train"][1]
    assert example.name == "train01"
    assert example.prepared.pixels.shape == (3, 48, 64)
    torch.testing.assert_close(example.target.boxes, sample.target.boxes)
    assert torch.equal(example.target.labels, sample.target.labels)


def test_boxes_follow_the_resizing(splits: dict[str, Split]) -> None:
    half = PictureConfig(shorter_side=24, longer_side=64)
    config = BatchConfig(flip="none")
    example = Examples(splits["train"], 0, half, config)[Visit(0, 1, 0)]
    assert example.prepared.pixels.shape == (3, 24, 32)
    assert example.prepared.original == Size(height=48, width=64)
    torch.testing.assert_close(example.target.boxes, splits["train"][1].target.boxes / 2)


@pytest.mark.parametrize("picture", [0, 1])
def test_the_doubled_copy_is_the_mirror_image(splits: dict[str, Split], picture: int) -> None:
    read = examples(splits, BatchConfig(flip="double"))
    plain, mirrored = read[Visit(0, picture, 0)], read[Visit(0, picture, 1)]
    assert torch.equal(mirrored.prepared.pixels, plain.prepared.pixels.flip(2))
    width = plain.prepared.original.width
    torch.testing.assert_close(
        mirrored.target.boxes[:, [0, 2]], width - plain.target.boxes[:, [2, 0]]
    )
    assert torch.equal(mirrored.target.boxes[:, [1, 3]], plain.target.boxes[:, [1, 3]])


def test_half_of_the_visits_are_mirrored_each_way(splits: dict[str, Split]) -> None:
    config = BatchConfig(flip="random", flip_vertical="random")
    read, plain = examples(splits, config), examples(splits, BatchConfig(flip="none"))
    pixels = plain[Visit(0, 1, 0)].prepared.pixels
    seen = Counter()
    for epoch in range(200):
        found = read[Visit(epoch, 1, 0)].prepared.pixels
        turns = ((), (2,), (1,), (1, 2))
        seen[next(turn for turn in turns if torch.equal(found, pixels.flip(turn)))] += 1
    assert len(seen) == 4
    assert all(30 < count < 70 for count in seen.values())


def test_boxes_follow_both_mirrors(splits: dict[str, Split]) -> None:
    """The mean colour under each box stays that of its object, however the picture is turned."""
    read = examples(splits, BatchConfig(flip="random", flip_vertical="random"))
    for epoch in range(12):
        example = read[Visit(epoch, 2, 0)]
        for box, label in zip(example.target.boxes.long(), example.target.labels, strict=True):
            x1, y1, x2, y2 = box.tolist()
            blue, _, red = example.prepared.pixels[:, y1:y2, x1:x2].mean(dim=(1, 2))
            assert (red > blue) == (int(label) == 1)


def varied(splits: dict[str, Split], **how: object) -> Examples:
    augmentation = Augmentation(config=AugmentationConfig(**how))  # type: ignore[arg-type]
    flips = BatchConfig(flip="random", flip_vertical="random")
    return Examples(splits["train"], 0, AS_THEY_ARE, flips, augmentation=augmentation)


def test_boxes_follow_crops_and_sizes(splits: dict[str, Split]) -> None:
    """As above, in a part of the picture, looked at in another size."""
    read = varied(splits, crop=1.0, scale=(0.5, 2.0))
    sizes = set()
    for epoch in range(40):
        example = read[Visit(epoch, 2, 0)]
        sizes.add(tuple(example.prepared.pixels.shape[1:]))
        for box, label in zip(example.target.boxes, example.target.labels, strict=True):
            x1, y1, x2, y2 = [*box[:2].ceil().int().tolist(), *box[2:].int().tolist()]
            if min(x2 - x1, y2 - y1) > 2:  # the rim is smoothed
                inner = example.prepared.pixels[:, y1 + 1 : y2 - 1, x1 + 1 : x2 - 1]
                blue, _, red = inner.mean(dim=(1, 2))
                assert (red > blue) == (int(label) == 1)
    assert len(sizes) > 20


SMOOTHED = PictureConfig(shorter_side=48, longer_side=64, order="resize_then_subtract")


@pytest.fixture
def large(splits: dict[str, Split], tmp_path: Path) -> Split:
    """One JPEG of 384 x 512 pixels, eight times as large as it is looked at."""
    path, record = tmp_path / "large.jpg", splits["train"].records[2]
    picture = pictures.to_tensor(pictures.decode(record.path).pixels)
    whole = pictures.resize_uint8(picture, Size(384, 512)).permute(1, 2, 0)
    Image.fromarray(whole.contiguous().numpy()).save(path, quality=95)
    with path.open("rb") as file:
        stamp = stamp_of(file)
    target = replace(record.target, boxes=record.target.boxes * 8)
    known = {"path": path, "size": Size(384, 512), "stamp": stamp, "sha256": ""}
    return replace(splits["train"], records=(replace(record, target=target, **known),))


def test_a_jpeg_is_decoded_in_part_where_it_is_shrunk(
    large: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    flips = BatchConfig(flip="double", flip_vertical="random")
    read = Examples(large, 0, SMOOTHED, flips)
    found = [read[Visit(epoch, 0, epoch % 2)] for epoch in range(4)]
    monkeypatch.setattr(batches, "enough", lambda _config: whole)
    for epoch, one in enumerate(found):
        other = read[Visit(epoch, 0, epoch % 2)]
        assert one.prepared.original == other.prepared.original == Size(384, 512)
        assert torch.equal(one.target.boxes, other.target.boxes)
        apart = (one.prepared.pixels - other.prepared.pixels).abs().mean()
        assert 0 < apart < 2


def test_what_is_cropped_or_a_users_is_decoded_whole(large: Split) -> None:
    shapes = []

    def look(picture: torch.Tensor, target: dict) -> tuple[torch.Tensor, dict]:
        shapes.append(tuple(picture.shape))
        return picture, target

    own = Augmentation(transform=look)
    Examples(large, 0, SMOOTHED, BatchConfig(), augmentation=own)[Visit(0, 0, 0)]
    assert shapes == [(3, 384, 512)]
    crop = Augmentation(config=AugmentationConfig(crop=1.0))
    assert crop.needs_all_pixels
    assert not Augmentation(config=AugmentationConfig(scale=(0.5, 2.0))).needs_all_pixels
    read = Examples(large, 0, SMOOTHED, BatchConfig(), augmentation=crop)
    originals = [read[Visit(epoch, 0, 0)].prepared.original for epoch in range(12)]
    assert len(set(originals)) > 6


def test_an_augmented_visit_is_the_same_whenever_it_is_read(splits: dict[str, Split]) -> None:
    how = {"crop": 0.7, "photometric": 0.7, "scale": (0.5, 2.0)}
    read, again = varied(splits, **how), varied(splits, **how)
    for epoch in range(6):
        one = read[Visit(epoch, 4, 0)]
        torch.rand(epoch)
        other = again[Visit(epoch, 4, 0)]
        assert torch.equal(one.prepared.pixels, other.prepared.pixels)
        assert torch.equal(one.target.boxes, other.target.boxes)
    assert not torch.equal(
        read[Visit(0, 4, 0)].target.boxes, varied(splits)[Visit(0, 4, 0)].target.boxes
    )


def test_a_visit_is_the_same_whenever_it_is_read(splits: dict[str, Split]) -> None:
    read = examples(splits, BatchConfig())
    first = read[Visit(3, 4, 0)].prepared.pixels
    for number in range(10):
        read[Visit(3, number, 0)]
    assert torch.equal(read[Visit(3, 4, 0)].prepared.pixels, first)
    travelled = pickle.loads(pickle.dumps(read))
    assert torch.equal(travelled[Visit(3, 4, 0)].prepared.pixels, first)


def test_a_picture_without_objects_is_an_example(splits: dict[str, Split]) -> None:
    record = splits["train"].records[0]
    bare = replace(record, target=type(record.target).empty())
    split = replace(splits["train"], records=(bare,))
    example = Examples(split, 0, AS_THEY_ARE, BatchConfig(flip="double"))[Visit(0, 0, 1)]
    assert example.target.boxes.shape == (0, 4)
