"""A folder that is there whole or not at all: made hidden beside its place, renamed at the end."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from frcnn.errors import ConfigError
from frcnn.files import disk_error


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Make a folder and everything in it, or nothing.

    Args:
        folder: where it will be; it must not exist, or be empty.

    Yields:
        The hidden folder to write into; it becomes `folder` when the block ends without error.

    Raises:
        DiskError: it cannot be made or renamed; or a DiskError of the block. ConfigError RC331
            where there is something already.
    """
    require_new(folder)
    draft = folder.absolute().parent / f".{folder.name}.{os.getpid()}.tmp"
    try:
        shutil.rmtree(draft, ignore_errors=True)  # of a killed process with this number
        draft.mkdir(parents=True)
    except OSError as error:
        raise disk_error(error, folder) from error
    try:
        yield draft
        _rename(draft, folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def require_new(folder: Path) -> None:
    """Refuse a folder that has something in it.

    Args:
        folder: where something new will be.

    Raises:
        ConfigError: there is something already (RC331).
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(
            "RC331",
            str(folder),
            "there is something here already",
            want="a new or empty folder",
            fix="name another folder, or remove this one",
        )


def _rename(draft: Path, folder: Path) -> None:
    try:
        if folder.exists():  # empty: not every system renames over a folder
            folder.rmdir()
        draft.replace(folder)
    except OSError as error:
        raise disk_error(error, folder) from error
