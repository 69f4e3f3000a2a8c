"""What every form is made of: all results of a run, read again from its diary one by one.

However many pictures there are, memory holds one of them. A form is a function `(path, results)`
that writes a file or folder at `path`, each file whole or not at all, and gives back what it could
not write.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from frcnn import files
from frcnn.data.problems import Problem

LOCAL_FILES = "/data/local-files/?d="
"""Where Label Studio serves files of its own machine, by their path below its root."""


class Picture(NamedTuple):
    """The result of one picture, or of one frame of a video, as plain values."""

    row: Mapping[str, Any]
    """As `Result.to_json` gives it, with `image`, and a `crop` of each object, where written."""
    inside: str
    """Its path inside the folder that was named, such as `more/a.jpg`."""
    stem: str
    """The same without ending; numbered where another picture has that."""

    @property
    def objects(self) -> list[Mapping[str, Any]]:
        """What was found, highest score first."""
        found: list[Mapping[str, Any]] = self.row["objects"]
        return found


@dataclass(frozen=True, eq=False, kw_only=True)
class Results:
    """All results of a run."""

    run: Mapping[str, Any]
    """What the run was asked to do."""
    classes: tuple[str, ...]
    """Names of class ids 0 ... C-1."""
    category_ids: tuple[int | str, ...]
    """What the training data's own file calls the classes."""
    pictures: Callable[[], Iterator[Picture]]
    """Reads them anew at each call, in the order in which they were looked at."""
    problems: Callable[[], Iterator[Mapping[str, Any]]]
    """An error's fields for each picture without result."""
    videos: Callable[[], Iterator[Mapping[str, Any]]] = lambda: iter(())
    """What is known of each video as a whole; its frames are among the pictures."""
    image_url: str | None = None
    """What stands before the path inside the source, in forms that name pictures by address."""


Form = Callable[[Path, Results], list[Problem]]
"""Writes at a path, and gives what could not be written."""


def strict_json(value: object) -> bytes:
    """Write a value on one line: UTF-8, no NaN, no infinity."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


def write_list(stream: BinaryIO, items: Iterable[object]) -> None:
    """Write a JSON list, an item a line, without holding it in memory.

    Args:
        stream: of the file.
        items: plain values.
    """
    stream.write(b"[")
    for number, item in enumerate(items):
        stream.write((b",\n  " if number else b"\n  ") + strict_json(item))
    stream.write(b"]")


def write_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Put a file in its place whole, in a folder that is made when it is not there.

    Args:
        path: the place.
        write: writes all bytes.

    Raises:
        DiskError: the folder or file cannot be written.
    """
    make_folder(path.parent)
    files.write_atomically(path, write)


def write_bytes(path: Path, data: bytes) -> None:
    """Put a small file in its place whole; as `write_file`."""
    write_file(path, lambda stream: stream.write(data))


def make_folder(folder: Path) -> None:
    """Make a folder and those that it is in.

    Args:
        folder: may be there already.

    Raises:
        DiskError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.disk_error(error, folder) from error
