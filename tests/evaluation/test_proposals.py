"""Recall of proposals: by hand, what always holds, nothing in, wrong in."""

import json
import math
import random
from collections.abc import Sequence

import pytest
import torch

from frcnn.errors import ConfigError, ShapeError
from frcnn.evaluation.proposals import (
    LIMITS,
    OVERLAPS,
    SIZES,
    ProposalFigures,
    Proposed,
    added,
    evaluate_proposals,
)
from frcnn.types import Target

Row = tuple[float, float, float, float]
TEN = (0.0, 0.0, 10.0, 10.0)
AWAY = (500.0, 500.0, 510.0, 510.0)


def picture(boxes: Sequence[Row], true: Sequence[Row], difficult: Sequence[int] = ()) -> Proposed:
    """A picture of proposals, best first, and objects, some of them difficult."""
    flags = torch.zeros(len(true), dtype=torch.bool)
    flags[list(difficult)] = True
    target = Target(
        boxes=torch.tensor(true, dtype=torch.float32).reshape(-1, 4),
        labels=torch.arange(len(true)),
        difficult=flags,
    )
    return Proposed(
        name="a", boxes=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4), target=target
    )


def wide(width: float, left: float = 0.0) -> Row:
    """A box of height 10."""
    return (left, 0.0, left + width, 10.0)


def found(
    boxes: Sequence[Row], true: Sequence[Row], limit: int = 2000, size: str = "all"
) -> tuple[int, ...]:
    return evaluate_proposals([picture(boxes, true)]).found[size, limit]


def proposed(pairs) -> list[Proposed]:
    """Pictures to judge detections in, their detections taken for proposals."""
    return [Proposed(name=p.name, boxes=p.detections.boxes, target=p.target) for p in pairs]


@pytest.fixture
def small() -> ProposalFigures:
    """Two objects and two proposals: IoU 0.8 with a small one, 1 with a large one."""
    large = (100.0, 100.0, 200.0, 200.0)
    return evaluate_proposals([picture([wide(8), large], [TEN, large, AWAY], difficult=[2])])


def test_golden(small: ProposalFigures) -> None:
    assert small.pictures == 1
    assert small.objects == {"all": 2, "small": 1, "medium": 0, "large": 1}
    assert small.proposals == dict.fromkeys(LIMITS, 2)
    assert small.recall(10) == (1.0,) * 7 + (0.5,) * 3
    assert small.recall(2000, "small") == (1.0,) * 7 + (0.0,) * 3
    assert small.recall(10, "medium") is None
    assert small.average_recall(10) == 0.85
    assert small.average_recall(10, "small") == 0.7
    assert small.average_recall(10, "medium") is None
    assert small.average_recall(10, "large") == 1.0


def test_golden_table(small: ProposalFigures) -> None:
    row = "        2.0     1.000     1.000  0.850     0.700          -     1.000\n"
    curve = "  1.000  1.000  1.000  1.000  1.000  1.000  1.000  0.500  0.500  0.500"
    heads = "proposals  a picture  recall50  recall75     AR  AR_small  AR_medium  AR_large\n"
    assert small.table() == (
        heads
        + "".join(f"{limit:9}{row}" for limit in LIMITS)
        + "objects                                       2         1          0         1\n\n"
        + "recall at   0.50   0.55   0.60   0.65   0.70   0.75   0.80   0.85   0.90   0.95\n"
        + "\n".join(f"{limit:9}{curve}" for limit in LIMITS)
    )


def test_golden_names(small: ProposalFigures) -> None:
    names = small.named()
    assert len(names) == 30
    assert names["AR_100"] == names["AR_300"] == 0.85
    assert (names["AR_small_10"], names["AR_medium_10"], names["AR_large_10"]) == (0.7, None, 1.0)
    assert names["recall50_300"] == 1.0


@pytest.mark.parametrize(("k", "overlap"), list(enumerate(OVERLAPS)))
def test_an_overlap_that_is_reached_counts(k: int, overlap: float) -> None:
    """IoU of exactly 10/20, 11/20, ... 19/20, and of a hair less."""
    assert overlap == float(f"{0.5 + 0.05 * k:.2f}")
    assert found([wide(10 + k)], [wide(20)])[: k + 1] == (1,) * (k + 1)
    assert sum(found([wide(10 + k)], [wide(20)])) == k + 1
    assert sum(found([wide(10 + k - 0.001)], [wide(20)])) == k


