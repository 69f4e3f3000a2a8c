"""prepare and to_batch: published sizes, channels and means, padding, torchvision's transform."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torchvision.models.detection.transform import GeneralizedRCNNTransform

from frcnn.errors import ConfigError, ShapeError
from frcnn.model.batch import (
    CAFFE,
    TORCHVISION,
    Normalisation,
    PictureConfig,
    Prepared,
    enough,
    prepare,
    resized,
    to_batch,
    to_original_pixels,
    visible,
)
from frcnn.types import Detections, ImageBatch, Proposals, Size

RED, GREEN, BLUE = 200, 100, 50
LIKE_TORCHVISION = PictureConfig(rounding="floor", padding_multiple=32, normalisation=TORCHVISION)


def flat(height: int, width: int) -> Tensor:
    """One colour everywhere: resizing cannot change it."""
    colour = torch.tensor([RED, GREEN, BLUE], dtype=torch.uint8)
    return colour[:, None, None].expand(3, height, width).contiguous()


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (3, height, width), dtype=torch.uint8, generator=generator)


def ready(height: int, width: int) -> Prepared:
    return Prepared(pixels=torch.ones(3, height, width), original=Size(2 * height, 2 * width))


def test_the_defaults_are_the_papers_one_scale() -> None:
    assert resized(Size(375, 500), PictureConfig()) == Size(600, 800)
    assert resized(Size(200, 500), PictureConfig()) == Size(400, 1000)


def test_floor_and_round_differ_where_a_side_is_not_whole() -> None:
    exact = Size(333, 500)  # the longer side becomes 900.9
    assert resized(exact, PictureConfig(rounding="round")).width == 901
    assert resized(exact, PictureConfig(rounding="floor")).width == 900


@pytest.mark.parametrize("norm", [CAFFE, TORCHVISION])
@pytest.mark.parametrize("order", ["subtract_then_resize", "resize_then_subtract"])
def test_what_a_network_is_given_can_be_looked_at(norm: Normalisation, order: str) -> None:
    """Neither resized nor changed, it is the picture again, to the bit."""
    config = PictureConfig(shorter_side=30, longer_side=40, order=order, normalisation=norm)
    picture = noise(30, 40)
    assert torch.equal(visible(prepare(picture, config).pixels, norm), picture)
    smaller = replace(config, shorter_side=15, longer_side=20)
    assert visible(prepare(flat(30, 40), smaller).pixels, norm)[:, 3, 4].tolist() == [
        RED,
        GREEN,
        BLUE,
    ]


def test_the_batch_is_blue_green_red_less_the_authors_mean() -> None:
    pixels = prepare(flat(30, 40), PictureConfig()).pixels
    assert pixels.shape == (3, 600, 800)
    want = [BLUE - 102.9801, GREEN - 115.9465, RED - 122.7717]
    torch.testing.assert_close(pixels[:, 0, 0], torch.tensor(want))
    torch.testing.assert_close(pixels, pixels[:, :1, :1].expand_as(pixels))


def test_torchvisions_weights_get_red_green_blue_in_units_of_their_deviation() -> None:
    pixels = prepare(flat(30, 40), replace(PictureConfig(), normalisation=TORCHVISION)).pixels
    want = [
        (RED / 255 - 0.485) / 0.229,
        (GREEN / 255 - 0.456) / 0.224,
        (BLUE / 255 - 0.406) / 0.225,
    ]
    torch.testing.assert_close(pixels[:, 0, 0], torch.tensor(want))


def test_the_original_size_is_kept_height_first() -> None:
    found = prepare(flat(30, 40), PictureConfig())
    assert found.original == Size(height=30, width=40)
    assert found.pixels.dtype == torch.float32


def test_the_two_orders_differ_by_rounding_and_smoothing_alone() -> None:
    picture = noise(300, 400)
    authors = prepare(picture, PictureConfig()).pixels  # enlarging: nothing to smooth
    eight_bit = prepare(picture, PictureConfig(order="resize_then_subtract")).pixels
    # Pillow rounds to whole values, and its two passes round twice
    assert float((authors - eight_bit).abs().max()) <= 1.5


def test_antialiasing_smooths_when_a_picture_shrinks() -> None:
    small = PictureConfig(shorter_side=30, longer_side=50)
    rough, smooth = (
        prepare(noise(300, 400), replace(small, antialias=value)).pixels for value in (False, True)
    )
    assert float(smooth.std()) < float(rough.std()) / 2
    eight_bit = replace(small, order="resize_then_subtract")
    always = [
        prepare(noise(300, 400), replace(eight_bit, antialias=value)).pixels
        for value in (False, True)
    ]
    assert torch.equal(*always)
    torch.testing.assert_close(always[0], smooth, atol=1.5, rtol=0)  # Pillow rounds twice


def test_the_picture_itself_is_never_written_to() -> None:
    picture = noise(600, 800)
    before = picture.clone()
    prepare(picture, PictureConfig())  # already of the right size: nothing to resize
    assert torch.equal(picture, before)


@pytest.mark.parametrize("seed", range(3))
def test_pictures_are_what_torchvisions_transform_makes_of_them(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    sides = torch.randint(40, 300, (2, 2), generator=generator).tolist()
    pictures = [noise(*size, seed) for size in sides]
    config = replace(LIKE_TORCHVISION, shorter_side=120, longer_side=200)
    ours = to_batch([prepare(picture, config) for picture in pictures], config)
    transform = GeneralizedRCNNTransform(120, 200, list(TORCHVISION.mean), list(TORCHVISION.std))
    theirs, _ = transform.eval()([picture.float() / 255 for picture in pictures])
    assert list(ours.sizes) == [Size(*size) for size in theirs.image_sizes]
    torch.testing.assert_close(ours.pixels, theirs.tensors, atol=1e-4, rtol=0)


def test_padding_is_zero_at_the_right_and_at_the_bottom() -> None:
    batch = to_batch([ready(2, 5), ready(4, 3)], PictureConfig())
    assert batch.pixels.shape == (2, 3, 4, 5)
    assert batch.sizes == (Size(2, 5), Size(4, 3))
    assert batch.originals == (Size(4, 10), Size(8, 6))
    assert (batch.pixels[0, :, :2] == 1).all()
    assert not batch.pixels[0, :, 2:].any()
    assert (batch.pixels[1, :, :, :3] == 1).all()
    assert not batch.pixels[1, :, :, 3:].any()


def test_sides_become_multiples_and_sizes_stay_without_padding() -> None:
    batch = to_batch([ready(33, 64)], PictureConfig(padding_multiple=32))
    assert batch.pixels.shape == (1, 3, 64, 64)
    assert batch.sizes == (Size(33, 64),)


def test_a_picture_of_one_pixel_has_a_batch() -> None:
    found = prepare(flat(1, 1), PictureConfig())
    assert found.pixels.shape == (3, 600, 600)
    assert to_batch([found], PictureConfig()).pixels.shape == (1, 3, 600, 600)


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"to_batch: prepared: wrong tensor; got no picture"):
        to_batch([], PictureConfig())


@pytest.mark.parametrize(
    "picture",
    [
        torch.zeros(30, 40, 3, dtype=torch.uint8),
        torch.zeros(1, 30, 40, dtype=torch.uint8),
        torch.zeros(3, 30, dtype=torch.uint8),
        torch.zeros(3, 30, 40),
    ],
)
def test_what_is_no_picture_is_refused(picture: Tensor) -> None:
    with pytest.raises(ShapeError, match=r"prepare: picture.*want a \[3, H, W\] uint8 tensor"):
        prepare(picture, PictureConfig())


def boxed_batch(size: Size, original: Size) -> ImageBatch:
    return ImageBatch(pixels=torch.zeros(1, 3, *size), sizes=(size,), originals=(original,))


def test_boxes_go_back_to_pixels_of_the_original_picture() -> None:
    batch = boxed_batch(Size(height=60, width=80), Size(height=30, width=20))
    boxes = torch.tensor([[8.0, 10.0, 80.0, 60.0], [0.0, 0.0, 80.0001, 20.0]])
    want = torch.tensor([[2.0, 5.0, 20.0, 30.0], [0.0, 0.0, 20.0, 10.0]])
    numbers = torch.tensor([2, 1])
    proposals = Proposals(boxes=boxes, objectness=torch.ones(2), anchors=numbers)
    (found,) = to_original_pixels([proposals], batch)
    torch.testing.assert_close(found.boxes, want, rtol=0, atol=1e-5)
    assert float(found.boxes[:, 2].max()) <= 20.0, "inside the picture to the bit"
    assert torch.equal(found.anchors, numbers)
    (none,) = to_original_pixels([Detections.empty()], batch)
    assert none.boxes.shape == (0, 4)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"shorter_side": 0}, "pictures.shorter_side"),
        ({"shorter_side": 900, "longer_side": 800}, "pictures.shorter_side"),
        ({"padding_multiple": 0}, "pictures.padding_multiple"),
    ],
)
def test_unusable_settings_are_refused(change: dict, place: str) -> None:
    with pytest.raises(ConfigError, match=r"RC350") as caught:
        PictureConfig(**change)
    assert caught.value.place == place


def test_contradicting_sides_have_a_fix_each() -> None:
    with pytest.raises(ConfigError, match=r"raise pictures\.longer_side or lower"):
        PictureConfig(shorter_side=900, longer_side=800)
    with pytest.raises(ConfigError, match="the paper's is 600"):
        PictureConfig(shorter_side=0)


@pytest.mark.parametrize("change", [{"scale": 0.0}, {"std": (1.0, 0.0, 1.0)}])
def test_a_normalisation_that_divides_by_nothing_is_refused(change: dict) -> None:
    with pytest.raises(ConfigError, match=r"RC350.*scale and std must be positive"):
        Normalisation(**change)


def test_the_defaults_are_the_authors() -> None:
    assert PictureConfig().normalisation == CAFFE == Normalisation()
    assert (PictureConfig().shorter_side, PictureConfig().longer_side) == (600, 1000)


@pytest.mark.parametrize(
    "how", [{"antialias": True}, {"order": "resize_then_subtract"}, {"rounding": "floor"}]
)
def test_a_part_of_a_picture_is_enough_where_it_is_smoothed(how: dict) -> None:
    config = PictureConfig(**how)
    suffices = enough(config)(Size(3000, 4000))
    assert suffices == (None if "rounding" in how else Size(600, 800))


def test_a_picture_decoded_in_part_keeps_the_size_of_the_whole() -> None:
    config = PictureConfig(shorter_side=60, longer_side=100, order="resize_then_subtract")
    found = prepare(flat(75, 101), config, Size(149, 201))
    assert found.original == Size(149, 201)
    assert found.pixels.shape == (3, *resized(Size(149, 201), config))
    whole = prepare(flat(149, 201), config)
    torch.testing.assert_close(found.pixels, whole.pixels)


def test_how_colours_lie_in_memory_changes_nothing() -> None:
    picture = noise(31, 47)
    beside = picture.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    for how in ({}, {"antialias": True}, {"order": "resize_then_subtract"}):
        config = PictureConfig(shorter_side=24, longer_side=40, **how)
        assert torch.equal(prepare(picture, config).pixels, prepare(beside, config).pixels)
