"""The rehearsal of a pickle of NumPy arrays: lists and mappings of them, numbers and texts.

Nothing of NumPy's own unpickling is run. The few names that such a pickle needs are replaced by
stand-ins that note an array's shape and type and where its numbers stand in the file: long runs of
bytes are skipped, not read. So a file of many gigabytes is known before a number of it is touched.

Python 2 wrote an array's numbers as a text of 8-bit characters, Python 3 at protocol 2 as a text
to be encoded as latin-1, later protocols as plain bytes; all of them are read.
"""

import io
import pickle  # for its interpreter alone
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

import numpy as np

from frcnn.weights.rehearsal import Refused, Rehearsal

ARRAYS_CAP = 64 * 1024 * 1024
"""Bytes of the pickle without its numbers, each part counted as `_LEAST` at least; 120,000 arrays
take about 45 million."""

_LEAST = 8
_SHORT = 255
"""Bytes and texts of up to so many are read at once: names, and arrays of a few numbers."""
_FLOAT: np.dtype[Any] = np.dtype("<f4")
_NUMBERS = re.compile(r"[fiu][1248]")
_MORE_INSTRUCTIONS = b"0BC\x8c\x8d\x8e\x93\x94\x95\x96"
"""POP; bytes, short texts, STACK_GLOBAL, MEMOIZE, FRAME, bytearrays: what protocols 3 to 5 add."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of bytes that were left in the file."""

    start: int
    length: int
    is_text: bool
    """UTF-8 of a text that is to be encoded as latin-1."""


@dataclass(eq=False, slots=True)
class ArrayPlace:
    """An array whose numbers still stand in the file."""

    shape: tuple[int, ...] = ()
    dtype: np.dtype[Any] = _FLOAT
    is_fortran: bool = False
    data: Run | bytes | None = None
    """None until the pickle said what is in it."""

    @property
    def size(self) -> int:
        """How many bytes its numbers take."""
        count = self.dtype.itemsize
        for side in self.shape:
            count *= side
        return count

    def describe(self, dtype: object, shape: object, is_fortran: object, data: object) -> None:
        """Note what the pickle says; refuse what is no array of numbers, or of other bytes.

        Args:
            dtype: a type of numbers.
            shape: its sides.
            is_fortran: whether columns come first.
            data: its numbers.
        """
        sides = shape if isinstance(shape, tuple) else (-1,)
        if not isinstance(dtype, _Type) or any(type(n) is not int or n < 0 for n in sides):
            raise Refused("an array of no numbers")
        self.shape, self.dtype = sides, np.dtype(dtype.order + dtype.name)
        self.is_fortran, self.data = bool(is_fortran), _as_bytes(data)
        given = self.data.length if isinstance(self.data, Run) else len(self.data)
        # a text takes one or two bytes of UTF-8 for each of latin-1
        most = 2 * self.size if isinstance(self.data, Run) and self.data.is_text else self.size
        if not self.size <= given <= most:
            raise Refused(f"an array of {self.size} bytes in {given}")

    def read(self, stream: BinaryIO) -> np.ndarray:
        """Read its numbers, or refuse where the file has them no more.

        Args:
            stream: the file.

        Returns:
            A copy, of the machine's own byte order.
        """
        data = _taken_from(stream, self.data) if isinstance(self.data, Run) else self.data
        if data is None or len(data) != self.size:
            raise Refused("an array without its numbers")
        array = np.frombuffer(data, self.dtype)
        array = array.reshape(self.shape, order="F" if self.is_fortran else "C")
        return np.array(array, self.dtype.newbyteorder("="), order="C")


@dataclass(eq=False, slots=True)
class _Type:
    """Stands in for a NumPy type of numbers."""

    name: str
    order: str = "<"


