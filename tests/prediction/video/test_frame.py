"""Frames: the order of colours."""

import numpy as np

from frcnn.prediction.video.frame import Frame, rgb


def test_golden_rgb() -> None:
    blue = np.array([[[255, 1, 0]]], np.uint8)
    assert rgb(blue).tolist() == [[[0, 1, 255]]]
    assert np.shares_memory(rgb(blue), blue)


def test_a_frame_is_a_plain_value() -> None:
    pixels = np.zeros((1, 1, 3), np.uint8)
    assert Frame(3, None, pixels)[:2] == (3, None)
