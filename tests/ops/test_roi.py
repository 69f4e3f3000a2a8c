"""roi_pool and roi_align: ramps to read off by hand, loops in float64, torchvision's kernels."""

import math

import numpy as np
import pytest
import torch
import torchvision
from torch import Tensor

from frcnn.errors import ConfigError, ShapeError
from frcnn.ops.roi import roi_align, roi_pool
from frcnn.types import Size

REGIONS = [1_000, pytest.param(10_000, marks=pytest.mark.slow)]
SEVEN = Size(height=7, width=7)
SIXTEENTH = 1 / 16


def boxes_of(*rows: tuple[float, float, float, float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 4)


def ramp(height: int, width: int) -> Tensor:
    """[1, 2, h, w]: channel 0 counts columns, channel 1 rows."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack((x, y))[None].float()


def pool(features: Tensor, boxes: Tensor, output: Size = SEVEN) -> Tensor:
    rows = torch.zeros(len(boxes), dtype=torch.int64)
    return roi_pool(features, boxes, rows, output=output, scale=SIXTEENTH)


def align(features: Tensor, boxes: Tensor, *, sampling: int = 2, aligned: bool = False) -> Tensor:
    rows = torch.zeros(len(boxes), dtype=torch.int64)
    return roi_align(
        features,
        boxes,
        rows,
        output=SEVEN,
        scale=SIXTEENTH,
        sampling=sampling,
        aligned=aligned,
    )


def random_features(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def random_boxes(seed: int, count: int, *, low: float, high: float) -> Tensor:
    rng = np.random.default_rng(seed)
    ends = np.sort(rng.uniform(low, high, (count, 2, 2)), axis=1)
    return torch.from_numpy(ends.reshape(count, 4).astype(np.float32))


def pooled_by_loops(features: np.ndarray, box: np.ndarray, output: Size) -> np.ndarray:
    """RoI max pooling as the authors' code does it, on a [D, h, w] map."""
    x1, y1, x2, y2 = (int(math.floor(abs(v) + 0.5) * np.sign(v)) for v in box * SIXTEENTH)
    steps = [np.float32(max(b - a + 1, 1)) for a, b in ((y1, y2), (x1, x2))]
    steps = [step / np.float32(n) for step, n in zip(steps, output, strict=True)]
    result = np.zeros((len(features), *output), np.float32)
    for i, j in np.ndindex(*output):
        rows, columns = (
            slice(max(first + math.floor(p * step), 0), max(first + math.ceil((p + 1) * step), 0))
            for p, step, first in ((np.float32(i), steps[0], y1), (np.float32(j), steps[1], x1))
        )
        cells = features[:, rows, columns].reshape(len(features), -1)
        if cells.shape[1]:
            result[:, i, j] = cells.max(1)
    return result


def read(features: np.ndarray, y: float, x: float) -> np.ndarray:
    """Read a [D, h, w] map between its cells."""
    _, h, w = features.shape
    if not (-1 <= y <= h and -1 <= x <= w):
        return np.zeros(len(features))
    y, x = min(max(y, 0), h - 1), min(max(x, 0), w - 1)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, h - 1), min(left + 1, w - 1)
    upper = features[:, top, left] * (1 - x + left) + features[:, top, right] * (x - left)
    lower = features[:, bottom, left] * (1 - x + left) + features[:, bottom, right] * (x - left)
    return upper * (1 - y + top) + lower * (y - top)


def aligned_by_loops(
    features: np.ndarray, box: np.ndarray, output: Size, sampling: int, aligned: bool
) -> np.ndarray:
    """RoIAlign point by point, on a [D, h, w] map, in float64."""
    x1, y1, x2, y2 = box.astype(np.float64) * SIXTEENTH - (0.5 if aligned else 0)
    h, w = (max(side, 0 if aligned else 1) for side in (y2 - y1, x2 - x1))
    result = np.zeros((len(features), *output))
    for i, j in np.ndindex(*output):
        for k, m in np.ndindex(sampling, sampling):
            y = y1 + h / output.height * (i + (k + 0.5) / sampling)
            x = x1 + w / output.width * (j + (m + 0.5) / sampling)
            result[:, i, j] += read(features, y, x) / sampling**2
    return result


# --- golden by hand: roi_pool


def test_golden_pooling_of_a_four_by_four_ramp() -> None:
    got = pool(ramp(4, 4), boxes_of((0, 0, 48, 48)), Size(height=2, width=2))
    assert got[0, 0].tolist() == [[1, 3], [1, 3]]
    assert got[0, 1].tolist() == [[1, 1], [3, 3]]


