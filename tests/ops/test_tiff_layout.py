"""read_layout: where a TIFF's pixels lie, judged before a single one is decoded."""

import builtins
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frcnn.errors import PictureError
from frcnn.ops import picture_header, pictures, tiff_layout
from frcnn.ops.tiff_layout import needs_windows, read_layout, small_tiff
from frcnn.types import Size

tifffile = pytest.importorskip("tifffile")
PIXELS = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)


def written(path: Path, pixels: np.ndarray = PIXELS, **options) -> Path:
    given = {"photometric": "rgb" if pixels.ndim == 3 else "minisblack", "metadata": None}
    tifffile.imwrite(path, pixels, **{**given, **options})
    return path


def layout_of(path: Path) -> tiff_layout.Layout:
    with path.open("rb") as file:
        return read_layout(file, path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.tif"


# --- golden by hand


def test_golden_strips(path: Path) -> None:
    """40 rows in strips of 16: three of them, 50 * 3 bytes a row."""
    layout = layout_of(written(path, rowsperstrip=16))
    assert (layout.stored, layout.segment) == (Size(40, 50), Size(16, 50))
    assert (layout.is_tiled, layout.is_compressed, layout.planes, layout.bits) == (
        False,
        False,
        1,
        24,
    )
    assert list(layout.counts) == [16 * 150, 16 * 150, 8 * 150]
    data = path.read_bytes()
    assert data[layout.offsets[1] : layout.offsets[1] + 3] == PIXELS[16, 0].tobytes()


def test_golden_tiles(path: Path) -> None:
    """Tiles of 16 x 32: two side by side, three below each other."""
    layout = layout_of(written(path, tile=(16, 32), compression="zlib"))
    assert (layout.is_tiled, layout.is_compressed) == (True, True)
    assert (layout.across, layout.per_plane, len(layout.offsets)) == (2, 6, 6)


def test_golden_a_strip_as_a_tiff_of_its_own(path: Path) -> None:
    layout = layout_of(written(path, rowsperstrip=16))
    start = layout.offsets[2]
    tiff = small_tiff(layout, Size(8, 50), [path.read_bytes()[start : start + 8 * 150]])
    np.testing.assert_array_equal(pictures.decode(tiff).pixels, PIXELS[32:])
    with Image.open(io.BytesIO(tiff)) as image:
        assert image.size == (50, 8)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bigtiff", [False, True])
def test_both_orders_and_both_kinds(path: Path, order: str, bigtiff: bool) -> None:
    grey = (np.arange(40 * 50, dtype=np.uint16) * 31).reshape(40, 50)
    layout = layout_of(written(path, grey, byteorder=order, bigtiff=bigtiff))
    assert layout.order == {"<": b"II", ">": b"MM"}[order]
    assert (layout.bits, layout.stored) == (16, Size(40, 50))


def test_a_second_page_and_a_rotation_are_remarked(path: Path) -> None:
    two = [Image.fromarray(PIXELS), Image.fromarray(PIXELS)]
    two[0].save(path, save_all=True, append_images=two[1:], tiffinfo={274: 6})
    layout = layout_of(path)
    assert layout.orientation == 6
    assert layout.notes == ("EXIF rotation 6 applied", "several pages: only the first is read")


# --- which files need it


def test_which_files_need_windows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not needs_windows(written(path))
    assert needs_windows(written(path.with_name("big.tif"), bigtiff=True))
    monkeypatch.setattr(tiff_layout, "MAX_PIXELS", 40 * 50 - 1)
    assert needs_windows(path)
    Image.fromarray(PIXELS).save(path.with_suffix(".png"))
    for other in (path.with_suffix(".png"), path.with_name("none.tif"), path.parent):
        assert not needs_windows(other)
    path.write_bytes(b"II*\0\x08")
    assert not needs_windows(path)


# --- wrong in


def refused(path: Path, code: str, text: str) -> PictureError:
    with pytest.raises(PictureError, match=text) as caught:
        layout_of(path)
    assert caught.value.code == code
    assert caught.value.place == str(path)
    return caught.value


def test_cut_short(path: Path) -> None:
    written(path, compression="zlib", rowsperstrip=8)
    with Image.open(path) as image:
        last = image.tag_v2[273][-1]
    path.write_bytes(path.read_bytes()[: last + 1])
    refused(path, "RC102", "cut short")


@pytest.mark.parametrize("kept", [8, 20, 100])
def test_cut_in_the_directory(path: Path, kept: int) -> None:
    written(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(PictureError, match=r"RC10[23]"):
        layout_of(path)


def test_no_tiff_at_all(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path.write_bytes(b"II+\0" + bytes(40))
    refused(path, "RC103", "header is damaged")
    assert capfd.readouterr().err == ""  # tifffile's own remarks are not ours


def test_tags_that_are_missing(path: Path) -> None:
    data = written(path, rowsperstrip=16).read_bytes()
    entry = (273).to_bytes(2, "little")  # strip offsets
    path.write_bytes(data.replace(entry, (65000).to_bytes(2, "little"), 1))
    with pytest.raises(PictureError, match=r"RC10[23]"):
        layout_of(path)


def test_a_compressed_strip_that_is_too_large(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiff_layout, "MAX_PIXELS", 1000)
    error = refused(written(path, compression="zlib", rowsperstrip=40), "RC116", "in windows")
    assert "gdal_translate" in error.fix
    assert layout_of(written(path, rowsperstrip=40)).segment == Size(40, 50)  # can be cut
    assert layout_of(written(path, compression="zlib", rowsperstrip=10)).is_compressed
    refused(written(path, tile=(32, 64)), "RC116", "in windows")


def test_separate_planes_of_16_bits(path: Path) -> None:
    """Pillow reads them wrong, without a word."""
    deep = np.zeros((3, 40, 50), np.uint16)
    refused(written(path, deep, planarconfig="separate"), "RC116", "separate planes of 16 bits")


def test_a_compression_that_has_no_strips_of_its_own(path: Path) -> None:
    data = bytearray(written(path, rowsperstrip=16).read_bytes())
    at = data.index((259).to_bytes(2, "little"))
    data[at + 8 : at + 10] = (6).to_bytes(2, "little")  # JPEG of the old kind
    path.write_bytes(data)
    refused(path, "RC116", "compression 6")


def test_more_pixels_than_even_tiles_take(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiff_layout, "MAX_WINDOWED_PIXELS", 1999)
    refused(written(path), "RC104", "even for tiles")


def test_tifffile_is_not_installed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name == "tifffile":
            raise ImportError(name)
        return real(name, *rest, **more)

    written(path)
    monkeypatch.setattr(builtins, "__import__", without)
    error = refused(path, "RC117", "tifffile")
    assert error.fix == "python -m pip install tifffile"


def test_the_limits_fit_together() -> None:
    assert picture_header.MAX_PIXELS < 30_000**2 < tiff_layout.MAX_WINDOWED_PIXELS
