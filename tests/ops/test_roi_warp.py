"""roi_warp: ramps to read off by hand, loops in float64, gradients by finite differences."""

import numpy as np
import pytest
import torch
from torch import Tensor

from frcnn.errors import ConfigError, ShapeError
from frcnn.ops.roi import roi_align, roi_warp
from frcnn.types import Size

CASES = [100, pytest.param(10_000, marks=pytest.mark.slow)]
TWO = Size(height=2, width=2)
SCALE = 1 / 16
STEP = 1e-6


def boxes_of(*rows: tuple[float, float, float, float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 4)


def ramp(height: int, width: int) -> Tensor:
    """[1, 2, h, w]: channel 0 counts columns, channel 1 rows."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack((x, y))[None].float()


def warp(
    features: Tensor,
    boxes: Tensor,
    *,
    output: Size = TWO,
    sampling: int = 2,
    aligned: bool = False,
    rows: Tensor | None = None,
) -> Tensor:
    mine = torch.zeros(len(boxes), dtype=torch.int64) if rows is None else rows
    return roi_warp(
        features, boxes, mine, output=output, scale=SCALE, sampling=sampling, aligned=aligned
    )


def read(features: np.ndarray, y: float, x: float) -> np.ndarray:
    """Read a [D, h, w] map between its cells: a tent of one cell's width around the point."""
    _, h, w = features.shape
    if not (-1 <= y <= h and -1 <= x <= w):
        return np.zeros(len(features))
    y, x = np.clip(y, 0, h - 1), np.clip(x, 0, w - 1)
    down = np.maximum(0, 1 - np.abs(np.arange(h) - y))
    right = np.maximum(0, 1 - np.abs(np.arange(w) - x))
    return np.einsum("dhw,h,w->d", features, down, right)


def warped_by_loops(
    features: np.ndarray, box: np.ndarray, output: Size, sampling: int, aligned: bool
) -> np.ndarray:
    """MNC's equation point by point, on a [D, h, w] map, in float64; then the maximum."""
    x1, y1, x2, y2 = box.astype(np.float64) * SCALE - (0.5 if aligned else 0)
    h, w = (max(side, 0 if aligned else 1) for side in (y2 - y1, x2 - x1))
    rows, columns = output.height * sampling, output.width * sampling
    result = np.full((len(features), *output), -np.inf)
    for i, j in np.ndindex(rows, columns):
        value = read(features, y1 + h * (i + 0.5) / rows, x1 + w * (j + 0.5) / columns)
        bin_ = (slice(None), i // sampling, j // sampling)
        result[bin_] = np.maximum(result[bin_], value)
    return result


def one_case(seed: int) -> tuple[Tensor, Tensor, Tensor, bool]:
    """Features of two pictures, three boxes that may leave the map, an upstream gradient."""
    rng = np.random.default_rng(seed)
    features = torch.from_numpy(rng.normal(size=(2, 2, 4, 5)))
    ends = np.sort(rng.uniform(-12, 90, (3, 2, 2)), axis=1)
    upstream = torch.from_numpy(rng.normal(size=(3, 2, 2, 2)))
    return features, torch.from_numpy(ends.reshape(3, 4)), upstream, seed % 2 == 0


def differences(losses: Tensor) -> Tensor:
    """Central differences of [2 N] losses: N steps up, then N steps down."""
    up, down = losses.chunk(2)
    return (up - down) / (2 * STEP)


# --- golden by hand


def test_golden_the_largest_of_the_points_of_each_bin() -> None:
    # 4 cells in 4 points a side, at 0.5, 1.5, 2.5, 3.5; of each two the larger
    got = warp(ramp(6, 6), boxes_of((0, 0, 64, 64)))[0]
    torch.testing.assert_close(got[0], torch.tensor([[1.5, 3.5], [1.5, 3.5]]))
    torch.testing.assert_close(got[1], torch.tensor([[1.5, 1.5], [3.5, 3.5]]))


def test_golden_half_a_cell_less_when_aligned() -> None:
    got = warp(ramp(6, 6), boxes_of((0, 0, 64, 64)), aligned=True)[0, 0, 0]
    torch.testing.assert_close(got, torch.tensor([1.0, 3.0]))


def test_golden_the_gradient_of_a_ramp() -> None:
    # the second bin's largest point lies 7/8 of the way from x1 to x2; a pixel is 1/16 cell
    boxes = boxes_of((0, 0, 64, 64)).requires_grad_()
    warp(ramp(6, 6), boxes)[0, 0, 0, 1].backward()
    want = torch.tensor([[0.125, 0.0, 0.875, 0.0]]) * SCALE
    torch.testing.assert_close(boxes.grad, want)


# --- what always holds


@pytest.mark.parametrize("count", CASES)
def test_it_agrees_with_loops(count: int) -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(3, 7, 9))
    ends = np.sort(rng.uniform(-30, 160, (count, 2, 2)), axis=1).reshape(count, 4)
    output = Size(height=2, width=3)
    for part, (sampling, aligned) in enumerate([(1, False), (2, False), (2, True), (3, True)]):
        mine = ends[part::4]
        got = warp(
            torch.from_numpy(features)[None],
            torch.from_numpy(mine),
            output=output,
            sampling=sampling,
            aligned=aligned,
        )
        want = [warped_by_loops(features, box, output, sampling, aligned) for box in mine]
        np.testing.assert_allclose(got.numpy(), np.stack(want), rtol=0, atol=1e-12)


def test_with_one_point_it_is_roi_align() -> None:
    features, boxes = torch.randn(1, 3, 7, 9), boxes_of((3, 5, 90, 70), (0, 0, 144, 112))
    want = roi_align(
        features,
        boxes,
        torch.zeros(2, dtype=torch.int64),
        output=TWO,
        scale=SCALE,
        sampling=1,
        aligned=False,
    )
    assert torch.equal(warp(features, boxes, sampling=1), want)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_sixteen_bits_are_computed_in_float32(dtype: torch.dtype) -> None:
    features, boxes = torch.randn(1, 3, 7, 9).to(dtype), boxes_of((3, 5, 90, 70))
    assert torch.equal(warp(features, boxes), warp(features.float(), boxes).to(dtype))


def test_each_region_looks_at_its_own_picture() -> None:
    features = torch.stack((torch.full((1, 4, 4), 2.0), torch.full((1, 4, 4), 3.0)))
    boxes, rows = boxes_of((0, 0, 48, 48)).repeat(3, 1), torch.tensor([1, 0, 1])
    got = warp(features, boxes, rows=rows)
    assert got.mean((1, 2, 3)).tolist() == [3.0, 2.0, 3.0]


# --- nothing in


def test_no_regions() -> None:
    features, none = torch.randn(1, 3, 7, 9).requires_grad_(), boxes_of().requires_grad_()
    got = warp(features, none)
    assert got.shape == (0, 3, 2, 2)
    got.sum().backward()
    assert features.grad is not None
    assert (features.grad == 0).all()
    assert none.grad is not None


def test_a_box_without_size_reads_one_place() -> None:
    got = warp(ramp(9, 9), boxes_of((64, 64, 64, 64)), aligned=True)
    assert (got == 3.5).all()


# --- wrong in


@pytest.mark.parametrize(
    "box", [(float("nan"), 0, 5, 5), (0, 0, float("inf"), 5), (9, 0, 5, 5), (0, 0, 1.1e7, 5)]
)
def test_boxes_that_no_picture_has_are_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ConfigError, match="RC391"):
        warp(ramp(4, 4), boxes_of((0, 0, 9, 9), box))


