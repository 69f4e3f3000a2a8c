"""An error of the data, in the words of the one who knows why the data was opened."""

from collections.abc import Iterator
from contextlib import contextmanager

from frcnn.errors import AnnotationError


@contextmanager
def reworded(code: str, what: str, *, fix: str) -> Iterator[None]:
    """Say an error of one code otherwise; its place and values stay, all others pass.

    Args:
        code: of the error.
        what: the fault, as it looks from here.
        fix: what to do about it here.

    Raises:
        AnnotationError: in place of that error.
    """
    try:
        yield
    except AnnotationError as error:
        if error.code != code:
            raise
        raise AnnotationError(
            code, error.place, what, got=error.got, want=error.want, fix=fix
        ) from error