def test_only_the_best_are_looked_at() -> None:
    boxes = [AWAY] * 49 + [TEN]
    assert found(boxes, [TEN], 10) == (0,) * 10
    assert found(boxes, [TEN], 50) == (1,) * 10
    assert evaluate_proposals([picture(boxes * 50, [])]).proposals == {n: n for n in LIMITS}


def test_a_proposal_counts_for_one_object_only() -> None:
    assert found([wide(20)], [wide(20), wide(16)]) == (1,) * 10
    assert found([wide(20), wide(20)], [wide(20), wide(16)]) == (2,) * 7 + (1,) * 3


def test_those_that_overlap_most_belong_together_even_if_more_would_be_found_otherwise() -> None:
    """The one proposal that could cover the second object is the first one's best."""
    first, second = wide(20), wide(20, left=6)
    both, spare = wide(20, left=1), wide(14)  # IoU 19/21 and 15/25; 14/20 and 8/26
    assert found([both, spare], [first, second]) == (1,) * 9 + (0,)
    assert found([both], [second])[:3] == (1, 1, 1)


def test_of_equal_overlaps_the_object_that_comes_first() -> None:
    """Both objects overlap `shared` by 2/3; only the left one overlaps `spare`, by 15/25."""
    left, right = wide(20), wide(20, left=8)
    shared, spare = wide(20, left=4), wide(20, left=-5)
    assert found([shared, spare], [left, right])[:2] == (1, 1)
    assert found([shared, spare], [right, left])[:2] == (2, 2)


def test_of_equal_overlaps_the_better_proposal() -> None:
    """The first object overlaps both by 4/5; the second one overlaps `right` by 14/22."""
    left, right = wide(16), wide(16, left=4)
    true = [wide(20), wide(20, left=6)]
    assert found([left, right], true)[:3] == (2, 2, 2)
    assert found([right, left], true)[:3] == (1, 1, 1)


def test_objects_of_one_size_are_matched_by_themselves() -> None:
    """A proposal that a larger object takes serves the small one, too, when that is alone."""
    small, medium = (0.0, 0.0, 31.0, 31.0), (0.0, 0.0, 33.0, 33.0)
    figures = evaluate_proposals([picture([medium], [small, medium])])
    assert figures.found["all", 10] == (1,) * 10
    assert figures.found["medium", 10] == (1,) * 10
    assert figures.found["small", 10] == (1,) * 8 + (0,) * 2  # IoU 961/1089


@pytest.mark.parametrize(
    ("side", "size"), [(0, 1), (31.99, 1), (32, 2), (95.99, 2), (96, 3), (1e4, 3)]
)
def test_an_object_has_one_size(side: float, size: int) -> None:
    objects = evaluate_proposals([picture([], [(0.0, 0.0, side, side)])]).objects
    assert [objects[name] for name in SIZES] == [1, *(int(k == size) for k in (1, 2, 3))]


def test_difficult_objects_are_not_missed_and_take_no_proposal() -> None:
    figures = evaluate_proposals([picture([TEN], [TEN, TEN], difficult=[0])])
    assert figures.objects["all"] == 1
    assert figures.found["all", 10] == (1,) * 10


@pytest.mark.parametrize("seed", range(10))
def test_what_always_holds(random_pairs, seed: int) -> None:
    pictures = proposed(random_pairs(seed)[0])
    got = evaluate_proposals(pictures)
    assert got.objects["all"] == sum(got.objects[size] for size in SIZES[1:])
    for size in SIZES:
        counts = torch.tensor([got.found[size, limit] for limit in LIMITS])
        assert (counts.diff(dim=1) <= 0).all(), "a higher overlap is reached by fewer"
        assert (counts[:, 0] <= got.objects[size]).all()
        assert (torch.tensor([got.found[size, 10]]) >= 0).all()
    by_size = sum(torch.tensor(got.found[size, 2000]) for size in SIZES[1:])
    assert (torch.tensor(got.found["all", 2000]) <= by_size).all()
    values = [value for value in got.named().values() if value is not None]
    assert all(0 <= value <= 1 for value in values)
    assert got.average_recall(300) == pytest.approx(sum(got.recall(300)) / 10)