def test_other_wrong_input_is_named() -> None:
    with pytest.raises(ConfigError, match=r"RC392\] roi_warp: sampling.*got 0"):
        warp(ramp(4, 4), boxes_of((0, 0, 9, 9)), sampling=0)
    with pytest.raises(ConfigError, match=r"RC391.*not there"):
        warp(ramp(4, 4), boxes_of((0, 0, 9, 9)), rows=torch.tensor([1]))
    with pytest.raises(ShapeError, match=r"RC390.*roi: boxes"):
        warp(ramp(4, 4), torch.zeros(1, 5))


# --- gradient


@pytest.mark.parametrize("count", CASES)
def test_gradients_to_the_boxes_are_finite_differences(count: int) -> None:
    for seed in range(count):
        features, boxes, upstream, aligned = one_case(seed)
        rows = torch.tensor([0, 1, 1])
        moving = boxes.clone().requires_grad_()
        (warp(features, moving, aligned=aligned, rows=rows) * upstream).sum().backward()
        # every coordinate moved up, then every one moved down, all as regions of one call
        moves = torch.eye(4, dtype=torch.float64) * STEP
        moved = torch.cat([(boxes[:, None] + sign * moves).reshape(-1, 4) for sign in (1, -1)])
        many = warp(features, moved, aligned=aligned, rows=rows.repeat_interleave(4).repeat(2))
        losses = (many * upstream.repeat_interleave(4, dim=0).repeat(2, 1, 1, 1)).sum((1, 2, 3))
        want = differences(losses).reshape(3, 4)
        torch.testing.assert_close(moving.grad, want, rtol=0, atol=1e-5)


@pytest.mark.parametrize("count", CASES)
def test_gradients_to_the_features_are_finite_differences(count: int) -> None:
    for seed in range(count):
        features, boxes, upstream, aligned = one_case(seed)
        features, output = features[:1], upstream[:1]  # one region is enough for the features
        box, cells = boxes[:1], features.numel()
        own = features.clone().requires_grad_()
        (warp(own, box, aligned=aligned) * output).sum().backward()
        # every cell moved up, then every one moved down, all as pictures of one batch
        moves = torch.eye(cells, dtype=torch.float64).reshape(cells, *features.shape[1:]) * STEP
        many = torch.cat((features + moves, features - moves))
        rows = torch.arange(2 * cells)
        losses = warp(many, box.repeat(2 * cells, 1), aligned=aligned, rows=rows) * output
        want = differences(losses.sum((1, 2, 3))).reshape(features.shape)
        torch.testing.assert_close(own.grad, want, rtol=0, atol=1e-5)


def test_only_the_box_moves_and_finds_the_hill() -> None:
    """A box over a hill's slope climbs it: the features never change."""
    y, x = torch.meshgrid(torch.arange(20.0), torch.arange(20.0), indexing="ij")
    hill = -((x - 12) ** 2 + (y - 6) ** 2)[None, None] / 100
    centre = torch.tensor([60.0, 160.0], requires_grad=True)  # pixels: cell 3.75, 10
    half = torch.tensor([24.0, 24.0])
    heights = []
    for _ in range(60):
        box = torch.cat((centre - half, centre + half))[None]
        height = warp(hill, box).mean()
        heights.append(float(height.detach()))
        (gradient,) = torch.autograd.grad(height, centre)
        with torch.no_grad():
            centre += 600 * gradient
    assert heights[0] < -0.5
    assert heights[-1] > -0.05
    torch.testing.assert_close(centre.detach() / 16, torch.tensor([12.0, 6.0]), rtol=0, atol=1)
