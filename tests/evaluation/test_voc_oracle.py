"""VOC figures against the devkit's rules written down plainly, in its own whole-pixel convention.

Loops over boxes and thresholds, with VOC's 1-based corners and its `+ 1`; nothing of the library.
"""

from collections.abc import Sequence

import numpy as np
import pytest

from frcnn.evaluation.judged import Judged
from frcnn.evaluation.voc import voc

Row = tuple[float, float, float, float]


def devkit_corners(pair_boxes) -> list[Row]:
    """Our continuous corners as VOC writes them: 1-based, both ends inside."""
    return [(x1 + 1, y1 + 1, x2, y2) for x1, y1, x2, y2 in pair_boxes.double().tolist()]


def devkit_overlap(a: Row, b: Row) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0]) + 1
    height = min(a[3], b[3]) - max(a[1], b[1]) + 1
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    areas = [(box[2] - box[0] + 1) * (box[3] - box[1] + 1) for box in (a, b)]
    return both / (areas[0] + areas[1] - both)


def gather(pairs: Sequence[Judged], label: int):
    """The class's detections by falling score, and its true boxes by picture."""
    rows, true, objects = [], {}, 0
    for pair in sorted(pairs, key=lambda pair: pair.name):
        boxes = devkit_corners(pair.detections.boxes)
        for row, found in enumerate(pair.detections.labels.tolist()):
            if found == label:
                rows.append((float(pair.detections.scores[row]), pair.name, boxes[row]))
        corners = devkit_corners(pair.target.boxes)
        difficult = pair.target.difficult.tolist()
        true[pair.name] = [
            {"box": corners[row], "difficult": difficult[row], "taken": False}
            for row, is_class in enumerate(pair.target.labels.tolist())
            if is_class == label
        ]
        objects += sum(not box["difficult"] for box in true[pair.name])
    return sorted(rows, key=lambda row: -row[0]), true, objects


def plain_ap(pairs: Sequence[Judged], label: int, threshold: float):
    """Both average precisions of one class, or None without objects."""
    rows, true, objects = gather(pairs, label)
    if not objects:
        return None, None
    right = wrong = 0
    recall, precision = [], []
    for _, name, box in rows:
        best, most = None, -1.0
        for candidate in true[name]:
            overlap = devkit_overlap(box, candidate["box"])
            if overlap > most:
                best, most = candidate, overlap
        if best is not None and most > threshold and best["difficult"]:
            continue
        if best is not None and most > threshold and not best["taken"]:
            best["taken"] = True
            right += 1
        else:
            wrong += 1
        recall.append(right / objects)
        precision.append(right / (right + wrong))
    return eleven(recall, precision), area(recall, precision)


def eleven(recall: list[float], precision: list[float]) -> float:
    total = 0.0
    for level in np.arange(0.0, 1.1, 0.1):
        beyond = [p for r, p in zip(recall, precision, strict=True) if r >= level]
        total += max(beyond, default=0.0) / 11
    return total


def area(recall: list[float], precision: list[float]) -> float:
    """Sum over the objects found: the step in recall times the best precision from there on."""
    total, before = 0.0, 0.0
    for k, (r, _) in enumerate(zip(recall, precision, strict=True)):
        if r > before:
            total += (r - before) * max(precision[k:])
            before = r
    return total


def compare(random_pairs, seed: int) -> int:
    """How many classes of one random set had objects."""
    pairs, classes = random_pairs(seed)
    threshold = (0.5, 0.5, 0.3, 0.75)[seed % 4]
    got = voc(pairs, classes, iou=threshold)
    compared = 0
    for label in range(len(classes)):
        want = plain_ap(pairs, label, threshold)
        ours = (got.ap_11point[label], got.ap_area[label])
        if want == (None, None):
            assert ours == (None, None)
            continue
        compared += 1
        assert ours == (pytest.approx(want[0], abs=1e-12), pytest.approx(want[1], abs=1e-12))
    return compared


def test_golden_toy_of_the_oracle() -> None:
    """The oracle itself gives the published numbers."""
    right = np.cumsum([1, 0, 1, 0, 1, 1, 0, 1])
    recall, precision = (right / 5).tolist(), (right / np.arange(1, 9)).tolist()
    assert eleven(recall, precision) == pytest.approx(0.75)
    assert area(recall, precision) == pytest.approx(0.725)


def test_golden_overlap_of_the_oracle() -> None:
    """VOC's own count of pixels: (1, 1, 10, 10) and (6, 6, 15, 15) share 25 of 175."""
    assert devkit_overlap((1, 1, 10, 10), (6, 6, 15, 15)) == pytest.approx(25 / 175)


def test_hundred_sets(random_pairs) -> None:
    assert sum(compare(random_pairs, seed) for seed in range(100)) > 150


@pytest.mark.slow
def test_five_hundred_sets(random_pairs) -> None:
    assert sum(compare(random_pairs, seed) for seed in range(1000, 1500)) > 800
