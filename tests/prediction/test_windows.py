"""Windows of a picture, in memory or not, and a window made smaller in bands."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from frcnn.errors import ConfigError, PictureError
from frcnn.ops import tiff_layout
from frcnn.ops.tiff_windows import TiffWindows
from frcnn.ops.tiles import Window, whole
from frcnn.prediction import windows
from frcnn.prediction.loading import Loaded
from frcnn.prediction.windows import Decoded, open_windows, shrunk, tensor_of
from frcnn.types import Size

PIXELS = np.random.default_rng(0).integers(0, 255, (12, 17, 3), dtype=np.uint8)


def decoded(pixels: np.ndarray = PIXELS) -> Decoded:
    return Decoded(Loaded(picture=torch.from_numpy(pixels.copy()).permute(2, 0, 1)))


# --- golden by hand


def test_golden_a_mean_of_four() -> None:
    pixels = np.repeat(np.array([[0, 1, 9], [2, 3, 8]], np.uint8)[..., None], 3, axis=2)
    small = shrunk(decoded(pixels), whole(Size(2, 3)), 2)
    assert small[..., 0].tolist() == [[2, 9]]  # 6 / 4 and 17 / 2, halves up


def test_golden_a_window() -> None:
    np.testing.assert_array_equal(decoded().read(Window(2, 3, 10, 5)), PIXELS[3:5, 2:10])
    tensor = tensor_of(decoded(), Window(2, 3, 10, 5))
    assert (tensor.shape, tensor.dtype) == ((3, 2, 8), torch.uint8)
    np.testing.assert_array_equal(tensor.permute(1, 2, 0).numpy(), PIXELS[3:5, 2:10])


# --- what always holds


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 7), st.integers(1, 60))
def test_oracle_of_means(height: int, width: int, factor: int, band: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "_BAND", band)
        small = shrunk(decoded(pixels), whole(Size(height, width)), factor)
    assert small.shape == (-(-height // factor), -(-width // factor), 3)
    for y, x in np.ndindex(small.shape[:2]):
        part = pixels[y * factor :, x * factor :][:factor, :factor].reshape(-1, 3)
        np.testing.assert_array_equal(small[y, x], np.floor(part.mean(0) + 0.5))


def test_a_factor_of_one_changes_nothing() -> None:
    np.testing.assert_array_equal(shrunk(decoded(), whole(Size(12, 17)), 1), PIXELS)


# --- which way a picture is read


def test_what_can_be_decoded_is_decoded(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "a.tif", tiffinfo={274: 6})
    for source in (PIXELS, Image.fromarray(PIXELS), str(tmp_path / "a.tif"), tmp_path / "a.tif"):
        with open_windows(source) as opened:
            assert isinstance(opened, Decoded)
    assert opened.size == Size(17, 12)
    assert opened.path == tmp_path / "a.tif"
    assert opened.notes == ("EXIF rotation 6 applied",)


def test_a_large_tiff_is_read_in_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tifffile")
    Image.fromarray(PIXELS).save(tmp_path / "a.tif")
    monkeypatch.setattr(tiff_layout, "MAX_PIXELS", 12 * 17 - 1)
    with open_windows(tmp_path / "a.tif") as opened:
        assert isinstance(opened, TiffWindows)
        assert (opened.size, opened.path) == (Size(12, 17), tmp_path / "a.tif")
        np.testing.assert_array_equal(opened.read(Window(2, 3, 10, 5)), PIXELS[3:5, 2:10])
    assert opened._file.closed


# --- wrong in


def test_errors_are_those_of_loading(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="RC108"), open_windows(tmp_path / "none.tif"):
        pass
    place = "predict: picture 3"
    with pytest.raises(ConfigError, match=f"RC382.*{place}"), open_windows(3, place=place):
        pass
    with pytest.raises(ConfigError, match=r"RC381.*bgr"), open_windows("a.tif", bgr=True):
        pass
