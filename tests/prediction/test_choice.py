"""Choice: what a caller may choose, worked out for a model; all else is refused."""

import math

import pytest
import torch

from frcnn.errors import ConfigError
from frcnn.model.postprocess import PostprocessConfig
from frcnn.prediction.choice import Choice, apply, rules_of
from frcnn.types import Detections

NAMES = ("bolt", "nut", "washer")
MODEL = PostprocessConfig(score_threshold=0.2, nms_iou=0.4, max_detections=50)


def test_nothing_chosen_is_the_models_own() -> None:
    rules = rules_of(Choice(), MODEL, NAMES)
    assert rules.postprocess == MODEL
    assert (rules.labels, rules.max_det, rules.probabilities) == (None, 50, False)


def test_golden_everything_chosen() -> None:
    choice = Choice(conf=0, iou=1, max_det=7, probabilities=True)
    rules = rules_of(choice, MODEL, NAMES)
    assert rules.postprocess.score_threshold == 0.0
    assert rules.postprocess.nms_iou == 1.0
    assert rules.postprocess.max_detections == rules.max_det == 7
    assert rules.probabilities


@pytest.mark.parametrize(
    ("classes", "labels"),
    [(["nut"], [1]), ("nut", [1]), (2, [2]), ({"washer"}, [2]), (("bolt", 2), [0, 2]), ([], [])],
)
def test_classes_by_name_or_id(classes, labels) -> None:
    rules = rules_of(Choice(classes=classes), MODEL, NAMES)
    assert rules.labels is not None
    assert rules.labels.tolist() == labels


def test_the_limit_comes_after_the_choice_of_classes() -> None:
    rules = rules_of(Choice(classes=["nut"], max_det=3), MODEL, NAMES)
    assert rules.max_det == 3
    assert rules.postprocess.max_detections > 10**6


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("conf", -0.1),
        ("conf", 1),
        ("conf", 1.5),
        ("conf", math.nan),
        ("conf", True),
        ("conf", "0.5"),
        ("iou", 0),
        ("iou", 1.1),
        ("iou", math.inf),
        ("max_det", 0),
        ("max_det", 2.5),
        ("max_det", False),
    ],
)
def test_out_of_range(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"RC381.* predict: {name}: .*got {value!r}"):
        Choice(**{name: value})


@pytest.mark.parametrize(
    ("wanted", "fix"),
    [
        ("nutt", "did you mean 'nut'"),
        ("elephant", "use one of"),
        (3, "use one of"),
        (-1, "use one of"),
        (True, "use one of"),
    ],
)
def test_unknown_class(wanted: object, fix: str) -> None:
    with pytest.raises(ConfigError, match="RC387") as caught:
        rules_of(Choice(classes=["bolt", wanted]), MODEL, NAMES)
    assert fix in caught.value.fix
    assert "bolt, nut, washer" in caught.value.want


def test_golden_applied_to_what_was_found() -> None:
    """A box without area and a class that is not chosen are left out; the limit comes last."""
    boxes = torch.tensor([[0.0, 0, 5, 5], [1, 1, 1, 9], [2, 2, 4, 4], [3, 3, 9, 9], [0, 0, 9, 9]])
    found = Detections(
        boxes=boxes,
        scores=torch.tensor([0.9, 0.8, 0.7, 0.6, 0.5]),
        labels=torch.tensor([0, 0, 1, 0, 0]),
        probabilities=torch.rand(5, 2),
    )
    chosen = apply(found, rules_of(Choice(classes=[0], max_det=2), MODEL, ("a", "b")))
    torch.testing.assert_close(chosen.scores, torch.tensor([0.9, 0.6]))
    assert chosen.probabilities is None
    every = apply(found, rules_of(Choice(probabilities=True), MODEL, ("a", "b")))
    assert len(every.scores) == 4
    assert torch.equal(every.probabilities, found.probabilities[[0, 2, 3, 4]])
