"""write_picture: the ending says the kind, the file is whole or absent."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frcnn.errors import ConfigError, DiskError
from frcnn.prediction.picture_files import encode, is_writable_name, kind_of, write_picture


@pytest.fixture
def photo(make_photo: Callable[..., np.ndarray]) -> np.ndarray:
    return make_photo(1, 20, 30)


@pytest.mark.parametrize("ending", [".png", ".bmp", ".tif", ".tiff", ".PNG"])
def test_kinds_without_loss(photo: np.ndarray, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"p{ending}"
    write_picture(path, photo)
    np.testing.assert_array_equal(np.asarray(Image.open(path)), photo)


@pytest.mark.parametrize("ending", [".jpg", ".jpeg", ".webp", ".JPG"])
def test_kinds_with_loss(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"p{ending}"
    ramp = np.dstack([np.tile(np.arange(64, dtype=np.uint8) * 2, (32, 1))] * 3)
    write_picture(path, ramp)
    with Image.open(path) as image:
        assert abs(np.asarray(image).astype(int) - ramp).mean() < 3


def test_thin_coloured_lines_survive_jpeg() -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:, 15] = (255, 0, 0)
    again = np.asarray(Image.open(io.BytesIO(encode(picture, "JPEG"))))
    assert again[:, 15, 0].min() > 200
    assert again[:, 13].max() < 60


@pytest.mark.parametrize("name", ["p", "p.gif", "p.txt", "p.jpg.part", ".jpg"])
def test_other_endings(tmp_path: Path, photo: np.ndarray, name: str) -> None:
    assert not is_writable_name(name)
    with pytest.raises(ConfigError, match="RC383"):
        kind_of(Path(name))
    with pytest.raises(ConfigError, match=r"RC383.*\.jpg, \.jpeg"):
        write_picture(tmp_path / name, photo)
    assert not list(tmp_path.iterdir())


def test_writable_names() -> None:
    assert is_writable_name("a/b.Jpeg")


def test_a_folder_that_is_not_there(tmp_path: Path, photo: np.ndarray) -> None:
    with pytest.raises(DiskError, match="RC603"):
        write_picture(tmp_path / "none" / "p.png", photo)
