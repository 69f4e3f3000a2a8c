"""Proposals against the authors' `evaluate_recall`, written down plainly; counts are equal.

A table of overlaps per picture, of which the highest is taken again and again and its row and
column are struck out; once for each size and number of proposals. Nothing of the library.
"""

import numpy as np
import pytest
import torch

from frcnn.evaluation.proposals import LIMITS, SIZES, Proposed, evaluate_proposals

RANGES = {"all": (0, 1e10), "small": (0, 1024), "medium": (1024, 9216), "large": (9216, 1e10)}


def areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def plain_overlaps(boxes: np.ndarray, true: np.ndarray) -> np.ndarray:
    """[P, G] IoU, one after the other."""
    table = np.zeros((len(boxes), len(true)))
    for p, (x1, y1, x2, y2) in enumerate(boxes):
        for g, (u1, v1, u2, v2) in enumerate(true):
            both = max(0.0, min(x2, u2) - max(x1, u1)) * max(0.0, min(y2, v2) - max(y1, v1))
            union = (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - both
            table[p, g] = both / union if union > 0 else 0.0
    return table


def plain_match(table: np.ndarray) -> list[float]:
    """The overlap of each object's proposal; 0 for objects that are left when none is."""
    table, reached = table.copy(), []
    for _ in range(table.shape[1]):
        if not len(table) or table.max() < 0:
            break
        best = table.argmax(axis=0)  # of every object; the first of several
        true = int(table.max(axis=0).argmax())  # the first of several
        reached.append(float(table[best[true], true]))
        table[best[true], :] = -1
        table[:, true] = -1
    return reached


def plain_counts(pictures: list[Proposed], size: str, limit: int) -> tuple[int, tuple[int, ...]]:
    """Objects of a size, and how many of them are covered at each overlap."""
    low, high = RANGES[size]
    objects, reached = 0, []
    for picture in pictures:
        true = picture.target.boxes[~picture.target.difficult].double().numpy()
        true = true[(areas(true) >= low) & (areas(true) < high)]
        objects += len(true)
        reached += plain_match(plain_overlaps(picture.boxes[:limit].double().numpy(), true))
    thresholds = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
    return objects, tuple(sum(value >= t for value in reached) for t in thresholds)


def as_proposed(pairs, seed: int, twice: bool) -> list[Proposed]:
    """Detections as proposals; every one twice, so that overlaps tie, or as they are."""
    rng = np.random.default_rng(seed)
    pictures = []
    for pair in pairs:
        boxes = pair.detections.boxes.repeat(1 + twice, 1)
        order = torch.from_numpy(rng.permutation(len(boxes)))
        pictures.append(Proposed(name=pair.name, boxes=boxes[order], target=pair.target))
    return pictures


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_equal_to_the_plain_loop(random_pairs, seed: int, twice: bool) -> None:
    pictures = as_proposed(random_pairs(seed)[0], seed, twice)
    got = evaluate_proposals(pictures)
    for size in SIZES:
        for limit in (10, 50, 100, 300):
            want = plain_counts(pictures, size, limit)
            assert (got.objects[size], got.found[size, limit]) == want, (size, limit)


def test_equal_for_every_number_of_proposals(random_pairs) -> None:
    """2,100 proposals around few objects, most of them in the way of others."""
    pair = max(random_pairs(5)[0], key=lambda pair: len(pair.target.boxes))
    true = pair.target.boxes[:4]
    rng = np.random.default_rng(0)
    near = true.repeat(525, 1).double().numpy()
    near += rng.normal(0, 0.2, near.shape) * np.tile(near[:, 2:] - near[:, :2], 2)
    near = np.concatenate((near[:, :2], np.maximum(near[:, :2], near[:, 2:])), axis=1)
    boxes = torch.from_numpy(near.astype(np.float32)[rng.permutation(len(near))])
    pictures = [Proposed(name="a", boxes=boxes, target=pair.target)]
    got = evaluate_proposals(pictures)
    for limit in LIMITS:
        assert got.found["all", limit] == plain_counts(pictures, "all", limit)[1], limit
    assert got.found["all", 2000] > got.found["all", 10]
