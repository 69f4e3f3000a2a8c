"""The safetensors container: looked at before it is parsed, written without a second copy.

A file is 8 bytes of length, a JSON header (name -> dtype, shape, offsets; `__metadata__` -> texts),
and the tensors' bytes back to back. The safetensors package reads it and refuses overlaps, holes
and sizes that overflow; what it allows and we do not is refused here first: a file that is no file,
a header or a number of tensors that takes seconds to parse, a name given twice.
"""

import json
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from frcnn import files
from frcnn.errors import ModelFileError

HEADER_CAP = 1024 * 1024
"""Bytes of JSON; 900 tensors with their optimizer buffers take about 100 thousand."""
TENSOR_CAP = 10_000
"""Tensors in a file; a large detector with its optimizer has about one thousand."""

_LENGTH = struct.Struct("<Q")
_METADATA = "__metadata__"
_DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


class _TwiceError(ValueError):
    """A JSON object gives one name twice."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Contents:
    """What a container holds."""

    prefix: bytes
    """The length and the header as they stand in the file, before the first tensor's bytes."""
    metadata: Mapping[str, str]
    """Texts by name; empty where the file has none."""
    tensors: dict[str, Tensor]
    """By name, on the CPU, in the order of their bytes in the file."""


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file, and nothing that would block or never end.

    Args:
        path: a file or a link to one.

    Returns:
        The open file; the caller closes it.

    Raises:
        ModelFileError: there is no such file, it may not be read, or it is a folder, a pipe or a
            device (RC501).
    """
    return files.open_regular(path, lambda reason: _unreadable(path, reason))


def read_prefix(path: Path) -> tuple[bytes, dict[str, Any]]:
    """Read a container's header, without its tensors.

    Args:
        path: the file.

    Returns:
        The length and header as bytes, and the header as a mapping; its form is not checked
        beyond being a mapping of at most `TENSOR_CAP` names.

    Raises:
        ModelFileError: no regular file (RC501), no container or cut short (RC502), larger than
            the caps (RC503), a header that is not well formed (RC504).
    """
    with open_regular(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        first = stream.read(_LENGTH.size)
        if len(first) < _LENGTH.size:
            raise _no_container(path, f"{size} bytes")
        (length,) = _LENGTH.unpack(first)
        if length > size - _LENGTH.size:
            raise _no_container(path, f"{size} bytes, a header of {length}")
        if length > HEADER_CAP:
            raise _too_large(path, f"a header of {length} bytes", f"at most {HEADER_CAP}")
        text = stream.read(length)
    header = _parse(path, text)
    if len(header) > TENSOR_CAP:
        raise _too_large(path, f"{len(header)} tensors", f"at most {TENSOR_CAP}")
    return first + text, header


def read(path: Path) -> Contents:
    """Read a whole container into memory.

    Args:
        path: the file.

    Returns:
        Its contents; nothing is mapped from the disk, so the file may change afterwards.

    Raises:
        ModelFileError: as `read_prefix`, or the tensors do not agree with the header (RC504).
    """
    prefix, _ = read_prefix(path)
    try:
        with safe_open(path, framework="pt", device="cpu", backend="pread") as container:
            metadata = container.metadata() or {}
            tensors = {name: container.get_tensor(name) for name in container.offset_keys()}
    except (SafetensorError, OSError, RuntimeError, ValueError, TypeError) as error:
        reason = str(error).removeprefix("Error while deserializing header: ")
        raise _malformed(path, reason.splitlines()[0][:200]) from error
    return Contents(prefix=prefix, metadata=metadata, tensors=tensors)


def make_prefix(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Make the length and header of a container.

    Args:
        tensors: by name; any device and layout.
        metadata: texts by name.

    Returns:
        The bytes before the first tensor's; the same for the same input, whatever the order.

    Raises:
        ModelFileError: a type that the format lacks, or a header beyond the caps.
    """
    header: dict[str, Any] = {_METADATA: dict(metadata)}
    offset = 0
    for name, tensor in in_order(tensors):
        if tensor.dtype not in _DTYPES:
            raise _malformed(name, f"a tensor of {tensor.dtype}")
        end = offset + tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": _DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, end],
        }
        offset = end
    if len(header) > TENSOR_CAP:
        raise _too_large("tensors", f"{len(header)} names", f"at most {TENSOR_CAP}")
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # the tensors start at a multiple of 8
    if len(text) > HEADER_CAP:
        raise _too_large("header", f"{len(text)} bytes", f"at most {HEADER_CAP}")
    return _LENGTH.pack(len(text)) + text


def in_order(tensors: Mapping[str, Tensor]) -> list[tuple[str, Tensor]]:
    """List tensors in the order of their bytes in a file: widest numbers first, then by name."""
    return sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0]))


def as_bytes(tensor: Tensor) -> memoryview:
    """Give the numbers of a tensor of any shape as they stand in a file, row by row."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().data


def write(stream: BinaryIO, prefix: bytes, tensors: Mapping[str, Tensor]) -> None:
    """Write a container.

    Args:
        stream: where to.
        prefix: as `make_prefix` made it of the same tensors.
        tensors: by name.
    """
    stream.write(prefix)
    for row, (_, tensor) in enumerate(in_order(tensors)):
        if row == len(tensors) // 2:
            files.reached("mid_write")
        stream.write(as_bytes(tensor))


def _parse(path: Path, text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode(), object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:  # ValueError: not UTF-8, not JSON, or twins
        reason = "lists within lists" if isinstance(error, RecursionError) else str(error)
        raise _malformed(path, reason) from error
    if not isinstance(header, dict):
        raise _malformed(path, f"a header that is a {type(header).__name__}")
    return header


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise _TwiceError(f"the name {next(_twins(pairs))!r} twice")
    return names


def _twins(pairs: list[tuple[str, Any]]) -> Iterator[str]:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            yield name[:100]
        seen.add(name)


def _unreadable(path: Path, got: str) -> ModelFileError:
    return ModelFileError(
        "RC501",
        str(path),
        "no model file can be read here",
        got=got,
        want="a file",
        fix="check the path; detectors are a run's best.safetensors and last.safetensors, a "
        "backbone's weights a file from elsewhere",
    )


def _no_container(path: Path, got: str) -> ModelFileError:
    return ModelFileError(
        "RC502",
        str(path),
        "not a safetensors file, or cut short",
        got=got,
        want="a whole .safetensors file",
        fix="copy or download it again; for a .pth see `--backbone-weights`",
    )


def _too_large(place: Path | str, got: str, want: str) -> ModelFileError:
    return ModelFileError(
        "RC503",
        str(place),
        "larger than any detector's file",
        got=got,
        want=want,
        fix="store fewer tensors, shorter class names or less text with them",
    )


def _malformed(place: Path | str, got: str) -> ModelFileError:
    return ModelFileError(
        "RC504",
        str(place),
        "not a well-formed safetensors file",
        got=got,
        want="names, types, shapes and bytes that agree",
        fix="copy or download the file again; if it stays so, do not trust its source",
    )
