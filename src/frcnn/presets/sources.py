"""Where each value of a preset comes from: of its departures from the defaults, and of all others.

Beside each preset stands what departs, as the functions in `voc.py`, `literature.py` and
`own_data.py` put it together; a test holds the two against each other.
"""

from collections.abc import Mapping

from frcnn import settings
from frcnn.presets.default_sources import DEFAULT_SOURCES
from frcnn.presets.names import PRESETS

Sources = Mapping[str, str]

_CODE = "authors' code"
_PYTHON = "authors' Python code"
_MATLAB = "authors' MATLAB code"
_FAST = "Fast R-CNN §2.3"
_LATER = "a later reading of Eq. (1)"
_TRIED = "ours: tried on BCCD's and the demo's validation pictures (docs/results.md)"
_LIGHT = "ours: light, for plain CPUs"
_SMALL = "ours: for small pictures"
_NEW = "ours: learnt from random numbers, nothing to keep"

_VOC: Sources = {
    "preset": "ours: the preset's own name",
    "training_split": "§4.1: VOC 2007 trainval",
    "model.backbone.pooling": f"{_CODE}: Caffe's; the paper's 38 x 63 cells",
    "model.anchors.rounding": _CODE,
    "training.batches.flip": f"{_CODE}: every picture twice an epoch",
}
_JOINT: Sources = {**_VOC, "training.optimizer.accumulate": f"{_PYTHON}, joint training: iter_size"}
_VOC0712: Sources = {
    **_VOC,
    "training_split": "§4.1: VOC 2007 and 2012 trainval",
    "training.schedule.steps": "chainercv, on 07+12",
    "training.schedule.epochs": "ours: none, the length is said in steps",
    "training.schedule.milestones": "chainercv, on 07+12",
}
_ZF: Sources = {
    **_JOINT,
    "model.backbone.name": "§3.1.1, §4.1: ZF",
    "model.backbone.frozen_stages": "§3.1.3: all of ZF is trained",
    "model.rpn.channels": "§3.1: 256 for ZF",
    "model.roi_pooling.cells": f"{_CODE}: 6 for ZF",
}
_ALTERNATING: Sources = {
    **_VOC,
    "model.proposals_train.before_nms": f"{_CODE}: all, where proposals are stored",
    "model.roi_sampling.count": f"{_FAST}: 64 from each of two pictures",
    "model.box_head.normalisation": f"{_FAST}; {_CODE}, alternating training",
    "training.scheme": "§3.2: 4-step alternating training",
    "training.schedule.steps": "§3.1.3; 80,000 for the RPN",
    "training.schedule.epochs": "ours: none, the length is said in steps",
    "training.schedule.milestones": "§3.1.3: 60,000 of 80,000",
    **dict.fromkeys(
        (f"training.alternating.{name}.batch" for name in ("detector", "detector_layers")),
        f"{_FAST}: two pictures",
    ),
    **dict.fromkeys(
        (f"training.alternating.{name}.steps" for name in ("detector", "detector_layers")),
        f"{_CODE}: 30,000 steps, then 10,000 at a tenth",
    ),
}
_EXACT_SIDES = "model.anchors.rounding"
_AS_WRITTEN: Sources = {
    **_ALTERNATING,
    "model.rpn_loss.sigma": "Fast R-CNN Eq. (3), as §3.1.2 takes it",
    "model.rpn_loss.box_weight": "§3.1.2: lambda 10",
    "model.rpn_loss.divide_by": "§3.1.2: N_reg, about 2,400 locations",
    "model.roi_sampling.negative_iou": f"{_FAST}: from 0.1",
}
_OF_MATLAB: Sources = {
    **_AS_WRITTEN,
    "model.rpn.normalisation": _MATLAB,
    "model.rpn_loss.box_weight": f"{_MATLAB}; §3.1.2: lambda 10",
    "model.rpn_loss.divide_by": f"{_MATLAB}; §3.1.2: N_reg, about 2,400 locations",
    "training.alternating.last_layers": _MATLAB,
    "training.alternating.of_mirrored": _MATLAB,
}
_PAPER: Sources = {
    **_AS_WRITTEN,
    "training.alternating.last_layers": f"{_MATLAB}, with which the paper's figures were made",
    "training.alternating.of_mirrored": f"{_MATLAB}, with which the paper's figures were made",
}
_ALL_ANCHORS: Sources = {
    **_AS_WRITTEN,
    "model.rpn_loss.sigma": f"{_LATER}; Fast R-CNN Eq. (3)",
    "model.rpn_loss.box_weight": f"{_LATER}; §3.1.2: lambda 10",
    "model.rpn_loss.divide_by": f"{_LATER}: N_reg is H x W x k",
    "model.rpn_loss.boxes_of": f"{_LATER}: all positive anchors, not those drawn alone",
}
_OWN: Sources = {
    "preset": "ours: the preset's own name",
    "model.pictures.order": "detectron2, Pillow",
    "model.anchors.sides": "ours: down to 32 pixels, as §4.2 adds 64 for COCO's small objects",
    "model.anchor_labels.inside": "torchvision, detectron2",
    "model.proposals_train.min_side": "ours: objects of one's own may be small",
    "model.proposals_train.before_nms": "ours: fewer than 12000, for plain CPUs",
    "model.proposals_train.after_nms": "detectron2, with a feature pyramid",
    "model.proposals_test.min_side": "ours: objects of one's own may be small",
    "model.proposals_test.before_nms": "ours: fewer than 6000, for plain CPUs",
    "model.roi_pooling.method": "Mask R-CNN §3, torchvision, detectron2",
    "model.box_head.width": _LIGHT,
    "model.box_head.dropout": "torchvision, detectron2: none",
    "model.postprocess.nms_iou": "torchvision, detectron2",
    "training.batches.size": "torchvision: 2",
    "training.optimizer.method": _TRIED,
    "training.optimizer.learning_rate": _TRIED,
    "training.optimizer.weight_decay": _TRIED,
    "training.optimizer.bias_learning_rate": "torchvision, detectron2",
    "training.optimizer.bias_weight_decay": "ours: biases are not to shrink",
    "training.optimizer.clip_norm": "ours: one odd picture is not to ruin the weights",
    "training.schedule.epochs": "ours: training fits it to the number of pictures",
    "training.schedule.shape": "ours: no milestones to be chosen",
    "training.schedule.warmup_steps": "ours: AdamW's first steps are unsure",
    "training.average_decay": "ours: steadier figures at the end of short trainings",
}
_PUBLISHED: Sources = {
    **_OWN,
    **{
        f"model.pictures.normalisation.{name}": "torchvision: what its weights expect"
        for name in ("order", "scale", "mean", "std")
    },
    "model.backbone.name": _LIGHT,
    "model.backbone.frozen_stages": "ours: the first stage alone, the rest is to fit the pictures",
    "model.rpn.channels": "§3.1: 256 for the smaller network",
    "model.rpn.scores": "torchvision, detectron2",
}
_SCRATCH: Sources = {
    **_PUBLISHED,
    **dict.fromkeys(("model.pictures.shorter_side", "model.pictures.longer_side"), _SMALL),
    **dict.fromkeys(("model.backbone.stride", "model.anchors.stride"), f"{_SMALL}: 8"),
    **dict.fromkeys(("model.backbone.frozen_stages", "model.backbone.batch_norm"), _NEW),
    "model.anchors.sides": _SMALL,
    "model.anchors.height_over_width": "ours: the demo's dice are square",
    "model.rpn.channels": _LIGHT,
    "model.proposals_train.min_side": _SMALL,
    "model.proposals_train.before_nms": _SMALL,
    "model.proposals_train.after_nms": _SMALL,
    "model.proposals_test.min_side": _SMALL,
    "model.proposals_test.before_nms": _SMALL,
    "model.proposals_test.after_nms": _SMALL,
    "model.roi_sampling.count": _LIGHT,
    "model.roi_sampling.positive_share": _TRIED,
    "training.batches.size": "ours: batch statistics need more than two pictures",
    "training.schedule.epochs": _TRIED,
    "training.evaluation.every_epochs": "ours: two evaluations in the demo's few minutes",
    "training.evaluation.loss_pictures": "ours: quick, for the demo's few minutes",
}


