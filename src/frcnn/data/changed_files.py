"""What is said of a picture's file that is not, or no more, what is known of it."""

from pathlib import Path

from frcnn.errors import PictureError
from frcnn.ops.picture_header import place_of


def changed(path: Path, got: int, want: int) -> PictureError:
    """Make the error of a file that is another one than when the data set was opened.

    Args:
        path: of the picture.
        got: bytes that it has.
        want: bytes that it had.

    Returns:
        The error (RC109), to be raised.
    """
    return PictureError(
        "RC109",
        place_of(path),
        "the picture changed since the data set was opened",
        got=f"{got} bytes, another time",
        want=f"{want} bytes",
        fix="start again, and leave the data alone while it is in use",
    )


def unlike_its_checksum(path: Path, want: str) -> PictureError:
    """Make the error of a file whose bytes are not those that SHA256SUMS speaks of.

    Args:
        path: of the picture.
        want: the SHA-256 that it should have, hexadecimal.

    Returns:
        The error (RC110), to be raised.
    """
    return PictureError(
        "RC110",
        place_of(path),
        "the picture differs from its checksum",
        want=f"SHA-256 {want[:16]}... of SHA256SUMS",
        fix="restore the file from a copy; or, if it was changed on purpose, renew SHA256SUMS",
    )
