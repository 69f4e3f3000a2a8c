"""drawn: boxes on the picture, or on a smaller copy where it is too large."""

import numpy as np
import pytest
import torch

from frcnn.prediction import drawing
from frcnn.prediction.drawing import drawn
from frcnn.prediction.loading import Loaded
from frcnn.prediction.result import Result
from frcnn.prediction.windows import Decoded
from frcnn.types import Detections, Size


@pytest.fixture
def windows(make_photo) -> Decoded:
    pixels = make_photo(0, height=120, width=200)
    return Decoded(Loaded(picture=torch.from_numpy(pixels).permute(2, 0, 1)))


def result_of(*boxes: list[float]) -> Result:
    count = len(boxes)
    return Result(
        detections=Detections(
            boxes=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
            scores=torch.full((count,), 0.5),
            labels=torch.zeros(count, dtype=torch.int64),
        ),
        classes=("bolt",),
        size=Size(120, 200),
    )


def test_a_picture_that_fits_is_drawn_on_itself(windows: Decoded) -> None:
    result = result_of([20.0, 30, 100, 90])
    want = Result(
        detections=result.detections, classes=("bolt",), size=result.size, pixels=windows.pixels
    )
    np.testing.assert_array_equal(drawn(result, windows), want.plotted())


def test_a_large_one_is_drawn_on_a_smaller_copy(
    windows: Decoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "MAX_PIXELS", 120 * 200 - 1)
    monkeypatch.setattr(drawing, "LONGEST", 70)
    result = result_of([60.0, 30, 150, 90])
    picture = drawn(result, windows)
    assert picture.shape == (40, 67, 3)  # a third, rounded up
    plain = drawn(result_of(), windows)
    ys, xs = np.nonzero((picture != plain).any(axis=2))
    bottom = xs[ys == ys.max()]  # the lower side; a caption stands at the upper one
    assert (bottom.min(), bottom.max()) == (pytest.approx(20, abs=2), pytest.approx(50, abs=2))
    assert ys.max() == pytest.approx(30, abs=2)
    np.testing.assert_array_equal(result.boxes.numpy(), [[60, 30, 150, 90]])  # as they were


def test_nothing_found(windows: Decoded) -> None:
    np.testing.assert_array_equal(drawn(result_of(), windows), windows.pixels)