def _without(sources: Sources, *names: str) -> Sources:
    return {name: source for name, source in sources.items() if name not in names}


DEPARTURES: Mapping[str, Sources] = {
    "vgg16_voc07": _JOINT,
    "vgg16_voc0712": _VOC0712,
    "zf_voc07": _ZF,
    "paper": _without(_PAPER, _EXACT_SIDES),
    "matlab": _OF_MATLAB,
    "alt_opt": _ALTERNATING,
    "end2end": _JOINT,
    "all_anchor_regression": _without(_ALL_ANCHORS, _EXACT_SIDES, "training.batches.flip"),
    "vgg16": _OWN,
    "mobilenet_v2": _PUBLISHED,
    "resnet18": {**_PUBLISHED, "model.box_head.layers": _LIGHT},
    "resnet18_scratch": _SCRATCH,
}
"""By preset the settings that are not the dataclasses' defaults, and who has them so."""


def sources_of(name: str) -> dict[str, str]:
    """Say of every value of a preset where it comes from.

    Args:
        name: of one of `PRESETS`.

    Returns:
        By setting a section of the paper, whose code it is, or `ours: ` and the reason.
    """
    departed = DEPARTURES[name]
    rows = settings.describe(PRESETS[name]())
    return {row.name: departed.get(row.name) or DEFAULT_SOURCES[row.name] for row in rows}
