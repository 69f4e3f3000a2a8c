"""load: every accepted form gives the same pixels; every other says what is wanted (A48, F05)."""

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from frcnn.errors import ConfigError, PictureError
from frcnn.prediction import loading
from frcnn.prediction.loading import is_one_picture, load

Draw = Callable[..., np.ndarray]


@pytest.fixture
def photo(make_photo: Draw) -> np.ndarray:
    return make_photo(0, 30, 40)


def as_png(photo: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(photo).save(stream, "PNG")
    return stream.getvalue()


# --- golden: the same pixels from every form


@pytest.mark.parametrize("form", ["text", "path", "bytes", "pil", "numpy", "bgr", "torch"])
def test_every_form_gives_the_same_pixels(photo: np.ndarray, tmp_path: Path, form: str) -> None:
    path = tmp_path / "p.png"
    path.write_bytes(as_png(photo))
    source = {
        "text": str(path),
        "path": path,
        "bytes": as_png(photo),
        "pil": Image.fromarray(photo),
        "numpy": photo,
        "bgr": photo[:, :, ::-1],
        "torch": torch.from_numpy(photo).permute(2, 0, 1),
    }[form]
    loaded = load(source, bgr=form == "bgr")
    np.testing.assert_array_equal(loaded.pixels, photo)
    assert loaded.picture.shape == (3, 30, 40)
    assert loaded.picture.dtype == torch.uint8
    assert loaded.size == (30, 40)
    assert loaded.path == (path if form in ("text", "path") else None)


def test_views_and_read_only_arrays_are_taken(photo: np.ndarray) -> None:
    view = photo[::-2, 5:20]
    np.testing.assert_array_equal(load(view).pixels, view)
    frozen = photo.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(load(frozen).pixels, photo)


def test_no_memory_is_shared(photo: np.ndarray) -> None:
    """OpenCV hands out the same buffer for every frame of a film."""
    tensor = torch.from_numpy(photo.copy()).permute(2, 0, 1).contiguous()
    kept = photo.copy()
    from_numpy, from_torch = load(photo), load(tensor)
    photo[:] = 0
    tensor[:] = 0
    np.testing.assert_array_equal(from_numpy.pixels, kept)
    np.testing.assert_array_equal(from_torch.pixels, kept)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_pil_image_is_turned_as_its_file_is(
    photo: np.ndarray, tmp_path: Path, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.png"
    Image.fromarray(photo).save(path, exif=exif)
    from_file, from_pil = load(path), load(Image.open(path))
    np.testing.assert_array_equal(from_file.pixels, from_pil.pixels)
    assert from_pil.notes == (f"EXIF rotation {orientation} applied",)


@pytest.mark.parametrize("orientation", [0, 9, 99, "up"])
def test_a_senseless_orientation_is_ignored(
    photo: np.ndarray, orientation: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = Image.fromarray(photo)
    monkeypatch.setattr(image, "getexif", lambda: {0x0112: orientation})
    np.testing.assert_array_equal(load(image).pixels, photo)


def test_a_damaged_exif_block_is_ignored(
    photo: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise SyntaxError("not a TIFF file")

    image = Image.fromarray(photo)
    monkeypatch.setattr(image, "getexif", broken)
    np.testing.assert_array_equal(load(image).pixels, photo)


def test_pil_modes_become_rgb(photo: np.ndarray) -> None:
    grey = Image.fromarray(photo).convert("L")
    assert (load(grey).pixels == np.asarray(grey)[:, :, None]).all()
    assert load(Image.new("RGBA", (4, 3), (0, 0, 0, 0))).pixels.min() == 255
    assert load(Image.new("RGBA", (4, 3))).notes == ("see-through parts laid on white",)


# --- one picture, or several?


@pytest.mark.parametrize(
    "source",
    [
        *("a.jpg", Path("a.jpg"), b"", bytearray(), Image.new("L", (1, 1))),
        *(np.zeros(3), torch.zeros(3), {}, None, 5, io.BytesIO()),
    ],
)
def test_single(source: object) -> None:
    assert is_one_picture(source)


@pytest.mark.parametrize("source", [[], (), iter(()), {"a.jpg"}, (x for x in ())])
def test_several(source: object) -> None:
    assert not is_one_picture(source)


# --- wrong in

NUMPY, TORCH = "NumPy [H, W, 3] uint8, RGB", "torch [3, H, W] uint8, RGB"


@pytest.mark.parametrize(
    ("array", "got", "fix"),
    [
        (np.zeros((9, 8, 3), np.float32), "float32, values 0 ... 0", "(picture * 255).round()"),
        (np.full((9, 8, 3), 0.5), "float64, values 0.5 ... 0.5", "(picture * 255).round()"),
        (np.full((9, 8, 3), 255.0), "values 255 ... 255", "picture.round().clip(0, 255)"),
        (np.full((9, 8, 3), np.nan), "values nan ... nan", "NaN or infinity"),
        (np.full((9, 8, 3), np.inf), "values inf ... inf", "NaN or infinity"),
        (np.full((9, 8, 3), -2.1), "values -2.1 ... -2.1", "normalised"),
        (np.full((9, 8, 3), 65535, np.uint16), "uint16", "(picture // 257).astype(np.uint8)"),
        (np.full((9, 8, 3), 200, np.int64), "int64", "picture.astype(np.uint8)"),
        (np.ones((9, 8, 3), bool), "bool", "picture.astype(np.uint8) * 255"),
        (np.full((9, 8, 3), None), "object", "NaN or infinity"),
        (np.zeros((3, 9, 8), np.uint8), "[3, 9, 8] uint8", "picture.transpose(1, 2, 0)"),
        (np.zeros((9, 8), np.uint8), "[9, 8] uint8", "np.dstack([picture] * 3)"),
        (np.zeros((9, 8, 1), np.uint8), "[9, 8, 1] uint8", "np.dstack([picture] * 3)"),
        (np.zeros((9, 8, 4), np.uint8), "[9, 8, 4] uint8", "picture[:, :, :3]"),
        (np.zeros((2, 9, 8, 3), np.uint8), "[2, 9, 8, 3] uint8", "predict(list(pictures))"),
        (np.zeros((0, 8, 3), np.uint8), "[0, 8, 3] uint8", "has pixels"),
        (np.zeros(7, np.uint8), "[7] uint8", "pass NumPy"),
    ],
)
def test_arrays_of_other_forms(array: np.ndarray, got: str, fix: str) -> None:
    with pytest.raises(ConfigError, match="RC380") as caught:
        load(array, place="predict: picture 3")
    assert caught.value.place == "predict: picture 3"
    assert NUMPY in caught.value.want
    assert "bgr=True for OpenCV's" in caught.value.want
    assert got in caught.value.got
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("tensor", "got", "fix"),
    [
        (torch.rand(3, 9, 8), "float32", "(picture * 255).round().to(torch.uint8)"),
        (torch.rand(3, 9, 8).half() * 255, "float16", "picture.round().clamp(0, 255)"),
        (torch.full((3, 9, 8), torch.nan), "nan", "NaN or infinity"),
        (torch.zeros(3, 9, 8, dtype=torch.int64), "int64", "picture.to(torch.uint8)"),
        (torch.zeros(9, 8, 3, dtype=torch.uint8), "[9, 8, 3]", "picture.permute(2, 0, 1)"),
        (torch.zeros(1, 9, 8, dtype=torch.uint8), "[1, 9, 8]", "picture.expand(3, -1, -1)"),
        (torch.zeros(4, 9, 8, dtype=torch.uint8), "[4, 9, 8]", "picture[:3]"),
        (torch.zeros(2, 3, 9, 8, dtype=torch.uint8), "[2, 3, 9, 8]", "predict(list(pictures))"),
        (torch.zeros(3, 0, 8, dtype=torch.uint8), "[3, 0, 8]", "has pixels"),
    ],
)
def test_tensors_of_other_forms(tensor: torch.Tensor, got: str, fix: str) -> None:
    with pytest.raises(ConfigError, match="RC380") as caught:
        load(tensor)
    assert TORCH in caught.value.want
    assert got in caught.value.got
    assert fix in caught.value.fix


@pytest.mark.parametrize("recipe", ["numpy", "torch"])
def test_the_remedies_work(photo: np.ndarray, recipe: str) -> None:
    picture = photo / 255
    if recipe == "numpy":
        fixed = (picture * 255).round().astype(np.uint8)
    else:
        fixed = (torch.from_numpy(picture).permute(2, 0, 1) * 255).round().to(torch.uint8)
    np.testing.assert_array_equal(load(fixed).pixels, photo)


@pytest.mark.parametrize(
    ("source", "got"),
    [
        (None, "NoneType"),
        (5, "int"),
        ({}, "dict"),
        ([], "list"),
        (SimpleNamespace(), "types.SimpleNamespace"),
    ],
)
def test_what_is_no_picture_at_all(source: object, got: str) -> None:
    with pytest.raises(ConfigError, match="RC382") as caught:
        load(source)
    assert caught.value.got == got
    assert "a path, a PIL image" in caught.value.want


def test_a_folder_is_not_one_picture(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="RC382") as caught:
        load(tmp_path)
    assert caught.value.place == str(tmp_path)


@pytest.mark.parametrize("form", ["path", "pil", "torch"])
def test_bgr_is_for_numpy_alone(photo: np.ndarray, form: str) -> None:
    source = {"path": "a.jpg", "pil": Image.fromarray(photo), "torch": torch.zeros(3, 2, 2)}[form]
    with pytest.raises(ConfigError, match=r"RC381 *\] *predict: bgr"):
        load(source, bgr=True)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PictureError) as caught:
        load(tmp_path / "none.jpg")
    assert str(tmp_path / "none.jpg") in caught.value.place


def test_a_pil_image_that_cannot_be_loaded(photo: np.ndarray) -> None:
    cut = Image.open(io.BytesIO(as_png(photo)[:-400]))
    with pytest.raises(PictureError, match="RC113"):
        load(cut)


def test_a_pil_image_of_floats(photo: np.ndarray) -> None:
    with pytest.raises(PictureError, match="RC105"):
        load(Image.new("F", (4, 4)))


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_pil_image_without_pixels(size: tuple[int, int]) -> None:
    with pytest.raises(PictureError, match="RC113"):
        load(Image.new("RGB", size))


def test_a_pil_image_of_too_many_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MAX_PIXELS", 100)
    with pytest.raises(PictureError, match=r"RC113.*got 11 x 10"):
        load(Image.new("RGB", (11, 10)))
