"""What becomes of a picture's boxes in its tiles."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from frcnn.data.tile_boxes import CutBoxes, cut_boxes
from frcnn.ops.tiles import Window, grid
from frcnn.types import Size, Target

LEFT, RIGHT = Window(0, 0, 100, 50), Window(80, 0, 180, 50)


def target_of(*boxes: tuple[float, ...], difficult: tuple[bool, ...] = ()) -> Target:
    return Target(
        boxes=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        labels=torch.arange(len(boxes)),
        difficult=torch.tensor(difficult or (False,) * len(boxes), dtype=torch.bool),
    )


def lists(cut: CutBoxes) -> list[list[list[float]]]:
    return [target.boxes.tolist() for target in cut.targets]


# --- golden by hand


def test_golden_whole_in_pieces_and_scraps() -> None:
    boxes = [(85, 5, 95, 15), (60, 10, 160, 30), (10, 10, 82, 20), (79.5, 0, 110, 9)]
    cut = cut_boxes(target_of(*boxes, difficult=(True, False, False, False)), [LEFT, RIGHT], 0.1)
    assert lists(cut) == [
        [[85, 5, 95, 15], [60, 10, 100, 30], [10, 10, 82, 20], [79.5, 0, 100, 9]],
        [[5, 5, 15, 15], [0, 10, 80, 30], [0, 0, 30, 9]],
    ]
    assert [target.labels.tolist() for target in cut.targets] == [[0, 1, 2, 3], [0, 1, 3]]
    assert [target.difficult.tolist()[0] for target in cut.targets] == [True, True]
    assert cut.is_whole.tolist() == [True, False, True, False]
    assert cut.is_kept.tolist() == [True] * 4
    assert cut.scraps == 1, "2 of the third's 72 columns are in the right tile"


@pytest.mark.parametrize(("least", "kept"), [(0.25, True), (0.26, False), (0.0, True)])
def test_golden_the_least_that_must_be_seen_is_kept(least: float, kept: bool) -> None:
    cut = cut_boxes(target_of((90, 0, 130, 10)), [LEFT], least)
    assert cut.is_kept.tolist() == [kept]
    assert cut.scraps == (not kept)


def test_a_side_below_a_pixel_is_a_rest_of_rounding() -> None:
    boxes = [(99.5, 0, 101.5, 10), (99, 0, 101, 10)]
    assert cut_boxes(target_of(*boxes), [LEFT], 0.0).is_kept.tolist() == [False, True]


def test_a_line_thinner_than_a_pixel_stays_one() -> None:
    cut = cut_boxes(target_of((60, 3, 160, 3.5)), [LEFT, RIGHT], 0.1)
    assert lists(cut) == [[[60, 3, 100, 3.5]], [[0, 3, 80, 3.5]]]


def test_an_object_that_is_too_large_for_all() -> None:
    cut = cut_boxes(target_of((0, 0, 1000, 1000)), grid(Size(1000, 1000), 100, 20), 0.1)
    assert (cut.is_kept.tolist(), cut.is_whole.tolist()) == ([False], [False])
    assert cut.scraps == len(cut.targets)


def test_nothing_in() -> None:
    cut = cut_boxes(Target.empty(), [LEFT, RIGHT], 0.1)
    assert lists(cut) == [[], []]
    assert (len(cut.is_whole), cut.scraps) == (0, 0)
    assert cut.targets[0].boxes.shape == (0, 4)


# --- what always holds

numbers = st.integers(0, 8000).map(lambda n: n / 16)


@given(
    st.integers(1, 500),
    st.integers(1, 500),
    st.integers(16, 200),
    st.floats(0, 0.9),
    st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=8),
    st.sampled_from([0.0, 0.1, 0.5, 1.0]),
)
def test_every_box_is_accounted_for(height, width, side, share, corners, least) -> None:
    size, overlap = Size(height, width), min(round(side * share), side - 1)
    boxes = np.array(corners, np.float64).reshape(-1, 2, 2)
    boxes = np.sort(boxes, axis=1).reshape(-1, 4).clip(0, [width, height, width, height])
    boxes = boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)]
    windows = grid(size, side, overlap)
    cut = cut_boxes(target_of(*map(tuple, boxes.tolist())), windows, least)
    assert len(cut.targets) == len(windows)
    assert (cut.is_kept >= cut.is_whole).all()
    fits = (boxes[:, 2:] - boxes[:, :2] <= overlap).all(axis=1)
    assert cut.is_whole[fits].all(), "what is no longer than the overlap is whole in some tile"
    whole, kept, touching = np.zeros(len(boxes), bool), np.zeros(len(boxes), bool), 0
    for (x1, y1, x2, y2), target in zip(windows, cut.targets, strict=True):
        rows = target.labels.numpy()
        assert all(a < b for a, b in pairwise(rows.tolist())), "the order stays"
        back = target.boxes.numpy() + np.array([x1, y1, x1, y1], np.float64)
        true = boxes[rows]
        assert (back[:, :2] >= true[:, :2]).all()
        assert (back[:, 2:] <= true[:, 2:]).all()
        is_in = (boxes[:, :2] >= (x1, y1)).all(axis=1) & (boxes[:, 2:] <= (x2, y2)).all(axis=1)
        assert (back[is_in[rows]] == true[is_in[rows]]).all(), "whole: the very same"
        assert is_in[rows].sum() == is_in.sum(), "whole ones are always kept"
        area = np.prod(back[:, 2:] - back[:, :2], axis=1)
        assert (area >= least * np.prod(true[:, 2:] - true[:, :2], axis=1) - 1e-9).all()
        assert (target.boxes[:, 2:].numpy() <= (x2 - x1, y2 - y1)).all()
        whole |= is_in
        kept[rows] = True
        ends, starts = np.minimum(boxes[:, 2:], (x2, y2)), np.maximum(boxes[:, :2], (x1, y1))
        touching += int((ends > starts).all(axis=1).sum())
    assert (whole == cut.is_whole).all()
    assert (kept == cut.is_kept).all()
    assert touching == cut.scraps + sum(len(target.boxes) for target in cut.targets)
