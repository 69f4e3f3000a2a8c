"""pool_regions: published cells of RoI pooling, both readings of corners, the order of regions."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.model.roi_pooling import RoIPoolingConfig, pool_regions, require_movable_boxes

MAX = RoIPoolingConfig()
EDGES = replace(MAX, corners="continuous")
ALIGN = RoIPoolingConfig(method="align")
WARP = RoIPoolingConfig(method="warp")


def ramp(height: int, width: int) -> Tensor:
    """[1, 2, h, w]: channel 0 counts columns, channel 1 rows."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack((x, y))[None].float()


def box(*corners: float) -> Tensor:
    return torch.tensor([corners], dtype=torch.float32)


def last_cells(
    boxes: Tensor, config: RoIPoolingConfig, size: int = 64
) -> tuple[list[float], list[float]]:
    """The last column and row that each of the seven bins reads: the maximum of a ramp."""
    pooled = pool_regions(ramp(size, size), [boxes], 16, config)[0]
    return pooled[0, 0].tolist(), pooled[1, :, 0].tolist()


def test_golden_the_whole_picture() -> None:
    # authors' (0, 0, 599, 599): cells 0 ... 37; bins end before 6 11 17 22 28 33 38
    x, y = last_cells(box(0, 0, 600, 600), MAX)
    assert x == y == [5, 10, 16, 21, 27, 32, 37]


def test_golden_a_region_between_the_cells() -> None:
    # authors' (33, 17, 200, 111): columns 2 ... 13, rows 1 ... 7
    x, y = last_cells(box(33, 17, 201, 112), MAX)
    assert x == [3, 5, 7, 8, 10, 12, 13]
    assert y == [1, 2, 3, 4, 5, 6, 7]


def test_golden_halves_are_rounded_upwards() -> None:
    assert last_cells(box(8, 40, 9, 41), MAX) == ([1.0] * 7, [3.0] * 7)  # 0.5 -> 1, 2.5 -> 3


def test_corners_at_the_edge_reach_one_cell_further() -> None:
    # 600 / 16 = 37.5 rounds to 38, 599 / 16 = 37.4 to 37
    inside, beyond = (last_cells(box(0, 0, 600, 600), config)[0][-1] for config in (MAX, EDGES))
    assert (inside, beyond) == (37.0, 38.0)


@pytest.mark.parametrize("side", [0.0, 0.25, 1.0])
def test_a_region_of_less_than_a_pixel_is_the_cell_it_stands_on(side: float) -> None:
    x, y = last_cells(box(32, 48, 32 + side, 48 + side), MAX)
    assert x == [2.0] * 7
    assert y == [3.0] * 7


