"""What a run is asked to do, and by what it is known again."""

from dataclasses import replace
from pathlib import Path

import pytest

from frcnn.errors import ConfigError
from frcnn.prediction.order import Order, about
from frcnn.prediction.predictor import Detector
from frcnn.prediction.tiles import TileConfig
from frcnn.prediction.video.looking import FrameConfig


def test_golden_what_differs_is_said(detector: Detector) -> None:
    plain = Order(out=Path("out"))
    assert about(detector, plain).keys() >= {"classes", "precision", "conf", "images"}
    assert not about(detector, plain).keys() & {"vid_stride", "max_frames", "tiles", "crops"}
    other = replace(
        plain, frames=FrameConfig(stride=3, most=7), tiles=TileConfig(side=64), save=("crops",)
    )
    said = about(detector, other)
    assert (said["vid_stride"], said["max_frames"], said["crops"]) == (3, 7, True)
    assert said["tiles"]["side"] == 64


@pytest.mark.parametrize("save", [(), ("images", "film")])
def test_nothing_that_can_be_written(save: tuple) -> None:
    with pytest.raises(ConfigError, match="RC381"):
        Order(out=Path("out"), save=save)
