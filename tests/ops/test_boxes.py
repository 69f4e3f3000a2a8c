"""boxes: the convention w = x2 - x1, on boxes that fit on squared paper, and against float64."""

import re

import numpy as np
import pytest
import torch
from torch import Tensor

from frcnn.errors import ConfigError, ShapeError
from frcnn.ops import boxes as box_ops
from frcnn.types import Size

PICTURE = Size(height=100, width=200)
PAIRS = [1_000, pytest.param(1_000_000, marks=pytest.mark.slow)]


def boxes_of(*rows: tuple[float, float, float, float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 4)


def random_boxes(seed: int, count: int) -> Tensor:
    """Draw boxes of all sizes around a 1000-pixel picture, a tenth of them without area."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(-100, 500, (count, 2))
    side = 10 ** rng.uniform(0, 3, (count, 2)) * (rng.random((count, 2)) > 0.05)
    return torch.from_numpy(np.concatenate((corner, corner + side), 1).astype(np.float32))


# --- golden by hand


def test_sides_and_area_have_no_plus_one() -> None:
    boxes = boxes_of((10, 20, 13, 24), (5, 5, 5, 9))
    w, h = box_ops.sides(boxes)
    assert w.tolist() == [3, 0]
    assert h.tolist() == [4, 4]
    assert box_ops.area(boxes).tolist() == [12, 0]


def test_an_inverted_box_covers_nothing() -> None:
    assert box_ops.area(boxes_of((9, 9, 5, 5), (9, 0, 5, 5))).tolist() == [0, 0]


def test_centres_and_sizes() -> None:
    got = torch.stack(box_ops.centres_and_sizes(boxes_of((76, 40, 259, 135))), dim=1)
    assert got.tolist() == [[167.5, 87.5, 183, 95]]


def test_clip_cuts_at_the_picture() -> None:
    got = box_ops.clip(boxes_of((-10, -5, 500, 50), (300, 20, 400, 120), (1, 2, 3, 4)), PICTURE)
    assert got.tolist() == [[0, 0, 200, 50], [200, 20, 200, 100], [1, 2, 3, 4]]


def test_touching_the_border_is_inside() -> None:
    boxes = boxes_of((0, 0, 200, 100), (-1, 0, 5, 5), (0, 0, 201, 5), (0, -1, 5, 5), (0, 0, 5, 101))
    assert box_ops.inside(boxes, PICTURE).tolist() == [True, False, False, False, False]
    assert box_ops.inside(boxes, PICTURE, border=1).all()
    assert not box_ops.inside(boxes, PICTURE, border=0.5)[1:].any()


def test_mirrors_swap_one_direction() -> None:
    box = boxes_of((10, 20, 50, 30))
    assert box_ops.mirror(box, PICTURE).tolist() == [[150, 20, 190, 30]]
    assert box_ops.mirror_vertical(box, PICTURE).tolist() == [[10, 70, 50, 80]]


def test_scale_has_a_factor_for_each_direction() -> None:
    got = box_ops.scale(boxes_of((10, 20, 50, 30)), PICTURE, Size(height=50, width=800))
    assert got.tolist() == [[40, 10, 200, 15]]


def test_golden_overlaps() -> None:
    a = boxes_of((76, 40, 259, 135), (0, 0, 9, 9), (0, 0, 10, 10))
    b = boxes_of((100, 50, 250, 150), (5, 5, 14, 14))
    got = box_ops.iou(a, b)
    assert got[0, 0].item() == pytest.approx(0.649350649, abs=1e-6)
    assert got[1, 1].item() == pytest.approx(0.109589, abs=1e-6)
    assert got[2, 1].item() == pytest.approx(25 / (100 + 81 - 25), abs=1e-6)
    assert got[1, 0] == 0


def test_boxes_that_only_touch_do_not_overlap() -> None:
    assert box_ops.iou(boxes_of((0, 0, 5, 5)), boxes_of((5, 0, 9, 5), (5, 5, 9, 9))).sum() == 0


def test_boxes_without_area_overlap_nothing_not_even_themselves() -> None:
    flat = boxes_of((3, 3, 3, 9), (5, 5, 5, 5))
    assert box_ops.iou(flat, flat).tolist() == [[0, 0], [0, 0]]
    assert box_ops.iou(flat, boxes_of((0, 0, 10, 10))).tolist() == [[0], [0]]


# --- what always holds


@pytest.mark.parametrize("count", PAIRS)
def test_iou_agrees_with_float64(count: int) -> None:
    a, b = random_boxes(1, count // 50), random_boxes(2, 50)
    got = box_ops.iou(a, b).numpy()
    p, q = a.numpy().astype(np.float64)[:, None], b.numpy().astype(np.float64)[None]
    shared = np.minimum(p[..., 2:], q[..., 2:]) - np.maximum(p[..., :2], q[..., :2])
    common = shared.clip(min=0).prod(-1)
    union = (p[..., 2:] - p[..., :2]).prod(-1) + (q[..., 2:] - q[..., :2]).prod(-1) - common
    want = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    assert got.shape == (count // 50, 50)
    assert np.abs(got - want).max() < 1e-6
    assert (want > 0).mean() > 0.05  # the cases are not all empty ones


def test_iou_is_symmetric_and_one_with_itself() -> None:
    boxes = random_boxes(3, 200)
    table = box_ops.iou(boxes, boxes)
    assert torch.equal(table, table.T)
    assert torch.equal(table.diagonal(), (box_ops.area(boxes) > 0).float())
    assert ((table >= 0) & (table <= 1)).all()


def test_iou_in_portions_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = random_boxes(4, 100), random_boxes(5, 30)
    whole = box_ops.iou(a, b)
    for pairs in (1, 31, 64, 2999):
        monkeypatch.setattr(box_ops, "_PAIRS_AT_ONCE", pairs)
        assert torch.equal(box_ops.iou(a, b), whole)


def test_mirrors_undo_themselves() -> None:
    boxes = torch.randint(0, 100, (50, 4), generator=torch.Generator().manual_seed(0)).float()
    assert torch.equal(box_ops.mirror(box_ops.mirror(boxes, PICTURE), PICTURE), boxes)
    twice = box_ops.mirror_vertical(box_ops.mirror_vertical(boxes, PICTURE), PICTURE)
    assert torch.equal(twice, boxes)


def test_scale_and_back() -> None:
    boxes = random_boxes(6, 500)
    other = Size(height=600, width=1001)
    back = box_ops.scale(box_ops.scale(boxes, PICTURE, other), other, PICTURE)
    torch.testing.assert_close(back, boxes, rtol=1e-6, atol=1e-3)
    assert torch.equal(box_ops.scale(boxes, other, other), boxes)


def test_clipped_boxes_are_inside_and_clipping_again_changes_nothing() -> None:
    clipped = box_ops.clip(random_boxes(7, 1000), PICTURE)
    assert box_ops.inside(clipped, PICTURE).all()
    assert torch.equal(box_ops.clip(clipped, PICTURE), clipped)


def test_leading_dimensions_stay() -> None:
    boxes = random_boxes(8, 6).reshape(3, 2, 4)
    assert box_ops.area(boxes).shape == (3, 2)
    assert box_ops.clip(boxes, PICTURE).shape == (3, 2, 4)
    assert torch.equal(box_ops.clip(boxes, PICTURE)[1], box_ops.clip(boxes[1], PICTURE))


# --- nothing in


def test_no_boxes() -> None:
    none, one = boxes_of(), boxes_of((0, 0, 1, 1))
    assert box_ops.iou(none, one).shape == (0, 1)
    assert box_ops.iou(one, none).shape == (1, 0)
    assert box_ops.iou(none, none).shape == (0, 0)
    assert box_ops.area(none).shape == (0,)
    assert box_ops.inside(none, PICTURE).shape == (0,)
    for moved in (box_ops.clip, box_ops.mirror, box_ops.mirror_vertical):
        assert moved(none, PICTURE).shape == (0, 4)
    assert box_ops.scale(none, PICTURE, PICTURE).shape == (0, 4)


def test_a_picture_of_one_pixel() -> None:
    one = Size(height=1, width=1)
    assert box_ops.clip(boxes_of((-5, -5, 5, 5)), one).tolist() == [[0, 0, 1, 1]]


# --- wrong in


@pytest.mark.parametrize("wrong", [torch.zeros(3), torch.zeros(2, 5), torch.tensor(1.0)])
def test_what_is_no_box_is_refused(wrong: Tensor) -> None:
    with pytest.raises(ShapeError, match=r"RC390.*boxes.sides: wrong tensor") as caught:
        box_ops.sides(wrong)
    assert f"got {list(wrong.shape)} float32" in str(caught.value)


def test_whole_numbers_are_no_boxes() -> None:
    with pytest.raises(ShapeError, match=re.escape("got [2, 4] int64, want a [..., 4] float")):
        box_ops.area(torch.zeros(2, 4, dtype=torch.int64))


def test_iou_names_the_side_that_is_wrong() -> None:
    good = boxes_of((0, 0, 1, 1))
    with pytest.raises(ShapeError, match=r"boxes\.iou: a"):
        box_ops.iou(good[0], good)
    with pytest.raises(ShapeError, match=r"boxes\.iou: b"):
        box_ops.iou(good, good[None])


def test_scaling_from_a_picture_without_pixels_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"RC392.*got 0 x 10, want both sides >= 1"):
        box_ops.scale(boxes_of((0, 0, 1, 1)), Size(height=10, width=0), PICTURE)


# --- gradient


def test_gradient_of_clip_stops_at_the_border() -> None:
    boxes = boxes_of((-10, 5, 50, 500)).requires_grad_()
    box_ops.clip(boxes, PICTURE).sum().backward()
    assert boxes.grad is not None
    assert boxes.grad.tolist() == [[0, 1, 1, 0]]


@pytest.mark.parametrize("seed", range(10))
def test_gradients_of_the_geometry(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(5, 2, generator=generator, dtype=torch.float64) * 80 + 5
    side = torch.rand(5, 2, generator=generator, dtype=torch.float64) * 10 + 1
    boxes = torch.cat((corner, corner + side), dim=1).requires_grad_()
    other = boxes.detach() + torch.rand(5, 4, generator=generator, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda b: box_ops.iou(b, other), boxes)
    assert torch.autograd.gradcheck(lambda b: box_ops.scale(b, PICTURE, Size(7, 9)), boxes)
    assert torch.autograd.gradcheck(lambda b: box_ops.mirror(b, PICTURE), boxes)


def test_gradient_of_iou_is_finite_where_nothing_has_an_area() -> None:
    flat = boxes_of((3, 3, 3, 9)).requires_grad_()
    box_ops.iou(flat, flat.detach()).sum().backward()
    assert flat.grad is not None
    assert flat.grad.isfinite().all()


def test_golden_vocs_way_of_counting() -> None:
    """The first pixel alone is (1, 1, 1, 1) there, and (0, 0, 1, 1) here."""
    assert box_ops.from_voc((1.0, 1.0, 1.0, 1.0)) == (0.0, 0.0, 1.0, 1.0)
    assert box_ops.to_voc((0.0, 0.0, 500.0, 375.0)) == (1.0, 1.0, 500.0, 375.0)
    assert box_ops.to_voc(box_ops.from_voc((8.0, 12.0, 352.0, 498.0))) == (8.0, 12.0, 352.0, 498.0)
