"""crops/: every object as a picture, with all pixels that its box touches."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from frcnn.prediction.forms import crops
from frcnn.prediction.forms.crops import class_folders, write_crops
from frcnn.prediction.loading import Loaded
from frcnn.prediction.result import Result
from frcnn.prediction.windows import Decoded
from frcnn.types import Detections, Size


@pytest.fixture
def windows() -> Decoded:
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[16:32, 24:40] = 200, 100, 50
    return Decoded(Loaded(picture=torch.from_numpy(pixels).permute(2, 0, 1)))


def result_of(*rows: tuple[list[float], int], classes: tuple[str, ...] = ("bolt", "nut")) -> Result:
    return Result(
        detections=Detections(
            boxes=torch.tensor([box for box, _ in rows], dtype=torch.float32).reshape(-1, 4),
            scores=torch.linspace(0.9, 0.5, len(rows)),
            labels=torch.tensor([label for _, label in rows], dtype=torch.int64),
        ),
        classes=classes,
        size=Size(60, 80),
    )


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_golden(tmp_path: Path, windows: Decoded) -> None:
    result = result_of(([24.0, 16, 40, 32], 1), ([0.0, 0, 80, 60], 0))
    names = write_crops(tmp_path, result, windows, "a")
    assert names == ["nut/a-1.jpg", "bolt/a-2.jpg"]
    crop = read(tmp_path / names[0])
    assert crop.shape == (16, 16, 3)
    assert np.abs(crop.astype(int) - [200, 100, 50]).max() <= 4  # JPEG
    assert read(tmp_path / names[1]).shape[:2] == (60, 80)


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ([24.2, 16.9, 39.1, 31.5], (16, 16)),
        ([79.5, 59.5, 80.0, 60.0], (1, 1)),
        ([10.0, 10.0, 10.5, 20.0], (1, 10)),
        ([10.0, 10.0, 10.0001, 20.0], (1, 10)),
        ([79.9999, 0.0, 80.0, 1.0], (1, 1)),
    ],
)
def test_every_pixel_that_the_box_touches(
    tmp_path: Path, windows: Decoded, box: list[float], size: tuple[int, int]
) -> None:
    (name,) = write_crops(tmp_path, result_of((box, 0)), windows, "a")
    assert read(tmp_path / name).shape[1::-1] == size


def test_a_huge_box_is_made_smaller(
    tmp_path: Path, windows: Decoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crops, "LARGEST", 1000)  # of 4800 pixels: a third of each side
    (name,) = write_crops(tmp_path, result_of(([0.0, 0, 80, 60], 0)), windows, "a")
    assert read(tmp_path / name).shape[:2] == (20, 27)


def test_pictures_in_folders_keep_them(tmp_path: Path, windows: Decoded) -> None:
    names = write_crops(tmp_path, result_of(([0.0, 0, 9, 9], 0)), windows, "more/a")
    assert names == ["bolt/more/a-1.jpg"]
    assert (tmp_path / names[0]).is_file()


def test_nothing_found(tmp_path: Path, windows: Decoded) -> None:
    assert write_crops(tmp_path, result_of(), windows, "a") == []
    assert list(tmp_path.iterdir()) == []


# --- names of classes


@pytest.mark.parametrize(
    ("classes", "folders"),
    [
        (("bolt", "hex nut"), ["bolt", "hex nut"]),
        (("a/b", "../c", "..", "ünï"), ["a_b", "_c", "_", "ünï"]),
        (("a/b", "a:b"), ["0_a_b", "1_a_b"]),
        (("Nut", "nut"), ["0_Nut", "1_nut"]),
    ],
)
def test_folders_of_classes(classes: tuple[str, ...], folders: list[str]) -> None:
    assert class_folders(classes) == folders
