"""Writing a pickle of float32 arrays as Python 2 and NumPy 1 read it, array by array.

`pickle.dump` would need the whole list in memory, and today's NumPy writes names into it that the
NumPy beside the authors' code does not have. The instructions are few: protocol 2, one list, and
for each array what NumPy's own pickle says: make an empty one, then fill it. The numbers stand in
the file as a text to be encoded as latin-1, the one form that both Pythons turn into bytes.
"""

import struct
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np

_BEGIN = b"\x80\x02]"  # protocol 2, an empty list
_END = b"."
_DTYPE_STATE = b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
_FIRST_TIME = (  # each is made once, put under a number, and taken off the stack again
    b"cnumpy.core.multiarray\n_reconstruct\nq\x000"
    b"cnumpy\nndarray\nK\x00\x85U\x01b\x87q\x010"  # (ndarray, (0,), "b")
    b"cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R" + _DTYPE_STATE + b"q\x020"
    b"c_codecs\nencode\nq\x030"
    b"X\x06\x00\x00\x00latin1q\x040"
)
_MAKE = b"h\x00h\x01R"
_FILL = b"h\x03X%b%bh\x04\x86R"


def write_arrays(stream: BinaryIO, arrays: Iterable[np.ndarray]) -> None:
    """Write a list of arrays.

    Args:
        stream: where to.
        arrays: each of two dimensions, written as float32.
    """
    stream.write(_BEGIN + _FIRST_TIME)
    for array in arrays:
        text = array.astype("<f4").tobytes().decode("latin1").encode()
        sides = b"".join(b"J" + struct.pack("<i", side) for side in array.shape)
        numbers = _FILL % (struct.pack("<I", len(text)), text)
        stream.write(_MAKE + b"(K\x01" + sides + b"\x86h\x02\x89" + numbers + b"tba")
    stream.write(_END)
