"""A JSON file from strangers, by Python's own parser: whole, or with the place of what is wrong.

Stricter than the parser by itself: no `NaN`, no key twice in one object, UTF-8 alone.
"""

import codecs
import json
from pathlib import Path
from typing import Any, NoReturn

from frcnn.errors import AnnotationError, PictureError
from frcnn.ops.picture_header import open_regular, place_of


def read_json(path: Path) -> object:
    """Parse a file.

    Args:
        path: of the file.

    Returns:
        What it says, as Python's plain values.

    Raises:
        AnnotationError: it cannot be read, or is no JSON (RC271).
    """
    try:
        with open_regular(path) as file:
            data = file.read()
    except PictureError as error:
        raise unreadable(path, error.got) from error
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        return json.loads(text, object_pairs_hook=_once_each, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        line, column = line_and_column(error.doc, error.pos)
        raise unreadable(path, error.msg, f":{line}:{column}") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise unreadable(path, f"byte {data[error.start]:#04x}, no UTF-8", f":{line}") from error
    except RecursionError as error:
        raise unreadable(path, "brackets nested too deep") from error
    except ValueError as error:  # NaN and its like, a key twice, a number of thousands of digits
        raise unreadable(path, str(error)[:80]) from error


def line_and_column(text: str, position: int) -> tuple[int, int]:
    """Count lines and columns from 1.

    Args:
        text: of a file.
        position: in it.

    Returns:
        Where that is.
    """
    line = text.count("\n", 0, position) + 1
    return line, position - text.rfind("\n", 0, position)


def unreadable(path: Path, got: str, where: str = "") -> AnnotationError:
    """Make the error of a file that is no JSON.

    Args:
        path: of the file.
        got: what was found.
        where: the place in it, behind its path.

    Returns:
        The error (RC271), to be raised.
    """
    return AnnotationError(
        "RC271",
        f"{place_of(path)}{where}",
        "the file cannot be read as JSON",
        got=got,
        want="JSON, whole, UTF-8",
        fix="mend that place, or export the file again",
    )


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice[:40]!r} twice in one object")
    return values


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word}, which JSON does not have")
