"""Pictures to judge: by hand, box by box, or at random with everything that can go wrong."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

from frcnn.evaluation.judged import Judged
from frcnn.types import Detections, Target

Found = tuple[tuple[float, float, float, float], float, int]
True_ = tuple[tuple[float, float, float, float], int] | tuple[tuple[float, ...], int, bool]


def _target(true: Sequence[True_]) -> Target:
    """From (box, label) or (box, label, difficult)."""
    return Target(
        boxes=torch.tensor([row[0] for row in true], dtype=torch.float32).reshape(-1, 4),
        labels=torch.tensor([row[1] for row in true], dtype=torch.int64),
        difficult=torch.tensor([len(row) > 2 and row[2] for row in true], dtype=torch.bool),
    )


def _detections(found: Sequence[Found]) -> Detections:
    """From (box, score, label)."""
    return Detections(
        boxes=torch.tensor([row[0] for row in found], dtype=torch.float32).reshape(-1, 4),
        scores=torch.tensor([row[1] for row in found], dtype=torch.float32),
        labels=torch.tensor([row[2] for row in found], dtype=torch.int64),
    )


@pytest.fixture(scope="session")
def judged() -> Callable[..., Judged]:
    """One picture: name, found [(box, score, label)], true [(box, label[, difficult])]."""

    def make(name: str, found: Sequence[Found], true: Sequence[True_]) -> Judged:
        return Judged(name=name, detections=_detections(found), target=_target(true))

    return make


@pytest.fixture(scope="session")
def random_pairs() -> Callable[[int], tuple[list[Judged], tuple[str, ...]]]:
    """A data set from a seed, with its class names.

    Empty pictures, classes without objects, difficult boxes, equal scores, boxes on whole pixels
    (so that overlaps are exactly 0.5 now and then), near copies, wrong classes, more than 100
    detections in a picture.
    """
    return _random_pairs


def _random_pairs(seed: int) -> tuple[list[Judged], tuple[str, ...]]:
    rng = np.random.default_rng(seed)
    classes = int(rng.integers(1, 6))
    whole = bool(rng.integers(2))
    pairs = []
    for picture in range(int(rng.integers(1, 9))):
        count = 0 if rng.random() < 0.2 else int(rng.integers(1, 12))
        labels = rng.integers(0, max(1, classes - 1), count)  # the last class has no object
        boxes = _boxes(rng, count, whole)
        found = _found(rng, boxes, labels, classes, whole)
        pairs.append(
            Judged(
                name=f"{seed}-{picture:02}",
                detections=found,
                target=Target(
                    boxes=torch.from_numpy(boxes),
                    labels=torch.from_numpy(labels),
                    difficult=torch.from_numpy(rng.random(count) < 0.2),
                ),
            )
        )
    return pairs, tuple(f"class {k}" for k in range(classes))


def _boxes(rng: np.random.Generator, count: int, whole: bool) -> np.ndarray:
    corner = rng.uniform(0, 300, (count, 2))
    sides = np.exp(rng.uniform(np.log(4), np.log(250), (count, 2)))
    boxes = np.concatenate((corner, corner + sides), axis=1)
    return (boxes.round() if whole else boxes).astype(np.float32)


def _found(
    rng: np.random.Generator, boxes: np.ndarray, labels: np.ndarray, classes: int, whole: bool
) -> Detections:
    if rng.random() < 0.15:
        return Detections.empty()
    copies = rng.integers(0, 3, len(boxes))
    near = np.repeat(boxes, copies, axis=0)
    sides = np.tile(near[:, 2:] - near[:, :2], 2)
    near = near + rng.normal(0, 0.08, near.shape) * sides
    near = np.concatenate((near[:, :2], np.maximum(near[:, :2], near[:, 2:])), axis=1)
    near = (near.round() if whole else near).astype(np.float32)
    near_labels = np.repeat(labels, copies)
    wrong = rng.random(len(near)) < 0.15
    near_labels[wrong] = rng.integers(0, classes, int(wrong.sum()))
    count = int(rng.integers(0, 10)) if rng.random() < 0.9 else 130
    every = np.concatenate((near, _boxes(rng, count, whole)))
    every_labels = np.concatenate((near_labels, rng.integers(0, classes, count)))
    scores = rng.random(len(every)).round(1 if rng.random() < 0.5 else 6)
    order = rng.permutation(len(every))  # detections need not come sorted
    return Detections(
        boxes=torch.from_numpy(every[order]),
        scores=torch.from_numpy(scores[order].astype(np.float32)),
        labels=torch.from_numpy(every_labels[order]),
    )
