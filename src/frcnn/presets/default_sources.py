"""Where the value of every setting comes from, as the dataclasses have it: the paper first of all.

`§` is a section of Faster R-CNN; other papers are named. Where neither the paper nor its authors'
code says anything, the choice is ours, with its reason.
"""

from collections.abc import Mapping

_CODE = "authors' code"
_PYTHON = "authors' Python code"
_SAID = "ours: to be named by who trains"
_FOUND = "ours: found in the data where it is left empty"
_LIKE_RUN = "ours: none, so that the run's own setting holds"
_UNUSED = "ours: off, as neither the paper nor its authors' code has it"
_SWITCH = "§4.1, Table 2: on but in its ablations"

_RUN = {
    "preset": "ours: the preset's own name",
    "data": _SAID,
    "layout": _FOUND,
    "classes": _FOUND,
    "training_split": _FOUND,
    "validation_share": "ours: a fifth, where the data has no validation split",
    "max_bad": "ours: one picture in a hundred may be lost without changing what is learnt",
    "start.init": _SAID,
    "start.proposals": _SAID,
    "start.backbone_weights": "ours: empty, torchvision's published weights; §3.1.3: ImageNet's",
    "start.preprocessing": _SAID,
    "started_from": "ours: written by the training itself",
}
_PICTURES = {
    "shorter_side": "§3.3",
    "longer_side": _CODE,
    "rounding": _CODE,
    "antialias": f"{_CODE} (OpenCV does not smooth)",
    "order": _CODE,
    "padding_multiple": f"{_CODE}: padded to the largest picture, no further",
    "normalisation.order": f"{_CODE}: Caffe's order",
    "normalisation.scale": _CODE,
    "normalisation.mean": _CODE,
    "normalisation.std": _CODE,
}
_BACKBONE = {
    "name": "§3.1.1, §4.1: VGG-16",
    "stride": "§3.1.1: 16 of the last convolution",
    "frozen_stages": "§3.1.3: conv3_1 and up are trained",
    "pooling": "ours: PyTorch's own",
    "batch_norm": "ours: kept; VGG-16 and ZF have none",
}
_ANCHORS = {
    "sides": "§3.3",
    "height_over_width": "§3.3",
    "stride": "§3.1.1: the backbone's",
    "centre": _CODE,
    "rounding": "§3.3: exact sides",
    "order": _CODE,
}
_RPN = {
    "channels": "§3.1: 512 for VGG-16",
    "scores": "§3.1: two for each anchor",
    "normalisation": _PYTHON,
}
_ANCHOR_LABELS = {
    "positive_iou": "§3.1.2",
    "negative_iou": "§3.1.2",
    "inside": "§3.3",
    "border": _CODE,
    "best_of_object": f"§3.1.2 (i); all ties: {_CODE}",
    "low_overlap": "§3.1.2 (i)",
    "count": "§3.1.3",
    "positive_share": "§3.1.3",
}
_RPN_LOSS = {
    "sigma": _PYTHON,
    "box_weight": _PYTHON,
    "divide_by": _PYTHON,
    "boxes_of": "Eq. (1): i runs over the mini-batch",
}
_PROPOSALS = {
    "min_side": f"{_CODE}; MATLAB: of the original picture",
    "nms_iou": "§3.3",
    "boxes": _SWITCH,
    "rank_by": _SWITCH,
    "chance_seed": "ours: any number, so that results repeat",
}
_TRAIN = {"before_nms": f"{_PYTHON}, joint training", "after_nms": "§3.3: 2000 in training"}
_TEST = {"before_nms": f"{_CODE}, at test time", "after_nms": "§4.1, Table 2: 300 at test time"}
_ROI_SAMPLING = {
    "count": f"{_PYTHON}, joint training: 128 of one picture",
    "positive_share": "Fast R-CNN §2.3",
    "positive_iou": "Fast R-CNN §2.3",
    "negative_iou": f"{_PYTHON}; §4.2 for COCO",
    "candidates": _CODE,
}
_ROI_POOLING = {
    "method": "Fast R-CNN §2.1",
    "corners": _CODE,
    "cells": "Fast R-CNN §2.1: 7 for VGG-16",
    "sampling": "torchvision; max pooling does not read it",
    "half_pixel": "torchvision; max pooling does not read it",
}
_BOX_HEAD = {
    "layers": "Fast R-CNN §2.2",
    "width": "Fast R-CNN §2.2: VGG-16's fc6 and fc7",
    "dropout": _CODE,
    "delta_mean": f"{_PYTHON}, joint training",
    "delta_std": f"{_PYTHON}, joint training",
    "normalisation": f"{_PYTHON}, joint training",
}
_HEAD_LOSS = {"sigma": "Fast R-CNN Eq. (3)", "box_weight": "Fast R-CNN §2.3"}
_POSTPROCESS = {
    "score_threshold": f"{_CODE}, at test time",
    "nms_iou": f"{_CODE}, at test time",
    "max_detections": f"{_CODE}, at test time",
    "min_side": f"{_CODE}: no limit",
}
_PLAN = dict.fromkeys(("batch", "regions", "learning_rate", "steps", "epochs"), _LIKE_RUN)
_TRAINING = {
    "seed": "ours: any number, so that results repeat",
    "scheme": f"§3.2 (ii); {_PYTHON}, joint training",
    "alternating.last_layers": _PYTHON,
    "alternating.of_mirrored": _PYTHON,
    "batches.size": "§3.1.3: one picture",
    "batches.flip": "Fast R-CNN §2.3: with probability 1/2",
    "batches.flip_vertical": _UNUSED,
    "batches.group": _CODE,
    "batches.workers": "ours: no result depends on it",
    "batches.timeout": "ours: no result depends on it",
    "augmentation.scale": "§3.3: one scale",
    "augmentation.crop": _UNUSED,
    "augmentation.photometric": _UNUSED,
    "augmentation.own": _UNUSED,
    "optimizer.method": "§3.1.3",
    "optimizer.learning_rate": "§3.1.3",
    "optimizer.momentum": "§3.1.3",
    "optimizer.weight_decay": "§3.1.3",
    "optimizer.bias_learning_rate": _CODE,
    "optimizer.bias_weight_decay": _CODE,
    "optimizer.norm_weight_decay": "ours: scales and shifts are not to shrink; the paper has none",
    "optimizer.clip_norm": _CODE,
    "optimizer.accumulate": "§3.1.3: a step for each batch",
    "schedule.steps": "ours: none, so that the length follows from the pictures",
    "schedule.epochs": f"{_PYTHON}, joint training: 70,000 steps",
    "schedule.shape": "§3.1.3",
    "schedule.milestones": f"{_PYTHON}, joint training: 50,000 of 70,000 steps",
    "schedule.gamma": "§3.1.3",
    "schedule.warmup_steps": _CODE,
    "schedule.warmup_factor": "torchvision; not read where the rate does not climb",
    "evaluation.every_epochs": "ours: often enough to see where training goes",
    "evaluation.metric": "ours: COCO's AP, the strictest of the usual figures",
    "evaluation.patience": "ours: a schedule is meant to be run to its end",
    "evaluation.loss_pictures": "ours: enough for a curve, quick enough for every evaluation",
    "checkpoint.minutes": "ours: a kill costs no more than that",
    "checkpoint.generations": "ours: one of them may be damaged",
    "distributed.timeout": "ours: long enough for the slowest step, short enough to wait for",
    "precision": "ours: the fastest numbers that the device has",
    "memory_format": "ours: the faster one of the device",
    "average_decay": _UNUSED,
}


