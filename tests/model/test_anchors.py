"""Anchors: the published tables, cell by cell, and where each variant stands."""

import pytest
import torch

from frcnn.errors import ConfigError
from frcnn.model.anchors import AnchorConfig, anchor_grid, cell_anchors
from frcnn.ops.boxes import inside
from frcnn.types import Size

ONE = AnchorConfig(sides=(16.0,), height_over_width=(1.0,))
CAFFE = AnchorConfig(rounding="caffe")

# the nine windows of the authors' code, whose corners are inclusive pixel indices
AUTHORS = torch.tensor(
    [
        [-84, -40, 99, 55],
        [-176, -88, 191, 103],
        [-360, -184, 375, 199],
        [-56, -56, 71, 71],
        [-120, -120, 135, 135],
        [-248, -248, 263, 263],
        [-36, -80, 51, 95],
        [-80, -168, 95, 183],
        [-168, -344, 183, 359],
    ],
    dtype=torch.float32,
)


def test_golden_one_square_anchor_per_cell_tiles_the_picture() -> None:
    want = torch.tensor(
        [
            [0.0, 0.0, 16.0, 16.0],
            [16.0, 0.0, 32.0, 16.0],
            [32.0, 0.0, 48.0, 16.0],
            [0.0, 16.0, 16.0, 32.0],
            [16.0, 16.0, 32.0, 32.0],
            [32.0, 16.0, 48.0, 32.0],
        ]
    )
    torch.testing.assert_close(anchor_grid(ONE, Size(height=2, width=3)), want)


def test_golden_the_nine_anchors_of_the_authors_code() -> None:
    first_cell = anchor_grid(CAFFE, Size(height=1, width=1))
    continuous = AUTHORS + torch.tensor([0.0, 0.0, 1.0, 1.0])  # an inclusive corner ends a pixel on
    torch.testing.assert_close(first_cell, continuous)


def test_golden_the_fourth_scale_used_for_coco() -> None:
    config = AnchorConfig(sides=(64.0, 128.0, 256.0, 512.0), rounding="caffe")
    first_cell = anchor_grid(config, Size(height=1, width=1))
    want = torch.tensor(
        [[-38.0, -16.0, 54.0, 32.0], [-24.0, -24.0, 40.0, 40.0], [-14.0, -36.0, 30.0, 52.0]]
    )
    torch.testing.assert_close(first_cell[[0, 4, 8]], want)


@pytest.mark.parametrize(
    ("height", "width", "grid", "all_anchors", "kept", "per_anchor"),
    [
        (600, 600, (38, 38), 12_996, 3_938, [832, 390, 0, 900, 484, 36, 864, 432, 0]),
        (600, 800, (38, 50), 17_100, 5_944, [1216, 728, 56, 1260, 748, 108, 1188, 640, 0]),
        (600, 901, (38, 57), 19_494, 7_041, [1440, 884, 140, 1440, 880, 144, 1377, 736, 0]),
        (600, 1000, (38, 63), 21_546, 8_151, [1632, 1040, 238, 1650, 1034, 186, 1539, 832, 0]),
    ],
)
def test_golden_counts_of_anchors_inside_the_picture(
    height: int, width: int, grid: tuple[int, int], all_anchors: int, kept: int, per_anchor: list
) -> None:
    anchors = anchor_grid(CAFFE, Size(*grid))
    within = inside(anchors, Size(height, width))
    assert len(anchors) == all_anchors
    assert int(within.sum()) == kept
    assert within.reshape(-1, 9).sum(dim=0).tolist() == per_anchor


def test_a_larger_ratio_means_a_taller_box() -> None:
    tall = cell_anchors(AnchorConfig(sides=(100.0,), height_over_width=(4.0,)))
    torch.testing.assert_close(tall, torch.tensor([[-25.0, -100.0, 25.0, 100.0]]))


def test_area_and_ratio_are_what_was_asked_for() -> None:
    w, h = (lambda b: (b[:, 2] - b[:, 0], b[:, 3] - b[:, 1]))(cell_anchors(AnchorConfig()))
    sides = torch.tensor([128.0, 256.0, 512.0]).repeat(3)
    ratios = torch.tensor([0.5, 1.0, 2.0]).repeat_interleave(3)
    torch.testing.assert_close((w * h).sqrt(), sides)
    torch.testing.assert_close(h / w, ratios)


def test_size_major_order_is_a_permutation_of_the_other() -> None:
    ratio_major = cell_anchors(AnchorConfig())
    size_major = cell_anchors(AnchorConfig(order="size_major"))
    torch.testing.assert_close(
        size_major, ratio_major.reshape(3, 3, 4).transpose(0, 1).flatten(0, 1)
    )


def test_every_cell_once_and_rows_first() -> None:
    grid = Size(height=40, width=60)  # tiling instead of repeating visits 120 of these cells only
    corners = anchor_grid(ONE, grid)[:, :2] / 16
    want = torch.cartesian_prod(torch.arange(40.0), torch.arange(60.0)).flip(1)
    torch.testing.assert_close(corners, want)


def test_cell_corner_is_half_a_stride_before_the_centre() -> None:
    centre = anchor_grid(AnchorConfig(), Size(2, 2))
    corner = anchor_grid(AnchorConfig(centre="cell_corner"), Size(2, 2))
    torch.testing.assert_close(centre - corner, torch.full_like(centre, 8.0))


def test_torchvision_makes_the_same_anchors() -> None:
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.image_list import ImageList

    sides, ratios = (128.0, 256.0, 512.0), (0.5, 1.0, 2.0)
    theirs = AnchorGenerator((tuple(int(s) for s in sides),), (ratios,))(
        ImageList(torch.zeros(1, 3, 96, 64), [(96, 64)]), [torch.zeros(1, 8, 6, 4)]
    )[0]
    ours = anchor_grid(AnchorConfig(centre="cell_corner", rounding="torchvision"), Size(6, 4))
    torch.testing.assert_close(ours, theirs)


def test_no_cells_no_anchors() -> None:
    assert anchor_grid(AnchorConfig(), Size(0, 5)).shape == (0, 4)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"sides": ()}, "anchors.sides"),
        ({"sides": (0.0,)}, "anchors.sides"),
        ({"height_over_width": (-1.0,)}, "anchors.height_over_width"),
        ({"stride": 0}, "anchors.stride"),
    ],
)
def test_unusable_settings_are_refused(change: dict, place: str) -> None:
    with pytest.raises(ConfigError, match=r"RC350") as caught:
        AnchorConfig(**change)
    assert caught.value.place == place
    assert caught.value.fix
