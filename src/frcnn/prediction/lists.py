"""Lists of sources: a text of paths and addresses, one a line, from a file or standard input.

    # the north side
    photos/a.jpg
    photos/more/
    https://example.com/b.jpg

Lines may be whatever `frcnn predict` takes, but no list again. Paths are those of the folder that
the program runs in; what is not there is looked for beside the list. Empty lines are passed over,
and lines that begin with #.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from frcnn.errors import PictureError
from frcnn.ops.picture_header import open_regular, place_of

LARGEST = 256 << 20
"""Bytes of a list, or of a picture on standard input; more are refused."""
STANDARD_INPUT = "-"
"""What it is called."""
_DEVICE = "/dev/stdin"
SUFFIX = ".txt"
"""Of a list."""


class Line(NamedTuple):
    """One source of a list."""

    text: str
    """What stands there."""
    place: str
    """Where it stands, as `list.txt:3`."""


def is_standard_input(text: str) -> bool:
    """Tell whether a source is standard input, by either of its names."""
    return text in (STANDARD_INPUT, _DEVICE)


def is_list(path: Path) -> bool:
    """Tell a list by its name; the caller has found that it is no picture and no video."""
    return path.suffix.lower() == SUFFIX


def lines_of_file(path: Path) -> list[Line]:
    """Read a list.

    Args:
        path: of the text.

    Returns:
        Its lines. PictureError when it cannot be opened (RC108) or is no list (RC124).
    """
    with open_regular(path) as file:
        data = file.read(LARGEST + 1)
    here = path.parent

    def looked_for(text: str) -> str:
        beside = here / text
        is_there = os.path.lexists(text) or not os.path.lexists(beside)
        return text if is_there else str(beside)

    return list(_lines(data, place_of(path), looked_for))


def lines_of_bytes(data: bytes) -> list[Line]:
    """Read a list from standard input.

    Args:
        data: all of it.

    Returns:
        Its lines. PictureError when it is no list (RC124).
    """
    return list(_lines(data, STANDARD_INPUT, lambda text: text))


def read_standard_input() -> bytes:
    """Read all that comes.

    Returns:
        The bytes; empty where standard input is closed.

    Raises:
        PictureError: they are too many (RC124).
    """
    if sys.stdin is None:
        return b""
    data = sys.stdin.buffer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise no_list(STANDARD_INPUT, f"more than {LARGEST >> 20} MiB")
    return data


def _lines(data: bytes, place: str, looked_for: Callable[[str], str]) -> Iterator[Line]:
    if len(data) > LARGEST:
        raise no_list(place, f"more than {LARGEST >> 20} MiB")
    if b"\0" in data:
        raise no_list(place, "bytes that are no text")
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        text = os.fsdecode(line.strip())
        if text and not text.startswith("#"):
            yield Line(looked_for(text), f"{place}:{number}")


def no_list(
    place: str, got: str, fix: str = "write a line for each picture, as `ls photos/*.jpg` does"
) -> PictureError:
    """Say that something is neither a picture nor a list.

    Args:
        place: the file, or a line of one.
        got: what it is.
        fix: what the reader can do.

    Returns:
        The error (RC124).
    """
    return PictureError(
        "RC124",
        place,
        "neither a picture nor a list of pictures",
        got=got,
        want="a picture, or paths and addresses, one a line",
        fix=fix,
    )
