"""EXIF: the one tag that is read, and the eight ways to turn a picture."""

import struct

import numpy as np
import pytest

from frcnn.ops import exif
from frcnn.types import Size

# 2 x 3 pixels, one number each:  1 2 3
#                                 4 5 6
PIXELS = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)[:, :, None].repeat(3, axis=2)


def block(entries: list[tuple[int, int, int, int]], order: str = "<", following: int = 0) -> bytes:
    """An EXIF block of (tag, type, count, value) entries."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    rows = b""
    for tag, kind, count, value in entries:
        form = "HH" if kind == 3 else "I"
        values = (value, 0) if kind == 3 else (value,)
        rows += struct.pack(order + "HHI" + form, tag, kind, count, *values)
    return (
        head + struct.pack(order + "H", len(entries)) + rows + struct.pack(order + "I", following)
    )


@pytest.mark.parametrize(
    ("orientation", "want"),
    [
        (1, [[1, 2, 3], [4, 5, 6]]),
        (2, [[3, 2, 1], [6, 5, 4]]),
        (3, [[6, 5, 4], [3, 2, 1]]),
        (4, [[4, 5, 6], [1, 2, 3]]),
        (5, [[1, 4], [2, 5], [3, 6]]),
        (6, [[4, 1], [5, 2], [6, 3]]),
        (7, [[6, 3], [5, 2], [4, 1]]),
        (8, [[3, 6], [2, 5], [1, 4]]),
    ],
)
def test_golden_turns(orientation: int, want: list[list[int]]) -> None:
    turned = exif.upright(PIXELS, orientation)
    np.testing.assert_array_equal(turned[:, :, 0], want)
    assert turned.flags.c_contiguous
    assert exif.upright_size(Size(2, 3), orientation) == turned.shape[:2]


def test_a_turn_and_its_inverse_cancel() -> None:
    inverse = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
    for turn, back in inverse.items():
        np.testing.assert_array_equal(exif.upright(exif.upright(PIXELS, turn), back), PIXELS)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [3, 4])
def test_golden_directory(order: str, kind: int) -> None:
    data = block([(0x0112, kind, 1, 6), (0x0100, 4, 1, 70_000)], order, following=99)
    entries, following = exif.read_directory(data)
    assert entries[exif.ORIENTATION].value == 6
    assert entries[exif.ORIENTATION].at == 18  # 8 of the header, 2 of the count, 8 of the entry
    assert struct.unpack_from(entries[0x112].form, data, entries[0x112].at) == (6,)
    assert entries[0x0100].value == 70_000
    assert following == 99


def test_values_that_are_no_single_number_are_left_out() -> None:
    entries, _ = exif.read_directory(block([(0x0112, 2, 1, 6), (0x0100, 3, 2, 5)]))
    assert entries == {}


def test_nothing_in() -> None:
    assert exif.read_directory(block([])) == ({}, 0)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no byte-order mark"),
        (b"II+\0" + bytes(20), "no byte-order mark"),
        (b"II*\0", "cut short"),
        (block([(0x0112, 3, 1, 6)])[:-6], "cut short"),
        (b"II*\0" + struct.pack("<I", 10**9), "cut short"),
    ],
)
def test_wrong_in(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        exif.read_directory(data)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_golden_boxes_are_turned_as_their_pixels_are(orientation: int) -> None:
    """A marked box of a picture 7 wide and 5 high, found again after `upright`."""
    pixels = np.zeros((5, 7, 3), np.uint8)
    pixels[1:3, 2:6] = 255
    corners = exif.upright_corners(np.array([[2.0, 1, 6, 3]]), Size(5, 7), orientation)
    rows, columns = np.nonzero(exif.upright(pixels, orientation)[:, :, 0])
    found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert corners.tolist() == [found]
    assert exif.upright_corners(np.zeros((0, 4)), Size(5, 7), orientation).shape == (0, 4)