def test_golden_bins_overlap_where_cells_do_not_divide() -> None:
    features, box = ramp(38, 38), boxes_of((0, 0, 599, 599))
    assert pool(features, box)[0, 0, 0].tolist() == [5, 10, 16, 21, 27, 32, 37]
    assert (-pool(-features, box))[0, 0, 0].tolist() == [0, 5, 10, 16, 21, 27, 32]


def test_golden_bins_of_a_small_region() -> None:
    features, box = ramp(38, 38), boxes_of((33, 17, 200, 111))  # x 2..13, y 1..7
    assert pool(features, box)[0, 0, 0].tolist() == [3, 5, 7, 8, 10, 12, 13]
    assert (-pool(-features, box))[0, 0, 0].tolist() == [2, 3, 5, 7, 8, 10, 12]
    assert pool(features, box)[0, 1, :, 0].tolist() == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(("corner", "cell"), [(7.9, 0), (8, 1), (24, 2), (40, 3), (40.1, 3)])
def test_halves_round_up_not_to_even(corner: float, cell: int) -> None:
    got = pool(ramp(6, 6), boxes_of((corner, corner, corner, corner)))
    assert (got == cell).all()


def test_a_corner_on_the_pictures_border_reaches_past_the_map() -> None:
    # 64 / 16 is the fifth of four columns, and the last cell belongs to the region
    got = pool(ramp(4, 4), boxes_of((48, 0, 64, 48)), Size(height=1, width=2))
    assert got[0, 0].tolist() == [[3, 0]]


def test_a_region_outside_the_map_is_zero() -> None:
    assert (pool(ramp(4, 4) + 5, boxes_of((640, 640, 700, 700))) == 0).all()


# --- golden by hand: roi_align


def test_golden_points_between_columns() -> None:
    # 7 cells in 7 bins; the points of bin p lie at p + 1/4 and p + 3/4
    got = align(ramp(9, 9), boxes_of((0, 0, 112, 112)))[0]
    want = torch.arange(7) + 0.5
    torch.testing.assert_close(got[0], want.expand(7, 7))
    torch.testing.assert_close(got[1], want[:, None].expand(7, 7))


def test_golden_half_a_cell_less_when_aligned() -> None:
    got = align(ramp(9, 9), boxes_of((0, 0, 112, 112)), aligned=True)[0, 0, 0]
    # the first bin's points lie at -1/4, which reads the border's 0, and 1/4
    torch.testing.assert_close(got, torch.tensor([0.125, 1, 2, 3, 4, 5, 6]))


def test_golden_a_point_over_a_cell_outside_reads_zero() -> None:
    # 7 cells from -2 on, one point each: -1.5 reads 0, -0.5 the border, 0.5 between ones
    got = align(torch.ones(1, 1, 9, 9), boxes_of((-32, 0, 80, 112)), sampling=1)[0, 0, 0]
    assert got.tolist() == [0, 1, 1, 1, 1, 1, 1]
    # from 4 on, on a map of 9: the last points are 8.5, which reads the border, 9.5 and 10.5
    got = align(torch.ones(1, 1, 9, 9), boxes_of((64, 0, 176, 112)), sampling=1)[0, 0, 0]
    assert got.tolist() == [1, 1, 1, 1, 1, 0, 0]


def test_a_region_is_at_least_a_cell_unless_aligned() -> None:
    point = boxes_of((64, 64, 64, 64))
    got = align(ramp(9, 9), point)[0, 0, 0]
    torch.testing.assert_close(got, 4 + (torch.arange(7) + 0.5) / 7)
    assert (align(ramp(9, 9), point, aligned=True) == 3.5).all()


# --- what always holds


@pytest.mark.parametrize("count", REGIONS)
def test_roi_pool_agrees_with_loops(count: int) -> None:
    features, boxes = random_features(1, 1, 3, 9, 12), random_boxes(1, count, low=-40, high=240)
    boxes[::4] = boxes[::4].div(8).round() * 8  # halves after scaling
    output = Size(height=5, width=7)
    got = pool(features, boxes, output).numpy()
    for box, values in zip(boxes.numpy(), got, strict=True):
        np.testing.assert_array_equal(values, pooled_by_loops(features[0].numpy(), box, output))


@pytest.mark.parametrize("count", REGIONS)
def test_roi_align_agrees_with_loops(count: int) -> None:
    features, boxes = random_features(2, 1, 3, 9, 12), random_boxes(2, count, low=0, high=144)
    output = Size(height=2, width=3)
    for part, (sampling, aligned) in enumerate([(1, False), (2, False), (2, True), (3, True)]):
        mine = boxes[part::4]
        rows = torch.zeros(len(mine), dtype=torch.int64)
        got = roi_align(
            features, mine, rows, output=output, scale=1 / 16, sampling=sampling, aligned=aligned
        )
        exact = features[0].double().numpy()
        want = [aligned_by_loops(exact, b, output, sampling, aligned) for b in mine.numpy()]
        np.testing.assert_allclose(got.numpy(), np.stack(want), rtol=0, atol=1e-5)


