"""Pickles of NumPy arrays: what is in them is found and read, and nothing in them is run."""

import io
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frcnn.weights import array_rehearsal
from frcnn.weights.array_rehearsal import ArrayPlace, ArrayRehearsal
from frcnn.weights.rehearsal import Refused

BOXES = np.arange(4000, dtype=np.float32).reshape(1000, 4) / 7


def load(data: bytes) -> Any:
    """Rehearse, and read the arrays in it."""
    stream = io.BytesIO(data)
    return with_numbers(ArrayRehearsal(stream).load(), stream)


def with_numbers(content: object, stream: io.BytesIO) -> Any:
    if isinstance(content, ArrayPlace):
        return content.read(stream)
    if isinstance(content, list | tuple):
        return [with_numbers(each, stream) for each in content]
    if isinstance(content, dict):
        return {name: with_numbers(each, stream) for name, each in content.items()}
    return content


def of_python_2(array: np.ndarray) -> bytes:
    """One array in a list, as cPickle of Python 2 wrote it."""
    data = array.tobytes()
    numbers = (
        b"U" + bytes([len(data)]) if len(data) < 256 else b"T" + len(data).to_bytes(4, "little")
    )
    sides = b"".join(b"M" + side.to_bytes(2, "little") for side in array.shape)
    return (
        b"\x80\x02]q\x01cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85"
        b"U\x01b\x87Rq\x04(K\x01" + sides + b"\x86cnumpy\ndtype\nq\x05U\x02f4K\x00K\x01\x87Rq\x06"
        b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89" + numbers + data + b"tba."
    )


# golden


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(
    "array",
    [
        BOXES,
        BOXES[:3],
        BOXES[:0],
        BOXES.astype(np.float64),
        BOXES.astype(">f4"),
        np.asfortranarray(BOXES),
        BOXES[:, 0],
        np.arange(300),
        np.array(7.0),
    ],
    ids=["many", "few", "none", "double", "big-endian", "columns", "scores", "whole", "one"],
)
def test_what_numpy_pickles_comes_back(array: np.ndarray, protocol: int) -> None:
    (found,) = load(pickle.dumps([array], protocol=protocol))
    assert np.array_equal(found, array)
    assert found.shape == array.shape
    assert found.dtype == array.dtype.newbyteorder("=")
    found += 1  # a copy, and writable


@pytest.mark.parametrize("count", [0, 1, 15, 16, 1000])
def test_files_of_python_2(count: int) -> None:
    data = of_python_2(BOXES[:count])
    assert np.array_equal(load(data)[0], BOXES[:count])
    assert np.array_equal(pickle.loads(data, encoding="latin1")[0], BOXES[:count]), "so it is one"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_lists_mappings_numbers_and_texts(protocol: int) -> None:
    content = {"boxes": [BOXES, BOXES[:2]], "ids": [7, 2**40, -1], "cfg": "a: 1\n" * 100, "x": 0.5}
    found = load(pickle.dumps(content, protocol=protocol))
    assert [len(array) for array in found["boxes"]] == [1000, 2]
    assert found["ids"] == [7, 2**40, -1]
    assert found["x"] == 0.5


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_numpy_numbers_become_plain_ones(protocol: int) -> None:
    found = load(pickle.dumps([np.int64(-7), np.float32(0.5)], protocol=protocol))
    assert found == [-7, 0.5]


def test_names_of_old_and_new_numpy() -> None:
    new = pickle.dumps([BOXES], protocol=2)
    old = new.replace(b"numpy._core.", b"numpy.core.")
    assert np.array_equal(load(old)[0], load(new)[0])


def test_long_arrays_stay_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "p"
    path.write_bytes(pickle.dumps([BOXES, BOXES[:1]], protocol=4))
    with path.open("rb") as stream:
        long, short = ArrayRehearsal(stream).load()
        assert long.size == 16_000
        assert isinstance(short.data, bytes)
        with path.open("r+b") as other:
            other.seek(long.data.start)
            other.write(np.float32(99).tobytes())
        assert long.read(stream)[0, 0] == 99


