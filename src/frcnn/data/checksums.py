"""SHA256SUMS beside the data: the only way to notice a byte that flipped and still decodes.

The form is that of `sha256sum`; in the data set's folder,
`find . -name '*.jpg' | xargs sha256sum > SHA256SUMS` writes it.
"""

import re
from pathlib import Path

from frcnn.errors import AnnotationError, PictureError
from frcnn.ops.picture_header import open_regular, place_of

FILE_NAME = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def read_checksums(root: Path) -> dict[Path, str]:
    """Read the list of a data set.

    Args:
        root: folder of the data set.

    Returns:
        SHA-256, hexadecimal, by path; empty when there is no list.

    Raises:
        AnnotationError: the list cannot be read (RC228).
    """
    path = root / FILE_NAME
    if not path.exists():
        return {}
    sums: dict[Path, str] = {}
    try:
        with open_regular(path) as file:
            lines = file.read().split(b"\n")
    except PictureError as error:
        raise _unreadable(place_of(path), error.got) from error
    for number, line in enumerate(lines, start=1):
        found = _LINE.fullmatch(line.decode("utf-8", "surrogateescape").rstrip("\r"))
        if found:
            sums[root / found[2].removeprefix("./")] = found[1]
        elif line.strip():
            raise _unreadable(f"{place_of(path)}:{number}", repr(line[:40])[1:])
    return sums


def _unreadable(place: str, got: str) -> AnnotationError:
    return AnnotationError(
        "RC228",
        place,
        "the list of checksums cannot be read",
        got=got,
        want="64 hexadecimal digits, two spaces, a path",
        fix=f"write it again with sha256sum, or delete {FILE_NAME}",
    )