@pytest.mark.parametrize("seed", range(10))
def test_true_boxes_as_proposals_cover_everything(random_pairs, seed: int) -> None:
    targets = [pair.target for pair in random_pairs(seed)[0]]
    pictures = [Proposed(name="a", boxes=target.boxes, target=target) for target in targets]
    got = evaluate_proposals(pictures)
    assert got.found["all", 50] == (got.objects["all"],) * 10


@pytest.mark.parametrize("seed", range(5))
def test_the_same_to_the_bit_in_any_order_and_one_after_the_other(random_pairs, seed: int) -> None:
    pictures = proposed(random_pairs(seed)[0])
    want = evaluate_proposals(pictures)
    shuffled = random.Random(seed).sample(pictures, len(pictures))
    for some in (pictures[::-1], shuffled, iter(pictures)):
        assert evaluate_proposals(some) == want


@pytest.mark.parametrize("seed", range(3))
def test_parts_add_up_to_the_whole_even_empty_ones(random_pairs, seed: int) -> None:
    pictures = proposed(random_pairs(seed)[0])
    parts = [evaluate_proposals(pictures[n::3]) for n in range(3)]
    assert added([*parts, evaluate_proposals([])]) == evaluate_proposals(pictures)


def test_labels_do_not_matter_and_nothing_is_changed(random_pairs) -> None:
    pictures = proposed(random_pairs(3)[0])
    before = [(p.boxes.clone(), p.target.boxes.clone()) for p in pictures]
    want = evaluate_proposals(pictures)
    for one in pictures:
        one.target.labels.fill_(99)
    assert evaluate_proposals(pictures) == want
    for one, (boxes, true) in zip(pictures, before, strict=True):
        assert torch.equal(one.boxes, boxes)
        assert torch.equal(one.target.boxes, true)


def test_proposals_that_carry_gradients_can_be_judged() -> None:
    one = picture([TEN], [TEN])
    learning = Proposed(name="a", boxes=one.boxes.requires_grad_(), target=one.target)
    assert evaluate_proposals([learning]).average_recall(10) == 1.0


def test_json_is_strict_and_plain(small: ProposalFigures) -> None:
    value = json.loads(json.dumps(small.to_json(), allow_nan=False))
    assert value == small.to_json()
    assert list(value) == ["pictures", "proposals", "objects", "figures", "iou", "recall"]
    assert value["figures"] == small.named()
    assert value["recall"]["medium"] is None
    assert value["recall"]["all"]["300"] == [1.0] * 7 + [0.5] * 3
    assert value["iou"] == [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]


@pytest.mark.parametrize("pictures", [[], [picture([], [])], [picture([TEN], [TEN], [0])]])
def test_nothing_in(pictures: list[Proposed]) -> None:
    got = evaluate_proposals(pictures)
    assert got.pictures == len(pictures)
    assert set(got.named().values()) == {None}
    assert "-" in got.table()
    json.dumps(got.to_json(), allow_nan=False)


def test_no_proposals_find_nothing_and_fewer_than_objects_find_some() -> None:
    assert found([], [TEN, AWAY]) == (0,) * 10
    assert found([TEN], [TEN, AWAY, TEN]) == (1,) * 10


def test_boxes_without_area_are_objects_that_cannot_be_found() -> None:
    point = (3.0, 3.0, 3.0, 3.0)
    assert found([point], [point]) == (0,) * 10
    assert evaluate_proposals([picture([point], [point])]).objects["all"] == 1


@pytest.mark.parametrize(
    ("box", "what"), [((0, 0, math.nan, 1), "not finite"), ((5, 0, 4, 9), "inverted box")]
)
def test_boxes_that_cannot_be_judged(box: Row, what: str) -> None:
    with pytest.raises(ConfigError, match=f"RC334.*picture a: .*proposal 1: {what}"):
        evaluate_proposals([picture([TEN, box], [])])
    with pytest.raises(ConfigError, match=f"RC334.*picture a: .*true box 0: {what}"):
        evaluate_proposals([picture([], [box])])


@pytest.mark.parametrize("boxes", [torch.zeros(4), torch.zeros(2, 5), torch.zeros(2, 4).long()])
def test_what_is_no_list_of_boxes(boxes: torch.Tensor) -> None:
    with pytest.raises(ShapeError, match=r"RC390\] Proposed\.boxes"):
        Proposed(name="a", boxes=boxes, target=Target.empty())