@pytest.mark.parametrize("count", REGIONS)
@pytest.mark.parametrize("sampling", [1, 2, 4])
@pytest.mark.parametrize("aligned", [False, True])
def test_roi_align_equals_torchvision(count: int, sampling: int, aligned: bool) -> None:
    """Values and gradients, over the borders, in two pictures, in both memory formats."""
    features, boxes = random_features(3, 2, 4, 9, 12), random_boxes(3, count, low=-100, high=300)
    boxes[::5] = boxes[::5].div(16).round() * 16  # points exactly on cells and borders
    rows = torch.arange(count) % 2
    upstream = random_features(4, count, 4, 7, 7) / 100
    reference = features.clone().requires_grad_()
    regions = torch.cat((rows[:, None].float(), boxes), dim=1)
    want = torchvision.ops.roi_align(reference, regions, (7, 7), SIXTEENTH, sampling, aligned)
    want.backward(upstream)
    for memory in (torch.contiguous_format, torch.channels_last):
        mine = features.clone(memory_format=memory).requires_grad_()
        got = roi_align(
            mine, boxes, rows, output=SEVEN, scale=1 / 16, sampling=sampling, aligned=aligned
        )
        got.backward(upstream)
        torch.testing.assert_close(got, want, rtol=0, atol=1e-5)
        torch.testing.assert_close(mine.grad, reference.grad, rtol=1e-5, atol=1e-4)


