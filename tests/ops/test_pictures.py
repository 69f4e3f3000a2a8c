"""Pictures: decode, resize, mirror. Bad files are in `test_pictures_faults.py`."""

import io
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from frcnn.errors import PictureError, ShapeError
from frcnn.ops import pictures
from frcnn.types import Size

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def png(pixels: np.ndarray = PIXELS) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_path_and_bytes_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png())
    for found in (pictures.decode(path), pictures.decode(png())):
        np.testing.assert_array_equal(found.pixels, PIXELS)
        assert found.pixels.flags.writeable
        assert found.notes == ()


def test_errors_of_bytes_say_so() -> None:
    with pytest.raises(PictureError) as caught:
        pictures.decode(b"nothing")
    assert caught.value.place == "<bytes>"


def test_a_file_far_larger_than_its_picture_is_not_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pictures, "_ANY_FILE", 1000)
    path = tmp_path / "a.png"
    path.write_bytes(png() + bytes(20 * 30 * 16 + 1000))
    with pytest.raises(PictureError, match=r"RC104.*far larger than its picture"):
        pictures.decode(path)


def test_a_decoder_that_gives_another_size_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    other = io.BytesIO()
    Image.new("RGB", (5, 4)).save(other, "PNG")
    decoder = lambda _: Image.open(io.BytesIO(other.getvalue()))  # noqa: E731
    monkeypatch.setitem(pictures._DECODERS, "PNG", decoder)
    with pytest.raises(PictureError, match="5 x 4 decoded, want 30 x 20"):
        pictures.decode(png())


def test_a_decoder_without_words_is_quoted_by_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(pictures._DECODERS, "PNG", fail)
    with pytest.raises(PictureError, match=r"RC103.*got ZeroDivisionError"):
        pictures.decode(png())


def test_running_out_of_memory_is_no_fault_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise MemoryError

    monkeypatch.setitem(pictures._DECODERS, "PNG", fail)
    with pytest.raises(MemoryError):
        pictures.decode(png())


def test_four_threads_decode_alike() -> None:
    found: list[np.ndarray] = []
    work = [
        threading.Thread(target=lambda: found.append(pictures.decode(png()).pixels))
        for _ in range(4)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert len(found) == 4
    assert all((pixels == PIXELS).all() for pixels in found)


def test_to_tensor() -> None:
    pixels = PIXELS.copy()
    tensor = pictures.to_tensor(pixels)
    assert tensor.shape == (3, 20, 30)
    assert tensor.dtype == torch.uint8
    assert tensor.permute(1, 2, 0).is_contiguous()  # colours side by side
    assert tensor[2, 5, 7] == PIXELS[5, 7, 2]
    pixels[:] = 0
    assert tensor[2, 5, 7] == PIXELS[5, 7, 2], "it shares memory with its input"


def test_to_tensor_of_a_view() -> None:
    mirrored = PIXELS[:, ::-1]
    torch.testing.assert_close(
        pictures.to_tensor(mirrored), pictures.mirror(pictures.to_tensor(PIXELS))
    )


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))],
    ids=["two axes", "four channels", "floating"],
)
def test_a48_to_tensor_wants_hwc_uint8(pixels: np.ndarray) -> None:
    with pytest.raises(ShapeError, match=r"want a \[H, W, 3\] uint8 array"):
        pictures.to_tensor(pixels)


def test_mirror_twice_is_nothing() -> None:
    picture = pictures.to_tensor(PIXELS)
    for turn in (pictures.mirror, pictures.mirror_vertical):
        assert not torch.equal(turn(picture), picture)
        torch.testing.assert_close(turn(turn(picture)), picture)
    assert pictures.mirror(picture)[0, 3, 0] == picture[0, 3, 29]
    assert pictures.mirror_vertical(picture)[0, 0, 3] == picture[0, 19, 3]


