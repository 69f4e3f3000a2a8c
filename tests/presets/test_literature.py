"""Five readings of the paper: the published values of each, and where they differ."""

from collections.abc import Mapping

import pytest

from frcnn import presets, settings
from frcnn.presets import PRESETS, RunConfig

FIVE = ("paper", "matlab", "alt_opt", "end2end", "all_anchor_regression")


def differences(config: RunConfig) -> Mapping[str, object]:
    """Settings that are not those of the authors' joint training."""
    usual = {row.name: row.value for row in settings.describe(presets.vgg16_voc07())}
    rows = settings.describe(config)
    return {row.name: row.value for row in rows if row.value != usual[row.name]}


ALTERNATING = {
    "training.schedule.steps": 80_000,
    "training.schedule.epochs": None,
    "training.schedule.milestones": [0.75],
    "training.scheme": "alternating",
    "training.alternating.detector.batch": 2,
    "training.alternating.detector.steps": 40_000,
    "training.alternating.detector_layers.batch": 2,
    "training.alternating.detector_layers.steps": 40_000,
    "training.optimizer.accumulate": 1,
    "model.proposals_train.before_nms": None,
    "model.roi_sampling.count": 64,
    "model.box_head.normalisation": "measured",
}
KEPT = {
    "training.alternating.last_layers": "kept",
    "training.alternating.of_mirrored": "computed",
}
AS_WRITTEN = {
    "model.rpn_loss.sigma": 1.0,
    "model.rpn_loss.box_weight": 10.0,
    "model.rpn_loss.divide_by": "locations",
    "model.roi_sampling.negative_iou": [0.1, 0.5],
}


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("end2end", {}),
        ("alt_opt", ALTERNATING),
        ("matlab", {**ALTERNATING, **KEPT, **AS_WRITTEN, "model.rpn.normalisation": "measured"}),
        ("paper", {**ALTERNATING, **KEPT, **AS_WRITTEN, "model.anchors.rounding": "none"}),
        (
            "all_anchor_regression",
            {
                **ALTERNATING,
                **AS_WRITTEN,
                "model.anchors.rounding": "none",
                "training.batches.flip": "random",
                "model.rpn_loss.divide_by": "anchors",
                "model.rpn_loss.boxes_of": "all_positives",
            },
        ),
    ],
)
def test_golden_what_each_source_has_of_its_own(name: str, want: dict[str, object]) -> None:
    assert differences(PRESETS[name]()) == {"preset": name, **want}


def test_golden_the_weight_of_a_positive_anchor() -> None:
    """In a picture of 38 x 63 cells and nine anchors: 1/239 as written, 1/256, a ninth of it."""
    cells, anchors, drawn = 38 * 63, 38 * 63 * 9, 256
    divisors = {"locations": cells, "anchors": anchors, "sampled": drawn}
    weights = {}
    for name in FIVE:
        loss = PRESETS[name]().model.rpn_loss
        weights[name] = divisors[loss.divide_by] / loss.box_weight
    assert {name: round(weight) for name, weight in weights.items()} == {
        "paper": 239,
        "matlab": 239,
        "alt_opt": 256,
        "end2end": 256,
        "all_anchor_regression": 2155,
    }


@pytest.mark.parametrize("name", FIVE)
def test_each_says_what_is_published_of_it(name: str) -> None:
    text = " ".join((PRESETS[name].__doc__ or "").split())
    assert "Published: " in text
    assert ("69.9 mAP" in text) == (name != "all_anchor_regression")


def test_all_are_the_papers_network() -> None:
    for name in FIVE:
        config = PRESETS[name]()
        assert config.model.backbone == presets.vgg16_voc07().model.backbone
        assert config.training.optimizer.learning_rate == 0.001


def test_the_later_reading_is_that_of_the_python_code_but_for_its_own_choices() -> None:
    """Pictures, labels, proposals, pooling and final NMS are as both have them."""
    ours, theirs = presets.all_anchor_regression(), presets.alt_opt()
    for name in ("pictures", "anchor_labels", "proposals_train", "proposals_test", "roi_pooling"):
        assert getattr(ours.model, name) == getattr(theirs.model, name)
    assert ours.model.rpn == theirs.model.rpn
    assert ours.model.box_head == theirs.model.box_head
    assert ours.training.alternating == theirs.training.alternating
    assert ours.training.schedule == theirs.training.schedule
    assert ours.training.scheme == "alternating"