def test_each_region_looks_at_its_own_picture() -> None:
    features = torch.stack((torch.full((1, 4, 4), 2.0), torch.full((1, 4, 4), 3.0)))
    boxes, rows = boxes_of((0, 0, 48, 48)).repeat(3, 1), torch.tensor([1, 0, 1])
    for got in (
        roi_pool(features, boxes, rows, output=SEVEN, scale=1 / 16),
        roi_align(features, boxes, rows, output=SEVEN, scale=1 / 16, sampling=2, aligned=True),
    ):
        torch.testing.assert_close(got.mean((1, 2, 3)), torch.tensor([3.0, 2.0, 3.0]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_sixteen_bits_are_computed_in_float32(dtype: torch.dtype) -> None:
    features = random_features(5, 1, 3, 9, 12).to(dtype)
    boxes = random_boxes(5, 20, low=0, high=190)
    for operation in (pool, align):
        want = operation(features.float(), boxes).to(dtype)
        assert torch.equal(operation(features, boxes), want)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert torch.equal(operation(features, boxes), want)


def test_the_gradient_is_the_same_every_time_with_any_number_of_threads() -> None:
    boxes = random_boxes(6, 200, low=0, high=190)
    upstream = random_features(6, 200, 64, 7, 7)
    threads = torch.get_num_threads()
    for operation in (pool, align):
        grads = []
        try:
            for number in (1, 2, 2):
                torch.set_num_threads(number)
                features = random_features(7, 1, 64, 9, 12).requires_grad_()
                operation(features, boxes).backward(upstream)
                grads.append(features.grad)
        finally:
            torch.set_num_threads(threads)
        assert torch.equal(grads[0], grads[1])
        assert torch.equal(grads[1], grads[2])


# --- nothing in


@pytest.mark.parametrize("operation", [pool, align])
def test_no_regions(operation) -> None:
    features = random_features(8, 1, 3, 9, 12).requires_grad_()
    got = operation(features, boxes_of())
    assert got.shape == (0, 3, 7, 7)
    got.sum().backward()
    assert features.grad is not None
    assert (features.grad == 0).all()


@pytest.mark.parametrize("operation", [pool, align])
def test_a_map_of_one_cell(operation) -> None:
    got = operation(torch.full((1, 1, 1, 1), 3.0), boxes_of((0, 0, 7, 7)))
    torch.testing.assert_close(got[0, 0], torch.full((7, 7), 3.0))


# --- wrong in


@pytest.mark.parametrize("operation", [pool, align])
@pytest.mark.parametrize(
    "box",
    [
        (float("nan"), 0, 5, 5),
        (0, 0, float("inf"), 5),
        (0, -float("inf"), 5, 5),
        (-3e38, -3e38, 3e38, 3e38),
        (0, 0, 1.1e7, 5),
    ],
)
def test_corners_that_no_picture_has_never_reach_the_kernel(operation, box) -> None:
    with pytest.raises(ConfigError, match=r"RC391\] roi: regions: corners that no picture has"):
        operation(ramp(4, 4), boxes_of((0, 0, 9, 9), box))


@pytest.mark.parametrize("operation", [pool, align])
@pytest.mark.parametrize("box", [(9, 0, 5, 5), (0, 9, 5, 5)])
def test_inverted_boxes_are_refused(operation, box) -> None:
    with pytest.raises(ConfigError, match=r"RC391.*inverted boxes; got x2 < x1 or y2 < y1"):
        operation(ramp(4, 4), boxes_of(box))


@pytest.mark.parametrize("row", [-1, 2, 5, 10**6])
def test_pictures_that_are_not_there_are_refused(row: int) -> None:
    features, rows = torch.zeros(2, 1, 4, 4), torch.tensor([row])
    with pytest.raises(ConfigError, match=r"RC391.*not there; got rows outside \[0, 2\)"):
        roi_pool(features, boxes_of((0, 0, 9, 9)), rows, output=SEVEN, scale=1 / 16)


def test_shapes_are_named() -> None:
    features, box, row = ramp(4, 4), boxes_of((0, 0, 9, 9)), torch.zeros(1, dtype=torch.int64)
    with pytest.raises(ShapeError, match=r"RC390.*roi: features.*got \[2, 4, 4\] float32"):
        pool(features[0], box)
    with pytest.raises(ShapeError, match=r"roi: features.*int64"):
        pool(features.long(), box)
    with pytest.raises(ShapeError, match=r"roi: boxes.*got \[1, 5\] float32"):
        pool(features, torch.zeros(1, 5))
    for wrong in (row.float(), torch.zeros(2, dtype=torch.int64), row[None]):
        with pytest.raises(ShapeError, match=r"roi: pictures.*want a \[1\] int64 tensor"):
            roi_pool(features, box, wrong, output=SEVEN, scale=1 / 16)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_is_a_positive_number(scale: float) -> None:
    row = torch.zeros(1, dtype=torch.int64)
    with pytest.raises(ConfigError, match=r"RC392\] roi: scale.*want a number > 0"):
        roi_pool(ramp(4, 4), boxes_of((0, 0, 9, 9)), row, output=SEVEN, scale=scale)


def test_outputs_and_sampling_are_positive() -> None:
    row = torch.zeros(1, dtype=torch.int64)
    with pytest.raises(ConfigError, match=r"RC392\] roi: output.*got 0"):
        pool(ramp(4, 4), boxes_of((0, 0, 9, 9)), Size(height=7, width=0))
    with pytest.raises(ConfigError, match=r"RC392\] roi_align: sampling.*got 0"):
        align(ramp(4, 4), boxes_of((0, 0, 9, 9)), sampling=0)
    with pytest.raises(ConfigError, match="RC391"):  # a scale that carries corners away
        roi_pool(ramp(4, 4), boxes_of((0, 0, 9, 9)), row, output=SEVEN, scale=1e30)


# --- gradient


def test_the_gradient_of_pooling_goes_to_the_first_maximum() -> None:
    features = torch.zeros(1, 1, 4, 4, requires_grad=True)
    pool(features, boxes_of((0, 0, 48, 48)), Size(height=2, width=2)).sum().backward()
    assert features.grad is not None
    assert features.grad[0, 0].tolist() == [[1, 0, 1, 0], [0] * 4, [1, 0, 1, 0], [0] * 4]


def test_the_gradient_of_align_is_shared_out_whole() -> None:
    features = torch.zeros(1, 1, 9, 9, requires_grad=True)
    align(features, boxes_of((20, 20, 100, 90))).sum().backward()
    assert features.grad is not None
    assert features.grad.sum().item() == pytest.approx(49, rel=1e-5)


@pytest.mark.parametrize("seed", range(10))
def test_gradients_to_the_features(seed: int) -> None:
    features = random_features(seed, 2, 2, 5, 6).double().requires_grad_()
    boxes = random_boxes(seed, 3, low=-10, high=100).double()
    rows, output = torch.tensor([0, 1, 1]), Size(height=2, width=3)
    assert torch.autograd.gradcheck(
        lambda f: roi_pool(f, boxes, rows, output=output, scale=1 / 16), features
    )
    assert torch.autograd.gradcheck(
        lambda f: roi_align(
            f, boxes, rows, output=output, scale=1 / 16, sampling=2, aligned=seed % 2 == 0
        ),
        features,
    )


def test_no_gradient_flows_to_the_boxes() -> None:
    features, boxes = ramp(4, 4).requires_grad_(), boxes_of((0, 0, 32, 32)).requires_grad_()
    (pool(features, boxes).sum() + align(features, boxes).sum()).backward()
    assert boxes.grad is None
