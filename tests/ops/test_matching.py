"""match, best_for_each, sample_balanced: overlap tables small enough to read."""

import numpy as np
import pytest
import torch
from torch import Tensor

from frcnn.errors import ConfigError, ShapeError
from frcnn.ops.matching import best_for_each, match, sample_balanced

CASES = [1_000, pytest.param(10_000, marks=pytest.mark.slow)]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_table(rng: np.random.Generator) -> np.ndarray:
    """Draw overlaps in steps of a tenth: ties everywhere, and columns of nothing but zeros."""
    n, g = rng.integers(0, 12), rng.integers(0, 5)
    table = rng.integers(0, 11, (n, g)) / 10
    return (table * (rng.random(g) > 0.2)).astype(np.float32)


def mask_of(n: int, *rows: int) -> Tensor:
    mask = torch.zeros(n, dtype=torch.bool)
    mask[list(rows)] = True
    return mask


# --- golden by hand


def test_each_box_gets_the_true_box_it_overlaps_most() -> None:
    matches = match(torch.tensor([[0.1, 0.7], [0.6, 0.2], [0.0, 0.0]]))
    torch.testing.assert_close(matches.best_iou, torch.tensor([0.7, 0.6, 0.0]))
    assert matches.best_target.tolist() == [1, 0, 0]


def test_the_first_of_two_equal_true_boxes_wins() -> None:
    assert match(torch.tensor([[0.2, 0.5, 0.5]])).best_target.tolist() == [1]


def test_all_exact_ties_of_a_true_box_are_its_best() -> None:
    ious = torch.tensor([[0.5, 0.1], [0.5, 0.2], [0.4, 0.9], [0.0, 0.0]])
    assert best_for_each(ious, floor=0.0).tolist() == [True, True, True, False]


def test_a_true_box_that_no_box_touches_chooses_nobody() -> None:
    ious = torch.tensor([[0.0, 0.4], [0.0, 0.3]])
    assert best_for_each(ious, floor=0.0).tolist() == [True, False]


def test_the_floor_itself_does_not_pass() -> None:
    ious = torch.tensor([[0.25], [0.125]])
    assert best_for_each(ious, floor=0.25).tolist() == [False, False]
    assert best_for_each(ious, floor=0.125).tolist() == [True, False]


def test_negatives_fill_what_positives_leave() -> None:
    positive, negative = mask_of(10, 2, 5), mask_of(10, 0, 1, 3, 4, 6, 7, 8)
    positives, negatives = sample_balanced(positive, negative, 6, 0.5, generator())
    assert sorted(positives.tolist()) == [2, 5]
    assert len(set(negatives.tolist())) == 4
    assert negative[negatives].all()


def test_positives_never_pass_their_share() -> None:
    positives, negatives = sample_balanced(
        torch.ones(50, dtype=torch.bool), mask_of(50), 20, 0.25, generator()
    )
    assert len(positives) == 5
    assert len(negatives) == 0  # surplus positives do not stand in for negatives


@pytest.mark.parametrize(
    ("count", "share", "most"), [(100, 0.29, 29), (10, 0.25, 2), (64, 0.25, 16), (7, 1.0, 7)]
)
def test_the_share_is_rounded_down_as_on_paper(count: int, share: float, most: int) -> None:
    everyone = torch.ones(200, dtype=torch.bool)
    assert len(sample_balanced(everyone, ~everyone, count, share, generator())[0]) == most


# --- what always holds


