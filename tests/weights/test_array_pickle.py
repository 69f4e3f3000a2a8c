"""Pickles that Python 2 and NumPy 1 could read: only old instructions, only old names."""

import io
import pickle
import pickletools

import numpy as np
import pytest

from frcnn.weights.array_pickle import write_arrays
from frcnn.weights.array_rehearsal import ArrayRehearsal

CHANCE = np.random.default_rng(0)
ARRAYS = [CHANCE.random((n, 4)).astype(np.float32) * 500 for n in (2000, 3, 0, 1, 70_000)]


def written(arrays: list[np.ndarray]) -> bytes:
    stream = io.BytesIO()
    write_arrays(stream, iter(arrays))
    return stream.getvalue()


@pytest.mark.parametrize("encoding", ["ASCII", "latin1", "bytes"])
def test_golden_pickle_reads_it_whatever_it_makes_of_old_texts(encoding: str) -> None:
    found = pickle.loads(written(ARRAYS), encoding=encoding)
    assert type(found) is list
    assert all(np.array_equal(*pair) for pair in zip(found, ARRAYS, strict=True))
    assert {(array.dtype, array.flags.writeable) for array in found} == {
        (np.dtype(np.float32), True)
    }


def test_our_own_reader_reads_it() -> None:
    stream = io.BytesIO(written(ARRAYS))
    places = ArrayRehearsal(stream).load()
    assert all(np.array_equal(p.read(stream), a) for p, a in zip(places, ARRAYS, strict=True))


def test_only_what_python_2_and_numpy_1_know() -> None:
    names = set()
    for instruction, argument, _ in pickletools.genops(written(ARRAYS)):
        assert instruction.proto <= 2
        if instruction.name == "GLOBAL":
            names.add(argument)
    assert names == {
        "numpy.core.multiarray _reconstruct",
        "numpy ndarray",
        "numpy dtype",
        "_codecs encode",
    }


def test_every_value_of_a_byte_survives() -> None:
    array = np.frombuffer(bytes(range(256)) * 4, np.float32).reshape(-1, 4)
    (found,) = pickle.loads(written([array]))
    assert found.tobytes() == array.tobytes()


def test_other_numbers_become_float32() -> None:
    (found,) = pickle.loads(written([np.asfortranarray(ARRAYS[1].astype(np.float64))]))
    assert np.array_equal(found, ARRAYS[1])


def test_nothing_in() -> None:
    assert pickle.loads(written([])) == []
