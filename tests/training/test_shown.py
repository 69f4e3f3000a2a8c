"""Boxes through a window: by hand and by property."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from frcnn.ops import boxes as box_ops
from frcnn.training.shown import LEAST_SIDE, seen_in
from frcnn.types import Size

SIDES = st.integers(1, 40)


def test_golden_inside_cut_and_outside() -> None:
    boxes = torch.tensor([[12.0, 22, 18, 28], [5, 15, 15, 25], [0, 0, 9, 9], [29.5, 22, 40, 30]])
    seen, rows = seen_in(boxes, left=10, top=20, size=Size(height=10, width=20))
    assert seen.tolist() == [[2, 2, 8, 8], [0, 0, 5, 5]]  # of the last one half a pixel is left
    assert rows.tolist() == [0, 1]


@given(
    corners=st.lists(st.tuples(*[st.integers(0, 60)] * 2, SIDES, SIDES), max_size=8),
    window=st.tuples(*[st.integers(0, 50)] * 2, SIDES, SIDES),
)
def test_what_is_seen_is_the_overlap(corners: list, window: tuple) -> None:
    boxes = torch.tensor([[x, y, x + w, y + h] for x, y, w, h in corners]).reshape(-1, 4).float()
    left, top, width, height = window
    seen, rows = seen_in(boxes, left, top, Size(height=height, width=width))
    frame = torch.tensor([[left, top, left + width, top + height]]).float()
    shared = torch.minimum(boxes[:, 2:], frame[:, 2:]) - torch.maximum(boxes[:, :2], frame[:, :2])
    wanted = (shared >= LEAST_SIDE).all(dim=1).nonzero()[:, 0]
    assert rows.tolist() == wanted.tolist()
    assert torch.equal(torch.stack(box_ops.sides(seen), dim=1), shared[wanted])


def test_no_boxes() -> None:
    seen, rows = seen_in(torch.zeros(0, 4), 3, 4, Size(height=5, width=6))
    assert seen.shape == (0, 4)
    assert rows.shape == (0,)
