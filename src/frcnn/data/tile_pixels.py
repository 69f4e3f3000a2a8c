"""The pixels of tiles: read from a picture, or from the part of a TIFF that is needed, and written.

Memory is that of one decoded picture; of a TIFF that is too large for that, of a tile and of what
`ops.tiff_windows` keeps.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from frcnn import files
from frcnn.data.changed_files import changed, unlike_its_checksum
from frcnn.data.problems import Problem, remark
from frcnn.data.records import Record, decode_record, stamp_of
from frcnn.ops.picture_header import open_regular
from frcnn.ops.pictures import KIND_OF_SUFFIX
from frcnn.ops.tiff_layout import needs_windows
from frcnn.ops.tiff_windows import TiffWindows
from frcnn.ops.tiles import Window

Reading = Callable[[Window], NDArray[np.uint8]]
"""Gives [h, w, 3] uint8, RGB, of a window inside the upright picture."""
# 4:4:4: colour as fine as in a picture that is cut for prediction
_OPTIONS: dict[str, dict[str, int]] = {"JPEG": {"quality": 95, "subsampling": 0}}


def cut(
    record: Record, windows: Mapping[Path, Window], written: Callable[[Path], None]
) -> list[Problem]:
    """Write the tiles of a picture.

    Args:
        record: the picture.
        windows: by the file to be written, whose ending says its kind.
        written: told each file that is there.

    Returns:
        Remarks about the picture.

    Raises:
        PictureError: the picture, or a part of it, cannot be read; some tiles may be there.
        OSError: as the disk has it.
    """
    with _opened(record) as (read, notes):
        for path, window in windows.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            kind = KIND_OF_SUFFIX[path.suffix]
            Image.fromarray(read(window)).save(path, kind, **_OPTIONS.get(kind, {}))
            written(path)
    return [remark(record.path, note) for note in notes]


@contextlib.contextmanager
def _opened(record: Record) -> Iterator[tuple[Reading, tuple[str, ...]]]:
    """Open a picture, if the file is still the one that was opened.

    Yields:
        What reads windows of it, and remarks.
    """
    if not needs_windows(record.path):
        decoded = decode_record(record)
        yield (lambda w: decoded.pixels[w.y1 : w.y2, w.x1 : w.x2]), decoded.notes
        return
    _require_unchanged(record)
    with TiffWindows(record.path) as windows:
        yield windows.read, windows.notes


def _require_unchanged(record: Record) -> None:
    with open_regular(record.path) as file:
        stamp = stamp_of(file)
    if stamp != record.stamp:
        raise changed(record.path, stamp.bytes, record.stamp.bytes)
    if record.sha256 and files.sha256_of_file(record.path) != record.sha256:
        raise unlike_its_checksum(record.path, record.sha256)
