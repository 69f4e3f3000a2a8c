"""Diaries: files that grow line by line, and that a kill cannot spoil.

A line is there whole or not at all; a torn last one, left by a kill, is not read, and cut off
before the next is added.
"""

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

from frcnn import files


def append_line(path: Path, text: str) -> None:
    """Add one line to a diary; a torn last line, left by a kill, is cut off first.

    Args:
        path: the diary; made when it is not there.
        text: the line, without its end.

    Raises:
        AssertionError: `text` holds a line's end.
        DiskError: the line could not be written; what stood there before still does.
    """
    if "\n" in text:
        raise AssertionError("append_line: one line, without its end")
    try:
        with path.open("a+b", buffering=0) as stream:
            start = _cut_torn_line(stream)
            _append(stream, text.encode() + b"\n", start)
    except OSError as error:
        raise files.disk_error(error, path) from error


def read_lines_until_torn(path: Path) -> list[str]:
    """Read a diary up to its last whole line.

    Args:
        path: the diary.

    Returns:
        Each line without its end; what follows the last line end is left out.

    Raises:
        DiskError: the diary is not there or cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise files.disk_error(error, path) from error
    return [line.decode(errors="replace") for line in content.split(b"\n")[:-1]]


def _cut_torn_line(stream: BinaryIO) -> int:
    """Cut the stream after its last line end and give its length."""
    end = stream.seek(0, os.SEEK_END)
    whole = end
    while whole > 0:
        start = max(0, whole - 65536)
        stream.seek(start)
        found = stream.read(whole - start).rfind(b"\n")
        if found >= 0:
            whole = start + found + 1
            break
        whole = start
    if whole < end:
        stream.truncate(whole)
    return whole


def _append(stream: BinaryIO, line: bytes, start: int) -> None:
    """Write the whole line, or none of it."""
    try:
        rest = memoryview(line)
        while rest:  # an unbuffered write may take less than it was given
            rest = rest[stream.write(rest) :]
    except OSError:
        with contextlib.suppress(OSError):  # the torn line is cut off at the next append
            stream.truncate(start)
        raise