def _below(section: str, sources: Mapping[str, str]) -> dict[str, str]:
    return {f"{section}.{name}": source for name, source in sources.items()}


DEFAULT_SOURCES: Mapping[str, str] = {
    **_RUN,
    "model.classes": "§4.1: VOC's 20; training takes the data's own number",
    "model.sharing": "§3.2",
    **_below("model.pictures", _PICTURES),
    **_below("model.backbone", _BACKBONE),
    **_below("model.anchors", _ANCHORS),
    **_below("model.rpn", _RPN),
    **_below("model.anchor_labels", _ANCHOR_LABELS),
    **_below("model.rpn_loss", _RPN_LOSS),
    **_below("model.proposals_train", {**_PROPOSALS, **_TRAIN}),
    **_below("model.proposals_test", {**_PROPOSALS, **_TEST}),
    **_below("model.roi_sampling", _ROI_SAMPLING),
    **_below("model.roi_pooling", _ROI_POOLING),
    **_below("model.box_head", _BOX_HEAD),
    **_below("model.head_loss", _HEAD_LOSS),
    **_below("model.postprocess", _POSTPROCESS),
    **_below("training", _TRAINING),
    **_below("training.alternating.rpn", _PLAN),
    **_below("training.alternating.detector", _PLAN),
    **_below("training.alternating.rpn_layers", _PLAN),
    **_below("training.alternating.detector_layers", _PLAN),
}
"""By the name of each setting the source of its default."""
