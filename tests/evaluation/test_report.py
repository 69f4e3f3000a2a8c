"""evaluate: all figures in one value, the same to the bit in any order, strict JSON, a table."""

import json
import math
import random

import pytest
import torch

from frcnn.errors import ConfigError
from frcnn.evaluation.coco import NAMES, coco
from frcnn.evaluation.curves import OperatingPoint
from frcnn.evaluation.judged import Judged
from frcnn.evaluation.report import evaluate
from frcnn.evaluation.voc import voc
from frcnn.types import Detections

ONE = (0.0, 0.0, 40.0, 40.0)
AWAY = (50.0, 50.0, 90.0, 90.0)


def small(judged):
    """Class x found and one mistake, class y missed, class z absent."""
    found = [(ONE, 0.75, 0), (AWAY, 0.5, 0)]
    return evaluate([judged("a", found, [(ONE, 0), (AWAY, 1), (ONE, 1, True)])], ["x", "y", "z"])


def test_golden(judged) -> None:
    got = small(judged)
    assert got.pictures == 1
    assert got.coco["AP"] == got.coco["AP50"] == 0.5
    assert got.voc07_map == pytest.approx(0.5)
    assert got.voc_map == 0.5
    x, y, z = got.per_class
    assert (x.name, x.objects, x.ap, x.ap50, x.voc) == ("x", 1, 1.0, 1.0, 1.0)
    assert x.best_f1 == OperatingPoint(score=0.75, precision=1.0, recall=1.0, f1=1.0)
    assert (y.objects, y.ap, y.voc07, y.voc, y.best_f1) == (1, 0.0, 0.0, 0.0, None)
    assert (z.objects, z.ap, z.ap50, z.voc07, z.voc, z.best_f1) == (0, *[None] * 5)


def test_golden_table(judged) -> None:
    assert small(judged).table() == (
        "class  objects     AP   AP50  VOC07    VOC     F1  score      P      R\n"
        "x            1  1.000  1.000  1.000  1.000  1.000  0.750  1.000  1.000\n"
        "y            1  0.000  0.000  0.000  0.000      -      -      -      -\n"
        "z            0      -      -      -      -      -      -      -      -\n"
        "all          2  0.500  0.500  0.500  0.500\n"
        "\n"
        "AP 0.500  AP50 0.500  AP75 0.500  AP_small -  AP_medium 0.500  AP_large -\n"
        "AR_1 0.500  AR_10 0.500  AR_100 0.500  AR_small -  AR_medium 0.500  AR_large -"
    )


@pytest.mark.parametrize("seed", range(10))
def test_the_figures_are_those_of_their_own_functions(random_pairs, seed: int) -> None:
    pairs, classes = random_pairs(seed)
    got, by_coco, by_voc = evaluate(pairs, classes), coco(pairs, classes), voc(pairs, classes)
    assert got.coco == by_coco.values
    assert (got.voc07_map, got.voc_map) == (by_voc.map_11point, by_voc.map_area)
    assert tuple(row.ap for row in got.per_class) == by_coco.per_class_ap
    assert tuple(row.ap50 for row in got.per_class) == by_coco.per_class_ap50
    assert tuple(row.voc for row in got.per_class) == by_voc.ap_area
    assert tuple(row.voc07 for row in got.per_class) == by_voc.ap_11point
    assert [row.best_f1 for row in got.per_class] == [c.best_f1() for c in by_voc.curves]
    assert [row.name for row in got.per_class] == list(classes)


@pytest.mark.parametrize("seed", range(10))
def test_the_same_to_the_bit_in_any_order_and_again(random_pairs, seed: int) -> None:
    pairs, classes = random_pairs(seed)
    want = json.dumps(evaluate(pairs, classes).to_json())
    shuffled = random.Random(seed).sample(pairs, len(pairs))
    for some in (pairs, pairs[::-1], shuffled):
        assert json.dumps(evaluate(some, classes).to_json()) == want


def test_also_when_two_pictures_have_one_name(random_pairs) -> None:
    pairs, classes = random_pairs(3)
    same = [Judged(name="a", detections=p.detections, target=p.target) for p in pairs]
    assert evaluate(same, classes) == evaluate(same[::-1], classes)


@pytest.mark.parametrize("seed", range(10))
def test_what_always_holds(random_pairs, seed: int) -> None:
    pairs, classes = random_pairs(seed)
    got = evaluate(pairs, classes)
    values = [*got.coco.values(), got.voc07_map, got.voc_map]
    assert all(value is None or 0 <= value <= 1 + 1e-12 for value in values)
    defined = [row.objects > 0 for row in got.per_class]
    assert [row.voc is not None for row in got.per_class] == defined
    assert [row.ap is not None for row in got.per_class] == defined
    assert (got.voc_map is not None) == any(defined)


@pytest.mark.parametrize("seed", range(10))
def test_finding_what_is_true_is_perfect(random_pairs, seed: int) -> None:
    """Detections that are the true boxes: every figure that is defined is 1."""
    pairs, classes = random_pairs(seed)
    true = [
        Judged(
            name=pair.name,
            target=pair.target,
            detections=Detections(
                boxes=pair.target.boxes,
                scores=torch.full((len(pair.target.boxes),), 0.5),
                labels=pair.target.labels,
            ),
        )
        for pair in pairs
    ]
    got = evaluate(true, classes)
    limited = {"AR_1", "AR_10"}  # several objects of a class in a picture
    values = [value for name, value in got.coco.items() if name not in limited]
    for value in (*values, got.voc_map, got.voc07_map):
        assert value is None or value == pytest.approx(1.0)


def test_json_is_strict(random_pairs) -> None:
    pairs, classes = random_pairs(0)
    value = json.loads(json.dumps(evaluate(pairs, classes).to_json(), allow_nan=False))
    assert list(value) == ["pictures", "coco", "voc07_map", "voc_map", "per_class"]
    assert list(value["coco"]) == list(NAMES)
    keys = {"name", "objects", "ap", "ap50", "voc07", "voc", "best_f1"}
    assert all(set(row) == keys for row in value["per_class"])


@pytest.mark.parametrize("classes", [[], ["x"]])
def test_nothing_in(judged, classes: list[str]) -> None:
    for pairs in ([], [judged("a", [], [])]):
        got = evaluate(pairs, classes)
        assert got.pictures == len(pairs)
        assert got.voc_map is None
        assert set(got.coco.values()) == {None}
        json.dumps(got.to_json(), allow_nan=False)
        assert "all" in got.table()


def test_long_names_stay_in_line(judged) -> None:
    pair = judged("a", [(ONE, 0.9, 0)], [(ONE, 0), (AWAY, 1)])
    lines = evaluate([pair], ["a very long class name", "y"]).table().splitlines()
    assert lines[1].startswith("a very long class name")
    assert len(lines[0]) == len(lines[1]) == len(lines[2])


def test_wrong_in(judged) -> None:
    with pytest.raises(ConfigError, match="RC334"):
        evaluate([judged("a", [(ONE, math.inf, 0)], [])], ["x"])
    with pytest.raises(ConfigError, match="RC335"):
        evaluate([judged("a", [], [(ONE, 1)])], ["x"])
