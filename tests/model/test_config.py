"""The settings of a whole network: the paper's where nothing is said, refused where they clash."""

import pytest
import torch

from frcnn.errors import ConfigError
from frcnn.model.anchors import AnchorConfig
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.faster_rcnn import FasterRCNN


def test_the_defaults_are_the_papers() -> None:
    config = FasterRCNNConfig()
    with torch.device("meta"):
        model = FasterRCNN(config)
    assert model.rpn.objectness.out_channels == 2 * 9
    assert model.box_head.logits.out_features == 20 + 1
    assert model.box_head.deltas.out_features == 20 * 4
    assert (config.proposals_train.after_nms, config.proposals_test.after_nms) == (2000, 300)


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        ({"classes": 0}, "RC350", "classes"),
        ({"anchors": AnchorConfig(stride=8)}, "RC351", "anchors.stride"),
    ],
)
def test_unusable_settings_are_refused(change: dict, code: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        FasterRCNNConfig(**change)
    assert (caught.value.code, caught.value.place) == (code, place)
