"""The one door through which a pickle (.pth, .pt, .pkl) may come in: plain numbers, or refused.

A pickle is a program. Before PyTorch sees the file we run that program ourselves with every part
that could act taken out: it may name a handful of tensor types, all replaced by inert stand-ins,
and what it asks for is added up. Only then `torch.load` reads it, with `weights_only=True`; should
that fail, the file is refused, never read in another way.

1. a regular file that begins as PyTorch's own (zip since 1.6, or the older stream of pickles)
2. zip: members stored, not packed; together no larger than the file; no program code
3. the rehearsal: no other names, no other instructions, storages no larger than the file, tensors
   no larger than their storage
4. torch.load, and tensors copied out of their storages

A pickle of NumPy arrays, as the authors' code leaves proposals, is rehearsed and no more: NumPy's
own way of reading it is never taken, the numbers are fetched from where they stand.
"""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from frcnn.errors import DataError, ModelFileError
from frcnn.weights.array_rehearsal import ArrayPlace, ArrayRehearsal
from frcnn.weights.container import TENSOR_CAP, open_regular
from frcnn.weights.rehearsal import PROGRAM_CAP, Refused, Rehearsal

_ZIP = b"PK\x03\x04"
_STREAM = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # the pickled number that opens old files
_SLACK = 1.05  # names and padding may add this much to the members of a zip
_CONTAINERS = ("state_dict", "model_state_dict", "model_state", "model")


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a PyTorch file, executing nothing in it.

    Args:
        path: a .pth or .pt file with a mapping of names to tensors, alone or under `state_dict`,
            `model_state_dict`, `model_state` or `model`.

    Returns:
        The tensors by name, contiguous, on the CPU, none sharing memory with another.

    Raises:
        ModelFileError: no regular file (RC501), more than plain weights (RC511), damaged or of
            another kind (RC512), a bomb (RC513), or without a mapping of tensors (RC514).
    """
    with open_regular(path) as stream:
        try:
            _rehearse_file(stream, path)
            stream.seek(0)
            content = torch.load(stream, map_location="cpu", weights_only=True)
        except (Refused, ModelFileError) as error:
            raise _refused(path, error) from None
        except Exception as error:  # torch's own text advises to read it unguarded: never shown
            raise _damaged(path, type(error).__name__) from None
    return _tensors_by_name(path, content)


def find_arrays(stream: BinaryIO, place: str) -> object:
    """Look through a pickle of NumPy arrays, executing nothing in it and reading no array.

    Args:
        stream: the whole file, at its beginning; protocols 2 to 5, of Python 2 as well.
        place: the file, for messages.

    Returns:
        What was pickled: lists, mappings, numbers, texts, and an `ArrayPlace` for each array.

    Raises:
        DataError: it is damaged, or holds anything else (RC255).
    """
    try:
        return ArrayRehearsal(stream).load()
    except Refused as error:
        raise _no_arrays(place, error) from None


def read_array(stream: BinaryIO, array: ArrayPlace, place: str) -> np.ndarray:
    """Read the numbers of an array that `find_arrays` found.

    Args:
        stream: the same file.
        array: which.
        place: the file, for messages.

    Returns:
        A copy, of the machine's own byte order.

    Raises:
        DataError: they are not there (RC255).
    """
    try:
        return array.read(stream)
    except Refused as error:
        raise _no_arrays(place, error) from None


def is_pickle(path: Path) -> bool:
    """Tell by its first bytes whether a file is one of PyTorch's; it need not be a good one.

    Args:
        path: a regular file.

    Returns:
        Whether `read_tensors` is the function for it.

    Raises:
        ModelFileError: no regular file (RC501).
    """
    with open_regular(path) as stream:
        first = stream.read(8)
    # safetensors begin with a length under 2**24: five zeros at the end, which no pickle has there
    return first.startswith(_ZIP) or (first[:1] == b"\x80" and first[3:] != bytes(5))


def _rehearse_file(stream: BinaryIO, path: Path) -> None:
    size = os.fstat(stream.fileno()).st_size
    first = stream.read(len(_STREAM))
    stream.seek(0)
    if first.startswith(_ZIP):
        total = _rehearse_zip(stream, path, size)
    elif first == _STREAM:
        total = _rehearse_stream(stream)
    else:
        raise _damaged(path, f"a file that begins with {first[:8]!r}")
    if total > size * _SLACK:
        raise _bomb(path, f"{total} bytes of numbers", size)


def _rehearse_zip(stream: BinaryIO, path: Path, size: int) -> int:
    """Give the bytes of all storages, each as long as its member."""
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            _require_unpacked(members, path, size)
            with archive.open(_program(members)) as program:
                rehearsal = Rehearsal(program)
                rehearsal.load()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise _damaged(path, str(error)) from None
    rehearsal.require_sizes(_storage_sizes(members))
    return rehearsal.total_bytes


def _rehearse_stream(stream: BinaryIO) -> int:
    """Give the bytes of all storages of an older file."""
    for _ in range(3):  # a number, the protocol, facts about the machine
        Rehearsal(stream).load()
    rehearsal = Rehearsal(stream)
    rehearsal.load()
    return rehearsal.total_bytes


def _require_unpacked(members: list[zipfile.ZipInfo], path: Path, size: int) -> None:
    if len(members) > TENSOR_CAP or len({info.filename for info in members}) < len(members):
        raise _bomb(path, f"{len(members)} members, some perhaps twice", size)
    total = sum(info.file_size for info in members)
    if total > size * _SLACK or any(_is_packed(info) for info in members):
        raise _bomb(path, f"members of {total} bytes, some perhaps packed", size)


def _is_packed(info: zipfile.ZipInfo) -> bool:
    encrypted = bool(info.flag_bits & 1)
    stored = info.compress_type == zipfile.ZIP_STORED and info.compress_size == info.file_size
    return encrypted or not stored


def _program(members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """Find `NAME/data.pkl`; a zip with other programs is TorchScript, or worse."""
    programs = [info for info in members if info.filename.endswith((".pkl", ".py"))]
    parts = [info.filename.split("/") for info in programs]
    if len(parts) != 1 or len(parts[0]) != 2 or parts[0][1] != "data.pkl":
        names = ", ".join(info.filename for info in programs[:3])
        raise Refused(f"the programs {names or '(none)'}, not data.pkl alone"[:200])
    if programs[0].file_size > PROGRAM_CAP:
        raise Refused(f"a program of {programs[0].file_size} bytes")
    return programs[0]


def _storage_sizes(members: list[zipfile.ZipInfo]) -> dict[str, int]:
    parts = ((info.filename.split("/"), info.file_size) for info in members)
    return {name[2]: size for name, size in parts if len(name) == 3 and name[1] == "data"}


def _tensors_by_name(path: Path, content: object) -> dict[str, Tensor]:
    for candidate in (content, *(_under(content, name) for name in _CONTAINERS)):
        if isinstance(candidate, Mapping) and candidate and _is_plain(candidate):
            return {name: tensor.detach().clone() for name, tensor in candidate.items()}
    raise ModelFileError(
        "RC514",
        str(path),
        "no weights inside",
        got=_sketch(content),
        want=f"names and tensors, alone or under {', '.join(_CONTAINERS)}",
        fix="save the network's state_dict() and nothing else",
    )


def _under(content: object, name: str) -> object:
    return content.get(name) if isinstance(content, Mapping) else None


def _is_plain(mapping: Mapping[Any, Any]) -> bool:
    return all(isinstance(n, str) and isinstance(t, Tensor) for n, t in mapping.items())


def _sketch(content: object) -> str:
    if isinstance(content, Mapping):
        return "a mapping with " + (", ".join(str(n)[:40] for n in list(content)[:10]) or "nothing")
    return f"a {type(content).__name__}"


def _refused(path: Path, error: Exception) -> ModelFileError:
    if isinstance(error, ModelFileError):
        return error
    return ModelFileError(
        "RC511",
        str(path),
        "more than plain weights, so it is not loaded",
        got=str(error),
        want="a mapping of names to tensors",
        fix="where you trust it, convert it: torch.save(network.state_dict(), ...), or safetensors",
    )


def _no_arrays(place: str, error: Refused) -> DataError:
    return DataError(
        "RC255",
        place,
        "not a pickle of NumPy arrays and nothing else, so it is not read",
        got=str(error),
        want="lists of arrays, numbers and texts, pickled at protocol 2 or later",
        fix="copy it again; where it holds more, pickle the list of arrays alone",
    )


def _damaged(path: Path, got: str) -> ModelFileError:
    return ModelFileError(
        "RC512",
        str(path),
        "not a PyTorch weights file, or damaged",
        got=got[:200],
        want="a whole file that torch.save wrote",
        fix="copy or download it again",
    )


def _bomb(path: Path, got: str, size: int) -> ModelFileError:
    return ModelFileError(
        "RC513",
        str(path),
        "would unfold to more than it is",
        got=got,
        want=f"plain members within the file's {size} bytes",
        fix="save it with torch.save, which does not pack; else do not trust its source",
    )