@pytest.mark.parametrize(  # (height, width) before and after, of the paper's one scale
    ("size", "want"),
    [
        ((375, 500), (600, 800)),
        ((333, 500), (600, 901)),
        ((200, 500), (400, 1000)),
        ((300, 500), (600, 1000)),
        ((480, 640), (600, 800)),
        ((500, 333), (901, 600)),
        ((600, 1000), (600, 1000)),
        ((1200, 2000), (600, 1000)),
        ((1, 3000), (1, 1000)),
    ],
)
def test_golden_sizes(size: tuple[int, int], want: tuple[int, int]) -> None:
    found = pictures.resized_size(Size(*size), shorter=600, longer=1000, rounding="round")
    assert found == want


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 4000)])
@pytest.mark.parametrize("rounding", ["round", "floor"])
def test_a36_thin_pictures_keep_a_pixel(size: tuple[int, int], rounding: str) -> None:
    found = pictures.resized_size(Size(*size), shorter=600, longer=1000, rounding=rounding)  # type: ignore[arg-type]
    assert min(found) >= 1
    assert max(found) <= 1000
    picture = torch.zeros(3, *size, dtype=torch.uint8)
    assert pictures.resize(picture, found, antialias=False).shape == (3, *found)


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 900), st.integers(0, 900))
def test_sizes_always_fit(height: int, width: int, shorter: int, more: int) -> None:
    longer = shorter + more
    for rounding in ("round", "floor"):
        new = pictures.resized_size(
            Size(height, width),
            shorter=shorter,
            longer=longer,
            rounding=rounding,  # type: ignore[arg-type]
        )
        assert 1 <= min(new) <= shorter
        assert max(new) <= longer
        assert (new.height >= new.width) == (height >= width) or new.height == new.width


def test_floor_is_torchvisions_own_size() -> None:
    from torchvision.models.detection.transform import GeneralizedRCNNTransform

    transform = GeneralizedRCNNTransform(600, 1000, [0.0] * 3, [1.0] * 3)
    for height, width in [(375, 500), (333, 499), (201, 500), (480, 640), (97, 33), (1000, 1001)]:
        want = transform.resize(torch.zeros(3, height, width), None)[0].shape[1:]
        got = pictures.resized_size(Size(height, width), shorter=600, longer=1000, rounding="floor")
        assert got == tuple(want)


def test_a_size_below_one_pixel_is_refused() -> None:
    with pytest.raises(ShapeError, match="want sides >= 1"):
        pictures.resized_size(Size(0, 5), shorter=600, longer=1000, rounding="round")


def test_golden_resize() -> None:
    """Two pixels made four: the middle ones lie a quarter and three quarters on the way."""
    picture = torch.tensor([0, 100], dtype=torch.uint8).expand(3, 1, 2)
    found = pictures.resize(picture, Size(1, 4), antialias=False)
    torch.testing.assert_close(found[0, 0], torch.tensor([0.0, 25.0, 75.0, 100.0]))
    assert found.dtype == torch.float32


def test_antialias_averages_what_is_shrunk_away() -> None:
    picture = torch.zeros(3, 1, 8)
    picture[:, :, 0] = 80.0
    sharp = pictures.resize(picture, Size(1, 2), antialias=False)
    smooth = pictures.resize(picture, Size(1, 2), antialias=True)
    assert sharp[0, 0, 0] == 0
    assert smooth[0, 0, 0] > 0


def test_resize_to_the_same_size_changes_nothing() -> None:
    picture = pictures.to_tensor(PIXELS)
    found = pictures.resize(picture, Size(20, 30), antialias=False)
    torch.testing.assert_close(found, picture.float())
    torch.testing.assert_close(pictures.resize_uint8(picture, Size(20, 30)), picture)


def test_resize_and_mirror_commute() -> None:
    picture = pictures.to_tensor(PIXELS)
    for antialias in (False, True):
        one = pictures.resize(pictures.mirror(picture), Size(31, 44), antialias=antialias)
        other = pictures.mirror(pictures.resize(picture, Size(31, 44), antialias=antialias))
        torch.testing.assert_close(one, other, atol=1e-3, rtol=0)


def test_resize_uint8_is_pillows() -> None:
    found = pictures.resize_uint8(pictures.to_tensor(PIXELS), Size(9, 11))
    image = Image.fromarray(PIXELS).resize((11, 9), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(found.permute(1, 2, 0).numpy(), np.asarray(image))
    assert found.dtype == torch.uint8


def test_resize_uint8_wants_bytes() -> None:
    with pytest.raises(ShapeError, match=r"want a \[3, H, W\] uint8 tensor"):
        pictures.resize_uint8(torch.zeros(3, 4, 4), Size(2, 2))


def test_gradients_flow_through_resize() -> None:
    picture = torch.rand(3, 4, 5, requires_grad=True)
    pictures.resize(picture, Size(8, 7), antialias=False).sum().backward()
    assert picture.grad is not None
    assert (picture.grad > 0).all()


@pytest.mark.parametrize(
    "picture",
    [torch.zeros(3, 2, 2), torch.zeros(2, 2, dtype=torch.uint8), torch.zeros(4, 2, 2).byte()],
)
def test_what_is_no_8_bit_picture_is_refused(picture: torch.Tensor) -> None:
    with pytest.raises(ShapeError, match=r"look: picture.*want a \[3, H, W\] uint8 tensor"):
        pictures.require_uint8("look: picture", picture)
    pictures.require_uint8("look: picture", torch.zeros(3, 1, 1, dtype=torch.uint8))
