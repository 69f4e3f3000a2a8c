"""Where a picture comes from: a file, an address, standard input. Each gives what `load` takes.

`path` is what results call it, and what a resumed run knows it by: the path of a file, else a text
without passwords. `name` is its path inside the source, after which its results are named.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from frcnn.errors import PictureError
from frcnn.prediction.remote import fetch


class PictureFile(NamedTuple):
    """One picture on disk."""

    path: Path
    name: str
    """Its path inside the source, such as `a/1.jpg`; pictures of two sources may have the same."""

    def content(self) -> Path:
        """Give what is decoded: the file itself."""
        return self.path


class WebPicture(NamedTuple):
    """One picture of the web; fetched when it is looked at, and not kept."""

    path: str
    """The address as it may be shown."""
    name: str
    address: str

    def content(self) -> bytes:
        """Fetch it; PictureError RC123 when it cannot be."""
        return fetch(self.address)


class PipedPicture(NamedTuple):
    """One picture that came on standard input."""

    path: str
    name: str
    data: bytes

    def content(self) -> bytes:
        """Give the bytes that came."""
        return self.data


Origin = PictureFile | WebPicture | PipedPicture


@contextlib.contextmanager
def named_as(picture: Origin) -> Iterator[None]:
    """Let errors about bytes name the picture that they are of.

    Args:
        picture: whose content is read.

    Yields:
        Nothing.
    """
    try:
        yield
    except PictureError as error:
        if isinstance(picture, PictureFile):
            raise
        fields = error.to_json() | {"place": picture.path}
        code, place, what = fields.pop("code"), fields.pop("place"), fields.pop("what")
        raise PictureError(code, place, what, **fields) from error
