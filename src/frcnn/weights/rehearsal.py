"""The rehearsal of a pickle: its program is run with every part that could act taken out.

It may name a handful of tensor types, all replaced by inert stand-ins, and use the instructions
that plain weights need. What it asks for is added up: storages by key, tensors within them. So the
file is known before PyTorch sees it.
"""

import pickle  # for its interpreter alone
from collections.abc import Callable, Mapping
from typing import IO, Any, ClassVar, NamedTuple

PROGRAM_CAP = 16 * 1024 * 1024
"""Bytes of the pickle without its numbers; 10,000 tensors take about 1.5 million."""

_ITEM_BYTES = {
    "DoubleStorage": 8,
    "FloatStorage": 4,
    "HalfStorage": 2,
    "BFloat16Storage": 2,
    "LongStorage": 8,
    "IntStorage": 4,
    "ShortStorage": 2,
    "CharStorage": 1,
    "ByteStorage": 1,
    "BoolStorage": 1,
}
_INSTRUCTIONS = (
    b"\x80c}])(" + b"\x85\x86\x87tR" + b"busae" + b"qrhj" + b"XUT" + b"KMJ\x8aG" + b"N\x88\x89Q."
)
"""PROTO GLOBAL EMPTY_DICT EMPTY_LIST EMPTY_TUPLE MARK, TUPLE1-3 TUPLE REDUCE, BUILD SETITEMS
SETITEM APPEND APPENDS, memo puts and gets, texts, numbers, None, booleans, storages, the end."""


class Refused(Exception):  # noqa: N818  # an answer, not a fault; `unpickle` puts it in words
    """The program asks for something that plain weights do not have."""


class _Kind(NamedTuple):
    """Stands in for a storage type."""

    item_bytes: int


class _Storage(NamedTuple):
    """Stands in for a storage."""

    items: int
    item_bytes: int


class _Tensor(NamedTuple):
    """Stands in for a tensor; its numbers are not looked at."""

    shape: tuple[int, ...]


class _Mapping(dict[Any, Any]):
    """Stands in for an ordered dictionary."""


class _Capped:
    """A stream that gives at most so many bytes and never sets aside more than it gives."""

    def __init__(self, stream: IO[bytes], cap: int, least: int) -> None:
        self._stream, self._cap, self._least = stream, cap, least
        self._left = cap

    def read(self, count: int) -> bytes:
        """Read `count` bytes, or refuse."""
        self._left -= max(count, self._least)
        if count < 0 or self._left < 0:
            raise Refused(f"a program of more than {self._cap} bytes")
        return self._stream.read(count)

    def readline(self) -> bytes:
        """Read one line, or refuse."""
        line = self._stream.readline(self._left)
        self._left -= len(line)
        if not line.endswith(b"\n"):
            raise Refused("a program that ends within a name")
        return line


