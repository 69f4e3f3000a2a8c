"""The values between rooms: frozen, and refused at birth when shape or type is wrong."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
import torch

from frcnn.errors import ShapeError
from frcnn.types import Detections, ImageBatch, Losses, Proposals, Size, Target, name_of

BOXES = torch.tensor([[0.0, 0.0, 4.0, 3.0], [1.0, 1.0, 2.0, 2.0]])
IDS = torch.tensor([0, 1])
SCORES = torch.tensor([0.9, 0.1])
YES = torch.tensor([True, False])

WHOLE: dict[type, dict[str, Any]] = {
    Target: {"boxes": BOXES, "labels": IDS, "difficult": YES},
    Proposals: {"boxes": BOXES, "objectness": SCORES, "anchors": IDS},
    Detections: {"boxes": BOXES, "scores": SCORES, "labels": IDS},
}
SIX = Size(height=6, width=8)


def batch(**changes: Any) -> ImageBatch:
    fields = {"pixels": torch.zeros(2, 3, 6, 8), "sizes": (SIX, SIX), "originals": (SIX, SIX)}
    return ImageBatch(**(fields | changes))


def test_size_is_height_first() -> None:
    assert Size(2, 3) == Size(height=2, width=3)
    assert Size(2, 3)._fields == ("height", "width")


@pytest.mark.parametrize("kind", WHOLE)
def test_whole_values_are_kept_as_they_are(kind: type) -> None:
    value = kind(**WHOLE[kind])
    for name, tensor in WHOLE[kind].items():
        assert getattr(value, name) is tensor


@pytest.mark.parametrize("kind", WHOLE)
def test_nothing_can_be_changed(kind: type) -> None:
    with pytest.raises(FrozenInstanceError):
        kind(**WHOLE[kind]).boxes = BOXES


@pytest.mark.parametrize("kind", WHOLE)
def test_fields_are_given_by_name(kind: type) -> None:
    with pytest.raises(TypeError):
        kind(*WHOLE[kind].values())


@pytest.mark.parametrize(
    ("kind", "field", "value", "got"),
    [
        (Target, "boxes", BOXES[:, :3], r"\[2, 3\] float32"),
        (Target, "boxes", BOXES.double(), r"\[2, 4\] float64"),
        (Target, "boxes", BOXES[0], r"\[4\] float32"),
        (Target, "labels", IDS.int(), r"\[2\] int32"),
        (Target, "labels", IDS[:1], r"\[1\] int64"),
        (Target, "difficult", IDS, r"\[2\] int64"),
        (Target, "difficult", YES[:0], r"\[0\] bool"),
        (Proposals, "boxes", BOXES[:, :2], r"\[2, 2\]"),
        (Proposals, "objectness", SCORES[None], r"\[1, 2\]"),
        (Proposals, "anchors", SCORES, r"\[2\] float32"),
        (Detections, "boxes", BOXES.half(), r"\[2, 4\] float16"),
        (Detections, "scores", SCORES[:1], r"\[1\] float32"),
        (Detections, "scores", SCORES.double(), r"\[2\] float64"),
        (Detections, "labels", SCORES, r"\[2\] float32"),
        (Detections, "proposals", IDS[:1], r"\[1\] int64"),
        (Detections, "probabilities", SCORES, r"\[2\] float32"),
        (Detections, "probabilities", BOXES[:1], r"\[1, 4\] float32"),
    ],
)
def test_a_wrong_tensor_is_named(kind: type, field: str, value: Any, got: str) -> None:
    with pytest.raises(ShapeError, match=rf"{kind.__name__}\.{field}: wrong tensor; got {got}"):
        kind(**(WHOLE[kind] | {field: value}))


def test_the_wanted_form_is_told() -> None:
    with pytest.raises(ShapeError, match=r"want a \[2\] tensor of int64"):
        Target(boxes=BOXES, labels=IDS[:1], difficult=YES)
    with pytest.raises(ShapeError, match=r"want a \[any, 4\] tensor of float32"):
        Target(boxes=BOXES[0], labels=IDS, difficult=YES)


@pytest.mark.parametrize("empty", [Target.empty, Detections.empty])
def test_nothing_is_a_value_too(empty: Callable[[], Any]) -> None:
    nothing = empty()
    assert nothing.boxes.shape == (0, 4)
    assert nothing.boxes.dtype == torch.float32
    assert nothing.labels.shape == (0,)
    assert nothing.labels.dtype == torch.int64


def test_an_empty_target_has_no_difficult_object() -> None:
    assert Target.empty().difficult.dtype == torch.bool


def test_an_empty_detection_has_scores_and_nothing_more() -> None:
    nothing = Detections.empty()
    assert nothing.scores.dtype == torch.float32
    assert nothing.proposals is None
    assert nothing.probabilities is None


def test_detections_may_carry_what_stands_behind_them() -> None:
    probabilities = torch.rand(2, 5)
    found = Detections(**WHOLE[Detections], proposals=IDS, probabilities=probabilities)
    assert found.proposals is IDS
    assert found.probabilities is probabilities


@pytest.mark.parametrize(
    "changes",
    [
        {"pixels": torch.zeros(1, 3, 6, 8)},
        {"pixels": torch.zeros(2, 1, 6, 8)},
        {"pixels": torch.zeros(3, 6, 8)},
        {"originals": (SIX,)},
        {"sizes": (SIX,)},
    ],
)
def test_a_batch_agrees_with_its_sizes(changes: dict[str, Any]) -> None:
    assert len(batch().sizes) == 2
    with pytest.raises(ShapeError, match=r"ImageBatch\.(pixels|originals)"):
        batch(**changes)


def test_the_joint_loss_is_the_sum_of_four() -> None:
    terms = [torch.tensor(v, requires_grad=True) for v in (1.0, 2.0, 4.0, 8.0)]
    names = ("rpn_objectness", "rpn_boxes", "head_classes", "head_boxes")
    losses = Losses(**dict(zip(names, terms, strict=True)))
    assert losses.total.item() == 15.0
    assert tuple(losses.named()) == names
    losses.total.backward()
    assert [float(term.grad) for term in terms if term.grad is not None] == [1.0] * 4


def test_types_of_numbers_have_short_names() -> None:
    assert [name_of(kind) for kind in (torch.float32, torch.bfloat16)] == ["float32", "bfloat16"]


def test_detections_are_taken_by_rows_with_all_that_they_carry() -> None:
    found = Detections(boxes=BOXES, scores=SCORES, labels=IDS, proposals=IDS, probabilities=BOXES)
    taken = found.take(torch.tensor([1]))
    assert torch.equal(taken.boxes, BOXES[1:])
    assert torch.equal(taken.scores, SCORES[1:])
    assert torch.equal(taken.labels, IDS[1:])
    assert torch.equal(taken.proposals, IDS[1:])
    assert torch.equal(taken.probabilities, BOXES[1:])
    plain = Detections(boxes=BOXES, scores=SCORES, labels=IDS).take(torch.tensor([1, 0]))
    assert torch.equal(plain.scores, SCORES.flip(0))
    assert (plain.proposals, plain.probabilities) == (None, None)
    assert len(Detections.empty().take(torch.zeros(0).long()).scores) == 0