@pytest.mark.parametrize("count", CASES)
def test_match_agrees_with_loops(count: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(count):
        table = random_table(rng)
        matches = match(torch.from_numpy(table))
        for row, ious in enumerate(table.tolist()):
            best = max(ious, default=0.0)
            assert matches.best_iou[row].item() == best
            assert matches.best_target[row].item() == (ious.index(best) if ious else 0)


@pytest.mark.parametrize("count", CASES)
def test_best_for_each_agrees_with_loops(count: int) -> None:
    rng = np.random.default_rng(2)
    for _ in range(count):
        table = random_table(rng)
        floor = float(rng.choice([0.0, 0.5]))
        want = [False] * len(table)
        for column in table.T.tolist():
            for row, value in enumerate(column):
                want[row] |= value == max(column) and value > floor
        assert best_for_each(torch.from_numpy(table), floor).tolist() == want


@pytest.mark.parametrize("count", CASES)
def test_draws_are_right_in_number_kind_and_without_repeats(count: int) -> None:
    rng, source = np.random.default_rng(3), generator(3)
    for _ in range(count):
        kinds = torch.from_numpy(rng.integers(-1, 2, rng.integers(0, 40)))
        asked, share = int(rng.integers(0, 30)), float(rng.choice([0.0, 0.25, 0.5, 1.0]))
        positives, negatives = sample_balanced(kinds == 1, kinds == 0, asked, share, source)
        assert len(positives) == min(int(asked * share), int((kinds == 1).sum()))
        assert len(negatives) == min(asked - len(positives), int((kinds == 0).sum()))
        assert (kinds[positives] == 1).all()
        assert (kinds[negatives] == 0).all()
        assert len(set(positives.tolist())) == len(positives)
        assert len(set(negatives.tolist())) == len(negatives)


def test_the_same_generator_draws_the_same() -> None:
    positive = torch.rand(1000, generator=generator()) > 0.5
    first = sample_balanced(positive, ~positive, 256, 0.5, generator(7))
    again = sample_balanced(positive, ~positive, 256, 0.5, generator(7))
    other = sample_balanced(positive, ~positive, 256, 0.5, generator(8))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


def test_the_global_random_numbers_are_not_touched() -> None:
    before = torch.random.get_rng_state()
    sample_balanced(mask_of(9, 1), mask_of(9, 2, 3), 2, 0.5, generator())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_how_far_the_generator_moves_does_not_depend_on_the_count() -> None:
    everyone = torch.ones(30, dtype=torch.bool)
    states = []
    for count in (0, 5, 100):
        source = generator(1)
        sample_balanced(everyone, everyone, count, 0.5, source)
        states.append(source.get_state())
    assert torch.equal(states[0], states[1])
    assert torch.equal(states[1], states[2])


def test_every_row_is_drawn_equally_often() -> None:
    source, everyone = generator(2), torch.ones(20, dtype=torch.bool)
    drawn = torch.zeros(20)
    for _ in range(2000):
        drawn[sample_balanced(everyone, ~everyone, 5, 1.0, source)[0]] += 1
    assert drawn.sum() == 10_000
    assert ((drawn > 410) & (drawn < 590)).all()  # 500 each, sigma 19


# --- nothing in


def test_without_true_boxes_all_overlaps_are_zero() -> None:
    matches = match(torch.zeros(3, 0))
    assert matches.best_iou.tolist() == [0, 0, 0]
    assert matches.best_target.tolist() == [0, 0, 0]
    assert matches.best_target.dtype == torch.int64
    assert best_for_each(torch.zeros(3, 0), floor=0.0).tolist() == [False, False, False]


def test_without_boxes_nothing_is_matched() -> None:
    assert match(torch.zeros(0, 3)).best_iou.shape == (0,)
    assert best_for_each(torch.zeros(0, 3), floor=0.0).shape == (0,)
    assert best_for_each(torch.zeros(0, 0), floor=0.0).shape == (0,)


def test_nobody_to_draw() -> None:
    for n in (0, 4):
        positives, negatives = sample_balanced(mask_of(n), mask_of(n), 5, 0.5, generator())
        assert (positives.shape, negatives.shape) == ((0,), (0,))
        assert positives.dtype == negatives.dtype == torch.int64


# --- wrong in


@pytest.mark.parametrize("wrong", [torch.zeros(3), torch.zeros(2, 2, 2), torch.zeros(2, 2).long()])
def test_a_table_of_overlaps_is_needed(wrong: Tensor) -> None:
    with pytest.raises(ShapeError, match=r"RC390.*matching.match: ious.*want a \[N, G\] float"):
        match(wrong)
    with pytest.raises(ShapeError, match=r"RC390.*matching.best_for_each: ious"):
        best_for_each(wrong, floor=0.0)


def test_masks_are_flat_bool_and_of_one_length() -> None:
    good = mask_of(4, 1)
    with pytest.raises(ShapeError, match=r"sample_balanced: positive.*got \[4\] int64"):
        sample_balanced(good.long(), good, 2, 0.5, generator())
    with pytest.raises(ShapeError, match=r"sample_balanced: negative.*got \[5\] bool"):
        sample_balanced(good, mask_of(5), 2, 0.5, generator())
    with pytest.raises(ShapeError, match=r"sample_balanced: positive.*got \[1, 4\] bool"):
        sample_balanced(good[None], good, 2, 0.5, generator())


@pytest.mark.parametrize(("count", "share"), [(-1, 0.5), (5, -0.1), (5, 1.1), (5, float("nan"))])
def test_impossible_draws_are_refused(count: int, share: float) -> None:
    with pytest.raises(ConfigError, match=r"RC392.*want count >= 0 and positive_share in \[0, 1\]"):
        sample_balanced(mask_of(4, 1), mask_of(4, 2), count, share, generator())