class Rehearsal(pickle._Unpickler):  # the Python one: C's can be made to take gigabytes
    """Runs a pickle with inert parts and adds up what it asks for."""

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        code: pickle._Unpickler.dispatch[code] for code in _INSTRUCTIONS
    }
    stack: list[Any]
    pop_mark: Callable[[], list[Any]]

    def __init__(
        self, stream: IO[bytes], *, cap: int | None = None, least: int = 1, encoding: str = "utf-8"
    ) -> None:
        """Take the stand.

        Args:
            stream: at the first byte of a pickle; left behind its last one.
            cap: bytes that the program may have; `PROGRAM_CAP` where none is given.
            least: what a part of it counts at least: a byte may cost a hundred in memory.
            encoding: of the texts that Python 2 wrote.
        """
        capped = _Capped(stream, PROGRAM_CAP if cap is None else cap, least)
        super().__init__(capped, encoding=encoding)
        self._storages: dict[str, _Storage] = {}

    @property
    def total_bytes(self) -> int:
        """Sum of all storages."""
        return sum(storage.items * storage.item_bytes for storage in self._storages.values())

    def load(self) -> Any:  # noqa: ANN401  # whatever was pickled
        """Run to the end, or refuse."""
        try:
            return super().load()
        except Refused:
            raise
        except KeyError as error:  # not in `dispatch`, or a memo never filled
            raise Refused(f"an instruction that plain numbers do not need ({error})") from None
        except Exception as error:
            raise Refused(f"a program that fails ({type(error).__name__})") from None

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401  # one of the stand-ins
        """Give the stand-in for a name, or refuse."""
        if module == "torch" and name in _ITEM_BYTES:
            return _Kind(_ITEM_BYTES[name])
        if (module, name) not in _STAND_INS:
            raise Refused(f"the name {module}.{name}"[:200])
        return _STAND_INS[module, name]

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401  # whatever was pickled
        """Note a storage: ("storage", type, key, device, number of items)."""
        match pid:
            case ("storage", _Kind(item_bytes), str(key), str(), int(items), *rest):
                if items < 0 or rest not in ([], [None]):
                    raise Refused("a storage that is no plain one")
            case _:
                raise Refused("a storage that is no plain one")
        storage = _Storage(items, item_bytes)
        if self._storages.setdefault(key, storage) != storage:
            raise Refused(f"the storage {key[:40]} in two sizes")
        return storage

    def require_sizes(self, found: Mapping[str, int]) -> None:
        """Refuse when a storage's bytes in the file are not as many as the program says."""
        for key, storage in self._storages.items():
            if found.get(key) != storage.items * storage.item_bytes:
                raise Refused(f"{found.get(key)} bytes where storage {key[:40]} has {storage}")

    def _set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._put([key, value])

    def _set_items(self) -> None:
        self._put(self.pop_mark())

    def _put(self, pairs: list[Any]) -> None:
        """Fill a dictionary; its keys are texts or numbers (hashing deep tuples ends processes)."""
        target = self.stack[-1]
        keys = pairs[::2]
        if not isinstance(target, dict) or any(type(key) not in (str, int) for key in keys):
            raise Refused("a mapping by something else than names")
        target.update(zip(keys, pairs[1::2], strict=True))

    def _build(self) -> None:
        """Let pass the versions that a `state_dict` carries as an attribute, and no others."""
        state = self.stack.pop()
        of_state_dict = isinstance(self.stack[-1], _Mapping) and isinstance(state, dict)
        if not of_state_dict or not set(state) <= {"_metadata"}:
            raise Refused("attributes that no state_dict has")

    dispatch[pickle.SETITEM[0]] = _set_item
    dispatch[pickle.SETITEMS[0]] = _set_items
    dispatch[pickle.BUILD[0]] = _build


def _rebuild_tensor(
    storage: object, offset: object, shape: object, stride: object, *_: object
) -> _Tensor:
    """Note a tensor that lies within its storage."""
    match storage, offset, shape, stride:
        case (_Storage(items), int(), tuple(), tuple()) if len(shape) == len(stride):
            numbers = (offset, *shape, *stride)
            if any(not isinstance(n, int) or n < 0 for n in numbers):
                raise Refused("a tensor with an odd shape")
            _require_inside(items, offset, shape, stride)
            return _Tensor(shape)
    raise Refused("a tensor without a storage")


def _require_inside(
    items: int, offset: int, shape: tuple[int, ...], stride: tuple[int, ...]
) -> None:
    count = 1
    for side in shape:
        count *= side
    last = offset + sum((side - 1) * step for side, step in zip(shape, stride, strict=True))
    if count and (count > items or last >= items):
        raise Refused(f"a tensor of {count} numbers in a storage of {items}")


def _rebuild_parameter(tensor: object, *_: object) -> _Tensor:
    if isinstance(tensor, _Tensor):
        return tensor
    raise Refused("a parameter without a tensor")


def _ordered_dict(*pairs: object) -> _Mapping:
    """Make an empty dictionary, or one of names and values as Python 2 wrote them."""
    made = _Mapping()
    for name, value in pairs[0] if pairs and isinstance(pairs[0], list) else ():
        if type(name) is not str:
            raise Refused("a mapping by something else than names")
        made[name] = value
    return made


_STAND_INS: dict[tuple[str, str], object] = {
    ("collections", "OrderedDict"): _ordered_dict,
    ("torch", "Size"): tuple,
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
}
