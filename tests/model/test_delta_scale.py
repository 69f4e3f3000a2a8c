"""measure_scale: mean and deviation by hand, NumPy's own, and what cannot be measured."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from frcnn.errors import ConfigError, ShapeError
from frcnn.model.delta_scale import DeltaScale, measure_scale, unmeasured
from frcnn.ops.deltas import encode

FIXED = DeltaScale(
    mean=torch.tensor([[1.0, 2.0, 3.0, 4.0]] * 3), std=torch.tensor([[0.1, 0.1, 0.2, 0.2]] * 3)
)
Batch = tuple[Tensor, Tensor, Tensor]


def random_batch(seed: int, count: int, classes: int = 3) -> Batch:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 50, (2, count, 2))
    sides = rng.uniform(10, 60, (2, count, 2))
    regions, boxes = (
        torch.from_numpy(np.concatenate((c, c + s), axis=1).astype(np.float32))
        for c, s in zip(corners, sides, strict=True)
    )
    return regions, boxes, torch.from_numpy(rng.integers(0, classes, count))


def test_golden_two_regions_of_one_class() -> None:
    """A region 10 wide; true boxes moved right by 1 and by 3: tx 0.1 and 0.3."""
    region = torch.tensor([[0.0, 0.0, 10.0, 10.0]] * 2)
    boxes = region + torch.tensor([[1.0, 0.0, 1.0, 0.0], [3.0, 0.0, 3.0, 0.0]])
    scale = measure_scale([(region, boxes, torch.tensor([1, 1]))], FIXED)
    assert scale.mean[1, 0] == pytest.approx(0.2)
    assert scale.std[1, 0] == pytest.approx(0.1)


def test_it_agrees_with_numpy_whatever_the_batches() -> None:
    regions, boxes, labels = random_batch(0, 500)
    targets = encode(boxes.double(), regions.double()).numpy()
    want = [targets[labels.numpy() == c] for c in range(3)]
    cuts = (0, 1, 7, 100, 100, 500)
    batches = [(regions[a:b], boxes[a:b], labels[a:b]) for a, b in pairwise(cuts)]
    for given in ([(regions, boxes, labels)], batches):
        scale = measure_scale(iter(given), FIXED)
        np.testing.assert_allclose(scale.mean, [w.mean(0) for w in want], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(scale.std, [w.std(0) for w in want], rtol=1e-5)
        assert scale.mean.dtype == scale.std.dtype == torch.float32


def test_normalised_targets_have_mean_zero_and_deviation_one() -> None:
    regions, boxes, labels = random_batch(1, 400)
    scale = measure_scale([(regions, boxes, labels)], FIXED)
    normal = (encode(boxes, regions) - scale.mean[labels]) / scale.std[labels]
    for c in range(3):
        own = normal[labels == c]
        torch.testing.assert_close(own.mean(0), torch.zeros(4), atol=1e-4, rtol=0)
        torch.testing.assert_close(own.std(0, correction=0), torch.ones(4), atol=1e-3, rtol=0)


def test_one_scale_of_all_classes_together() -> None:
    regions, boxes, labels = random_batch(2, 200)
    one = DeltaScale(mean=torch.zeros(1, 4), std=torch.ones(1, 4))
    scale = measure_scale([(regions, boxes, torch.zeros_like(labels))], one)
    targets = encode(boxes.double(), regions.double())
    torch.testing.assert_close(scale.mean[0].double(), targets.mean(0), rtol=1e-5, atol=1e-6)


def test_what_cannot_be_measured_stays_as_it_was() -> None:
    regions, boxes, _ = random_batch(3, 4)
    labels = torch.tensor([0, 2, 2, 2])  # one of class 0, none of class 1
    scale = measure_scale([(regions, boxes, labels)], FIXED)
    for c in (0, 1):
        assert torch.equal(scale.mean[c], FIXED.mean[c])
        assert torch.equal(scale.std[c], FIXED.std[c])
    assert not torch.equal(scale.std[2], FIXED.std[2])
    still = measure_scale([(regions, regions, torch.ones(4, dtype=torch.int64))], FIXED)
    assert torch.equal(still.std, FIXED.std), "targets that do not differ"


def test_nothing_in() -> None:
    none = (torch.zeros(0, 4), torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64))
    for batches in ([], [none]):
        scale = measure_scale(batches, FIXED)
        assert torch.equal(scale.mean, FIXED.mean)
        assert torch.equal(scale.std, FIXED.std)


def test_wrong_shapes_are_named() -> None:
    with pytest.raises(ShapeError, match=r"DeltaScale.mean.*got \[4\]"):
        DeltaScale(mean=torch.zeros(4), std=torch.ones(4))
    with pytest.raises(ShapeError, match=r"DeltaScale"):
        replace(FIXED, std=torch.ones(2, 4))


def test_a_missing_place_is_named() -> None:
    error = unmeasured("rpn.normalisation")
    assert isinstance(error, ConfigError)
    assert error.code == "RC368"
    assert "--set model.rpn.normalisation=measured" in error.fix