class ArrayRehearsal(Rehearsal):
    """Runs a pickle of arrays with inert parts."""

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        code: pickle._Unpickler.dispatch[code] for code in _MORE_INSTRUCTIONS
    } | {code: run for code, run in Rehearsal.dispatch.items() if code != pickle.BINPERSID[0]}

    def __init__(self, stream: BinaryIO) -> None:
        """Take the stand.

        Args:
            stream: at the first byte of a pickle; it can be wound back.
        """
        super().__init__(stream, cap=ARRAYS_CAP, least=_LEAST, encoding="latin1")
        start = stream.tell()
        self._whole, self._size = stream, stream.seek(0, io.SEEK_END)
        stream.seek(start)

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401  # one of the stand-ins
        """Give the stand-in for a name, or refuse."""
        known = module.replace("numpy._core.", "numpy.core.")  # NumPy 2 moved them
        if (known, name) not in _STAND_INS:
            raise Refused(f"the name {module}.{name}"[:200])
        return _STAND_INS[known, name]

    def _run(self, width: int, *, is_text: bool) -> None:
        """Note where a run of bytes stands, and go on behind it; short ones are read."""
        length = int.from_bytes(self._taken(width), "little")
        if length <= _SHORT:
            data = self._taken(length)
            self.stack.append(_decoded(data) if is_text else data)
            return
        start = self._whole.tell()
        if length > self._size - start:
            raise Refused(f"a run of {length} bytes in a file of {self._size}")
        self._whole.seek(length, io.SEEK_CUR)
        self.stack.append(Run(start, length, is_text))

    def _taken(self, count: int) -> bytes:
        data: bytes = self.read(count)  # type: ignore[attr-defined]  # set by the interpreter
        if len(data) != count:
            raise Refused("a program that ends within a number")
        return data

    def _bytes_4(self) -> None:
        self._run(4, is_text=False)

    def _bytes_8(self) -> None:
        self._run(8, is_text=False)

    def _text_4(self) -> None:
        self._run(4, is_text=True)

    def _text_8(self) -> None:
        self._run(8, is_text=True)

    def _frame(self) -> None:
        """Let frames be: they only say how much may be read ahead."""
        self._taken(8)

    def _build(self) -> None:
        """Fill a stand-in with what the pickle says of it."""
        state, target = self.stack.pop(), self.stack[-1]
        match target, state:
            case ArrayPlace(data=None), (int(), shape, dtype, is_fortran, data):
                target.describe(dtype, shape, is_fortran, data)
            case _Type(), (int(), str(order), None, None, None, *_) if order in "<>|=":
                target.order = order
            case _:
                raise Refused("attributes that no array of numbers has")

    dispatch[pickle.BINSTRING[0]] = _bytes_4
    dispatch[pickle.BINBYTES[0]] = _bytes_4
    dispatch[pickle.BINBYTES8[0]] = _bytes_8
    dispatch[pickle.BYTEARRAY8[0]] = _bytes_8
    dispatch[pickle.BINUNICODE[0]] = _text_4
    dispatch[pickle.BINUNICODE8[0]] = _text_8
    dispatch[pickle.FRAME[0]] = _frame
    dispatch[pickle.BUILD[0]] = _build


def _taken_from(stream: BinaryIO, run: Run) -> bytes:
    stream.seek(run.start)
    data = stream.read(run.length)
    return _latin1(_decoded(data)) if run.is_text else data


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused("a text that is no UTF-8") from None


def _encode(text: object, encoding: object = "latin1") -> bytes | Run:
    """Stand in for `codecs.encode`: Python 3 writes bytes so at protocol 2."""
    if isinstance(text, Run) and text.is_text and encoding == "latin1":
        return text
    if not isinstance(text, str) or encoding != "latin1":
        raise Refused("a text in another encoding")
    return _latin1(text)


def _latin1(text: str) -> bytes:
    try:
        return text.encode("latin1")
    except UnicodeEncodeError:
        raise Refused("a text that is no bytes") from None


def _no_bytes() -> bytes:
    """Stand in for `bytes`: Python 3 writes empty ones so at protocol 2."""
    return b""


def _as_bytes(data: object) -> Run | bytes:
    """Take an array's numbers: bytes, or the 8-bit text that Python 2 wrote."""
    if isinstance(data, bytes | Run):
        return data
    if isinstance(data, str):
        return _latin1(data)
    raise Refused("an array of objects")


def _dtype(name: object, *_: object) -> _Type:
    if not isinstance(name, str) or not _NUMBERS.fullmatch(name) or name == "f1":
        raise Refused(f"an array of {name}"[:60] if isinstance(name, str) else "an odd array")
    return _Type(name)


def _reconstruct(*_: object) -> ArrayPlace:
    return ArrayPlace()


def _from_buffer(data: object, dtype: object, shape: object, order: object) -> ArrayPlace:
    """Stand in for what protocol 5 calls."""
    place = ArrayPlace()
    place.describe(dtype, shape, order == "F", data)
    return place


def _scalar(dtype: object, data: object) -> int | float:
    """Make a plain number of one of NumPy's."""
    place = ArrayPlace()
    place.describe(dtype, (), is_fortran=False, data=data)
    number: int | float = place.read(io.BytesIO()).item()
    return number


_STAND_INS: dict[tuple[str, str], object] = {
    ("__builtin__", "bytes"): _no_bytes,
    ("_codecs", "encode"): _encode,
    ("numpy", "dtype"): _dtype,
    ("numpy", "ndarray"): "ndarray",
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _from_buffer,
}