def bins_of_the_authors(start: float, end: float, limit: int) -> list[tuple[int, int]]:
    """Half-open bins of one side; `end` is the last pixel. Written after the published rule."""
    first, last = math.floor(start / 16 + 0.5), math.floor(end / 16 + 0.5)
    length = max(last - first + 1, 1)
    edges = [(first + p * length // 7, first - (-(p + 1) * length // 7)) for p in range(7)]
    return [(min(max(a, 0), limit), min(max(b, 0), limit)) for a, b in edges]


@pytest.mark.parametrize("cases", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_regions_agree_with_loops_over_the_authors_pixels(cases: int) -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(1, 1, 12, 15, generator=generator)
    corners = torch.randint(0, 180, (cases, 4), generator=generator)
    first, last = corners[:, :2], torch.maximum(corners[:, :2], corners[:, 2:])
    ours = torch.cat((first, last + 1), dim=1).float()  # pixel numbers into edges
    pooled = pool_regions(features, [ours], 16, MAX)
    for row in range(cases):
        columns = bins_of_the_authors(float(first[row, 0]), float(last[row, 0]), 15)
        rows = bins_of_the_authors(float(first[row, 1]), float(last[row, 1]), 12)
        for j, (top, bottom) in enumerate(rows):
            for i, (left, right) in enumerate(columns):
                cells = features[0, 0, top:bottom, left:right]
                want = float(cells.max()) if cells.numel() else 0.0
                assert float(pooled[row, 0, j, i]) == want, (row, j, i)


def test_aligned_regions_read_between_the_cells() -> None:
    # a bin of one cell's width, two points at 0.25 and 0.75: their mean is the bin's middle
    pooled = pool_regions(ramp(20, 20), [box(32, 48, 144, 160)], 16, ALIGN)[0]
    torch.testing.assert_close(pooled[0, 0], torch.arange(7.0) + 2.5)
    torch.testing.assert_close(pooled[1, :, 0], torch.arange(7.0) + 3.5)


def test_shifting_by_half_a_cell_is_a_setting() -> None:
    shifted = replace(ALIGN, half_pixel="shifted")
    pooled = pool_regions(ramp(20, 20), [box(32, 48, 144, 160)], 16, shifted)[0]
    torch.testing.assert_close(pooled[0, 0], torch.arange(7.0) + 2.0)


def test_aligning_knows_no_corners() -> None:
    features, boxes = torch.randn(1, 3, 9, 9), [box(3, 5, 90, 70)]
    inclusive = pool_regions(features, boxes, 16, ALIGN)
    continuous = pool_regions(features, boxes, 16, replace(ALIGN, corners="continuous"))
    assert torch.equal(inclusive, continuous)


@pytest.mark.parametrize("config", [MAX, EDGES, ALIGN, WARP])
def test_regions_follow_their_pictures_in_order(config: RoIPoolingConfig) -> None:
    features = torch.arange(3.0)[:, None, None, None].expand(3, 2, 8, 8).contiguous()
    two = torch.cat((box(0, 0, 60, 60), box(10, 10, 90, 90)))
    pooled = pool_regions(features, [box(0, 0, 50, 50), two[:0], two], 16, config)
    assert pooled.shape == (3, 2, 7, 7)
    torch.testing.assert_close(pooled[:, 0, 3, 3], torch.tensor([0.0, 2.0, 2.0]))


@pytest.mark.parametrize("config", [MAX, ALIGN, WARP])
def test_no_region_in_none_out(config: RoIPoolingConfig) -> None:
    none = torch.zeros(0, 4)
    pooled = pool_regions(torch.randn(2, 5, 8, 8), [none, none], 16, config)
    assert pooled.shape == (0, 5, 7, 7)


@pytest.mark.parametrize(
    ("config", "want"),
    [  # 96 pixels are 12 cells of 8; pixel 95 rounds to cell 12, the last bin is 10 ... 12
        (replace(MAX, cells=6), 12.0),
        (replace(ALIGN, cells=6, sampling=1), 11.0),
    ],
)
def test_cells_and_stride_are_settings(config: RoIPoolingConfig, want: float) -> None:
    pooled = pool_regions(ramp(20, 20), [box(0, 0, 96, 96)], 8, config)
    assert pooled.shape == (1, 2, 6, 6)
    assert float(pooled[0, 0, 0, 5]) == want


@pytest.mark.parametrize("config", [MAX, ALIGN, WARP])
def test_features_of_16_bits_stay_so(config: RoIPoolingConfig) -> None:
    features = torch.randn(1, 3, 8, 8)
    exact = pool_regions(features.bfloat16().float(), [box(0, 0, 100, 100)], 16, config)
    rounded = pool_regions(features.bfloat16(), [box(0, 0, 100, 100)], 16, config)
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(rounded, exact.bfloat16())


@pytest.mark.parametrize("config", [MAX, ALIGN])
def test_gradients_reach_the_features_and_never_the_boxes(config: RoIPoolingConfig) -> None:
    features = torch.randn(1, 3, 8, 8, requires_grad=True)
    boxes = box(10, 20, 100, 110).requires_grad_()
    pool_regions(features, [boxes], 16, config).sum().backward()
    assert features.grad is not None
    # weights of a mean sum to one; a maximum hands its gradient to one cell
    assert float(features.grad.sum()) == pytest.approx(3 * 49, rel=1e-5)
    assert boxes.grad is None


def test_warping_takes_the_larger_of_its_points() -> None:
    # a bin of one cell's width, two points at 0.25 and 0.75: the larger on a ramp is the second
    pooled = pool_regions(ramp(20, 20), [box(32, 48, 144, 160)], 16, WARP)[0]
    torch.testing.assert_close(pooled[0, 0], torch.arange(7.0) + 2.75)
    shifted = pool_regions(
        ramp(20, 20), [box(32, 48, 144, 160)], 16, replace(WARP, half_pixel="shifted")
    )[0]
    torch.testing.assert_close(shifted[1, :, 0], torch.arange(7.0) + 3.25)


def test_warping_sends_gradients_to_the_boxes_too() -> None:
    features = torch.randn(2, 3, 8, 8, requires_grad=True)
    boxes = [box(10, 20, 100, 110).requires_grad_(), box(5, 5, 60, 90).requires_grad_()]
    pool_regions(features, boxes, 16, WARP).square().sum().backward()
    assert features.grad is not None
    for each in boxes:
        assert each.grad is not None
        assert bool((each.grad != 0).all())


def test_only_warping_has_movable_boxes() -> None:
    require_movable_boxes(WARP)
    for config in (MAX, ALIGN):
        with pytest.raises(ConfigError, match=r"RC366\] roi_pooling.method.*no gradient there"):
            require_movable_boxes(config)


@pytest.mark.parametrize("change", [{"cells": 0}, {"sampling": 0}])
def test_unusable_settings_are_refused(change: dict) -> None:
    with pytest.raises(ConfigError, match=r"error\[RC350\] roi_pooling: nothing would come out"):
        RoIPoolingConfig(**change)
