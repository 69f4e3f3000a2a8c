"""Presets for one's own data: their length follows from it."""

from frcnn import presets
from frcnn.model.batch import TORCHVISION
from frcnn.presets import PRESETS


def test_presets_for_ones_own_data_have_no_length_of_their_own() -> None:
    assert set(presets.OWN_DATA) <= set(PRESETS)
    assert presets.DEFAULT in presets.OWN_DATA
    for name in presets.OWN_DATA:
        assert PRESETS[name]().training.schedule.steps is None
    assert presets.mobilenet_v2().model.pictures.normalisation == TORCHVISION


def test_light_backbones_take_what_detectors_since_then_agree_on() -> None:
    for name in ("mobilenet_v2", "resnet18"):
        model = PRESETS[name]().model
        assert model.roi_pooling.method == "align"
        assert model.anchor_labels.inside == "anywhere"
        assert model.postprocess.nms_iou == 0.5
