"""find_arrays and read_array: refusals of the rehearsal in our words."""

import io
import os
import pickle

import numpy as np
import pytest

from frcnn.errors import DataError
from frcnn.weights.array_rehearsal import ArrayPlace
from frcnn.weights.unpickle import find_arrays, read_array

BOXES = np.arange(800, dtype=np.float32).reshape(200, 4)


def test_golden_arrays_are_found_then_read() -> None:
    stream = io.BytesIO(pickle.dumps([BOXES], protocol=2))
    content = find_arrays(stream, "p.pkl")
    assert isinstance(content, list)
    assert isinstance(content[0], ArrayPlace)
    assert np.array_equal(read_array(stream, content[0], "p.pkl"), BOXES)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (pickle.dumps(os.system, protocol=2), r"got the name posix\.system"),
        (b"", "got a program that"),
        (b"\x80\x02](K\x01", "got a program that"),
        (pickle.dumps([1], protocol=0), "got an instruction that plain numbers do not need"),
    ],
)
def test_what_is_refused_is_named(data: bytes, text: str) -> None:
    with pytest.raises(DataError, match=rf"error\[RC255\] p\.pkl: .*{text}") as caught:
        find_arrays(io.BytesIO(data), "p.pkl")
    assert caught.value.exit_code == 3
    assert "pickle the list of arrays alone" in caught.value.fix


def test_numbers_that_are_gone() -> None:
    stream = io.BytesIO(pickle.dumps([BOXES], protocol=4))
    content = find_arrays(stream, "p.pkl")
    assert isinstance(content, list)
    stream.truncate(1000)
    with pytest.raises(DataError, match=r"RC255.*without its numbers"):
        read_array(stream, content[0], "p.pkl")
