"""Where everything stands in a file of stored proposals; headers that lie."""

import io
import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from frcnn.data import proposals_layout as layouts
from frcnn.data.proposals_layout import About, Layout
from frcnn.errors import DataError

ABOUT = About(split="train", fingerprint="f" * 64, copies=2, maker={"run": "a"})


def layout(**given: int) -> Layout:
    numbers = {"pictures": 3, "copies": 2, "names_bytes": 16, "rows": 10, **given}
    room = layouts.room_for_header(ABOUT, numbers["pictures"], numbers["names_bytes"])
    return Layout(header_bytes=room, **numbers)


def read(data: bytes, size: int | None = None) -> tuple[About, Layout]:
    return layouts.read_header(io.BytesIO(data), len(data) if size is None else size, "p")


def test_golden_places() -> None:
    places = Layout(header_bytes=800, pictures=3, copies=2, names_bytes=16, rows=10)
    assert (places.first, places.sizes) == (800, 800 + 7 * 8)
    assert (places.names, places.proposals) == (856 + 3 * 8, 880 + 16)
    assert places.end == 896 + 10 * 20
    assert places.tensors()["first"] == {"dtype": "I64", "shape": [7], "data_offsets": [0, 56]}
    assert places.tensors()["proposals"]["data_offsets"] == [96, 296]


def test_a_header_comes_back() -> None:
    places = layout()
    header = layouts.make_header(ABOUT, places)
    assert len(header) == places.header_bytes
    assert read(header, places.end) == (ABOUT, places)


@pytest.mark.parametrize("rows", [0, 1, 10**6, 2**40])
def test_the_room_is_enough_for_any_number_of_rows(rows: int) -> None:
    places = layout(rows=rows)
    assert read(layouts.make_header(ABOUT, places), places.end)[1].rows == rows


def test_too_small_a_room_is_a_mistake_of_ours() -> None:
    small = Layout(header_bytes=100, pictures=1, copies=2, names_bytes=8, rows=1)
    with pytest.raises(AssertionError, match="in a room of 92"):
        layouts.make_header(ABOUT, small)


@pytest.mark.parametrize("order", list(itertools.permutations(layouts.ORDER)))
def test_the_arrays_may_stand_in_any_order(order: tuple[str, ...]) -> None:
    places = replace(layout(), order=order)
    assert read(layouts.make_header(ABOUT, places), places.end) == (ABOUT, places)
    starts = [getattr(places, name) for name in order]
    assert starts == sorted(starts)
    assert starts[0] == places.header_bytes


# wrong in


def lying(change: Callable[[dict[str, Any]], object]) -> bytes:
    """A header with something else in it, of the right length."""
    header = layouts.make_header(ABOUT, layout())
    values = json.loads(header[8:])
    change(values)
    text = json.dumps(values).encode()
    return len(text).to_bytes(8, "little") + text


def about(**values: object) -> Callable[[dict[str, Any]], object]:
    def change(header: dict[str, Any]) -> None:
        told = json.loads(header["__metadata__"]["frcnn_proposals"]) | values
        header["__metadata__"]["frcnn_proposals"] = json.dumps(told)

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda h: h.pop("first"),
        lambda h: h.pop("__metadata__"),
        lambda h: h.update(__metadata__=[]),
        lambda h: h.update(__metadata__={"frcnn_proposals": 3}),
        lambda h: h.update(__metadata__={"frcnn_proposals": "[]"}),
        lambda h: h.update(__metadata__={"frcnn_proposals": "[" * 100_000}),
        lambda h: h.update(more=h["first"]),
        lambda h: h.update(proposals=3),
        lambda h: h["proposals"].update(shape=[11, 5]),
        lambda h: h["proposals"].update(shape=[]),
        lambda h: h["proposals"].update(shape=[10.0, 5]),
        lambda h: h["proposals"].update(shape=[True, 5]),
        lambda h: h["proposals"].update(shape=[-10, 5]),
        lambda h: h["proposals"].update(shape=[10**30, 5]),
        lambda h: h["proposals"].update(dtype="F64"),
        lambda h: h["proposals"].update(data_offsets=[0, 200]),
        lambda h: h["proposals"].update(data_offsets=["96", 296]),
        lambda h: h["proposals"].update(data_offsets=[96.0, 296]),
        lambda h: h["proposals"].update(data_offsets=[]),
        lambda h: h["proposals"].pop("data_offsets"),
        lambda h: h["proposals"].update(data_offsets=[104, 304]),
        lambda h: h["names"].update(data_offsets=[-16, 0]),
        lambda h: h["names"].update(data_offsets=h["proposals"]["data_offsets"]),
        lambda h: h["sizes"].update(shape=[2, 3]),
        lambda h: h["names"].update(shape=["16"]),
        about(copies=1),
        about(copies=3),
        about(copies=True),
        about(copies="2"),
        about(split=None),
        about(maker=[]),
        about(format_version=0),
        about(more=1),
    ],
)
def test_headers_that_lie(change: Callable[[dict[str, Any]], object]) -> None:
    header = lying(change)
    end = len(header) + layout().end - layout().header_bytes
    with pytest.raises(DataError, match=r"error\[RC251\] p: .*\n  fix: copy it again"):
        read(header, end)


def test_a_newer_version_is_named() -> None:
    header = lying(about(format_version=2, made_by="frcnn 9.9"))
    with pytest.raises(DataError, match=r"RC252.*got format 2 of frcnn 9\.9, want format 1"):
        read(header)


def test_an_empty_file_is_called_so() -> None:
    with pytest.raises(DataError, match=r"RC251.*got an empty file"):
        read(b"")


@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 7,
        b"\0" * 8,
        b"\xff" * 100,
        (2**20 + 8).to_bytes(8, "little") + b" " * (2**20 + 8),
        (4).to_bytes(8, "little") + b"null",
        (4).to_bytes(8, "little") + b"\xff\xfe{}",
        (9000).to_bytes(8, "little") + b'{"a":' + b"9" * 8994 + b"}",
    ],
)
def test_no_header_at_all(data: bytes) -> None:
    with pytest.raises(DataError, match="RC251"):
        read(data)


@pytest.mark.parametrize("more", [-1, 1, 20])
def test_a_file_of_another_length(more: int) -> None:
    places = layout()
    with pytest.raises(DataError, match=rf"{places.end + more} bytes where the header has"):
        read(layouts.make_header(ABOUT, places), places.end + more)


def test_more_bytes_of_names_than_pictures_could_have() -> None:
    places = layout(names_bytes=8 * 4096)
    with pytest.raises(DataError, match="RC251"):
        read(layouts.make_header(ABOUT, places), places.end)
