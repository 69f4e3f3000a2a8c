"""Pictures as files: the ending of the name says which kind."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from frcnn import files
from frcnn.errors import ConfigError
from frcnn.ops.pictures import KIND_OF_SUFFIX

# 4:4:4: JPEG's usual halving of colour would smear lines of one pixel
_OPTIONS: dict[str, dict[str, int]] = {"JPEG": {"quality": 92, "subsampling": 0}}


def encode(pixels: NDArray[np.uint8], kind: str) -> bytes:
    """Write a picture as the bytes of a file.

    Args:
        pixels: [H, W, 3] uint8, RGB.
        kind: Pillow's name of the format, such as "PNG".

    Returns:
        The bytes.
    """
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **_OPTIONS.get(kind, {}))
    return stream.getvalue()


def kind_of(path: Path) -> str:
    """Give the format that a file's ending stands for.

    Args:
        path: of the file to be written.

    Returns:
        Pillow's name of the format.

    Raises:
        ConfigError: the ending is none of a picture's (RC383).
    """
    kind = KIND_OF_SUFFIX.get(path.suffix.lower())
    if kind is None:
        raise ConfigError(
            "RC383",
            str(path),
            "the ending does not say which kind of picture to write",
            got=repr(path.suffix),
            want=", ".join(KIND_OF_SUFFIX),
            fix=f"name it {path.stem or 'picture'}.jpg or .png",
        )
    return kind


def is_writable_name(name: str) -> bool:
    """Tell whether a file of that name can be written as a picture."""
    return Path(name).suffix.lower() in KIND_OF_SUFFIX


def write_picture(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write a picture whole, or leave its place as it was.

    Args:
        path: its ending says the kind; ConfigError RC383 when it is unknown, DiskError as
            `files.write_atomically`.
        pixels: [H, W, 3] uint8, RGB.
    """
    data = encode(pixels, kind_of(path))
    files.write_atomically(path, lambda stream: stream.write(data), size=len(data))