# wrong in


class Runs:
    """Pickles into a call."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, Any]:
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(
    "content",
    [
        Runs(os.system, "touch PWNED"),
        Runs(os.mkdir, "PWNED"),
        Runs(eval, "open('PWNED', 'w')"),
        Runs(getattr, "a", "upper"),
        Runs(np.load, "PWNED"),
        Runs(np.fromfile, "PWNED"),
        [BOXES, Runs(print, "PWNED")],
        {"boxes": [BOXES], "cfg": Runs(os.system, "touch PWNED")},
        np.array([Runs(os.system, "touch PWNED")]),
        np.array([["a"]]),
        np.array([[None]]),
        np.array([1j]),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.array([True]),
        {1, 2},
        object(),
        Path("x"),
        np.random.default_rng(0),
    ],
)
def test_anything_else_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: object, protocol: int
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refused):
        load(pickle.dumps(content, protocol=protocol))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "to", "text"),
    [
        (b"f4", b"O8", "an array of O8"),
        (b"f4", b"V4", "an array of V4"),
        (b"f4", b"f8", "an array of 32000 bytes in 16000"),
        (b"M\xe8\x03", b"M\xe9\x03", "an array of 16016 bytes in 16000"),
        (b"M\xe8\x03", b"M\x01\x00", "an array of 16 bytes in 16000"),
        (b"T\x80\x3e\x00\x00", b"T\x80\x3e\x00\x70", "a run of 1879064192 bytes"),
        (b"U\x01<", b"U\x01x", "attributes"),
        (b"U\x01<NNN", b"U\x01<N]N", "attributes"),
        (b"numpy\nndarray", b"posix\nsystem\n", "the name posix.system"),
        (b"numpy.core.multiarray", b"numpy.core.multiarrax", "the name numpy.core.multiarrax"),
        (b"tba.", b"tb0a", "program"),
    ],
)
def test_arrays_that_lie(change: bytes, to: bytes, text: str) -> None:
    data = of_python_2(BOXES)
    assert data.count(change) == 1
    with pytest.raises(Refused, match=text):
        load(data.replace(change, to))


def test_an_array_is_filled_once() -> None:
    data = of_python_2(BOXES[:2])
    twice = data.replace(b"tba.", b"tb(K\x01K\x00\x85h\x06\x89U\x00tba.")
    with pytest.raises(Refused, match="attributes"):
        load(twice)


def test_an_array_without_numbers_has_none_to_read() -> None:
    empty = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(tR."
    with pytest.raises(Refused, match="without its numbers"):
        load(empty)


@pytest.mark.parametrize("protocol", [2, 5])
def test_cut_anywhere(protocol: int) -> None:
    data = pickle.dumps([BOXES[:40], BOXES[:2]], protocol=protocol)
    for end in range(len(data)):
        with pytest.raises(Refused):
            load(data[:end])


def test_no_flipped_byte_escapes() -> None:
    data = pickle.dumps([BOXES[:8], BOXES[:2]], protocol=2) + of_python_2(BOXES[:8])
    start = data.rindex(b"\x80\x02")
    chance = np.random.default_rng(0)
    refused = 0
    for _ in range(600):
        part = bytearray(data[:start] if chance.integers(2) else data[start:])
        part[chance.integers(len(part))] ^= chance.integers(1, 256)
        try:
            load(bytes(part))
        except Refused:
            refused += 1
    assert refused > 100


def test_programs_that_only_grow_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_rehearsal, "ARRAYS_CAP", 8000)
    for instruction in (b"]", b"\x94", b")", b"K\x01"):
        with pytest.raises(Refused, match="a program of more than 8000 bytes"):
            load(b"\x80\x04]" + instruction * 1000 + b".")
    load(pickle.dumps([BOXES], protocol=2))  # numbers do not count
